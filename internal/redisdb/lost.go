package redisdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// ErrUnknown marks the error of a command that was on its way when its
// connection broke or ran out of time: Redis may have run it or not. Test for
// it with errors.Is, and look before doing the same again.
var ErrUnknown = errors.New("whether the command ran is unknown")

// lost is an error of an open connection.
//
// The client library sends a command again after EOF or a timeout, which
// would run a script twice that Redis ran just before it died: a second claim
// finds nothing to claim, and a counter counts double. It decides by the
// error's kind, so lost hides that kind (there is no Unwrap), and what is
// still sent again by itself is only what surely never ran: a failed dial, a
// server that is loading, read-only or without its cluster.
type lost struct{ cause error }

func (e *lost) Error() string {
	return fmt.Sprintf("connection to Redis lost: %v: %v", e.cause, ErrUnknown)
}

func (e *lost) Is(target error) bool {
	return target == ErrUnknown || target == os.ErrDeadlineExceeded && errors.Is(e.cause, target)
}

// dialer opens connections whose errors are lost ones. Errors of the dial
// itself, with the TLS handshake, stay as they are: nothing was sent yet.
func dialer(timeout time.Duration, config *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: timeout, KeepAliveConfig: net.KeepAliveConfig{
		// A machine that vanished is noticed within a minute.
		Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 4,
	}}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if config != nil {
			c, err := (&tls.Dialer{NetDialer: plain, Config: config}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &conn{c}, nil
		}
		c, err := plain.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &plainConn{conn{c}}, nil
	}
}

type conn struct{ net.Conn }

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		err = &lost{err}
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil {
		err = &lost{err}
	}
	return n, err
}

// plainConn lets the library look at the socket before it uses a connection
// again, so that one which Redis closed meanwhile is dropped unused. Under TLS
// that look would see records, not replies.
type plainConn struct{ conn }

// SyscallConn is that of the connection below.
func (c *plainConn) SyscallConn() (syscall.RawConn, error) {
	s, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return s.SyscallConn()
}
