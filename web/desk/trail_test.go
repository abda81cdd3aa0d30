package desk

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/lists"
)

// What matters is noted first and done then: what cannot be noted is not done, and
// what a call does not bear is not noted.
func TestNotedFirst(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Release.SecondPerson = true
	ctx := t.Context()
	var noted []string
	note := func(did audit.Action, object string, details map[string]string) error {
		noted = append(noted, fmt.Sprint(did, " ", object, " ", details))
		return nil
	}
	full := errors.New("the trail takes nothing")
	refuse := func(audit.Action, string, map[string]string) error { return full }
	said := func(want ...string) {
		t.Helper()
		if !slices.Equal(noted, want) {
			t.Errorf("it is noted %q, want %q", noted, want)
		}
		noted = nil
	}

	s := &SavedDraft{ID: "d1", Version: 3}
	sent := false
	send := func() (broadcast.ID, error) {
		sent = true
		said("launched draft:d1 map[version:3]")
		return "c9", nil
	}
	if _, err := d.SendNoted(s, audit.Launched, refuse, send); err != full || sent {
		t.Errorf("a launch that cannot be noted: %v, sent %v", err, sent)
	}
	if id, err := d.SendNoted(s, audit.Launched, note, send); err != nil || id != "c9" {
		t.Errorf("a launch is %s, %v", id, err)
	}
	said("call_made call:c9 map[draft:d1 version:3]")

	id, err := d.Ledger.New(ctx, broadcast.Call{Name: "Save 9"}, sample(t))
	if err != nil {
		t.Fatal(err)
	}
	var state *broadcast.StateError
	if _, err := d.ChangeNoted(ctx, id, Pause, note); !errors.As(err, &state) {
		t.Errorf("a draft is paused: %v", err)
	}
	said()
	if err := d.Ledger.Freeze(ctx, id, lists.Resolved{}); err != nil {
		t.Fatal(err)
	}
	if err := d.saveRelease(ctx, id, Release{LaunchedBy: 1, Launched: d.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := d.ReleaseNoted(ctx, id, 1, note); !errors.Is(err, ErrSamePerson) {
		t.Errorf("the same person releases: %v", err)
	}
	said()
	if err := d.ReleaseNoted(ctx, id, 2, refuse); err != full {
		t.Errorf("a release that cannot be noted: %v", err)
	}
	if r, err := d.ReleaseOf(ctx, id); err != nil || !r.Waiting() {
		t.Errorf("it was released: %+v, %v", r, err)
	}
	if _, err := d.ChangeNoted(ctx, id, Stop, refuse); err != full {
		t.Errorf("a stop that cannot be noted: %v", err)
	}
	if call, err := d.Ledger.Call(ctx, id); err != nil || call.State != broadcast.Planned {
		t.Errorf("it was stopped: %+v, %v", call, err)
	}
	if err := d.DoubtNoted(ctx, id, DoubtList, note, nil); !Mistaken(err) {
		t.Errorf("a look at what is in doubt is noted: %v", err)
	}
	if err := d.DoubtNoted(ctx, id, DoubtSettle, refuse, nil); err != full {
		t.Errorf("a settlement that cannot be noted: %v", err)
	}
	said()
	if state, err := d.ChangeNoted(ctx, id, Stop, note); err != nil || state == broadcast.Planned {
		t.Errorf("a stop leads to %s, %v", state, err)
	}
	said("stopped call:" + string(id) + " map[]")
}
