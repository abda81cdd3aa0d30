package smtp

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// BenchmarkGroups sends ready messages of 3 KB in groups of 16 over 16 sessions
// to Postfix's smtp-sink, one message an iteration. Compare with
// `smtp-source -d -s 16 -l 3000 -m N` in the same minute.
func BenchmarkGroups(b *testing.B) {
	const sessions, size = 16, 16
	c := sink(b)
	g := newGateway(b, c)
	body := []byte("From: office@ngo.example\r\nSubject: appeal\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 41))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	b.ResetTimer()
	for n := range sessions {
		wait.Go(func() {
			s, err := g.OpenSession(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			defer s.Close()
			group := make([]gateway.Message, size)
			for i := range group {
				group[i] = gateway.Message{
					To:   address.Canonical(address.Email, fmt.Sprintf("supporter%d.%d@recipient.example", n, i)),
					From: fmt.Sprintf("b+abcdefghijklmnopqrstuvwxyz%d@bounce.ngo.example", i), Body: body,
				}
			}
			for {
				k := left.Add(-size)
				if k <= -size {
					return
				}
				err := s.SendGroup(b.Context(), group[:min(size, k+size)], func(int) bool { return true }, func(_ int, _ gateway.Receipt, err error) {
					if err != nil {
						b.Error(err)
					}
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}

// sink starts smtp-sink, which takes everything, and returns the way to it.
func sink(t testing.TB, args ...string) Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody") // it refuses to run as root
	}
	cmd := exec.Command("/usr/sbin/smtp-sink", append(args, addr, "200")...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start smtp-sink (package postfix): %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return Config{Host: "127.0.0.1", Port: port, TLS: noTLS, Hello: "ngo.example", Timeout: conf.Duration(minute)}
		}
		if time.Now().After(deadline) {
			t.Fatalf("smtp-sink does not listen: %v", err)
		}
		time.Sleep(5 * time.Millisecond) // until it listens
	}
}
