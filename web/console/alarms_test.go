package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"clarion/internal/audit"
	"clarion/web/desk"
	"clarion/worker/alarm"
)

// The page says what is wrong and what to do, every page says how many are open, and
// whoever sees to one is in the trail.
func TestAlarms(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	shows := func(path string, want ...string) {
		t.Helper()
		page := text(h.get(path, 200))
		for _, w := range want {
			if not, no := strings.CutPrefix(w, "not "); strings.Contains(page, not) == no {
				t.Errorf("%s shows, want %q:\n%s", path, w, page)
			}
		}
	}
	shows("/alarms", "Nothing is wrong.", "not I see to it")
	shows("/calls", "not Alarms that are open")
	enter := func(now time.Time, found ...alarm.Finding) {
		t.Helper()
		if _, err := alarm.Open(h.desk.Redis).Change(t.Context(), func(b *alarm.Book) error {
			b.Enter(found, now, time.Minute)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	now := h.desk.Clock.Now()
	relay := alarm.Finding{Kind: alarm.GatewayDown, Object: "relay", Level: alarm.Critical, Sentence: alarm.Words{En: "relay <b> is gone.", Ko: "relay가 없습니다."}}
	redis := alarm.Finding{Kind: alarm.RedisFull, Object: "redis", Level: alarm.Warning, Sentence: alarm.Words{En: "full", Ko: "꽉"}}
	enter(now, redis, relay)
	shows("/alarms", "Critical A gateway is down relay &lt;b&gt; is gone. What to do: See that the gateway runs", "10 June 2013, 10:00", "I see to it", "Warning Redis is nearly full full")
	if page := text(h.get("/alarms", 200)); strings.Index(page, "Critical") > strings.Index(page, "Warning") {
		t.Errorf("what is critical does not come first:\n%s", page)
	}

	to, _ := h.post("/alarms/2/acknowledge", http.StatusSeeOther)
	shows(to, "nobody is reminded of it", "somebody has seen to it since")
	to, _ = h.post("/alarms/1/quiet", http.StatusSeeOther, "hours", "8")
	shows(to, "quiet until 10 June 2013, 18:00", "not I see to it")
	h.post("/alarms/1/quiet", http.StatusUnprocessableEntity, "hours", "0")
	h.post("/alarms/9/acknowledge", http.StatusNotFound)
	h.post("/alarms/relay/acknowledge", http.StatusNotFound)
	trail, err := h.trail.Read(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	done := map[audit.Action]string{}
	for _, e := range trail {
		done[e.Action] = e.Object
	}
	if done[audit.AlarmQuieted] == "" || done[audit.AlarmAcknowledged] == "" {
		t.Errorf("the trail holds %+v", trail)
	}

	for _, after := range []time.Duration{time.Minute, 2 * time.Minute} {
		enter(now.Add(after), redis)
	}
	shows("/alarms", "Over within a week", "10 June 2013, 10:02")
	h.post("/alarms/2/acknowledge", http.StatusConflict)
	h.lang = korean
	shows("/alarms", "경보", "꽉", "알림 끄기", "한 주 동안 끝난 경보", "relay가 없습니다.")

	// Beside the menu, and on the board: by the clock on the wall, at most so long after.
	for end := time.Now().Add(time.Minute); !strings.Contains(text(h.get("/calls", 200)), "경보 1건"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the menu does not count the alarms:\n%s", text(h.get("/calls", 200)))
		}
	}
	shows("/calls", "열린 경보: 1")
}
