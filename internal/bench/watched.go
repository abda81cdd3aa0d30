package main

import (
	"context"
	"sync/atomic"
	"time"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtp"
)

// watched is the relay's gateway with an eye on what goes through.
type watched struct {
	*smtp.Gateway
	first            atomic.Int64 // when the relay had taken the first message, in nanoseconds since 1970
	octets, from, to atomic.Int64
}

func (w *watched) reset() {
	w.first.Store(0)
	w.octets.Store(0)
	w.from.Store(0)
	w.to.Store(0)
}

// OpenSession opens a session of the gateway.
func (w *watched) OpenSession(ctx context.Context) (gateway.Session, error) {
	s, err := w.Gateway.OpenSession(ctx)
	if err != nil {
		return nil, err
	}
	return &watchedSession{s, w}, nil
}

type watchedSession struct {
	gateway.Session
	w *watched
}

// SendGroup adds the group's octets up and passes it on.
func (s *watchedSession) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	var octets, from, to int
	for i := range group {
		octets += len(group[i].Body)
		from += len(group[i].From)
		to += len(group[i].To.Reveal())
	}
	s.w.octets.Add(int64(octets))
	s.w.from.Add(int64(from))
	s.w.to.Add(int64(to))
	if s.w.first.Load() != 0 {
		return s.Session.SendGroup(ctx, group, proceed, result)
	}
	return s.Session.SendGroup(ctx, group, proceed, func(i int, r gateway.Receipt, err error) {
		if err == nil {
			s.w.first.CompareAndSwap(0, time.Now().UnixNano())
		}
		result(i, r, err)
	})
}
