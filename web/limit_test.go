package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"clarion/internal/clock"
)

// ask asks once, from an address and with what a proxy says.
func ask(h http.Handler, from, forwarded string) int {
	r := httptest.NewRequest("POST", "/u/x", nil)
	r.RemoteAddr = from
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestPerClient(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Unix(1e9, 0))
	h := PerClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}), clk)
	exhaust := func(from, forwarded string) {
		t.Helper()
		for i := range clientBurst {
			if got := ask(h, from, forwarded); got != 200 {
				t.Fatalf("request %d of %s (%s) is answered %d", i, from, forwarded, got)
			}
		}
		if got := ask(h, from, forwarded); got != 429 {
			t.Fatalf("one too many of %s (%s) is answered %d", from, forwarded, got)
		}
	}
	exhaust("203.0.113.1:5000", "")
	exhaust("[2001:db8:0:1::1]:5000", "")
	exhaust("127.0.0.1:5000", "198.51.100.1, 203.0.113.7")
	for _, c := range []struct {
		what, from, forwarded string
		want                  int
	}{
		{"another port of the same", "203.0.113.1:6000", "", 429},
		{"the same written as IPv6", "[::ffff:203.0.113.1]:6000", "", 429},
		{"its neighbour", "203.0.113.2:5000", "", 200},
		{"another host of the same network", "[2001:db8:0:1::2]:5000", "", 429},
		{"the next network", "[2001:db8:0:2::1]:5000", "", 200},
		{"what a stranger says of himself", "203.0.113.1:5000", "192.0.2.1", 429},
		{"the client of a proxy", "127.0.0.1:5000", "203.0.113.7", 429},
		{"the client of a proxy of another machine", "10.0.0.9:5000", "203.0.113.7", 429},
		{"who made up the beginning of the header", "127.0.0.1:5000", "192.0.2.1, 203.0.113.7", 429},
		{"another client of the proxy", "127.0.0.1:5000", "203.0.113.7, 198.51.100.1", 200},
	} {
		if got := ask(h, c.from, c.forwarded); got != c.want {
			t.Errorf("%s is answered %d, want %d", c.what, got, c.want)
		}
	}
	for range 3 * clientBurst {
		if got := ask(h, "127.0.0.1:5000", ""); got != 200 {
			t.Fatal("a proxy that does not say for whom it asks is taken for one client")
		}
	}
	clk.Advance(time.Second)
	for i := range clientRate {
		if got := ask(h, "203.0.113.1:5000", ""); got != 200 {
			t.Fatalf("request %d after a second is answered %d", i, got)
		}
	}
}

// Memory is bounded, and who is busy is not forgotten for it.
func TestClientsAreBounded(t *testing.T) {
	t.Parallel()
	at := time.Unix(1e9, 0)
	c := NewLimiter[netip.Prefix](clientRate, clientBurst, clock.NewManual(at))
	busy := netip.MustParsePrefix("203.0.113.1/32")
	for range clientBurst {
		c.Allow(busy)
	}
	for i := range 5 * clientsKept {
		other := netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.%d/32", i>>16, i>>8&255, i&255))
		if !c.Allow(other) {
			t.Fatalf("client %d is held up by the others", i)
		}
		if i%1000 == 0 && c.Allow(busy) {
			t.Fatalf("after %d others the busy client begins anew", i)
		}
	}
	if n := len(c.now) + len(c.old); n > 2*clientsKept {
		t.Errorf("%d clients are remembered, at most %d are to be", n, 2*clientsKept)
	}
}

// What is slow is so over all handlers that it was put before, and says of whom.
func TestSlow(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	slow := Slow(clk, 1, 2)
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, Client(r)) })
	handlers := []http.Handler{slow(ok), slow(ok)}
	ask := func(i int, from string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		handlers[i%2].ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for i, want := range []int{200, 200, 429, 429} {
		if got, _ := ask(i, "192.0.2.1:5"); got != want {
			t.Errorf("request %d is answered %d, want %d", i, got, want)
		}
	}
	if got, who := ask(0, "[2001:db8::1]:5"); got != 200 || who != "2001:db8::/64" {
		t.Errorf("another client: %d, %s", got, who)
	}
	clk.Advance(time.Second)
	if got, who := ask(0, "192.0.2.1:6"); got != 200 || who != "192.0.2.1/32" {
		t.Errorf("a second later: %d, %s", got, who)
	}
	for range 5 {
		if got, who := ask(0, "127.0.0.1:6"); got != 200 || who != "" {
			t.Errorf("behind a proxy that names nobody: %d, %q", got, who)
		}
	}
}
