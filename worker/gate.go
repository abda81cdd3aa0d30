package worker

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Gate is a gateway with what the worker needs to know of it.
type Gate struct {
	Name        string
	Channel     address.Channel
	Gateway     gateway.Gateway
	Rate        float64 // messages a second over all processes, 0 for no limit
	Warmup      Warmup
	Connections int          // messages that this process sends at once, each over a connection; 0 for the channel's default
	Weight      float64      // share of the channel's messages, beside other gateways; 1 if 0
	Price       float64      // of a mail, a part of a text message, a page of a fax, in the currency of the settings; 0: nothing, or not told
	Standby     bool         // takes messages only while no other gateway of the channel does
	Domains     []string     // email: the domains that it may send from, with those below them; nil: any
	SendsFrom   []netip.Addr // email: the addresses from which receivers see its mail come; nil: not told
	Rehearsal   bool         // nothing leaves; what it reports is made up, and suppresses nobody
}

// MaySendFrom reports whether the gateway may send mail from a domain.
func (g Gate) MaySendFrom(domain string) bool {
	return g.Channel != address.Email || len(g.Domains) == 0 || slices.ContainsFunc(g.Domains, func(d string) bool {
		return domain == d || strings.HasSuffix(domain, "."+d)
	})
}

// A gate is a Gate with its standing sessions. Its slots bound how many batches
// go through it at once, and so what a crash can put in doubt: slots × group.
type gate struct {
	Gate
	slots chan struct{}
	lines chan struct{} // connections that batches share, message by message; nil: each batch has its own
	idle  chan gateway.Session
}

// share is how many batches share a connection over which texts go one by one: while
// one batch commits and claims, the other sends. Their groups are half as large.
const share = 2

func newGate(g Gate) *gate {
	if g.Connections <= 0 {
		g.Connections = connections[g.Channel]
	}
	out := &gate{Gate: g, idle: make(chan gateway.Session, g.Connections)}
	batches := g.Connections
	if _, standing := g.Gateway.(gateway.SessionOpener); g.Channel == address.SMS && !standing {
		batches = share * g.Connections
		out.lines = make(chan struct{}, g.Connections)
	}
	out.slots = make(chan struct{}, batches)
	return out
}

// line takes one of the connections that batches share, for one message; hangUp
// gives it back.
func (g *gate) line(ctx context.Context) error {
	if g.lines == nil {
		return nil
	}
	select {
	case g.lines <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) hangUp() {
	if g.lines != nil {
		<-g.lines
	}
}

// enter takes a slot, and leave gives it back.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enterWithin takes a slot if one is free before d is over.
func (g *gate) enterWithin(ctx context.Context, d time.Duration) (bool, error) {
	select {
	case g.slots <- struct{}{}:
		return true, nil
	default:
		if d <= 0 {
			return false, nil
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case g.slots <- struct{}{}:
		return true, nil
	case <-t.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (g *gate) leave() {
	if g != nil {
		<-g.slots
	}
}

// session returns a standing session, nil when the gateway has none to offer.
// Where the lane's connections are counted, it is the batch's own if it is itself
// what reaches the lane.
func (g *gate) session(ctx context.Context, counted bool) (s gateway.Session, own bool, err error) {
	if lines, ok := g.Gateway.(gateway.LineOpener); ok && counted {
		s, err = lines.OpenLine(ctx)
		return s, err == nil, err
	}
	opener, ok := g.Gateway.(gateway.SessionOpener)
	if !ok {
		return nil, false, nil
	}
	select {
	case s := <-g.idle:
		return s, false, nil
	default:
		s, err = opener.OpenSession(ctx)
		return s, false, err
	}
}

// keep takes a session back for the next batch.
func (g *gate) keep(s gateway.Session) {
	if s == nil {
		return
	}
	select {
	case g.idle <- s:
	default:
		s.Close()
	}
}

func (g *gate) close() {
	for {
		select {
		case s := <-g.idle:
			s.Close()
		default:
			return
		}
	}
}

var errNoGate = errors.New("no gateway of this call serves the channel here")
