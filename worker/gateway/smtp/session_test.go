package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

func message(i int) gateway.Message {
	return gateway.Message{
		Delivery: fmt.Sprint("d", i), From: fmt.Sprintf("b+%d@bounce.ngo.example", i),
		To:   address.Canonical(address.Email, fmt.Sprintf("kim%d@recipient.example", i)),
		Body: fmt.Appendf(nil, "Subject: appeal\r\n\r\nmessage %d\r\n", i),
	}
}

func messages(n int) []gateway.Message {
	group := make([]gateway.Message, n)
	for i := range group {
		group[i] = message(i)
	}
	return group
}

func always(int) bool { return true }

// word is a result in a word: "ok", "not_sent" or the kind.
func word(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, gateway.ErrNotSent):
		return "not_sent"
	}
	return gateway.Classify(err, true).Kind.String()
}

// sendGroup returns the results in words and whether the session is broken.
func sendGroup(t testing.TB, s gateway.Session, group []gateway.Message) (words []string, broken bool) {
	t.Helper()
	words = make([]string, len(group))
	err := s.SendGroup(t.Context(), group, always, func(i int, _ gateway.Receipt, err error) { words[i] += word(err) })
	return words, err != nil
}

// at answers with text at the n-th occurrence of step.
func at(step string, n int, text string) func(string, int, string) string {
	return func(s string, i int, _ string) string {
		if s == step && i == n {
			return text
		}
		return ""
	}
}

func usual(string, int, string) string { return "" }

