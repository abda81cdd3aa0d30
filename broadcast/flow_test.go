package broadcast

import (
	"fmt"
	"testing"
	"time"

	"clarion/lists/address"
)

// The flow of a call that hears of its deliveries for three months stays as small as
// that of one day, and of what came in nothing is lost.
func TestFlowStaysSmall(t *testing.T) {
	t.Parallel()
	f := planned(t, 1)
	ctx := t.Context()
	read := func() (n, latest int, points map[time.Time]time.Duration) {
		pipe := f.rdb.Pipeline()
		flow := f.QueueFlow(ctx, pipe, f.id)
		_, err := pipe.Exec(ctx)
		f.must(err)
		all, err := flow()
		f.must(err)
		points = map[time.Time]time.Duration{}
		for _, p := range all {
			n += p.Count
			if points[p.At] = max(points[p.At], p.Span); p.Span == time.Minute {
				latest += p.Count
			}
			if p.Channel != address.Email || p.State != Sent && p.State != Delivered {
				t.Fatalf("%+v was never there", p)
			}
		}
		return n, latest, points
	}
	came := 0
	for _, age := range []time.Duration{0, 90 * time.Minute, 5 * time.Hour, 26 * time.Hour, 30 * 24 * time.Hour, 60 * 24 * time.Hour} {
		f.clk.Advance(age)
		pipe := f.rdb.Pipeline()
		for i := range flowPoints * 2 { // each minute of the last hours, and for some the minute before in another state
			minute := f.clk.Now().Unix()/60 - int64(i)
			pipe.HIncrBy(ctx, keyMinutes.Name(f.id), fmt.Sprintf("%d:email:%d", minute, Sent), 2)
			pipe.HIncrBy(ctx, keyMinutes.Name(f.id), fmt.Sprintf("%d:email:%d", minute-1, Delivered), 1)
			came += 3
		}
		_, err := pipe.Exec(ctx)
		f.must(err)
		for range 2 { // the second time there is nothing more to do
			f.must(f.RollUp(ctx, f.id))
			n, latest, points := read()
			if n != came {
				t.Fatalf("after %s the flow has %d of %d", age, n, came)
			}
			if len(points) > 2*flowPoints+2 {
				t.Fatalf("after %s the flow has %d points in time", age, len(points))
			}
			if latest < 3*flowPoints {
				t.Fatalf("after %s only %d are told by minute", age, latest)
			}
		}
	}
	if _, _, points := read(); len(points) < 3 {
		t.Errorf("after all that %d points in time are left", len(points))
	}
}
