package hylafax

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"clarion/worker/gateway"
)

// A session is a logged-in control connection to hfaxd: FTP's dialogue (RFC 959
// §4.2) with commands for jobs (hfaxd(8)).
type session struct {
	conn    net.Conn
	in      *bufio.Reader
	ctx     context.Context
	timeout time.Duration
	forget  func() bool
}

// Bounds on what the far side may say.
const (
	maxReply = 16 << 10
	maxList  = 16 << 20 // some 100,000 jobs
)

// A reply is the last line of an answer.
type reply struct {
	code int
	text string // what stands after the code; may repeat a number or a password
}

// open connects and logs in. Its errors are *gateway.Error, and never Indeterminate.
func (g *Gateway) open(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: time.Duration(g.config.Timeout)}
	conn, err := dialer.DialContext(ctx, "tcp", g.config.Addr)
	if err != nil {
		return nil, broken(ctx, err)
	}
	s := &session{conn: conn, in: bufio.NewReader(conn), ctx: ctx, timeout: time.Duration(g.config.Timeout)}
	// A cancellation ends the read or write that is under way.
	s.forget = context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	if err := s.login(g.config.User, g.config.Password.Reveal()); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) login(user, password string) error {
	r, err := s.read()
	if err != nil {
		return broken(s.ctx, err)
	}
	if r.code != 220 {
		return refused("greeting", r.code)
	}
	if r, err = s.ask("USER " + user); err != nil {
		return err
	}
	if r.code == 331 {
		if r, err = s.ask("PASS " + password); err != nil {
			return err
		}
	}
	switch {
	case r.code == 230:
	case r.code == 331 || r.code == 332 || r.code >= 500:
		return &gateway.Error{Kind: gateway.Misconfigured, Reason: gateway.Authentication, Code: strconv.Itoa(r.code),
			Err: errors.New("HylaFAX refuses the login: check user and password, and hosts.hfaxd there")}
	default:
		return refused("USER", r.code)
	}
	return s.want(200, "TYPE", "TYPE I")
}

// close ends the session. HylaFAX then drops a job that was not submitted.
func (s *session) close() {
	s.forget()
	s.conn.Close()
}

// ask sends a command and reads the answer.
func (s *session) ask(command string) (reply, error) {
	if err := s.send(command); err != nil {
		return reply{}, broken(s.ctx, err)
	}
	r, err := s.read()
	if err != nil {
		return reply{}, broken(s.ctx, err)
	}
	return r, nil
}

// want sends a command that must be answered by code. The error names only verb:
// answers repeat what was sent.
func (s *session) want(code int, verb, command string) error {
	r, err := s.ask(command)
	if err != nil {
		return err
	}
	if r.code != code {
		return refused(verb, r.code)
	}
	return nil
}

func (s *session) send(command string) error {
	s.extend(s.conn)
	_, err := io.WriteString(s.conn, command+"\r\n")
	return err
}

// read reads an answer: lines "NNN-…" up to one with "NNN …" (RFC 959 §4.2). A
// line is not trimmed, since an empty value is answered by "213 " and nothing.
func (s *session) read() (reply, error) {
	s.extend(s.conn)
	for size := 0; size < maxReply; {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			return reply{}, err
		}
		size += len(line)
		if len(line) < 4 || line[3] != ' ' && line[3] != '\r' && line[3] != '\n' {
			continue
		}
		code, err := strconv.Atoi(string(line[:3]))
		if err != nil || code < 100 {
			continue
		}
		return reply{code, strings.TrimRight(string(line[4:]), "\r\n")}, nil
	}
	return reply{}, errors.New("answer has no end")
}

// extend gives the next step its time, unless the context has ended.
func (s *session) extend(c net.Conn) {
	c.SetDeadline(time.Now().Add(s.timeout))
	if s.ctx.Err() != nil { // after the line above: AfterFunc may have run before it
		c.SetDeadline(time.Now())
	}
}

// transfer opens a data connection, gives command, and has move read or write
// it. It returns the preliminary answer to the command.
func (s *session) transfer(verb, command string, move func(net.Conn) error) (reply, error) {
	r, err := s.ask("PASV")
	if err != nil {
		return reply{}, err
	}
	port, ok := passivePort(r)
	if !ok {
		return reply{}, refused("PASV", r.code)
	}
	// To the host that we talk to already, whatever the answer names: it may be
	// an address inside the server's own network.
	host, _, _ := net.SplitHostPort(s.conn.RemoteAddr().String())
	dialer := net.Dialer{Timeout: s.timeout}
	data, err := dialer.DialContext(s.ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return reply{}, broken(s.ctx, err)
	}
	defer data.Close()
	stop := context.AfterFunc(s.ctx, func() { data.SetDeadline(time.Now()) })
	defer stop()
	first, err := s.ask(command)
	if err != nil {
		return reply{}, err
	}
	if first.code != 150 && first.code != 125 {
		return reply{}, refused(verb, first.code)
	}
	s.extend(data)
	if err := move(data); err != nil {
		return reply{}, broken(s.ctx, err)
	}
	if err := data.Close(); err != nil {
		return reply{}, broken(s.ctx, err)
	}
	last, err := s.read()
	if err != nil {
		return reply{}, broken(s.ctx, err)
	}
	if last.code != 226 && last.code != 250 {
		return reply{}, refused(verb, last.code)
	}
	return first, nil
}

// passivePort reads "227 Entering passive mode (127,0,0,1,145,115)".
func passivePort(r reply) (int, bool) {
	_, rest, ok := strings.Cut(r.text, "(")
	inner, _, closed := strings.Cut(rest, ")")
	fields := strings.Split(inner, ",")
	if r.code != 227 || !ok || !closed || len(fields) != 6 {
		return 0, false
	}
	high, err1 := strconv.ParseUint(fields[4], 10, 8)
	low, err2 := strconv.ParseUint(fields[5], 10, 8)
	port := int(high<<8 | low)
	return port, err1 == nil && err2 == nil && port != 0
}

// list returns a directory of the server, in the format set before.
func (s *session) list(dir string) (string, error) {
	var all []byte
	_, err := s.transfer("LIST", "LIST "+dir, func(c net.Conn) (err error) {
		all, err = io.ReadAll(io.LimitReader(c, maxList+1))
		if err == nil && len(all) > maxList {
			err = errors.New("list is too long")
		}
		return err
	})
	return string(all), err
}

// refused is an answer that ends the dialogue before a job was submitted.
func refused(verb string, code int) *gateway.Error {
	kind := gateway.Misconfigured
	if code < 500 {
		kind = gateway.Temporary
	}
	return &gateway.Error{Kind: kind, Reason: gateway.OtherReason, Code: strconv.Itoa(code), Err: fmt.Errorf("HylaFAX answered %s with %d", verb, code)}
}

// broken is a connection that failed before a job was submitted. Only what can
// hold nothing personal is kept of the error.
func broken(ctx context.Context, err error) *gateway.Error {
	var errno syscall.Errno
	cause := errors.New("connection failed")
	switch {
	case ctx.Err() != nil:
		cause = ctx.Err()
	case errors.As(err, &errno):
		cause = errno
	case errors.Is(err, os.ErrDeadlineExceeded):
		cause = os.ErrDeadlineExceeded
	case errors.Is(err, io.EOF):
		cause = errors.New("HylaFAX closed the connection")
	}
	return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Err: fmt.Errorf("reach HylaFAX: %w", cause)}
}
