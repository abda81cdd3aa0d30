package api

import (
	"fmt"
	"io"

	"clarion/broadcast"
	"clarion/web/desk"
)

type callsAnswer struct {
	Calls []desk.CallRow `json:"calls"`
}

func (a *api) calls(q *request, _ none) (callsAnswer, error) {
	all, err := a.Desk.Calls(q.Context())
	if err != nil {
		return callsAnswer{}, err
	}
	for i := range all {
		if all[i].State, err = a.told(q, all[i].ID, all[i].State); err != nil {
			return callsAnswer{}, err
		}
	}
	return callsAnswer{all}, nil
}

// call is the call that the path names.
func (q *request) call() (broadcast.ID, error) {
	id, err := broadcast.ParseID(q.PathValue("call"))
	if err != nil {
		return "", fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	return id, nil
}

// told is a call's state as people are told it.
func (a *api) told(q *request, id broadcast.ID, state broadcast.CallState) (broadcast.CallState, error) {
	if state != broadcast.Planned {
		return state, nil
	}
	r, err := a.Desk.ReleaseOf(q.Context(), id)
	if err == nil && r.Waiting() {
		state = desk.AwaitingRelease
	}
	return state, err
}

func (a *api) status(q *request, _ none) (*desk.StatusReport, error) {
	id, err := q.call()
	if err != nil {
		return nil, err
	}
	r, err := a.Desk.Status(q.Context(), id)
	if err == nil {
		r.State, err = a.told(q, id, r.State)
	}
	return r, err
}

func (a *api) report(q *request, _ none) (*desk.CallReport, error) {
	id, err := q.call()
	if err != nil {
		return nil, err
	}
	return a.Desk.Report(q.Context(), id)
}

func (a *api) reportCSV(q *request, in none) (stream, error) {
	r, err := a.report(q, in)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return r.CSV(w) }, nil
}

func (a *api) audit(q *request, _ none) (*desk.AuditReport, error) {
	id, err := q.call()
	if err != nil {
		return nil, err
	}
	return a.Desk.Audit(q.Context(), id)
}

// changed is a call and the state that it is in after what was done.
type changed struct {
	ID    broadcast.ID        `json:"id"`
	State broadcast.CallState `json:"state"`
}

// change pauses, resumes or stops a call.
func change(verb desk.Verb) func(a *api, q *request, _ none) (changed, error) {
	return func(a *api, q *request, _ none) (changed, error) {
		id, err := q.call()
		if err != nil {
			return changed{}, err
		}
		state, err := a.Desk.ChangeNoted(q.Context(), id, verb, a.noteOf(q))
		return changed{id, state}, err
	}
}

func (a *api) release(q *request, _ none) (changed, error) {
	id, err := q.call()
	if err != nil {
		return changed{}, err
	}
	if err := a.Desk.ReleaseNoted(q.Context(), id, q.who.Number, a.noteOf(q)); err != nil {
		return changed{}, err
	}
	call, err := a.Desk.Ledger.Call(q.Context(), id)
	if err != nil {
		return changed{}, err
	}
	return changed{id, call.State}, nil
}

type doubtAnswer struct {
	Deliveries []desk.DoubtRow `json:"deliveries"`
}

func (a *api) doubts(q *request, _ none) (doubtAnswer, error) {
	id, err := q.call()
	if err != nil {
		return doubtAnswer{}, err
	}
	out := doubtAnswer{[]desk.DoubtRow{}}
	err = a.Desk.Doubt(q.Context(), id, desk.DoubtList, out.add)
	return out, err
}

type resolveRequest struct {
	Action desk.DoubtAction `json:"action"`
}

// resolve does to all that is in doubt what a person says.
func (a *api) resolve(q *request, in resolveRequest) (doubtAnswer, error) {
	id, err := q.call()
	if err != nil {
		return doubtAnswer{}, err
	}
	out := doubtAnswer{[]desk.DoubtRow{}}
	err = a.Desk.DoubtNoted(q.Context(), id, in.Action, a.noteOf(q), out.add)
	return out, err
}

func (d *doubtAnswer) add(row desk.DoubtRow) error {
	d.Deliveries = append(d.Deliveries, row)
	return nil
}
