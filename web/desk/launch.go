package desk

import (
	"context"
	"slices"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
)

// Audience is whom a draft reaches now.
func (d *Desk) Audience(ctx context.Context, draft *Draft) (*lists.Resolved, error) {
	if err := draft.Problems.Err(); err != nil {
		return nil, err
	}
	who, err := d.People.Resolve(ctx, draft.Audience())
	if err != nil {
		return nil, err
	}
	return &who, nil
}

// Reached is whom a call has reached, for a correction to them.
func (d *Desk) Reached(ctx context.Context, id broadcast.ID, correction *Draft) (*lists.Resolved, error) {
	reached, err := d.Ledger.Reached(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, ch := range address.Channels {
		if n := reached.Channel[ch]; n > 0 && !slices.Contains(correction.Text.Channels, ch) {
			return nil, Mistake("call %s reached %d contacts by %s, but the correction has no text for it: add %q to channels", id, n, ch, ch)
		}
	}
	return &reached, nil
}

// LaunchOptions say how a call goes out.
type LaunchOptions struct {
	Rehearsal bool            // to the rehearsal gateways; nobody gets anything
	To        *lists.Resolved // to just them, as Audience or Reached has counted them; nil: to whom the draft reaches now

	By         uint32 // who launches it, by number in the team; 0 for whoever is at the machine
	Correction string // id of the draft that is ready if the call is wrong
	Small      bool   // a test: nobody need release it
}

// Create stores a call with its audience fixed, ready to begin. What keeps it from
// going out is conf.Problems or an *InputError.
func (d *Desk) Create(ctx context.Context, draft *Draft, o LaunchOptions) (broadcast.ID, error) {
	if err := draft.Problems.Err(); err != nil {
		return "", err
	}
	if o.To == nil {
		var err error
		if o.To, err = d.Audience(ctx, draft); err != nil {
			return "", err
		}
	}
	names, problems := d.gateways(draft, o.Rehearsal)
	if len(problems) > 0 {
		return "", conf.Problems(problems)
	}
	if o.To.Contacts == 0 {
		return "", Mistake("the call reaches nobody: clarion call check says who is left out, and why")
	}
	text := draft.Text
	call := broadcast.Call{Name: text.Name, Campaign: text.Campaign, Rehearsal: o.Rehearsal, Gateways: names, Start: text.Schedule, Hold: text.InDoubt == templates.InDoubtHold}
	compiled, err := worker.Compile(&call, text, d.Links)
	if err != nil {
		return "", &InputError{err}
	}
	if !o.Rehearsal {
		if problems, _ := d.lintMail(draft, compiled, o.To.Channel[address.Email]); len(problems) > 0 {
			return "", conf.Problems(problems)
		}
	}
	id, err := d.Ledger.New(ctx, call, text.Files())
	if err != nil {
		return "", err
	}
	if err := d.Ledger.Publish(ctx, id, compiled.LinkedPictures()); err != nil {
		return id, err
	}
	return id, d.Ledger.Freeze(ctx, id, *o.To)
}

// Begin lets a call that was created go out now or, unless it is a rehearsal, by
// its clock.
func (d *Desk) Begin(ctx context.Context, id broadcast.ID) error {
	call, err := d.Ledger.Call(ctx, id)
	if err == nil {
		err = d.publishAnswer(ctx, id)
	}
	if err != nil {
		return err
	}
	if !call.Rehearsal && !call.Start.IsZero() {
		_, err := d.Ledger.Do(ctx, id, broadcast.ActSchedule)
		return err
	}
	return worker.Begin(ctx, d.Ledger, d.Queue, id)
}

// Launch sends a draft to its audience. Where the rule asks for a second person it
// waits for ReleaseCall. The answer to a petition goes out once, as launchAnswer says.
func (d *Desk) Launch(ctx context.Context, draft *Draft, o LaunchOptions) (broadcast.ID, error) {
	if d.tellsAnswer(draft) && !o.Rehearsal && !o.Small {
		return d.launchAnswer(ctx, draft, o)
	}
	return d.launch(ctx, draft, o)
}

func (d *Desk) launch(ctx context.Context, draft *Draft, o LaunchOptions) (broadcast.ID, error) {
	id, err := d.Create(ctx, draft, o)
	if err != nil {
		return "", err
	}
	return id, d.handOver(ctx, id, o)
}

// LaunchSaved is Launch for a draft that editors keep. A version goes out once: done
// again, or by two at once, it is ErrOut; ErrConflict if it was changed since it was read.
func (d *Desk) LaunchSaved(ctx context.Context, s *SavedDraft, o LaunchOptions) (broadcast.ID, error) {
	o.Correction = s.Correction
	return d.once(ctx, s, "out", func() (broadcast.ID, error) { return d.Launch(ctx, ReadFiles(s.Files), o) })
}

// CorrectSaved is Correct with a draft that editors keep: each version corrects a call once, as with LaunchSaved.
func (d *Desk) CorrectSaved(ctx context.Context, id broadcast.ID, s *SavedDraft, o LaunchOptions) (broadcast.ID, error) {
	return d.once(ctx, s, "out:"+string(id), func() (broadcast.ID, error) { return d.Correct(ctx, id, ReadFiles(s.Files), o) })
}

// Correct sends a correction to exactly those whom a call has reached; that of a
// rehearsal is one too. o.To is what Reached has counted, nil for who it is now.
func (d *Desk) Correct(ctx context.Context, id broadcast.ID, correction *Draft, o LaunchOptions) (broadcast.ID, error) {
	if err := correction.Problems.Err(); err != nil {
		return "", err
	}
	call, err := d.Ledger.Call(ctx, id)
	if err != nil {
		return "", err
	}
	if o.To == nil {
		if o.To, err = d.Reached(ctx, id, correction); err != nil {
			return "", err
		}
	}
	o.Rehearsal = call.Rehearsal
	return d.launch(ctx, correction, o)
}
