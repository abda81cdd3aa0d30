package desk

import (
	"context"
	"errors"
	"time"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/internal/rkey"
)

// A ReleaseRule says what stands between a launch and the first message.
type ReleaseRule struct {
	SecondPerson    bool // somebody else than who launched a call must release it
	CorrectionAbove int  // a call to more contacts needs a correction text ready; 0: none does
}

// A Release is who launched a call that waits for a second person, or waited.
type Release struct {
	LaunchedBy uint32    `json:"launched_by"` // number in the team; 0 for whoever was at the machine
	Launched   time.Time `json:"launched"`
	Correction string    `json:"correction,omitempty"`  // id of the draft that is ready if the call is wrong
	ReleasedBy uint32    `json:"released_by,omitempty"` // while Released is zero nobody has
	Released   time.Time `json:"released,omitzero"`
}

// Waiting reports whether a second person is still asked for.
func (r *Release) Waiting() bool { return r != nil && r.Released.IsZero() }

// AwaitingRelease is what a call's state is told as while it waits for a second
// person: to the ledger it is planned.
const AwaitingRelease = "awaiting_release"

// ErrSamePerson means that who launched a call wants to release it too.
var ErrSamePerson = errors.New("a call is released by somebody else than who launched it")

var keyRelease = rkey.Key{Pattern: "{desk}:release:<call>", Type: rkey.Hash, Expiry: "kept", Doc: "who launched a call, and who released it, by number; which correction is ready"}

// handOver keeps a call back until a second person releases it, where the rule asks
// for one, and lets it begin otherwise.
func (d *Desk) handOver(ctx context.Context, id broadcast.ID, o LaunchOptions) error {
	r := Release{LaunchedBy: o.By, Launched: d.Clock.Now(), Correction: o.Correction}
	wait := d.Release.SecondPerson && !o.Rehearsal && !o.Small
	if !wait {
		r.ReleasedBy, r.Released = o.By, r.Launched
	}
	if err := d.saveRelease(ctx, id, r); err != nil || wait {
		return err
	}
	return d.Begin(ctx, id)
}

// Readiness is what is looked at before a saved draft is launched.
type Readiness struct {
	*CheckReport
	Above      int  // a call to more contacts than this needs a correction, and this one has more; 0: it needs none
	Correction bool // one is ready: another draft that there is
}

// Ready looks at all that could keep a saved draft from being launched.
func (d *Desk) Ready(ctx context.Context, s *SavedDraft) (*Readiness, error) {
	report, err := d.Check(ctx, ReadFiles(s.Files))
	if err != nil {
		return nil, err
	}
	r := &Readiness{CheckReport: report}
	if above := d.Release.CorrectionAbove; above > 0 && report.Audience.Contacts > above {
		r.Above = above
	}
	if s.Correction != "" && s.Correction != s.ID {
		switch _, err := d.LoadDraft(ctx, s.Correction); {
		case err == nil:
			r.Correction = true
		case !errors.Is(err, ErrNoDraft):
			return nil, err
		}
	}
	return r, nil
}

// Err names what keeps the draft back: each mistake as conf.Problems or, as an
// *InputError, that a correction is asked for and none is ready.
func (r *Readiness) Err() error {
	if len(r.Problems) > 0 {
		return conf.Problems(r.Problems)
	}
	if r.Above > 0 && !r.Correction {
		return Mistake("a call to more than %d people needs a correction text ready: write one, and name it as the draft's correction", r.Above)
	}
	return nil
}

// ReleaseCall lets a call go that somebody else has launched. Done again it does
// nothing more. The error is ErrSamePerson for who launched it, and a
// *broadcast.StateError for a call that was stopped meanwhile.
func (d *Desk) ReleaseCall(ctx context.Context, id broadcast.ID, by uint32) error {
	r, err := d.releasable(ctx, id, by)
	if err != nil || r == nil {
		return err
	}
	r.ReleasedBy, r.Released = by, d.Clock.Now()
	if err := d.saveRelease(ctx, id, *r); err != nil {
		return err
	}
	return d.Begin(ctx, id)
}

// releasable is the release that by can give; nil when a call that can still be
// launched is not planned any more: it was given.
func (d *Desk) releasable(ctx context.Context, id broadcast.ID, by uint32) (*Release, error) {
	call, err := d.Ledger.Call(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := d.ReleaseOf(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, Mistake("call %s waits for nobody's release", id)
	case r.LaunchedBy == by:
		return nil, ErrSamePerson
	case call.State != broadcast.Planned:
		_, err := call.State.Next(string(id), broadcast.ActLaunch)
		return nil, err
	}
	return r, nil
}
