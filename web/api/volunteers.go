package api

import "clarion/web/desk"

func (a *api) volunteer(q *request, _ none) (*desk.Forwarding, error) {
	return a.Desk.Forwarding(q.Context(), q.who.Number)
}

type volunteersAnswer struct {
	Volunteers []desk.Carrier `json:"volunteers"`
	Came       desk.Came      `json:"came"` // by all of them
}

func (a *api) volunteers(q *request, _ none) (out volunteersAnswer, err error) {
	var forwarders map[uint32]string
	if a.Staff != nil {
		if forwarders, err = a.Staff.Forwarders(q.Context()); err != nil {
			return out, err
		}
	}
	out.Volunteers, out.Came, err = a.Desk.Carriers(q.Context(), forwarders)
	return out, err
}
