package webhook

import (
	"context"

	"clarion/worker/gateway"
)

// Marking returns g with the header in its messages that makes the provider
// report the delivery's token; g itself where it needs none.
func (h *Hook) Marking(g gateway.Gateway) gateway.Gateway {
	if h.mark == "" {
		return g
	}
	m := marking{g, h}
	opener, sessions := g.(gateway.SessionOpener)
	prober, probes := g.(gateway.Prober)
	switch {
	case sessions && probes:
		return struct {
			marking
			markingSessions
			gateway.Prober
		}{m, markingSessions{opener, h}, prober}
	case sessions:
		return struct {
			marking
			markingSessions
		}{m, markingSessions{opener, h}}
	case probes:
		return struct {
			marking
			gateway.Prober
		}{m, prober}
	}
	return m
}

// mark returns the message with the header above its own.
func (h *Hook) marked(m gateway.Message) gateway.Message {
	m.Body = append([]byte(h.Mark(m.Delivery)), m.Body...)
	return m
}

type marking struct {
	to   gateway.Gateway
	hook *Hook
}

// Send implements gateway.Gateway.
func (m marking) Send(ctx context.Context, msg gateway.Message) (gateway.Receipt, error) {
	return m.to.Send(ctx, m.hook.marked(msg))
}

type markingSessions struct {
	to   gateway.SessionOpener
	hook *Hook
}

// OpenSession implements gateway.SessionOpener.
func (m markingSessions) OpenSession(ctx context.Context) (gateway.Session, error) {
	s, err := m.to.OpenSession(ctx)
	if err != nil {
		return nil, err
	}
	return markingSession{s, m.hook}, nil
}

type markingSession struct {
	gateway.Session
	hook *Hook
}

// SendGroup implements gateway.Session.
func (s markingSession) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	marked := make([]gateway.Message, len(group))
	for i, m := range group {
		marked[i] = s.hook.marked(m)
	}
	return s.Session.SendGroup(ctx, marked, proceed, result)
}
