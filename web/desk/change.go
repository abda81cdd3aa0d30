package desk

import (
	"context"
	"strconv"

	"clarion/broadcast"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A Verb is what a person does to a call that is under way.
type Verb string

// The verbs.
const (
	Pause  Verb = "pause"  // nothing new begins
	Resume Verb = "resume" // it goes on; the rest follows that waits for its canary
	Stop   Verb = "stop"   // it ends for good; what waits is cancelled, what gateways hold is taken back where they can
)

// Verbs lists every verb.
var Verbs = [...]Verb{Pause, Resume, Stop}

// ActionFor is what verb does to the call as it stands. A call that is done can be
// stopped too, as long as gateways hold messages of it.
func (d *Desk) ActionFor(verb Verb, p *broadcast.Progress) broadcast.Action {
	if verb == Stop && p.State == broadcast.Done && d.Held(p) > 0 {
		return broadcast.ActWithdraw
	}
	return broadcast.Action(verb)
}

// Held is how many messages of a call were taken by gateways that can give back what
// they have not sent on, and have not been reported on: on the wire already, at most.
func (d *Desk) Held(p *broadcast.Progress) (n int) {
	for _, s := range p.Counters.Gateways {
		number, err := strconv.Atoi(s.Name)
		if err != nil || number >= len(p.Call.Gateways) {
			continue
		}
		for _, g := range d.Gates {
			if _, gives := g.Gateway.(gateway.Withdrawer); gives && g.Channel == s.Channel && g.Name == p.Call.Gateways[number] {
				n += s.Counts[broadcast.Sent]
			}
		}
	}
	return n
}

// Change pauses, resumes or stops a call, and returns the state that it is in then.
// A call that does not bear it gives a *broadcast.StateError.
func (d *Desk) Change(ctx context.Context, id broadcast.ID, verb Verb) (broadcast.CallState, error) {
	switch verb {
	case Pause:
		return d.Ledger.Do(ctx, id, broadcast.ActPause)
	case Resume:
		return worker.Resume(ctx, d.Ledger, d.Queue, id)
	case Stop:
		p, err := d.Ledger.Progress(ctx, id)
		if err != nil {
			return "", err
		}
		state, err := d.Ledger.Do(ctx, id, d.ActionFor(verb, p))
		if err != nil || state != broadcast.Stopping {
			return state, err
		}
		return d.Ledger.Wind(ctx, id)
	}
	return "", Mistake("%q can not be done to a call: pause, resume and stop can", verb)
}
