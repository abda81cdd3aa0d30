package mx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"clarion/internal/maildns"
	"clarion/worker/gateway"
)

// A Gateway delivers mail to the exchangers of its recipients' domains. It is
// safe for concurrent use.
type Gateway struct {
	name   string
	conf   ready
	finder finder
	pool   pool
}

var (
	_ gateway.Gateway       = (*Gateway)(nil)
	_ gateway.SessionOpener = (*Gateway)(nil)
	_ gateway.LineOpener    = (*Gateway)(nil)
	_ gateway.Prober        = (*Gateway)(nil)
)

// New returns the gateway that c describes; it asks dns where mail goes.
func New(c Config, name string, dns *net.Resolver) (*Gateway, error) {
	r, err := c.ready()
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", name, err)
	}
	g := &Gateway{name: name, conf: r, finder: finder{dns: dns}}
	if r.wantsPolicies() {
		g.finder.policies = newPolicies(dns, r)
	}
	return g, nil
}

// Send sends one message.
func (g *Gateway) Send(ctx context.Context, m gateway.Message) (r gateway.Receipt, err error) {
	err = gateway.ErrNotSent
	_ = session{g}.SendGroup(ctx, []gateway.Message{m}, func(int) bool { return true }, func(_ int, rr gateway.Receipt, e error) { r, err = rr, e })
	if errors.Is(err, gateway.ErrNotSent) {
		err = &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: errors.New("the message was not begun")}
	}
	return r, err
}

// OpenSession returns a session that opens those with the exchangers as they are
// needed, and shares them with the others of the gateway.
func (g *Gateway) OpenSession(ctx context.Context) (gateway.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: err}
	}
	return session{g}, nil
}

// Close ends the sessions that are kept.
func (g *Gateway) Close() error {
	g.pool.close()
	return nil
}

// A session never breaks: each exchanger's own does, and tells its messages.
type session struct{ g *Gateway }

func (session) Close() error { return nil }

func (s session) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	return s.g.serve(ctx, s.g.parts(ctx, group), atOnce, &s.g.pool, group, proceed, result)
}

// A part is the messages of a group that go to the same exchangers.
type part struct {
	to *destination
	of []int // places in the group
}

// atOnce is how many destinations of one group are served at the same time.
const atOnce = 8

// serve sends a group: so many parts beside each other, the messages of a part in
// order over one session. Its error says that a line broke, or could not be had.
func (g *Gateway) serve(ctx context.Context, parts []*part, beside int, from keeper, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	var mu sync.Mutex // callers expect one call at a time
	may := func(i int) bool { mu.Lock(); defer mu.Unlock(); return proceed(i) }
	tell := func(i int, r gateway.Receipt, err error) {
		mu.Lock()
		defer mu.Unlock()
		result(i, r, overtaken(err))
	}
	var all sync.WaitGroup
	var broken atomic.Bool
	free := make(chan struct{}, beside)
	for _, p := range parts {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			if !g.sendPart(ctx, p, from, group, may, tell) {
				broken.Store(true)
			}
		})
	}
	all.Wait()
	if broken.Load() {
		return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: errBroken}
	}
	return nil
}

// parts sorts a group by where its messages go.
func (g *Gateway) parts(ctx context.Context, group []gateway.Message) []*part {
	found := map[string]**destination{}
	var all sync.WaitGroup
	for _, m := range group {
		domain := m.To.Domain()
		if found[domain] == nil {
			at := new(*destination)
			found[domain] = at
			all.Go(func() { *at = g.finder.find(ctx, domain) })
		}
	}
	all.Wait()
	var out []*part
	by := map[string]*part{}
	for i, m := range group {
		to := *found[m.To.Domain()]
		key := to.key()
		if to.err != nil {
			key = "! " + m.To.Domain()
		}
		if by[key] == nil {
			by[key] = &part{to: to}
			out = append(out, by[key])
		}
		by[key].of = append(by[key].of, i)
	}
	return out
}

