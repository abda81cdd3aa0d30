package main

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// A sink is an SMTP server (RFC 5321, with RFC 2920 pipelining) that records
// every message as its last byte comes in, and breaks where it is told to.
type sink struct {
	listener net.Listener
	mu       sync.Mutex
	delay    time.Duration // before a message is answered
	all      []message     // in the order of their coming
	conns    map[*sinkConn]bool
	step     string    // where connections are cut or answered with a failure
	times    int       // how often still
	hits     int       // how often it has struck
	until    time.Time // nothing is answered before it
	held     int       // commands that waited for that
	bounce   func(message)
}

// A message is what the sink took.
type message struct {
	to, token string // the recipient; the token in its envelope sender
	at        time.Time
	conn      *sinkConn
}

type sinkConn struct {
	net.Conn
	opened time.Time
}

// steps are where a fault of the sink may strike. "dot" is after the whole
// message was taken, and before it was answered; "banner" and "EHLO" meet new
// connections alone.
var steps = [...]string{"banner", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot", "4xx", "4xx after the body", "421", "421 after the body"}

func startSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sink: %w", err)
	}
	s := &sink{listener: l, conns: map[*sinkConn]bool{}}
	s.reset()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conn := &sinkConn{c, time.Now()}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			go func() {
				defer func() {
					c.Close()
					s.mu.Lock()
					delete(s.conns, conn)
					s.mu.Unlock()
				}()
				s.serve(conn)
			}()
		}
	}()
	return s, nil
}

func (s *sink) close() { s.listener.Close(); s.cut() }

// cut closes every connection and returns how many there were.
func (s *sink) cut() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
	return len(s.conns)
}

// fail makes the next n who come to step fail there.
func (s *sink) fail(step string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.times = step, n
}

// struck is how often a fault of the sink has met somebody.
func (s *sink) struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits
}

// hang answers nothing for d.
func (s *sink) hang(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Now().Add(d)
}

// waited is how many commands waited while the sink hung.
func (s *sink) waited() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *sink) strikes(step string) bool {
	s.mu.Lock()
	wait := time.Until(s.until)
	if wait > 0 {
		s.held++
	}
	hit := s.step == step && s.times > 0
	if hit {
		s.times--
		s.hits++
	}
	s.mu.Unlock()
	time.Sleep(wait)
	return hit
}

// answerDelay is how long the sink takes for a message, so that a call lasts
// long enough for a fault to find it under way.
const answerDelay = 8 * time.Millisecond

// reset forgets what came, for the next round.
func (s *sink) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all, s.step, s.times, s.hits, s.until, s.held, s.bounce, s.delay = nil, "", 0, 0, time.Time{}, 0, nil, answerDelay
}

// slow makes each answer to a message take d.
func (s *sink) slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// returns has bounce called with every message.
func (s *sink) returns(bounce func(message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bounce = bounce
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// taken returns the messages in the order of their coming.
func (s *sink) taken() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *sink) serve(c *sinkConn) {
	r := bufio.NewReader(c)
	say := func(line string) bool { _, err := fmt.Fprintf(c, "%s\r\n", line); return err == nil }
	if s.strikes("banner") || !say("220 sink.example ESMTP") {
		return
	}
	var from, to string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		verb = verb[:min(4, len(verb))]
		if s.strikes(verb) {
			return
		}
		_, path, _ := strings.Cut(line, "<")
		path, _, _ = strings.Cut(path, ">")
		reply := "250 ok"
		switch verb {
		case "EHLO", "HELO":
			reply = "250-sink.example\r\n250 PIPELINING"
		case "MAIL":
			from, to = path, ""
			if s.strikes("421") {
				say("421 4.3.2 closing")
				return
			}
		case "RCPT":
			if s.strikes("4xx") {
				reply = "451 4.3.0 later"
				break
			}
			to = path
		case "DATA":
			if to == "" {
				reply = "554 5.5.1 no recipient"
				break
			}
			if !say("354 go on") {
				return
			}
			if reply = s.body(r, message{to: to, token: tokenOf(from), conn: c}); reply == "" {
				return
			}
		case "QUIT":
			say("221 bye")
			return
		}
		if !say(reply) || strings.HasPrefix(reply, "421") {
			return
		}
	}
}

// tokenOf is the token in an envelope sender: b+TOKEN@domain.
func tokenOf(from string) string {
	local, _, _ := strings.Cut(from, "@")
	_, token, _ := strings.Cut(local, "+")
	return token
}

// body takes a message and returns the answer, "" when the connection breaks.
func (s *sink) body(r *bufio.Reader, m message) string {
	if s.strikes("body") {
		return ""
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return ""
		}
		if line == ".\r\n" {
			break
		}
	}
	switch {
	case s.strikes("4xx after the body"):
		return "451 4.3.0 later"
	case s.strikes("421 after the body"):
		return "421 4.3.2 closing"
	}
	m.at = time.Now()
	s.mu.Lock()
	s.all = append(s.all, m)
	delay, bounce := s.delay, s.bounce
	s.mu.Unlock()
	if bounce != nil {
		bounce(m)
	}
	time.Sleep(delay)
	if s.strikes("dot") {
		return ""
	}
	return "250 ok"
}
