package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A line is a worker's way to Redis, through toxiproxy.
type line struct{ proxy *toxiproxy.Proxy }

// newLines opens n ways to the Redis at address.
func newLines(n int, address string) ([]*line, error) {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	var out []*line
	for i := range n {
		p := toxiproxy.NewProxy(api, fmt.Sprintf("worker %d", i), "127.0.0.1:0", address)
		if err := p.Start(); err != nil {
			return out, fmt.Errorf("start toxiproxy: %w", err)
		}
		out = append(out, &line{p})
	}
	return out, nil
}

func (l *line) address() string { return l.proxy.Listen }

// slow delays what Redis answers; 0 ends that.
func (l *line) slow(lag time.Duration) error {
	if lag == 0 {
		return l.proxy.Toxics.RemoveToxic(context.Background(), "lag")
	}
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name":"lag","type":"latency","stream":"downstream","attributes":{"latency":%d}}`, lag.Milliseconds())))
	return err
}

// cut breaks all connections and takes none; mend takes them again.
func (l *line) cut()        { l.proxy.Stop() }
func (l *line) mend() error { return l.proxy.Start() }

// ping is how long Redis takes to answer over the line.
func (l *line) ping() (time.Duration, error) {
	c, err := net.Dial("tcp", l.address())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	began := time.Now()
	c.SetDeadline(began.Add(10 * time.Second))
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return 0, err
	}
	if _, err := c.Read(make([]byte, 16)); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// A tap lies in a line and shows what passes: what the worker asks, and what it
// is answered.
type tap struct {
	listener net.Listener
	mu       sync.Mutex
	see      func(asked bool, piece []byte)
}

func newTap(l *line) (*tap, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("tap a line: %w", err)
	}
	t := &tap{listener: listener}
	go func() {
		for {
			a, err := listener.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", l.address())
			if err != nil {
				a.Close()
				continue
			}
			go t.pipe(a, b, true)
			go t.pipe(b, a, false)
		}
	}()
	return t, nil
}

func (t *tap) watch(see func(asked bool, piece []byte)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.see = see
}

func (t *tap) pipe(from, to net.Conn, asked bool) {
	defer from.Close()
	defer to.Close()
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		t.mu.Lock()
		see := t.see
		t.mu.Unlock()
		if see != nil {
			see(asked, piece[:n])
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
