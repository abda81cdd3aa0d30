package desk

import (
	"errors"
	"sync"
	"testing"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// withGates gives a desk gateways for all channels, under names of real ones.
func withGates(t *testing.T, d *Desk) *Desk {
	t.Helper()
	gates, err := builtin.Rehearsals(rehearsal.Config{}, d.Clock)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gates {
		g.Name = g.Channel.String()
		d.Gates = append(d.Gates, Gate{Gate: g})
	}
	d.Bounces = true
	return d
}

func TestSecondPersonReleases(t *testing.T) {
	d := withGates(t, open(t))
	d.Release.SecondPerson = true
	id, err := d.Launch(t.Context(), ReadFiles(sample(t)), LaunchOptions{By: 1, Correction: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	state := func() broadcast.CallState {
		t.Helper()
		c, err := d.Ledger.Call(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return c.State
	}
	r, err := d.ReleaseOf(t.Context(), id)
	if err != nil || !r.Waiting() || r.LaunchedBy != 1 || r.Correction != "abc" {
		t.Fatalf("who launched it is told as %+v, %v", r, err)
	}
	if s := state(); s != broadcast.Planned {
		t.Fatalf("a call that nobody released is %s", s)
	}
	if err := d.ReleaseCall(t.Context(), id, 1); !errors.Is(err, ErrSamePerson) || state() != broadcast.Planned {
		t.Fatalf("who launched it releases it: %v, %s", err, state())
	}
	if err := d.ReleaseCall(t.Context(), id, 2); err != nil || state() != broadcast.Running {
		t.Fatalf("released by a second person: %v, %s", err, state())
	}
	if r, err = d.ReleaseOf(t.Context(), id); err != nil || r.Waiting() || r.ReleasedBy != 2 {
		t.Fatalf("who released it is told as %+v, %v", r, err)
	}
	var wrong *broadcast.StateError
	if err := d.ReleaseCall(t.Context(), id, 3); !errors.As(err, &wrong) {
		t.Fatalf("released twice: %v", err)
	}

	// Who stops it before, ends it.
	if id, err = d.Launch(t.Context(), ReadFiles(sample(t)), LaunchOptions{By: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Change(t.Context(), id, Stop); err != nil {
		t.Fatal(err)
	}
	if err := d.ReleaseCall(t.Context(), id, 2); !errors.As(err, &wrong) {
		t.Fatalf("a stopped call is released: %v", err)
	}

	// A rehearsal reaches nobody, and waits for nobody.
	if id, err = d.Launch(t.Context(), ReadFiles(sample(t)), LaunchOptions{By: 1, Rehearsal: true}); err != nil || state() != broadcast.Running {
		t.Fatalf("a rehearsal: %v, %s", err, state())
	}
}

func TestTestGoesToOnePerson(t *testing.T) {
	d := withGates(t, open(t))
	d.Release.SecondPerson = true
	draft := ReadFiles(sample(t))
	for _, c := range []struct {
		to       map[address.Channel]string
		audience int
	}{
		{map[address.Channel]string{address.Email: "new@example.org", address.SMS: "010-9999-1234"}, 2},
		{map[address.Channel]string{address.Email: "kim@example.org"}, 1},
	} {
		id, err := d.Test(t.Context(), draft, c.to)
		if err != nil {
			t.Fatal(err)
		}
		call, err := d.Ledger.Call(t.Context(), id)
		if err != nil || call.Audience != c.audience || call.State != broadcast.Running || call.Rehearsal {
			t.Errorf("a test to %d is %+v, %v", c.audience, call, err)
		}
	}
	info, err := d.People.List(t.Context(), testList)
	if err != nil || info.Contacts != 2 {
		t.Errorf("the list of tests has %+v, %v: known people need not be on it", info, err)
	}
	var input *InputError
	for _, to := range []map[address.Channel]string{{}, {address.Email: "no address"}} {
		if _, err := d.Test(t.Context(), draft, to); !errors.As(err, &input) {
			t.Errorf("a test to %v is answered %v", to, err)
		}
	}
}

func TestOnlyThem(t *testing.T) {
	who := lists.Only(map[address.Channel]uint32{address.Email: 3, address.SMS: 9})
	if who.Contacts != 2 || who.Channel[address.Email] != 1 || who.Channel[address.SMS] != 1 {
		t.Errorf("two people are counted as %+v", who.Counts)
	}
	for ch, n := range map[address.Channel]uint32{address.Email: 3, address.SMS: 9} {
		for got := range lists.Numbers(who.Bitmaps[ch]) {
			if got != n {
				t.Errorf("%s reaches %d, want %d", ch, got, n)
			}
		}
	}
}

// A form that is sent twice, or by two at once, reaches nobody twice.
func TestDraftGoesOutOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	s, err := d.SaveDraft(t.Context(), SavedDraft{Name: "x", Files: sample(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was refused did not go out
		if _, err := d.LaunchSaved(t.Context(), s, LaunchOptions{}); !Mistaken(err) {
			t.Fatalf("without a gateway: %v", err)
		}
	}
	withGates(t, d)
	// atOnce is the call that came of it when many do the same; the others are told so.
	atOnce := func(send func() (broadcast.ID, error)) (made broadcast.ID) {
		t.Helper()
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				id, err := send()
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && made == "":
					made = id
				case !errors.Is(err, ErrOut):
					t.Errorf("sent again as %q: %v", id, err)
				}
			})
		}
		wg.Wait()
		return made
	}
	id := atOnce(func() (broadcast.ID, error) { return d.LaunchSaved(t.Context(), s, LaunchOptions{Rehearsal: true}) })
	if calls, err := d.Calls(t.Context()); err != nil || len(calls) != 1 || calls[0].ID != id {
		t.Fatalf("calls %+v, %v", calls, err)
	}
	if s, err = d.SaveDraft(t.Context(), *s); err != nil {
		t.Fatal(err)
	}
	drain(t, d, id)
	// The same text corrects a call once, and may go out besides.
	atOnce(func() (broadcast.ID, error) { return d.CorrectSaved(t.Context(), id, s, LaunchOptions{}) })
	if _, err := d.LaunchSaved(t.Context(), s, LaunchOptions{}); err != nil {
		t.Errorf("saved anew: %v", err)
	}
	if calls, err := d.Calls(t.Context()); err != nil || len(calls) != 3 {
		t.Errorf("calls %+v, %v", calls, err)
	}
	old := *s
	if s, err = d.SaveDraft(t.Context(), *s); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LaunchSaved(t.Context(), &old, LaunchOptions{}); !errors.Is(err, ErrConflict) {
		t.Errorf("a version that is changed goes out: %v", err)
	}
	if err := d.DeleteDraft(t.Context(), s.ID, s.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LaunchSaved(t.Context(), s, LaunchOptions{}); !errors.Is(err, ErrNoDraft) {
		t.Errorf("a draft that is gone goes out: %v", err)
	}
}

// Of many who release a call at once, the call begins once.
func TestReleasedAtOnce(t *testing.T) {
	t.Parallel()
	d := withGates(t, open(t))
	d.Release.SecondPerson = true
	id, err := d.Launch(t.Context(), ReadFiles(sample(t)), LaunchOptions{By: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for by := range uint32(8) {
		wg.Go(func() {
			var late *broadcast.StateError
			if err := d.ReleaseCall(t.Context(), id, by+2); err != nil && !errors.As(err, &late) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c, err := d.Ledger.Call(t.Context(), id); err != nil || c.State != broadcast.Running {
		t.Errorf("the call %+v, %v", c, err)
	}
	if r, err := d.ReleaseOf(t.Context(), id); err != nil || r.Waiting() || r.ReleasedBy < 2 {
		t.Errorf("the release %+v, %v", r, err)
	}
}
