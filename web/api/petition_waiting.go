package api

import (
	"io"

	"clarion/web/desk"
)

type waitingAnswer struct {
	Waiting []desk.WaitingRow `json:"waiting"` // the oldest first
}

func (a *api) allWaiting(q *request, _ none) (out waitingAnswer, err error) {
	out.Waiting, err = a.Desk.AllWaiting(q.Context())
	return out, err
}

func (a *api) waiting(q *request, _ none) (*desk.WaitingRow, error) {
	return a.Desk.Waiting(q.Context(), q.PathValue("waiting"))
}

func (a *api) faxPage(q *request, _ none) (stream, error) {
	n, err := numberOf(q, "page")
	if err != nil {
		return nil, err
	}
	picture, err := a.Desk.FaxPage(q.Context(), q.PathValue("waiting"), int(n))
	if err != nil {
		return nil, err
	}
	q.w.Header().Set("Cache-Control", "no-store")
	return func(w io.Writer) error {
		_, err := w.Write(picture)
		return err
	}, nil
}

func (a *api) enterWaiting(q *request, in desk.WaitingForm) (*desk.Entered, error) {
	return a.Desk.EnterWaiting(q.Context(), q.PathValue("waiting"), in, q.who.Number, a.noteOf(q))
}

func (a *api) countWaiting(q *request, in desk.WaitingSheet) (*desk.SheetRow, error) {
	return a.Desk.CountWaiting(q.Context(), q.PathValue("waiting"), in, q.who.Number, a.noteOf(q))
}

func (a *api) setAside(q *request, in desk.WaitingAside) (none, error) {
	return none{}, a.Desk.SetAside(q.Context(), q.PathValue("waiting"), in, q.who.Number, a.noteOf(q))
}
