// Package crash proves what a run may not lose or double when machines die: it
// drives the built program against a sink that records every message.
package crash

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// A Sink is an SMTP server that takes everything, slowly enough for a run to be
// interrupted, and counts messages by recipient.
type Sink struct {
	Addr   string
	delay  time.Duration
	server *smtp.Server
	mu     sync.Mutex
	got    map[string]int
	total  int
	ended  chan error
}

// StartSink listens on a free port of this machine.
func StartSink(delay time.Duration) (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sink: %w", err)
	}
	s := &Sink{Addr: l.Addr().String(), delay: delay, got: map[string]int{}, ended: make(chan error, 1)}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "sink.example"
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// Close ends the sink.
func (s *Sink) Close() error {
	err := s.server.Close()
	<-s.ended
	return err
}

// Total is how many messages were taken.
func (s *Sink) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Got returns the messages taken by recipient.
func (s *Sink) Got() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.got))
	for to, n := range s.got {
		out[to] = n
	}
	return out
}

type session struct {
	sink *Sink
	to   []string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data counts the message when its last byte is in, before it is answered: what
// the sender never learns of counts too.
func (s *session) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.sink.mu.Lock()
	for _, to := range s.to {
		s.sink.got[to]++
		s.sink.total++
	}
	s.sink.mu.Unlock()
	time.Sleep(s.sink.delay)
	return nil
}

func (s *session) Reset()        { s.to = nil }
func (s *session) Logout() error { return nil }