func openSession(t testing.TB, c Config) gateway.Session {
	t.Helper()
	s, err := newGateway(t, c).OpenSession(t.Context())
	if err != nil {
		t.Fatalf("open a session: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// forBoth runs a test with and without pipelining.
func forBoth(t *testing.T, test func(t *testing.T, offers ...string)) {
	for _, offers := range [][]string{{"PIPELINING"}, {"HELP"}} {
		t.Run(strings.ToLower(offers[0]), func(t *testing.T) {
			t.Parallel()
			test(t, offers...)
		})
	}
}

// The line is cut, or the relay ends the session or refuses, at each step of the
// first, second and last message of a group of three.
func TestEachStep(t *testing.T) {
	t.Parallel()
	type fate struct{ first, later string } // of the message, when it is the first of the session or a later one
	for _, c := range []struct {
		step, text string
		want       fate
		broken     bool
	}{
		{"mail", cut, fate{"temporary", "not_sent"}, true},
		{"rcpt", cut, fate{"temporary", "temporary"}, true},
		{"data", cut, fate{"temporary", "temporary"}, true},
		{"body", cut, fate{"indeterminate", "indeterminate"}, true},
		{"dot", cut, fate{"indeterminate", "indeterminate"}, true},
		{"mail", "421 4.4.2 idle too long", fate{"not_sent", "not_sent"}, true},
		{"mail", "421", fate{"not_sent", "not_sent"}, true},
		{"mail", "421 4.7.0 too many messages, slow down", fate{"throttled", "throttled"}, true},
		{"rcpt", "421 4.3.2 shutting down", fate{"temporary", "temporary"}, true},
		{"data", "421 4.3.2 shutting down", fate{"temporary", "temporary"}, true},
		{"dot", "421 4.3.2 shutting down", fate{"temporary", "temporary"}, true},
		{"mail", "451 4.3.0 later", fate{"temporary", "temporary"}, false},
		{"rcpt", "450 4.2.1 later", fate{"temporary", "temporary"}, false},
		{"data", "451 4.3.0 later", fate{"temporary", "temporary"}, false},
		{"dot", "451 4.3.0 later", fate{"temporary", "temporary"}, false},
		{"mail", "550 5.7.1 no", fate{"refused", "refused"}, false},
		{"rcpt", "550 5.1.1 no", fate{"dead", "dead"}, false},
		{"rcpt", "550-5.1.1 no\r\n550 5.1.1 really", fate{"dead", "dead"}, false},
		{"data", "554 5.7.1 no", fate{"refused", "refused"}, false},
		{"dot", "554 5.7.1 no", fate{"refused", "refused"}, false},
		{"mail", "nonsense", fate{"temporary", "not_sent"}, true},
		{"rcpt", "354 what?", fate{"temporary", "temporary"}, true},
		{"data", "250 what?", fate{"temporary", "temporary"}, true},
		{"dot", "nonsense", fate{"indeterminate", "indeterminate"}, true},
		{"dot", "354 what?", fate{"indeterminate", "indeterminate"}, true},
		{"dot", "251 2.0.0 fine", fate{"ok", "ok"}, false},
	} {
		forBoth(t, func(t *testing.T, offers ...string) {
			for n := range 3 {
				nth := n
				if c.step == "body" {
					nth = 3 * n // it comes with each of the three lines of a message
				}
				f := startFarSide(t, at(c.step, nth, c.text), offers...)
				s := openSession(t, f.config())
				got, broken := sendGroup(t, s, messages(3))
				want := []string{"ok", "ok", "ok"}
				if want[n] = c.want.first; n > 0 {
					want[n] = c.want.later
				}
				if c.broken {
					for i := n + 1; i < 3; i++ {
						want[i] = "not_sent"
					}
				}
				if !slices.Equal(got, want) || broken != c.broken {
					t.Errorf("%q at %s of message %d: %v, broken %v; want %v", c.text, c.step, n, got, broken, want)
				}
				if broken {
					if got, again := sendGroup(t, s, messages(2)); !again || got[0] != "not_sent" || got[1] != "not_sent" {
						t.Errorf("%q at %s: a broken session sends again: %v", c.text, c.step, got)
					}
				} else if got, again := sendGroup(t, s, messages(2)); again || got[0] != "ok" || got[1] != "ok" {
					t.Errorf("%q at %s of message %d: the next group: %v, broken %v", c.text, c.step, n, got, again)
				}
			}
		})
	}
}

// A relay that goes silent is left after the time set, in doubt only when the
// body had left.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]string{"connect": "", "mail": "temporary", "data": "temporary", "dot": "indeterminate"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			f := startFarSide(t, at(step, 0, hang), "PIPELINING")
			c := f.config()
			c.Timeout = conf.Duration(3 * time.Second)
			s, err := newGateway(t, c).OpenSession(t.Context())
			if want == "" {
				if word(err) != "temporary" {
					t.Errorf("open a session: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got, broken := sendGroup(t, s, messages(2)); got[0] != want || got[1] != "not_sent" || !broken {
				t.Errorf("%v, broken %v", got, broken)
			}
		})
	}
}

// The relay here reads the envelope of the second message before it answers the
// first body: a client that waited in between would wait for ever.
func TestOneRoundTripAMessage(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	order := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		seen := ""
		line := func() string {
			s, _ := r.ReadString('\n')
			verb, _, _ := strings.Cut(strings.TrimSpace(s), " ")
			seen += verb + " "
			return s
		}
		fmt.Fprint(c, "220 hello\r\n")
		line()
		fmt.Fprint(c, "250-relay\r\n250 PIPELINING\r\n")
		line()
		line()
		line()
		fmt.Fprint(c, "250 ok\r\n250 ok\r\n354 go\r\n")
		for line() != ".\r\n" {
		}
		line()
		line()
		line()
		fmt.Fprint(c, "250 taken\r\n250 ok\r\n250 ok\r\n354 go\r\n")
		for line() != ".\r\n" {
		}
		fmt.Fprint(c, "250 taken\r\n")
		line()
		order <- seen
	}()
	s := openSession(t, Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: noTLS, Timeout: conf.Duration(5 * time.Minute)})
	if got, broken := sendGroup(t, s, messages(2)); broken || got[0] != "ok" || got[1] != "ok" {
		t.Fatalf("%v, broken %v", got, broken)
	}
	s.Close()
	want := "EHLO MAIL RCPT DATA Subject:  message . MAIL RCPT DATA Subject:  message . QUIT "
	if got := <-order; got != want {
		t.Errorf("the relay saw\n%swant\n%s", got, want)
	}
}

