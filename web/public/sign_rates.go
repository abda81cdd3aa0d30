package public

import (
	"net/http"
	"net/netip"

	"clarion/internal/clock"
	"clarion/web"
)

// How fast people sign from one place. A school, or the customers of a carrier behind
// one address, come together, and each form took its work: so the bursts are large.
const (
	signRate     = 1.0 // a second and client: an IPv4 address, an IPv6 /64
	signBurst    = 120
	networkRate  = 10.0 // a second and network: an IPv4 /24, an IPv6 /48
	networkBurst = 1200
)

// rates hold off who signs faster than people do.
type rates struct {
	clients, networks *web.Limiter[netip.Prefix]
}

func newRates(clk clock.Clock) *rates {
	return &rates{web.NewLimiter[netip.Prefix](signRate, signBurst, clk), web.NewLimiter[netip.Prefix](networkRate, networkBurst, clk)}
}

// allow counts a form that was sent. Who cannot be told apart, behind a proxy that names
// nobody, passes.
func (r *rates) allow(req *http.Request) bool {
	client, err := netip.ParsePrefix(web.Client(req))
	if err != nil {
		return true
	}
	bits := 48
	if client.Addr().Is4() {
		bits = 24
	}
	network, err := client.Addr().Prefix(bits)
	if err != nil {
		return true
	}
	return r.clients.Allow(client) && r.networks.Allow(network)
}
