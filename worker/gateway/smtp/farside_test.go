package smtp

import (
	"net"
	"testing"

	"clarion/internal/conf"
	"clarion/worker/gateway/gatewaytest"
)

// farSide is the relay of the tests.
type farSide struct {
	*gatewaytest.FarSide
	addr *net.TCPAddr
}

const (
	cut  = gatewaytest.Cut
	hang = gatewaytest.Wait
)

func startFarSide(t testing.TB, answer func(step string, n int, arg string) string, offers ...string) *farSide {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &farSide{gatewaytest.ServeMail(t, l, nil, answer, offers...), l.Addr().(*net.TCPAddr)}
}

func (f *farSide) config() Config {
	return Config{Host: "127.0.0.1", Port: f.addr.Port, TLS: noTLS, Hello: "ngo.example", Timeout: conf.Duration(minute)}
}
