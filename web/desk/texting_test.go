package desk

import (
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/quiet"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
)

// Nobody is texted in their sleep; a zone that nobody knows counts as unknown, and
// keeps nobody from being texted by day.
func TestAwake(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(time.Date(2013, 6, 10, 3, 0, 0, 0, time.UTC)) // noon in Seoul, 20:00 of the day before in Los Angeles, 23:00 in New York
	d := New(Parts{Clock: clk, Quiet: worker.Quiet{Zone: seoul, Hours: map[address.Channel]quiet.Span{address.SMS: quiet.Law()}}})
	for zone, want := range map[string]bool{"": true, "Asia/Seoul": true, "America/Los_Angeles": true, "America/New_York": false, "Mars/Base": true} {
		if got := d.awake(&lists.Contact{Zone: zone}); got != want {
			t.Errorf("at noon in Seoul who is in %q is awake: %v", zone, got)
		}
	}
	clk.Advance(10 * time.Hour)
	if d.awake(&lists.Contact{Zone: "Mars/Base"}) {
		t.Error("at 22:00 somebody of an unknown place is texted")
	}
}
