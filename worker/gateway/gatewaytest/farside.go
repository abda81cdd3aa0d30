package gatewaytest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A FarSide is a mail server that answers as its script says. Every answer that carries
// text quotes what the client sent last, so that leaks show.
type FarSide struct {
	secure  *tls.Config
	offers  []string                                    // EHLO lines
	answer  func(step string, n int, arg string) string // see steps; "" for the usual, Cut to hang up, Wait to wait
	Reached chan struct{}
	end     chan struct{}
	conns   sync.WaitGroup

	Taken atomic.Int64
	TLS   atomic.Int64 // connections that went on under TLS
	mu    sync.Mutex
	mails []string // bodies as received, dots unstuffed
	trace []string // commands
}

// Special answers.
const (
	// Cut hangs up.
	Cut = "\x00cut"
	// Wait sends on Reached and never answers.
	Wait = "\x00hang"
)

// ServeMail starts a mail server on l, which it closes when the test ends. answer
// says what to answer at each step, the n-th time on a connection: "" for the
// usual. It is asked once for each. secure is for STARTTLS, which offers must name then.
func ServeMail(t testing.TB, l net.Listener, secure *tls.Config, answer func(step string, n int, arg string) string, offers ...string) *FarSide {
	t.Helper()
	f := &FarSide{secure: secure, offers: offers, answer: answer, Reached: make(chan struct{}, 64), end: make(chan struct{})}
	f.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.conns.Go(func() {
				stop := make(chan struct{})
				f.conns.Go(func() {
					select {
					case <-f.end:
					case <-stop:
					}
					c.Close()
				})
				f.serve(c)
				close(stop)
			})
		}
	})
	t.Cleanup(func() {
		close(f.end)
		l.Close()
		f.conns.Wait()
	})
	return f
}

// serve plays one connection. The steps, each with the number of its occurrence
// on the connection, are: connect, ehlo, mail, rcpt, data, body (part of a body
// was read), dot (all of it), rset, quit, and auth.
func (f *FarSide) serve(c net.Conn) {
	r, w := bufio.NewReader(c), bufio.NewWriter(c)
	count := map[string]int{}
	ask := func(step, arg string) string {
		n := count[step]
		count[step]++
		return f.answer(step, n, arg)
	}
	tell := func(text, usual string) bool {
		switch text {
		case "":
			text = usual
		case Cut:
			w.Flush()
			return false
		case Wait:
			w.Flush()
			f.Reached <- struct{}{}
			<-f.end
			return false
		}
		if text != "" {
			fmt.Fprintf(w, "%s\r\n", text)
		}
		// Like a real server, answer a pipelined batch in one go.
		if r.Buffered() == 0 {
			w.Flush()
		}
		return !strings.HasPrefix(text, "421")
	}
	say := func(step, arg, usual string) bool { return tell(ask(step, arg), usual) }
	defer func() { w.Flush() }()
	mail, rcpt := false, 0
	if !say("connect", "", "220 relay.example ESMTP") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		f.mu.Lock()
		f.trace = append(f.trace, line)
		f.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		ok := true
		switch verb {
		case "EHLO":
			lines := append([]string{"relay.example"}, f.offers...)
			usual := ""
			for i, l := range lines {
				sep := "-"
				if i == len(lines)-1 {
					sep = " "
				}
				usual += "250" + sep + l + "\r\n"
			}
			ok = say("ehlo", line, strings.TrimSuffix(usual, "\r\n"))
		case "MAIL":
			answer := "250 2.1.0 OK"
			if mail {
				answer = "503 5.5.1 nested MAIL"
			}
			a := ask("mail", line)
			if a == "" || strings.HasPrefix(a, "2") {
				mail, rcpt = true, 0
			}
			ok = tell(a, answer)
		case "RCPT":
			a := ask("rcpt", line)
			if mail && (a == "" || strings.HasPrefix(a, "2")) {
				rcpt++
			}
			usual := "250 2.1.5 OK"
			if !mail {
				usual = "503 5.5.1 need MAIL"
			}
			ok = tell(a, usual)
		case "DATA":
			usual := "354 go ahead"
			if rcpt == 0 {
				usual = "554 5.5.1 no valid recipients"
			}
			a := ask("data", line)
			if ok = tell(a, usual); !ok || !strings.HasPrefix(a, "354") && (a != "" || rcpt == 0) {
				break
			}
			body, whole := f.readBody(r, func(part string) bool { return say("body", part, "") })
			if !whole {
				return
			}
			valid := mail && rcpt > 0
			mail, rcpt = false, 0
			a = ask("dot", body)
			if valid && (a == "" || strings.HasPrefix(a, "2")) {
				f.mu.Lock()
				f.mails = append(f.mails, body)
				f.mu.Unlock()
				f.Taken.Add(1)
			}
			usual = "250 2.0.0 queued"
			if !valid {
				usual = "554 5.5.1 no valid recipients"
			}
			ok = tell(a, usual)
		case "STARTTLS":
			if f.secure == nil {
				ok = say("starttls", line, "502 5.5.1 not here")
				break
			}
			if ok = say("starttls", line, "220 2.0.0 go ahead"); !ok {
				break
			}
			w.Flush()
			secured := tls.Server(c, f.secure)
			if secured.Handshake() != nil {
				return
			}
			f.TLS.Add(1)
			r, w = bufio.NewReader(secured), bufio.NewWriter(secured)
		case "RSET":
			mail, rcpt = false, 0
			ok = say("rset", line, "250 2.0.0 OK")
		case "QUIT":
			say("quit", line, "221 2.0.0 bye")
			return
		default:
			ok = say("other", line, "500 5.5.2 what is "+line)
		}
		if !ok {
			return
		}
	}
}

func (f *FarSide) readBody(r *bufio.Reader, part func(string) bool) (string, bool) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return b.String(), false
		}
		if line == ".\r\n" {
			return b.String(), true
		}
		if !part(line) {
			return b.String(), false
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// Received returns the bodies that were taken, dots unstuffed.
func (f *FarSide) Received() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.mails...)
}

// Commands returns what clients said.
func (f *FarSide) Commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.trace...)
}
