package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"clarion/worker/gateway"
)

// A Gateway sends mail through one relay. It is safe for concurrent use.
type Gateway struct {
	name string
	conf Config
	tls  *tls.Config // nil without TLS
	idle chan *session
}

var (
	_ gateway.Gateway       = (*Gateway)(nil)
	_ gateway.SessionOpener = (*Gateway)(nil)
	_ gateway.Prober        = (*Gateway)(nil)
)

// New returns the gateway that c describes. It dials nothing yet; name is what
// errors and the operator call it.
func New(c Config, name string) (*Gateway, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", name, err)
	}
	t, err := c.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", name, err)
	}
	return &Gateway{name: name, conf: c, tls: t, idle: make(chan *session, maxIdle)}, nil
}

// Connections returns how many sessions the worker may hold at a time.
func (g *Gateway) Connections() int { return g.conf.Connections }

// Single messages reuse up to maxIdle sessions that were used less than
// idleLife ago; a relay hangs up after 5 minutes or less.
const (
	maxIdle  = 2
	idleLife = 30 * time.Second
)

// Send sends one message over a session kept from an earlier Send, or a new one.
func (g *Gateway) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	for {
		s, kept, err := g.take(ctx)
		if err != nil {
			return gateway.Receipt{}, err
		}
		var receipt gateway.Receipt
		var failure error
		broken := s.SendGroup(ctx, []gateway.Message{m}, func(int) bool { return true }, func(_ int, r gateway.Receipt, err error) {
			receipt, failure = r, err
		})
		if broken != nil {
			s.Close()
		} else {
			g.put(s)
		}
		if !errors.Is(failure, gateway.ErrNotSent) {
			return receipt, failure
		}
		if !kept || ctx.Err() != nil {
			return receipt, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: errors.New("the message was not begun")}
		}
		// The kept session had been closed by the relay meanwhile: nothing left.
	}
}

// OpenSession dials and logs in.
func (g *Gateway) OpenSession(ctx context.Context) (gateway.Session, error) {
	s, err := g.dial(ctx)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Probe dials, logs in and says goodbye. Its error says what to do.
func (g *Gateway) Probe(ctx context.Context) error {
	s, err := g.dial(ctx)
	if err != nil {
		return fmt.Errorf("gateway %s: %w", g.name, err)
	}
	s.Close() // that the goodbye was not answered is no matter
	return nil
}

// Close ends the sessions that Send has kept.
func (g *Gateway) Close() error {
	for {
		select {
		case s := <-g.idle:
			s.Close()
		default:
			return nil
		}
	}
}

func (g *Gateway) take(ctx context.Context) (s *session, kept bool, err error) {
	for {
		select {
		case s := <-g.idle:
			if time.Since(s.idleSince) < idleLife {
				return s, true, nil
			}
			s.Close()
		default:
			s, err := g.dial(ctx)
			return s, false, err
		}
	}
}

func (g *Gateway) put(s *session) {
	s.idleSince = time.Now()
	select {
	case g.idle <- s:
	default:
		s.Close()
	}
}
