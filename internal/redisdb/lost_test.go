package redisdb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

// cutting is a way to a Redis that lets a command through and then breaks the
// connection, or holds it, before the answer comes back, each time that the
// bytes of the command hold word.
func cutting(t *testing.T, to, word string, hold bool) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
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
	return socket
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
				client, err := redisdb.Connect("unix://" + cutting(t, server.Addr(), "counter", hold))
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				ctx := t.Context()
				if hold {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
					defer cancel()
				}
				err = do(ctx, client, "counter")
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
