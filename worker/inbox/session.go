package inbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/emersion/go-smtp"

	"clarion/worker/bounce"
)

// The answers (RFC 5321 §4.2, RFC 3463).
var (
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	errForged    = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "This address was not made by us"}
	errTooFast   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Too much mail at once, try again later"}
	errDraining  = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down, try again later"}
	errNobody    = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "The organisation's own mail server refuses this mail"}
	errLongLine  = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line of the mail is too long (RFC 5322, section 2.1.1)"}
	errNotKept   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "It could not be stored, try again later"}
)

// maxLocal is the longest local part (RFC 5321 §4.5.3.1.1).
const maxLocal = 64

// maxLine is the longest line of a mail, in octets. The standard's is 1,000 (RFC 5321
// §4.5.3.1.6), and what people write comes with longer ones all the same.
const maxLine = 64 << 10

// mailbox is a recipient that was accepted.
type mailbox struct {
	address string // as the client spelled it; LMTP answers by it
	purpose Purpose
	token   string // lower case; "" if the mail does not tell
	traced  bool   // the token is of a message that the mail returns, and the mail was not sent to it
}

// session is one connection.
type session struct {
	server  *Server
	ctx     context.Context
	conn    net.Conn
	null    bool // the sender is <>: a machine wrote it
	inHand  atomic.Bool
	mailbox []mailbox
}

var _ smtp.LMTPSession = (*session)(nil)

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.server.limit.Allow() {
		return errTooFast
	}
	if !s.inHand.Load() {
		if !s.server.begin() {
			return errDraining
		}
		s.inHand.Store(true)
	}
	s.null = from == ""
	s.mailbox = nil
	return nil
}

// Rcpt takes the addresses that we made, and no other.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	purpose, token, ok := s.server.parse(to)
	if !ok {
		return errNoMailbox
	}
	if purpose != Forwarded && !s.server.sink.Accepts(purpose, token) {
		return errForged
	}
	s.mailbox = append(s.mailbox, mailbox{address: to, purpose: purpose, token: token})
	return nil
}

func (s *Server) parse(to string) (Purpose, string, bool) { return parse(s.cfg.Domains, to) }

// parse reads b+TOKEN, u+TOKEN or the address of what is handed on, at one of our
// domains. The case of the token is folded, as mail servers do.
func parse(domains []string, to string) (Purpose, string, bool) {
	at := strings.LastIndexByte(to, '@')
	if at < 0 || at > maxLocal || !slices.Contains(domains, strings.ToLower(strings.TrimSuffix(to[at+1:], "."))) {
		return 0, "", false
	}
	local := strings.ToLower(to[:at])
	if local == ForwardLocal {
		return Forwarded, "", true
	}
	mark, token, _ := strings.Cut(local, "+")
	if token == "" || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return 0, "", false
	}
	switch mark {
	case "b":
		return Bounce, token, true
	case "u":
		return Unsubscribe, token, true
	}
	return 0, "", false
}

// Data reads the mail and hands what it says to the sink for each mailbox; the
// relay keeps the mail unless all were stored.
func (s *session) Data(r io.Reader) error {
	mail, whole, err := s.read(r)
	if err != nil {
		return err
	}
	for _, m := range s.mailbox {
		if err := s.store(m, mail, whole); err != nil {
			return err
		}
	}
	return nil
}

// LMTPData is Data with an answer for each mailbox (RFC 2033 §4.2).
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	mail, whole, err := s.read(r)
	if err != nil {
		return err
	}
	for _, m := range s.mailbox {
		status.SetStatus(m.address, s.store(m, mail, whole))
	}
	return nil
}

// read reads the whole mail: what stands after the part that says something too,
// since a client that is cut off would send it again. Only what a person wrote is
// kept whole.
func (s *session) read(r io.Reader) (*bounce.Result, []byte, error) {
	var begin bytes.Buffer
	mail, err := bounce.Read(io.TeeReader(r, &begin))
	var whole []byte
	switch {
	case err != nil:
	case toHandOn(s.mailbox, mail, s.null):
		_, err = io.Copy(&begin, r)
		whole = begin.Bytes()
	default:
		_, err = io.Copy(io.Discard, r)
	}
	var wire *smtp.SMTPError
	switch {
	case errors.As(err, &wire):
		return nil, nil, wire
	case errors.Is(err, smtp.ErrTooLongLine): // it would be no shorter the next time
		if l, ok := s.conn.(*linger); ok {
			l.refused.Store(true)
		}
		return nil, nil, errLongLine
	case err != nil:
		return nil, nil, errNotKept
	}
	return mail, whole, nil
}

// store hands on what the mail says to one mailbox.
func (s *session) store(m mailbox, mail *bounce.Result, whole []byte) error {
	err := s.server.taker.take(s.ctx, m, mail, s.null, whole)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRefused):
		return errNobody
	}
	return errNotKept
}

// Reset forgets the mail at hand, once it has been answered.
func (s *session) Reset() {
	s.mailbox, s.null = nil, false
	s.release()
}

// Logout ends the session. It may run while the mail is still being stored, as
// the connection is closed under it.
func (s *session) Logout() error {
	s.release()
	return nil
}

// release says that no mail is in hand any more.
func (s *session) release() {
	if s.inHand.CompareAndSwap(true, false) {
		s.server.inHand.Done()
	}
}
