package api

import (
	"time"

	"clarion/broadcast/amnesty"
	"clarion/web/desk"
)

// An amnestyRequest says whose fault is to be taken back.
type amnestyRequest struct {
	Gateway string    `json:"gateway"`
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason,omitempty"` // why the deliveries failed; bounced, or none, for any
}

func (in amnestyRequest) read() desk.Amnesty {
	return desk.Amnesty{Gateway: in.Gateway, Since: in.Since.UTC(), Reason: in.Reason, Resend: true}
}

func (a *api) surveyAmnesty(q *request, in amnestyRequest) (*desk.AmnestyLine, error) {
	return a.Desk.SurveyAmnesty(q.Context(), in.read())
}

// A grantRequest is an amnesty that is given.
type grantRequest struct {
	amnestyRequest
	Why   string `json:"why,omitempty"`   // for the record; it names no address
	Leave bool   `json:"leave,omitempty"` // what failed is not sent again
}

func (a *api) grantAmnesty(q *request, in grantRequest) (*desk.AmnestyLine, error) {
	wanted := in.read()
	wanted.Who, wanted.Why, wanted.Resend = string(q.who.Actor()), in.Why, !in.Leave
	return a.Desk.AmnestyNoted(q.Context(), wanted, a.noteOf(q))
}

type amnestiesAnswer struct {
	Amnesties []amnesty.Record `json:"amnesties"`
}

func (a *api) amnesties(q *request, _ none) (amnestiesAnswer, error) {
	all, err := a.Desk.Amnesties(q.Context())
	return amnestiesAnswer{append([]amnesty.Record{}, all...)}, err
}
