package worker_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A call that passes its limits pauses itself and says why; from then on no more
// goes than the group in hand. It stays so until a person resumes it, and does not
// pause for the same again.
func TestCallStopsItself(t *testing.T) {
	t.Parallel()
	const people, group = 400, 16
	for name, c := range map[string]struct {
		bounced    int // of the first mails
		complained int
		why        string
	}{
		"bounces":    {30, 0, "email: "},
		"complaints": {0, 12, " were complained about, the call's limit is 5.00 %"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newTimed(t, "2013-06-10T10:00:00+09:00", mails(people))
			paused := make(chan struct{})
			n := 0 // under the notebook's lock
			d.sent.answer = func(string, int) error {
				if n++; n <= c.bounced {
					return &gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown}
				}
				if n == 150 {
					<-paused
				}
				return nil
			}
			files := example(t, `"email"`)
			files["call.toml"].Data = []byte(strings.NewReplacer("hard_bounces = 1.0", "hard_bounces = 0.1", "complaints = 1.0", "complaints = 0.05",
				"after = 200", "after = 100").Replace(string(files["call.toml"].Data)))
			d.startWith(worker.Config{})
			letGo := sync.OnceFunc(func() { close(paused) })
			t.Cleanup(letGo) // before the worker ends
			id := d.launchAs(files, broadcast.Call{})
			d.await("the first hundred", func() bool {
				got := d.counts(id, address.Email)
				return got[broadcast.Sent]+got[broadcast.Bounced] >= 100
			})
			left := c.complained
			d.must(d.ledger.Entries(t.Context(), id, func(e broadcast.Entry) error {
				if e.State != broadcast.Sent || left == 0 {
					return nil
				}
				left--
				_, err := d.ledger.Apply(t.Context(), id, e.Ref, broadcast.Says{NoChange: true, Flag: broadcast.Complained})
				return err
			}))
			d.await("the call to pause itself", func() bool { state, _ := d.note(id); return state == broadcast.Paused })
			if _, note := d.note(id); !strings.Contains(note, c.why) {
				t.Errorf("it says: %s", note)
			}
			letGo()
			d.await("the group in hand", func() bool {
				owners, err := d.ledger.Owners(t.Context(), id)
				d.must(err)
				return len(owners) == 0
			})
			sent := d.sent.of()
			if sent >= 150+group {
				t.Errorf("%d mails went, and the call was paused at the 150th", sent)
			}
			d.clk.Advance(24 * time.Hour)
			if state, _ := d.note(id); state != broadcast.Paused {
				t.Errorf("a day later it is %s by itself", state)
			}
			_, err := worker.Resume(t.Context(), d.ledger, d.queue, id)
			d.must(err)
			d.await("the call's end", d.ended(id))
			if got := d.counts(id, address.Email); got[broadcast.Sent] != people-c.bounced || got[broadcast.Bounced] != c.bounced {
				t.Errorf("in the end: %v", got)
			}
			if again := d.sent.of(); again != people {
				t.Errorf("%d of %d were written to", again, people)
			}
			d.states(id)
		})
	}
}

// A call begins at its time, neither before nor long after.
func TestScheduledCall(t *testing.T) {
	t.Parallel()
	d := newTimed(t, "2013-06-10T08:59:59+09:00", mails(3))
	d.startWith(worker.Config{})
	start := moment(t, "2013-06-10T09:00:00+09:00")
	id := d.schedule(example(t, `"email"`), start)
	d.await("a sweep", d.swept())
	if state, _ := d.note(id); state != broadcast.Scheduled {
		t.Errorf("a second before its time it is %s", state)
	}
	d.clk.Set(start)
	d.await("the call's end", d.ended(id))
	c, err := d.ledger.Call(t.Context(), id)
	d.must(err)
	if !c.Started.Equal(start) {
		t.Errorf("it started at %s", c.Started)
	}
	for to, at := range d.sent.at {
		if len(at) != 2 || !at[1].Equal(start) { // the other call had the first
			t.Errorf("%s was written to at %v", to, at)
		}
	}
}
