// Package dns owns which name server is asked: the machine's own, or the one
// that the settings name.
package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// New returns a resolver that asks the name server at server: "" for the
// machine's own, else an address with or without a port ("1.1.1.1",
// "127.0.0.1:5353", "[::1]:5353"). It follows its context, and keeps nothing.
func New(server string) (*net.Resolver, error) {
	if server == "" {
		return net.DefaultResolver, nil
	}
	at, err := netip.ParseAddrPort(server)
	if err != nil {
		ip, err := netip.ParseAddr(server)
		if err != nil {
			return nil, fmt.Errorf("the resolver is %q: the address of a name server is right, such as 1.1.1.1 or 127.0.0.1:5353", server)
		}
		at = netip.AddrPortFrom(ip, 53)
	}
	addr := at.String()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}, nil
}
