package mx

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"clarion/internal/maildns"
	"clarion/worker/gateway"
)

// A destination is where mail for a domain goes.
type destination struct {
	hosts  []string // exchangers, the preferred one first
	policy *policy  // what TLS it demands, nil: none
	err    *gateway.Error
}

// key is the same for domains that share exchangers and demands.
func (d *destination) key() string {
	if d.policy != nil {
		return "tls " + strings.Join(d.hosts, " ")
	}
	return strings.Join(d.hosts, " ")
}

// session names the sessions with one of its exchangers that it may use.
func (d *destination) session(host string) string {
	if d.policy != nil {
		return "tls " + host
	}
	return host
}

// How long what was found is believed. net.Resolver tells no TTL: the record's
// own is likely longer, and a domain that moves its mail keeps the old exchangers
// running for longer than this.
const (
	foundKept   = 10 * time.Minute
	missingKept = time.Minute // what could not be asked
	mostKept    = 20000       // domains
)

// A finder finds and remembers destinations.
type finder struct {
	dns      *net.Resolver
	policies *policies // nil: none are looked for
	mu       sync.Mutex
	known    map[string]remembered
}

type remembered struct {
	*destination
	until time.Time
}

// find returns where mail for a domain goes.
func (f *finder) find(ctx context.Context, domain string) *destination {
	domain = strings.ToLower(domain)
	f.mu.Lock()
	d, ok := f.known[domain]
	f.mu.Unlock()
	if ok && time.Now().Before(d.until) {
		return d.destination
	}
	found := f.ask(ctx, domain)
	if ctx.Err() != nil {
		return found
	}
	kept := foundKept
	if found.err != nil {
		kept = missingKept
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil || len(f.known) >= mostKept {
		f.known = map[string]remembered{}
	}
	f.known[domain] = remembered{found, time.Now().Add(kept)}
	return found
}

func (f *finder) ask(ctx context.Context, domain string) *destination {
	hosts, err := Exchangers(ctx, f.dns, domain)
	if err != nil {
		return &destination{err: gateway.Classify(err, false)}
	}
	d := &destination{hosts: hosts}
	if f.policies != nil {
		if d.policy = f.policies.of(ctx, domain); d.policy != nil {
			if d.hosts = d.policy.allowed(hosts); len(d.hosts) == 0 {
				d.err = &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Authentication, Err: errors.New("none of the domain's exchangers is one that its MTA-STS policy names")}
			}
		}
	}
	return d
}

// Exchangers returns the names of the hosts that take mail for a domain, the
// preferred one first, and at least one (see maildns.MX). The error is a
// *gateway.Error: Dead for a domain that is not there or says that it takes no mail
// (RFC 7505), Temporary when the name server did not answer. It names no domain.
func Exchangers(ctx context.Context, dns *net.Resolver, domain string) ([]string, error) {
	hosts, explicit, err := maildns.MX(ctx, dns, domain)
	if err == nil && !explicit {
		_, err = addresses(ctx, dns, domain)
	}
	switch {
	case err == nil:
		return hosts, nil
	case errors.Is(err, maildns.ErrNullMX):
		return nil, &gateway.Error{Kind: gateway.Dead, Reason: gateway.DomainUnknown, Code: "5.1.10", Err: errors.New("the domain says that it takes no mail (null MX)")}
	case maildns.NotFound(err):
		return nil, &gateway.Error{Kind: gateway.Dead, Reason: gateway.DomainUnknown, Code: "5.1.2", Err: errors.New("the domain has neither MX nor address records")}
	}
	return nil, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Code: "dns", Err: errors.New("the name server did not say where the domain's mail goes")}
}

func addresses(ctx context.Context, dns *net.Resolver, host string) ([]netip.Addr, error) {
	return dns.LookupNetIP(ctx, "ip", host+".")
}
