package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A counter is a mail server that takes every message, answers each after a
// time, and counts them. It speaks as much SMTP as a client needs that sends
// messages in a row, pipelined or not.
type counter struct {
	listener net.Listener
	delay    time.Duration
	taken    atomic.Int64
	busy     atomic.Int64 // connections on which a message has come
	serving  sync.WaitGroup
	open     map[net.Conn]bool
	mu       sync.Mutex
}

func startCounter(delay time.Duration) (*counter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a sink: %w", err)
	}
	c := &counter{listener: l, delay: delay, open: map[net.Conn]bool{}}
	c.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.open[conn] = true
			c.mu.Unlock()
			c.serving.Go(func() { c.serve(conn) })
		}
	})
	return c, nil
}

func (c *counter) port() int { return c.listener.Addr().(*net.TCPAddr).Port }

func (c *counter) stop() {
	c.listener.Close()
	c.mu.Lock()
	for conn := range c.open {
		conn.Close()
	}
	c.mu.Unlock()
	c.serving.Wait()
}

var errNoSMTP = errors.New("what came is no SMTP")

func (c *counter) serve(conn net.Conn) {
	sent := false
	defer func() {
		conn.Close()
		c.mu.Lock()
		delete(c.open, conn)
		c.mu.Unlock()
		if sent {
			c.busy.Add(-1)
		}
	}()
	r, w := bufio.NewReaderSize(conn, 1<<16), bufio.NewWriter(conn)
	w.WriteString("220 sink\r\n")
	for {
		// Answers go out together when nothing more has come (RFC 2920 §3.2).
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimRight(string(line), "\r\n")), " ")
		switch verb {
		case "EHLO":
			w.WriteString("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
		case "MAIL", "RCPT", "RSET", "NOOP", "HELO":
			w.WriteString("250 2.0.0 ok\r\n")
		case "DATA":
			w.WriteString("354 go on\r\n")
			if w.Flush() != nil || skipBody(r) != nil {
				return
			}
			if !sent {
				sent = true
				c.busy.Add(1)
			}
			if c.delay > 0 {
				time.Sleep(c.delay)
			}
			c.taken.Add(1)
			w.WriteString("250 2.0.0 taken\r\n")
		case "QUIT":
			w.WriteString("221 2.0.0 bye\r\n")
			w.Flush()
			return
		default:
			w.WriteString("500 5.5.1 what?\r\n")
		}
	}
}

// skipBody reads a message to its end, a dot on a line of its own.
func skipBody(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return errNoSMTP // no line of ours is so long
		}
		if err != nil {
			return err
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			return nil
		}
	}
}
