package rig

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// A RemoteMX is the receiving side of the outside world. The local part decides:
//
//	nouser…    550 5.1.1 user unknown
//	full…      552 5.2.2 mailbox full
//	softfull…  452 4.2.2 mailbox full, for ever
//	disabled…  550 5.2.1 mailbox disabled
//	grey…      451 4.7.1 at the first try, taken at the second
//	defer…     451 4.3.0, for ever
//	plain…     550 without an enhanced code
//	policy…    554 5.7.1 after the text
//	any other  taken
//
// Refuse puts a domain before it.
type RemoteMX struct {
	mu       sync.Mutex
	seen     map[string]bool   // greylist
	refused  map[string]string // domain to the words
	received []Letter
}

// Refuse has everyone of a domain refused with 550 and these words, whoever the
// local part is, as after a slip of its postmaster. "" ends it.
func (r *RemoteMX) Refuse(domain, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[domain] = words
}

// refusal is what Refuse was told last of a domain.
func (r *RemoteMX) refusal(domain string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused[domain]
}

// A Letter is a mail as it arrived.
type Letter struct {
	From string   // envelope sender
	To   []string // envelope recipients
	Data []byte
}

// Received returns the mails that arrived so far, in order.
func (r *RemoteMX) Received() []Letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.received)
}

// ReceivedBy returns the mails that arrived at one address.
func (r *RemoteMX) ReceivedBy(address string) []Letter {
	var out []Letter
	for _, l := range r.Received() {
		if slices.ContainsFunc(l.To, func(to string) bool { return strings.EqualFold(to, address) }) {
			out = append(out, l)
		}
	}
	return out
}

// startRemote starts the MX on .25 of a free loopback network of its own and
// returns the network's first three octets, so that several may run at once.
func startRemote(t testing.TB) (string, *RemoteMX) {
	t.Helper()
	for range 50 {
		net3 := fmt.Sprintf("127.%d.%d", 1+rand.IntN(254), rand.IntN(256))
		l, err := net.Listen("tcp", net3+".25:25")
		if err != nil {
			continue
		}
		if dns, err := net.Listen("tcp", net3+".53:53"); err == nil {
			dns.Close()
		} else {
			l.Close()
			continue
		}
		r := &RemoteMX{seen: map[string]bool{}, refused: map[string]string{}}
		srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &remoteSession{mx: r}, nil }))
		srv.Domain = "mx.gov.example"
		srv.EnableSMTPUTF8 = true
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = srv.Serve(l) // it ends when the test closes it
		}()
		t.Cleanup(func() {
			_ = srv.Close()
			<-done
		})
		return net3, r
	}
	t.Fatal("find a loopback network with ports 25 and 53 free (this needs root): 50 tries failed")
	return "", nil
}

type remoteSession struct {
	mx   *RemoteMX
	from string
	to   []string
}

func (s *remoteSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *remoteSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	local, domain, _ := strings.Cut(strings.ToLower(to), "@")
	has := func(prefix string) bool { return strings.HasPrefix(local, prefix) }
	if words := s.mx.refusal(domain); words != "" {
		return refuse(550, smtp.NoEnhancedCode, words)
	}
	switch {
	case has("nouser"):
		return refuse(550, smtp.EnhancedCode{5, 1, 1}, "<"+to+">: Recipient address rejected: User unknown")
	case has("full"):
		return refuse(552, smtp.EnhancedCode{5, 2, 2}, "<"+to+">: Mailbox full")
	case has("softfull"):
		return refuse(452, smtp.EnhancedCode{4, 2, 2}, "Mailbox full, try later")
	case has("disabled"):
		return refuse(550, smtp.EnhancedCode{5, 2, 1}, "Mailbox disabled")
	case has("defer"):
		return refuse(451, smtp.EnhancedCode{4, 3, 0}, "Temporary failure, always")
	case has("plain"):
		return refuse(550, smtp.NoEnhancedCode, "No such user here")
	case has("grey") && s.mx.firstTime(strings.ToLower(to)):
		return refuse(451, smtp.EnhancedCode{4, 7, 1}, "Greylisted, try again")
	}
	s.to = append(s.to, to)
	return nil
}

func (s *remoteSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.to, func(to string) bool { return strings.HasPrefix(strings.ToLower(to), "policy") }) {
		return refuse(554, smtp.EnhancedCode{5, 7, 1}, "Message rejected as spam by content policy")
	}
	s.mx.mu.Lock()
	defer s.mx.mu.Unlock()
	s.mx.received = append(s.mx.received, Letter{From: s.from, To: slices.Clone(s.to), Data: data})
	return nil
}

func (s *remoteSession) Reset() { s.from, s.to = "", nil }

func (s *remoteSession) Logout() error { return nil }

// firstTime reports whether the address was never asked for before.
func (r *RemoteMX) firstTime(to string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.seen[to]
	r.seen[to] = true
	return first
}

func refuse(code int, status smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: status, Message: text}
}
