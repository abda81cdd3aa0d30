package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"clarion/internal/clock"
)

// How fast one client may ask for pages. Mail providers press one-click for all
// of their users from a few addresses, and must not be held up in it: this
// keeps off who guesses or hammers, no more.
const (
	clientRate  = 50 // requests a second
	clientBurst = 200
	clientsKept = 10_000 // in each of two generations
)

// PerClient answers 429 to a client that asks too fast. A client is an IPv4
// address or an IPv6 /64 network (RFC 6177 §2: what one site has at least).
// Behind a proxy on this machine or in its private network it is the address that
// the proxy names last in X-Forwarded-For; without that header all requests of the
// proxy pass.
func PerClient(next http.Handler, clk clock.Clock) http.Handler {
	return Slow(clk, clientRate, clientBurst)(next)
}

// Slow returns what makes handlers answer 429 as PerClient does, at a rate of
// their own: so many requests a second, and so many at once, over all of them.
func Slow(clk clock.Clock, perSecond, burst int) func(http.Handler) http.Handler {
	c := NewLimiter[netip.Prefix](float64(perSecond), burst, clk)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if who, ok := clientOf(r); ok && !c.Allow(who) {
				Fail(w, r, ErrTooMany)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Client names who asks, as PerClient tells clients apart: an address or a
// network; "" behind a proxy that does not say.
func Client(r *http.Request) string {
	if who, ok := clientOf(r); ok {
		return who.String()
	}
	return ""
}

// A Limiter remembers how fast each of many has been, within this process. When
// the present generation is full it becomes the old one, and who was in neither
// lately is forgotten. It is safe for concurrent use.
type Limiter[K comparable] struct {
	rate  rate.Limit
	burst int
	clk   clock.Clock

	mu       sync.Mutex
	now, old map[K]*rate.Limiter
}

// NewLimiter makes one that lets each pass so many times a second on the whole, and
// burst times at once.
func NewLimiter[K comparable](perSecond float64, burst int, clk clock.Clock) *Limiter[K] {
	return &Limiter[K]{rate: rate.Limit(perSecond), burst: burst, clk: clk, now: map[K]*rate.Limiter{}}
}

// Allow counts a try of who, and reports whether they may pass.
func (c *Limiter[K]) Allow(who K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.now[who]
	if l == nil {
		if l = c.old[who]; l == nil {
			l = rate.NewLimiter(c.rate, c.burst)
		}
		if len(c.now) >= clientsKept {
			c.now, c.old = make(map[K]*rate.Limiter), c.now
		}
		c.now[who] = l
	}
	return l.AllowN(c.clk.Now(), 1)
}

// clientOf tells who asks; false when only a proxy is known.
func clientOf(r *http.Request) (netip.Prefix, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}, false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}, false
	}
	if ip = ip.Unmap(); ip.IsLoopback() || ip.IsPrivate() {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) == 0 {
			return netip.Prefix{}, false
		}
		last := all[len(all)-1]
		if ip, err = netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err != nil {
			return netip.Prefix{}, false
		}
	}
	bits := 64
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		bits = 32
	}
	who, err := ip.Prefix(bits)
	return who, err == nil
}