var errBroken = errors.New("the line to an exchanger broke")

// sendPart sends a part, and reports whether its line held. A session that the
// exchanger ends between two messages is replaced; when the line breaks under a
// message, those behind it are tried again later: another may be in doubt next.
func (g *Gateway) sendPart(ctx context.Context, p *part, from keeper, group []gateway.Message, proceed func(int) bool, tell func(int, gateway.Receipt, error)) bool {
	left := p.of
	end := func(err error) {
		if ctx.Err() != nil {
			err = gateway.ErrNotSent
		}
		for _, i := range left {
			tell(i, gateway.Receipt{}, err)
		}
	}
	if p.to.err != nil {
		end(p.to.err)
		return true
	}
	for {
		s, key, reused, err := g.open(ctx, p.to, from)
		if err != nil {
			end(err)
			return false
		}
		messages := make([]gateway.Message, len(left))
		for k, i := range left {
			messages[k] = group[i]
		}
		stopped, hurt := false, false
		var rest []int
		broken := s.SendGroup(ctx, messages, func(k int) bool {
			stopped = stopped || !proceed(left[k])
			return !stopped
		}, func(k int, r gateway.Receipt, err error) {
			if errors.Is(err, gateway.ErrNotSent) {
				rest = append(rest, left[k])
				return
			}
			var e *gateway.Error
			hurt = hurt || errors.As(err, &e) && (e.Kind == gateway.Indeterminate || e.Reason == gateway.Network)
			tell(left[k], r, err)
		})
		if broken == nil {
			from.put(key, s)
			return true // each has its result
		}
		s.Close()
		begun := len(rest) < len(left)
		left = rest
		switch {
		case stopped:
			end(gateway.ErrNotSent)
			return true
		case hurt || !begun && !reused:
			end(&gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: errBroken})
			return false
		}
	}
}

// overtaken turns what a relay's refusal would mean for the whole gateway into
// what an exchanger's means: one of many does not want us.
func overtaken(err error) error {
	var e *gateway.Error
	if !errors.As(err, &e) || e.Kind != gateway.Misconfigured && !e.OfGateway {
		return err
	}
	own := *e
	own.OfGateway = false
	if own.Kind == gateway.Misconfigured {
		own.Kind = gateway.Refused
	}
	return &own
}

// Probe looks for what receivers expect of whoever brings them mail: that port 25
// is open to us, and that our address has a name that leads back to it.
func (g *Gateway) Probe(ctx context.Context) error {
	d := g.finder.find(ctx, g.conf.Probe)
	if d.err != nil {
		return fmt.Errorf("gateway %s: the exchangers of %s are not found: look at [dns] resolver: %w", g.name, g.conf.Probe, d.err)
	}
	s, key, _, err := g.open(ctx, d, &g.pool)
	if err != nil {
		return fmt.Errorf("gateway %s: no exchanger of %s takes our connection at port %d; many hosting providers close it until they are asked: %w", g.name, g.conf.Probe, g.conf.Port, err)
	}
	g.pool.put(key, s)
	return g.named(ctx)
}

// named checks the reverse record of the address that we send from.
func (g *Gateway) named(ctx context.Context) error {
	ip := g.conf.source
	if !ip.IsValid() || ip.IsPrivate() {
		return nil // what the outside sees is not known here
	}
	names, confirmed, err := maildns.Reverse(ctx, g.finder.dns, ip)
	switch {
	case confirmed != "":
		return nil
	case err != nil:
		return fmt.Errorf("gateway %s: the name of its address is not known: look at [dns] resolver: %w", g.name, err)
	case len(names) == 0:
		return fmt.Errorf("gateway %s: %s has no PTR record, and large receivers refuse such senders: ask whoever the address is rented from to set it to %s", g.name, ip, g.conf.Hello)
	}
	return fmt.Errorf("gateway %s: the PTR record of %s says %s, which does not lead back to it: make an address record for that name", g.name, ip, names[0])
}
