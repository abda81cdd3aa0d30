package redisdb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

// cutting is a way to a Redis that lets a command through and then breaks the
// connection, or holds it, before the answer comes back, each time that the
// bytes of the command hold word. held tells when it holds one.
func cutting(t *testing.T, to, word string, hold bool) (socket string, held <-chan struct{}) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	done, holds := make(chan struct{}), make(chan struct{}, 1)
	t.Cleanup(func() { l.Close(); close(done) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				server, err := net.Dial("unix", to)
				if err != nil {
					return
				}
				defer server.Close()
				b := make([]byte, 64<<10)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					cut := bytes.Contains(b[:n], []byte(word))
					if _, err := server.Write(b[:n]); err != nil {
						return
					}
					if n, err = server.Read(b); err != nil {
						return
					}
					if cut {
						if hold {
							holds <- struct{}{}
							<-done
						}
						return
					}
					if _, err := c.Write(b[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return socket, holds
}

// A dialled notes the connections of a client.
type dialled struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (d *dialled) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.conns = append(d.conns, c)
		}
		return c, err
	}
}

func (d *dialled) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (d *dialled) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// expire lets the time of all reads be over.
func (d *dialled) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		_ = c.SetReadDeadline(time.Now()) // it may be closed by now
	}
}

// A script that Redis ran, and whose answer got lost, must not run again
// behind the caller's back.
func TestLostAnswerIsNotRepeated(t *testing.T) {
	t.Parallel()
	run := map[string]func(context.Context, redis.UniversalClient, string) error{
		"command": func(ctx context.Context, c redis.UniversalClient, key string) error {
			return c.Incr(ctx, key).Err()
		},
		"script": func(ctx context.Context, c redis.UniversalClient, key string) error {
			return redis.NewScript("return redis.call('INCR', KEYS[1])").Eval(ctx, c, []string{key}).Err()
		},
		"pipeline": func(ctx context.Context, c redis.UniversalClient, key string) error {
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				p.Incr(ctx, key)
				return nil
			})
			return err
		},
	}
	for name, do := range run {
		for _, hold := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := redistest.Server(t)
				socket, held := cutting(t, server.Addr(), "counter", hold)
				client, err := redisdb.Connect("unix://" + socket)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				conns := &dialled{}
				client.AddHook(conns)
				answered := make(chan error)
				go func() { answered <- do(t.Context(), client, "counter") }()
				if hold {
					<-held
				}
				for waiting := true; waiting; {
					if hold {
						conns.expire() // the client may have set another time just then
					}
					select {
					case err = <-answered:
						waiting = false
					case <-time.After(10 * time.Millisecond):
					}
				}
				if !errors.Is(err, redisdb.ErrUnknown) {
					t.Errorf("the error is %v, want ErrUnknown", err)
				}
				if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) != hold {
					t.Errorf("the error %v is of the wrong kind", err)
				}
				if n, err := server.Client().Get(t.Context(), "counter").Int(); err != nil || n != 1 {
					t.Errorf("the command ran %d times, %v", n, err)
				}
			})
		}
	}
}
