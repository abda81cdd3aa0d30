package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/e2e/rig"
)

const hostedConfig = `
[inbox]
domain = %q
replies_to = "office@mail.example"

[inbox.imap]
host = "127.0.0.1"
port = %s
tls = "none"
username = %q
password = %q
auth = "XOAUTH2"
poll = "1s"
`

// A turnstile stands before a mailbox. Once it is shut, it withholds the first
// command that would move a mail, and all that its connection says from then on.
type turnstile struct {
	addr string
	shut atomic.Bool
	met  chan struct{} // one for each command withheld
}

func newTurnstile(t *testing.T, port int) *turnstile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	v := &turnstile{addr: l.Addr().String(), met: make(chan struct{}, 1)}
	go func() {
		for {
			reader, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			mailbox, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				reader.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(reader, mailbox) // until either hangs up
				reader.Close()
			}()
			go v.pass(reader, mailbox)
		}
	}()
	return v
}

// pass hands on what the reader says, line by line.
func (v *turnstile) pass(reader, mailbox net.Conn) {
	defer mailbox.Close()
	for lines := bufio.NewReader(reader); ; {
		line, err := lines.ReadString('\n')
		if strings.Contains(line, " UID MOVE ") && v.shut.CompareAndSwap(true, false) {
			v.met <- struct{}{}
			_, _ = io.Copy(io.Discard, lines)
			return
		}
		if _, werr := io.WriteString(mailbox, line); err != nil || werr != nil {
			return
		}
	}
}

// TestHostedMailbox is an office whose mail is hosted: bounces and answers come to
// a mailbox. The reader is killed when it has taken a mail in and not yet moved
// it, a bounce and an answer: it is taken in again, and that changes nothing.
func TestHostedMailbox(t *testing.T) {
	t.Parallel()
	s, d := prepare(t), rig.StartDovecot(t, "")
	door := newTurnstile(t, d.IMAP)
	_, port, err := net.SplitHostPort(door.addr)
	must(t, err)
	s.config += fmt.Sprintf(hostedConfig, rig.BounceDomain, port, rig.MailUser, "file:"+s.write("token", d.Token()))
	s.relay(rig.MailOptions{Mailbox: d})
	s.serve()

	// killed serves until it has taken a mail in and would move it, and begins anew.
	killed := func(what string) {
		t.Helper()
		select {
		case <-door.met:
		case <-time.After(bring):
			t.Fatalf("waited %v for the reader to take in %s\n%s", bring, what, d.Log())
		}
		s.server.Kill()
		s.serve()
	}
	moved := 0
	settled := func(what string) {
		t.Helper()
		moved++
		s.await(what+" to be in its folder", func() bool { return d.Holds("") == 0 && d.Holds("Clarion done") == moved })
	}

	table := "name,email,language\nKim,kim@mail.example,en\nLee,lee@mail.example,en\nNobody,nouser@mail.example,en\n"
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	door.shut.Store(true)
	id := s.launch(s.newCall("hosted", `"email", "sms", "fax"]`, `"email"]`))
	killed("a bounce")
	settled("the bounce")
	s.finish(id, func(st status) bool {
		return st.State == "done" && statesOf(st)[email]["bounced"] == 1 && statesOf(st)[email]["sent"] == 2
	})

	for _, c := range []struct {
		who, says string
		kill      bool
	}{{"kim", "Good luck to all nine.", true}, {"lee", "Please stop writing to me.", false}} {
		to := c.who + "@mail.example"
		s.await("the letter to "+to, func() bool { return len(s.mail.MX.ReceivedBy(to)) == 1 })
		v := readLetter(t, s.mail.MX.ReceivedBy(to)[0])
		body := fmt.Sprintf("From: %s\r\nTo: campaign@%s\r\nSubject: Re: %s\r\nMessage-ID: <%s.answer@mail.example>\r\nIn-Reply-To: %s\r\n\r\n%s\r\n", to, rig.BounceDomain, "Save 9", c.who, v.id, c.says)
		door.shut.Store(c.kill)
		must(t, smtp.SendMail(s.mail.RelayAddr, nil, to, []string{"campaign@" + rig.BounceDomain}, []byte(body)))
		if c.kill {
			killed("the answer of " + to)
		}
		settled("the answer of " + to)
	}
	s.settled()
	if n := len(s.mail.MX.ReceivedBy("office@mail.example")); n != 1 {
		t.Errorf("the office got %d mails of one answer", n)
	}
	for address, reason := range map[string]string{"nouser@mail.example": "bounced", "lee@mail.example": "opted_out", "kim@mail.example": ""} {
		if v := ask[suppression](s, 0, "suppress", "check", address, "--channel", email); v.Suppressed != (reason != "") || v.Reason != reason {
			t.Errorf("%s is suppressed as %+v", address, v)
		}
	}
	st := ask[status](s, 0, "call", "status", id)
	if st.Channels[email].OptedOut != 1 || st.Channels[email].Replied != 1 {
		t.Errorf("the call stands at %+v", st)
	}
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK || a.Audience != 3 {
		t.Errorf("audit: %+v", a)
	}

	// doctor sends a mail the whole way round.
	out, said, _ := s.run("doctor", "--test-mail", "--json")
	if !strings.Contains(out, `"check":"test_mail.relay","ok":true`) || !strings.Contains(out, `"check":"inbox.imap","ok":true`) {
		t.Errorf("doctor --test-mail: %s%s", out, said)
	}
	settled("the test mail")
	if d.Holds("Clarion unclear") != 0 {
		t.Error("a mail was not understood")
	}
}
