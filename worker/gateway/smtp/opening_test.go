package smtp

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"clarion/internal/conf"
)

// A greeting or an answer to EHLO without end, in lines or in one, is heard so far
// and no further.
func TestOpeningWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, said := range map[string][2]string{
		"greeting in lines":   {"220-x\r\n", ""},
		"greeting in one":     {"220-" + strings.Repeat("x", 1<<10), strings.Repeat("x", 1<<10)},
		"extensions":          {"220 ngo.example\r\n250-X\r\n", "250-X\r\n"},
		"refusals, EHLO HELO": {"220 ngo.example\r\n502-no\r\n", "502-no\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				go io.Copy(io.Discard, c)
				for next := said[0]; err == nil; {
					_, err = io.WriteString(c, next)
					if said[1] != "" {
						next = strings.Repeat(said[1], 1<<10)
					}
				}
			}()
			g := newGateway(t, Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: noTLS, Hello: "ngo.example", Timeout: conf.Duration(minute)})
			if _, err := g.OpenSession(t.Context()); word(err) != "temporary" || !errors.Is(err, errProtocol) {
				t.Errorf("OpenSession: %v", err)
			}
		})
	}
}