// A relay that asks for the body although it has refused the only recipient gets
// a lone dot, and nobody an empty mail.
func TestLoneDot(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		f := startFarSide(t, func(step string, i int, _ string) string {
			switch {
			case step == "rcpt" && i == n:
				return "550 5.1.1 no such user"
			case step == "data" && i == n:
				return "354 go ahead all the same"
			}
			return ""
		}, "PIPELINING")
		s := openSession(t, f.config())
		got, broken := sendGroup(t, s, messages(3))
		want := []string{"ok", "ok", "ok"}
		want[n] = "dead"
		if broken || !slices.Equal(got, want) {
			t.Errorf("%v, broken %v; want %v", got, broken, want)
		}
		if got, broken := sendGroup(t, s, messages(1)); broken || got[0] != "ok" {
			t.Errorf("the next group: %v, broken %v", got, broken)
		}
		if f.Taken.Load() != 3 || slices.Contains(f.Commands(), "RSET") {
			t.Errorf("the relay took %d mails after %q", f.Taken.Load(), f.Commands())
		}
	}
}

// RSET goes out only where a transaction was left open, NOOP never.
func TestNeedlessCommands(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, offers ...string) {
		f := startFarSide(t, at("rcpt", 1, "550 5.1.1 no such user"), offers...)
		s := openSession(t, f.config())
		sendGroup(t, s, messages(4))
		sendGroup(t, s, messages(2))
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		verbs := map[string]int{}
		for _, c := range f.Commands() {
			verb, _, _ := strings.Cut(c, " ")
			verbs[verb]++
		}
		data := 6
		if offers[0] != "PIPELINING" {
			data = 5 // step by step, DATA is not asked after a refusal
		}
		if verbs["RSET"] != 1 || verbs["NOOP"] != 0 || verbs["EHLO"] != 1 || verbs["MAIL"] != 6 || verbs["DATA"] != data {
			t.Errorf("commands: %v", verbs)
		}
	})
}

func TestBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		".\r\n": ".\r\n", "..\r\n.\r\n...\r\n": "..\r\n.\r\n...\r\n", "": "", "no end": "no end\r\n", "a\r\n": "a\r\n", ".": ".\r\n",
		"a\r\n.\r\nMAIL FROM:<x@y.example>\r\n": "a\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "한국어\r\n": "한국어\r\n",
		strings.Repeat(strings.Repeat("z", 60)+"\r\n.dot\r\n", 6000): strings.Repeat(strings.Repeat("z", 60)+"\r\n.dot\r\n", 6000),
	}
	forBoth(t, func(t *testing.T, offers ...string) {
		f := startFarSide(t, usual, append(offers, "8BITMIME")...)
		var group []gateway.Message
		var want []string
		for in, out := range bodies {
			m := message(len(group))
			m.Body = []byte(in)
			group, want = append(group, m), append(want, out)
		}
		if got, broken := sendGroup(t, openSession(t, f.config()), group); broken || slices.ContainsFunc(got, func(s string) bool { return s != "ok" }) {
			t.Fatalf("%v, broken %v", got, broken)
		}
		if got := f.Received(); !slices.Equal(got, want) {
			t.Errorf("%d bodies arrived otherwise than sent", len(got))
		}
	})
}

