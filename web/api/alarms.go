package api

import "clarion/web/desk"

type alarmsAnswer struct {
	Alarms []desk.AlarmRow `json:"alarms"`
}

func (a *api) alarms(q *request, _ none) (alarmsAnswer, error) {
	all, err := a.Desk.Alarms(q.Context())
	return alarmsAnswer{all}, err
}

func (a *api) acknowledge(q *request, _ none) (none, error) {
	id, err := desk.ParseAlarm(q.PathValue("alarm"))
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.AcknowledgeAlarm(q.Context(), id, q.who.Actor(), a.noteOf(q))
}

type quietRequest struct {
	Hours int `json:"hours"`
}

func (a *api) quiet(q *request, in quietRequest) (none, error) {
	id, err := desk.ParseAlarm(q.PathValue("alarm"))
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.QuietAlarm(q.Context(), id, in.Hours, q.who.Actor(), a.noteOf(q))
}
