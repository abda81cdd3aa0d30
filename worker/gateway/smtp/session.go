package smtp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	mailsmtp "github.com/wneessen/go-mail/smtp"

	"clarion/worker/gateway"
)

// session is one connection to the relay, logged in. SendGroup and Close are
// not for concurrent use.
type session struct {
	conn      net.Conn // the bare connection: deadlines hold for TLS over it too
	w         *bufio.Writer
	r         *bufio.Reader
	ext       extensions
	timeout   time.Duration
	idleSince time.Time

	buf    []byte // what is to be written next, in one write
	done   []bool // which messages of the group have their result
	used   bool   // a transaction has ended on this connection
	open   bool   // MAIL was accepted and no body ended it: RSET before the next
	broken error
}

// keepBuffer is the largest buffer that a session keeps between groups.
const keepBuffer = 256 << 10

var errBroken = errors.New("the session is broken")

func newSession(c Config, sc *mailsmtp.Client, conn net.Conn) *session {
	has := func(name string) bool { ok, _ := sc.Extension(name); return ok }
	s := &session{conn: conn, w: sc.Text.W, r: sc.Text.R, timeout: time.Duration(c.Timeout)}
	s.ext = extensions{
		pipelining: has("PIPELINING") && (c.Pipeline == nil || *c.Pipeline),
		utf8:       has("SMTPUTF8"), eightBit: has("8BITMIME"),
	}
	ok, limit := sc.Extension("SIZE")
	s.ext.size = ok
	if n, err := strconv.Atoi(strings.TrimSpace(limit)); err == nil && n > 0 {
		s.ext.maxSize = n
	}
	return s
}

// Close says goodbye, without waiting for the answer, and hangs up.
func (s *session) Close() error {
	if s.broken == nil {
		s.broken = errBroken
		s.conn.SetDeadline(time.Now().Add(time.Second))
		s.w.WriteString(quit)
		s.w.Flush() // a relay that is gone already is no matter
	}
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return failed(gateway.Temporary, gateway.Network, "close the session", err)
	}
	return nil
}

// SendGroup sends the group. With pipelining the body of a message and the
// envelope of the next leave in one write (RFC 2920 §3.1), so that a message
// costs one round trip; else each command waits for its reply.
func (s *session) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	s.done = slices.Grow(s.done[:0], len(group))[:len(group)]
	clear(s.done)
	r := run{session: s, ctx: ctx, group: group, proceed: proceed, result: result}
	if s.broken == nil && ctx.Err() == nil {
		interrupted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			s.conn.SetDeadline(time.Unix(1, 0)) // long past: what waits, returns
			close(interrupted)
		})
		s.broken = r.all()
		if !stop() {
			<-interrupted // or it would hit the next group
		}
	}
	for i := range group {
		r.fail(i, gateway.ErrNotSent)
	}
	if cap(s.buf) > keepBuffer {
		s.buf = nil
	}
	if s.broken != nil {
		s.conn.Close()
		return failed(gateway.Temporary, gateway.Network, "the session with the relay is broken", s.broken)
	}
	return nil
}
