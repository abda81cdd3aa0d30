// Package publicnet owns the way to addresses that somebody else names: into the
// public internet, and nowhere else. What a name leads to is looked at when it is
// dialled, so that a name which leads elsewhere by then is refused too.
package publicnet

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate means that an address is none of the public internet.
var ErrPrivate = errors.New("the address is not in the public internet")

// special are addresses that look like public ones and are not, or that lead on to
// others (IANA special-purpose registries, RFC 6890).
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"2001::/23", // Teredo, ORCHID, benchmarks
	"2001:db8::/32", "3fff::/20",
	"2002::/16", // 6to4: an IPv4 address within
)

// ordinary is where public addresses of IPv6 lie (RFC 4291 §2.4). NAT64
// (64:ff9b::/96, 64:ff9b:1::/48), ULA, link-local and IPv4-compatible ones do not.
var ordinary = netip.MustParsePrefix("2000::/3")

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, p := range all {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// Public reports whether an address is one of the public internet.
func Public(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !ordinary.Contains(ip) {
		return false
	}
	return !within(special, ip)
}

func within(nets []netip.Prefix, ip netip.Addr) bool {
	for _, p := range nets {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Allowed is Public, or in one of the networks that a setting opens.
func Allowed(open []netip.Prefix, ip netip.Addr) bool {
	return Public(ip) || ip.Zone() == "" && within(open, ip.Unmap())
}

// Dialer dials addresses that are Allowed. One elsewhere is ErrPrivate, whatever the
// name that led to it.
func Dialer(open []netip.Prefix, wait time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: wait, ControlContext: func(_ context.Context, _, at string, _ syscall.RawConn) error {
		if to, err := netip.ParseAddrPort(at); err != nil || !Allowed(open, to.Addr()) {
			return ErrPrivate
		}
		return nil
	}}
}

// Client asks servers by a Dialer: straight, through no proxy, following no redirect,
// for wait at most.
func Client(open []netip.Prefix, wait time.Duration) *http.Client {
	return &http.Client{
		Timeout:       wait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: Dialer(open, wait).DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: wait, ResponseHeaderTimeout: wait, MaxResponseHeaderBytes: 16 << 10},
	}
}
