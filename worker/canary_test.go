package worker_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// mails are n people of three systems and two languages.
func mails(n int) string {
	var csv strings.Builder
	csv.WriteString("name,email,language\n")
	for i := range n {
		fmt.Fprintf(&csv, "p%d,p%d@mail%d.example,%s\n", i, i, i%3, []string{"ko", "en"}[i%2])
	}
	return csv.String()
}

func withCanary(t *testing.T, channels, canary string) fstest.MapFS {
	t.Helper()
	files := example(t, channels)
	files["call.toml"].Data = append(files["call.toml"].Data, "\n[canary]\n"+canary...)
	return files
}

func (d *timed) canary(id broadcast.ID, ch address.Channel) broadcast.CanaryState {
	d.t.Helper()
	c, err := d.ledger.Call(d.t.Context(), id)
	d.must(err)
	return c.Canary[ch]
}

func (d *timed) note(id broadcast.ID) (broadcast.CallState, string) {
	d.t.Helper()
	c, err := d.ledger.Call(d.t.Context(), id)
	d.must(err)
	return c.State, c.Note.Sentence("en")
}

// The canary goes, is watched to the second, and then the rest goes.
func TestCanaryGoesFirst(t *testing.T) {
	t.Parallel()
	d := newTimed(t, "2013-06-10T10:00:00+09:00", mails(300))
	d.startWith(worker.Config{})
	id := d.launchAs(withCanary(t, `"email"`, "email = 30\nwait = \"10m\"\n"), broadcast.Call{})
	d.await("the canary to be watched", func() bool { return d.canary(id, address.Email).Phase == broadcast.CanaryWatching })
	want := broadcast.CanaryState{Phase: broadcast.CanaryWatching, Size: 30, Until: moment(t, "2013-06-10T10:10:00+09:00").UTC()}
	if got := d.canary(id, address.Email); got != want {
		t.Errorf("canary %+v, want %+v", got, want)
	}
	if n := d.sent.of(); n != 30 {
		t.Errorf("%d mails went first", n)
	}
	lanes, langs := map[string]int{}, map[string]int{}
	for to := range d.sent.at {
		lanes[to[strings.IndexByte(to, '@'):]]++
		var i int
		_, err := fmt.Sscanf(to, "p%d@", &i)
		d.must(err)
		langs[[]string{"ko", "en"}[i%2]]++
	}
	if lanes["@mail0.example"] != 10 || lanes["@mail1.example"] != 10 || langs["ko"] != 15 {
		t.Errorf("the canary is spread over %v, %v", lanes, langs)
	}
	d.clk.Set(want.Until.Add(-time.Second))
	d.states(id) // the ledger agrees with itself while the rest is held
	if n := d.sent.of(); n != 30 {
		t.Errorf("%d mails went before the canary had passed", n)
	}
	d.clk.Set(want.Until)
	d.await("the call's end", d.ended(id))
	for to, at := range d.sent.at {
		if len(at) != 1 {
			t.Errorf("%s got it %d times", to, len(at))
		}
	}
	if n := d.sent.of(); n != 300 {
		t.Errorf("%d of 300 mails went", n)
	}
	d.states(id)
}

// At the limit the rest follows; one more, and the call pauses itself and says why.
// It goes on when a person says so, and then without looking back.
func TestCanaryHoldsTheRest(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{3, 4} {
		d := newTimed(t, "2013-06-10T10:00:00+09:00", mails(100))
		refused := 0 // under the notebook's lock
		d.sent.answer = func(string, int) error {
			if refused++; refused <= bad {
				return &gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown}
			}
			return nil
		}
		d.startWith(worker.Config{})
		id := d.launchAs(withCanary(t, `"email"`, "share = 0.3\nhard_bounces = 0.1\n"), broadcast.Call{})
		if bad == 3 {
			d.await("the canary to be watched", func() bool { return d.canary(id, address.Email).Phase == broadcast.CanaryWatching })
			d.clk.Advance(30 * time.Minute)
			d.await("the call's end", d.ended(id))
			continue
		}
		d.await("the call to pause itself", func() bool { state, _ := d.note(id); return state == broadcast.Paused })
		if _, note := d.note(id); note != "canary, email: 4 of the 30 messages that went first bounced for good, more than 10.00 %; the rest is held" {
			t.Errorf("it says: %s", note)
		}
		d.clk.Advance(24 * time.Hour)
		if n := d.sent.of(); n > 30 {
			t.Errorf("%d mails went though the canary went badly", n)
		}
		_, err := worker.Resume(t.Context(), d.ledger, d.queue, id)
		d.must(err)
		d.await("the call's end", d.ended(id))
		if n := d.sent.of(); n != 100 {
			t.Errorf("%d of 100 mails went", n)
		}
		if _, note := d.note(id); note != "" {
			t.Errorf("the call's own limits are overridden too: %q", note)
		}
		d.states(id)
	}
}

// Each channel has its canary; one that sleeps keeps only its own channel waiting.
// A person lets the rest follow early, or stops the call.
func TestCanaryByChannelAndPeople(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("name,email,mobile\n")
	for i := range 40 {
		fmt.Fprintf(&csv, "p%d,p%d@mail.example,010-2000-%04d\n", i, i, i)
	}
	for _, stop := range []bool{false, true} {
		d := newTimed(t, "2013-06-10T22:00:00+09:00", csv.String())
		d.startWith(worker.Config{Quiet: lawful(t)})
		id := d.launchAs(withCanary(t, `"email", "sms"`, "share = 0.1\nwait = \"10m\"\n"), broadcast.Call{})
		d.await("mail to be watched and texts to sleep", func() bool {
			return d.canary(id, address.Email).Phase == broadcast.CanaryWatching && d.asleep(id) == 4
		})
		d.clk.Advance(10 * time.Minute)
		d.await("all mails", func() bool { return d.counts(id, address.Email)[broadcast.Sent] == 40 })
		if got := d.canary(id, address.SMS); got.Phase != broadcast.CanarySending {
			t.Errorf("the texts' canary is %+v by night", got)
		}
		d.clk.Set(moment(t, "2013-06-11T08:00:00+09:00"))
		d.await("texts to be watched", func() bool { return d.canary(id, address.SMS).Phase == broadcast.CanaryWatching })
		if stop {
			_, err := d.ledger.Do(t.Context(), id, broadcast.ActStop)
			d.must(err)
			d.await("the call's end", d.ended(id))
			if got := d.counts(id, address.SMS); got[broadcast.Sent] != 4 || got[broadcast.Cancelled] != 36 {
				t.Errorf("stopped at its canary: %v", got)
			}
		} else {
			state, err := worker.Resume(t.Context(), d.ledger, d.queue, id)
			d.must(err)
			if state != broadcast.Running {
				t.Errorf("the call is %s", state)
			}
			d.await("the call's end", d.ended(id))
			if got := d.counts(id, address.SMS); got[broadcast.Sent] != 40 {
				t.Errorf("gone on early: %v", got)
			}
			if _, err := worker.Resume(t.Context(), d.ledger, d.queue, id); err == nil {
				t.Error("a call that is done is resumed")
			}
		}
		d.states(id)
	}
}
