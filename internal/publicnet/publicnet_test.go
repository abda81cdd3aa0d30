package publicnet

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "2606:2800:220:1::1": true, "2a00:1450::1": true, "::ffff:93.184.216.34": true,
		"127.0.0.1": false, "127.255.0.9": false, "0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false, "192.0.0.8": false, "198.18.0.1": false,
		"224.0.0.1": false, "239.1.1.1": false, "255.255.255.255": false, "240.0.0.1": false, "192.88.99.1": false,
		"::": false, "::1": false, "fe80::1": false, "2606:2800::1%eth0": false, "fc00::1": false, "fd12:3456::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2002:a00:1::1": false, "2001::1": false, "2001:db8::1": false, "fec0::1": false, "100::1": false,
	} {
		if got := Public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s is public: %v, want %v", ip, got, want)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// Whatever leads to a private address, nothing is sent there; in a network that is
// open the request goes straight, and no redirect is followed.
func TestClient(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	t.Setenv("HTTP_PROXY", "http://192.0.2.9:1")
	closed, port := Client(nil, 5*time.Second), s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		res, err := closed.Get("http://" + host + port)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, ErrPrivate) || asked > 0 {
			t.Errorf("%s: %v, asked %d times", host, err, asked)
		}
	}
	res, err := Client([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, 5*time.Second).Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound || asked != 1 {
		t.Errorf("a server in an open network answered %d, asked %d times", res.StatusCode, asked)
	}
}
