package dns

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func TestAsksTheNamedServer(t *testing.T) {
	t.Parallel()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	asked := make(chan int, 8)
	go func() {
		defer close(asked)
		buf := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			asked <- n
			buf[2], buf[3] = 0x81, 0x83 // an answer: there is no such name
			if _, err := server.WriteTo(buf[:n], from); err != nil {
				return
			}
		}
	}()
	r, err := New(server.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err = r.LookupMX(ctx, "example.org.")
	var failed *net.DNSError
	if !errors.As(err, &failed) || !failed.IsNotFound {
		t.Errorf("look up: %v, want a name that is not found", err)
	}
	if n := <-asked; n == 0 {
		t.Error("the named server was not asked")
	}
}

func TestNewTakesAddressesOnly(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "1.1.1.1", "127.0.0.1:5353", "::1", "[::1]:5353"} {
		if r, err := New(good); err != nil || r == nil {
			t.Errorf("New(%q): %v", good, err)
		}
	}
	for _, bad := range []string{"ns.example.org", "ns.example.org:53", "127.0.0.1:99999", "1.1.1", "[::1]"} {
		if _, err := New(bad); err == nil {
			t.Errorf("New(%q) is taken", bad)
		}
	}
}
