package mx

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"sync"
	"time"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtp"
)

// A pool keeps sessions between groups, by exchanger, and remembers which
// exchangers could not be reached.
type pool struct {
	mu   sync.Mutex
	idle map[string][]*kept
	down map[string]time.Time
}

type kept struct {
	gateway.Session
	end *time.Timer
}

const (
	idleLife = 30 * time.Second // an exchanger's lines are not ours to sit on
	idleMost = 4                // sessions kept with one exchanger
	downFor  = time.Minute      // one that could not be reached is passed over
	dialMost = 6                // exchangers and addresses tried for one group
)

func (p *pool) take(key string) gateway.Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for list := p.idle[key]; len(list) > 0; list = p.idle[key] {
		last := list[len(list)-1]
		if p.idle[key] = list[:len(list)-1]; len(list) == 1 {
			delete(p.idle, key)
		}
		if last.end.Stop() {
			return last.Session
		}
	}
	return nil
}

func (p *pool) put(key string, s gateway.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle[key]) >= idleMost {
		s.Close()
		return
	}
	if p.idle == nil {
		p.idle = map[string][]*kept{}
	}
	k := &kept{Session: s}
	k.end = time.AfterFunc(idleLife, func() {
		p.forget(key, k)
		s.Close()
	})
	p.idle[key] = append(p.idle[key], k)
}

func (p *pool) makeRoom() {} // of its sessions there may be many

func (p *pool) forget(key string, old *kept) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.idle[key][:0]
	for _, k := range p.idle[key] {
		if k != old {
			rest = append(rest, k)
		}
	}
	if p.idle[key] = rest; len(rest) == 0 {
		delete(p.idle, key)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.idle {
		for _, k := range list {
			if k.end.Stop() {
				k.Close()
			}
		}
	}
	p.idle = nil
}

func (p *pool) isDown(at string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	till, ok := p.down[at]
	if ok && time.Now().After(till) {
		delete(p.down, at)
		ok = false
	}
	return ok
}

func (p *pool) unreached(at string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down == nil || len(p.down) >= mostKept {
		p.down = map[string]time.Time{}
	}
	p.down[at] = time.Now().Add(downFor)
}

var (
	errDown   = errors.New("none of the domain's exchangers can be reached")
	errNobody = errors.New("the domain's exchangers have no address that mail may go to")
)

// open returns a session with the first of the destination's exchangers that
// answers, one that from keeps if it can, and its key there. An exchanger that says no in its greeting is
// passed over like one that is down (RFC 5321 §5.1); where none is left, what one
// of them said is the answer.
func (g *Gateway) open(ctx context.Context, d *destination, from keeper) (s gateway.Session, key string, reused bool, err error) {
	for _, host := range d.hosts {
		if s := from.take(d.session(host)); s != nil {
			return s, d.session(host), true, nil
		}
	}
	from.makeRoom()
	var said, line *gateway.Error
	tried, known := 0, false
	for _, host := range d.hosts {
		ips, lookup := addresses(ctx, g.finder.dns, host)
		if lookup != nil {
			continue
		}
		for _, ip := range ips {
			ip = ip.Unmap()
			if !g.conf.may(ip) {
				continue
			}
			known = true
			at := netip.AddrPortFrom(ip, uint16(g.conf.Port)).String()
			if tried >= dialMost || g.pool.isDown(at) {
				continue
			}
			tried++
			s, err := g.dial(ctx, host, ip, d.policy != nil)
			if err == nil {
				return s, d.session(host), false, nil
			}
			if ctx.Err() != nil {
				return nil, "", false, ctx.Err()
			}
			e := gateway.Classify(err, false)
			switch {
			case e.Code != "":
				said = e
			case e.Reason == gateway.Network:
				g.pool.unreached(at)
				line = e
			default:
				line = e
			}
		}
	}
	switch {
	case said != nil:
		return nil, "", false, said
	case line != nil && line.Reason != gateway.Network:
		return nil, "", false, line
	case known:
		return nil, "", false, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: errDown}
	}
	return nil, "", false, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Code: "dns", Err: errNobody}
}

// dial opens a session with one exchanger at one address. Without a policy TLS
// is better than none whoever the other side is (RFC 7435), and none is better
// than no mail.
func (g *Gateway) dial(ctx context.Context, host string, ip netip.Addr, strict bool) (gateway.Session, error) {
	d := smtp.Direct{
		At: netip.AddrPortFrom(ip, uint16(g.conf.Port)), Must: strict,
		TLS: &tls.Config{ServerName: host, RootCAs: g.conf.roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: !strict},
	}
	if g.conf.source.IsValid() && g.conf.source.Is4() == ip.Is4() {
		d.Source = g.conf.source
	}
	s, err := smtp.Open(ctx, g.conf.session(host), d)
	if err != nil && !strict && errors.Is(err, smtp.ErrTLS) {
		d.TLS = nil
		return smtp.Open(ctx, g.conf.session(host), d)
	}
	return s, err
}