// What the relay does not offer is not asked of it, and what it cannot take it
// is not given.
func TestExtensions(t *testing.T) {
	t.Parallel()
	korean, eight, big, evil, spaced, bracket := message(0), message(1), message(2), message(3), message(4), message(5)
	korean.To = address.Canonical(address.Email, "김영희@recipient.example")
	eight.Body = []byte("Subject: x\r\n\r\n김영희\r\n")
	big.Body = []byte(strings.Repeat("x", 2000))
	evil.To = address.Canonical(address.Email, "a@b.example>\r\nRCPT TO:<c@d.example")
	spaced.To = address.Canonical(address.Email, `"two words>"@recipient.example`)
	bracket.From = "b> SIZE=1@bounce.example"
	group := []gateway.Message{korean, eight, big, evil, spaced, bracket, message(6)}
	for _, c := range []struct {
		offers []string
		want   []string
		mail   string // the MAIL command of the second message
	}{
		{[]string{"PIPELINING"}, []string{"failed", "failed", "ok", "failed", "ok", "misconfigured", "ok"}, ""},
		{[]string{"PIPELINING", "SMTPUTF8", "8BITMIME", "SIZE 1000"}, []string{"ok", "ok", "refused", "failed", "ok", "misconfigured", "ok"},
			"MAIL FROM:<b+1@bounce.ngo.example> SIZE=25 BODY=8BITMIME"},
		{[]string{"8BITMIME", "SIZE"}, []string{"failed", "ok", "ok", "failed", "ok", "misconfigured", "ok"}, "MAIL FROM:<b+1@bounce.ngo.example> SIZE=25 BODY=8BITMIME"},
	} {
		f := startFarSide(t, usual, c.offers...)
		got, broken := sendGroup(t, openSession(t, f.config()), slices.Clone(group))
		if broken || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, broken %v; want %v", c.offers, got, broken, c.want)
		}
		if c.mail != "" && !slices.Contains(f.Commands(), c.mail) {
			t.Errorf("%v: commands %q lack %q", c.offers, f.Commands(), c.mail)
		}
		if i := slices.IndexFunc(f.Commands(), func(s string) bool { return strings.HasSuffix(s, " SMTPUTF8") }); i >= 0 != (c.want[0] == "ok") {
			t.Errorf("%v: commands %q", c.offers, f.Commands())
		}
		for _, cmd := range f.Commands() {
			if strings.Contains(cmd, "d.example") && !strings.Contains(cmd, "recipient") {
				t.Errorf("injected: %q", cmd)
			}
			if strings.HasPrefix(cmd, "MAIL") && !strings.Contains(cmd, "+0@") && strings.Contains(cmd, "SMTPUTF8") {
				t.Errorf("SMTPUTF8 asked for an ASCII address: %q", cmd)
			}
		}
	}
}

// Send uses a kept session, and dials anew when the relay has ended it.
func TestSendKeepsSession(t *testing.T) {
	t.Parallel()
	f := startFarSide(t, at("mail", 2, "421 4.4.2 idle too long"), "PIPELINING")
	g := newGateway(t, f.config())
	for i := range 4 {
		if _, err := g.Send(t.Context(), message(i)); err != nil {
			t.Fatalf("send %d: %v", i, err)
		}
	}
	ehlo := 0
	for _, c := range f.Commands() {
		if strings.HasPrefix(c, "EHLO") {
			ehlo++
		}
	}
	if ehlo != 2 || f.Taken.Load() != 4 {
		t.Errorf("%d connections took %d messages, want 2 and 4", ehlo, f.Taken.Load())
	}
}

// The end of a context while a relay does not greet ends the dialling.
func TestDialCancelled(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"connect", "ehlo"} {
		f := startFarSide(t, at(step, 0, hang))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-f.Reached
			cancel()
		}()
		if _, err := newGateway(t, f.config()).OpenSession(ctx); word(err) != "temporary" {
			t.Errorf("%s: %v", step, err)
		}
		cancel()
	}
}

// A context that ends after a group leaves the session usable for the next.
func TestContextOfAGroupEndsWithIt(t *testing.T) {
	t.Parallel()
	f := startFarSide(t, usual, "PIPELINING")
	s := openSession(t, f.config())
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		last := 0
		err := s.SendGroup(ctx, messages(2), always, func(i int, _ gateway.Receipt, err error) {
			if last++; err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			if last == 2 {
				cancel() // at the worst moment: all is said, and SendGroup not yet over
			}
		})
		if err != nil {
			t.Fatalf("%v", err)
		}
		cancel()
	}
}
