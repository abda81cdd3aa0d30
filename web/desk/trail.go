package desk

import (
	"context"
	"strconv"

	"clarion/broadcast"
	"clarion/internal/audit"
)

// A Note enters in the audit trail what is about to be done to what; object is a
// kind and a number, as in audit.Entry. Who asks is known to whoever gives it.
type Note func(did audit.Action, object string, details map[string]string) error

// verbActions are the verbs as the audit trail names them.
var verbActions = map[Verb]audit.Action{Pause: audit.Paused, Resume: audit.Resumed, Stop: audit.Stopped}

// doubtActions are what is done to what is in doubt as the audit trail names it.
var doubtActions = map[DoubtAction]audit.Action{DoubtResend: audit.Resent, DoubtSettle: audit.Settled}

// ChangeNoted is Change, noted first. What the call does not bear is not noted.
func (d *Desk) ChangeNoted(ctx context.Context, id broadcast.ID, verb Verb, note Note) (broadcast.CallState, error) {
	p, err := d.Ledger.Progress(ctx, id)
	if err != nil {
		return "", err
	}
	if _, err := p.State.Next(string(id), d.ActionFor(verb, p)); err != nil {
		return p.State, err
	}
	if err := note(verbActions[verb], callObject(id), nil); err != nil {
		return p.State, err
	}
	return d.Change(ctx, id, verb)
}

// DoubtNoted is Doubt for a person who decides, noted first.
func (d *Desk) DoubtNoted(ctx context.Context, id broadcast.ID, action DoubtAction, note Note, yield func(DoubtRow) error) error {
	did, ok := doubtActions[action]
	if !ok {
		return Mistake("action is %q or %q", DoubtResend, DoubtSettle)
	}
	if _, err := d.Ledger.Call(ctx, id); err != nil {
		return err
	}
	if err := note(did, callObject(id), nil); err != nil {
		return err
	}
	return d.Doubt(ctx, id, action, yield)
}

// ReleaseNoted is ReleaseCall, noted first.
func (d *Desk) ReleaseNoted(ctx context.Context, id broadcast.ID, by uint32, note Note) error {
	if r, err := d.releasable(ctx, id, by); err != nil || r == nil {
		return err
	}
	if err := note(audit.Released, callObject(id), nil); err != nil {
		return err
	}
	return d.ReleaseCall(ctx, id, by)
}

// SendNoted makes a call of a saved draft by send, as did says. The version is noted
// first, and once it is known, which call came of it.
func (d *Desk) SendNoted(s *SavedDraft, did audit.Action, note Note, send func() (broadcast.ID, error)) (broadcast.ID, error) {
	version := strconv.FormatInt(s.Version, 10)
	if err := note(did, "draft:"+s.ID, map[string]string{"version": version}); err != nil {
		return "", err
	}
	id, err := send()
	if err != nil {
		return id, err
	}
	return id, note(audit.CallMade, callObject(id), map[string]string{"draft": s.ID, "version": version})
}

func callObject(id broadcast.ID) string { return "call:" + string(id) }
