package rehearsal

import (
	"context"
	"errors"

	"clarion/worker/gateway"
)

// session is a standing connection, which a message in doubt breaks as a real
// line would.
type session struct {
	g      *Gateway
	broken bool
}

var errBroken = errors.New("the session is broken")

// OpenSession returns a session.
func (g *Gateway) OpenSession(ctx context.Context) (gateway.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: err}
	}
	return &session{g: g}, nil
}

// SendGroup sends the group in order.
func (s *session) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	stopped := false
	for i, m := range group {
		stopped = stopped || s.broken || ctx.Err() != nil || !proceed(i)
		if stopped {
			result(i, gateway.Receipt{}, gateway.ErrNotSent)
			continue
		}
		receipt, err := s.g.Send(ctx, m)
		result(i, receipt, err)
		var failure *gateway.Error
		if errors.As(err, &failure) && failure.Kind == gateway.Indeterminate {
			s.broken = true
		}
	}
	if s.broken {
		return errBroken
	}
	return nil
}

// Close ends the session.
func (s *session) Close() error {
	s.broken = true
	return nil
}
