package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"clarion/internal/seal"
	"clarion/worker/gateway"
)

const domain = "bounce.ngo.example"

// sink remembers what it was given, as words.
type sink struct {
	keys *seal.Keyring

	mu   sync.Mutex
	took []string
	away bool // the store is down
	hold chan struct{}
}

func (s *sink) Accepts(p Purpose, token string) bool {
	_, err := s.keys.OpenToken(seal.Purpose(p.String()), token)
	return err == nil
}

func (s *sink) take(format string, args ...any) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errors.New("the store is away")
	}
	s.took = append(s.took, fmt.Sprintf(format, args...))
	return nil
}

func (s *sink) Report(_ context.Context, p Purpose, reports []gateway.Report) error {
	for _, r := range reports {
		code := "-"
		if r.Err != nil {
			code = r.Err.Kind.String() + "/" + r.Err.Reason.String()
		}
		if err := s.take("%v %d %s %s", p, r.Event, code, r.Delivery); err != nil {
			return err
		}
	}
	return nil
}

func (s *sink) Unsubscribe(_ context.Context, p Purpose, token string) error {
	return s.take("unsubscribe by %v %s", p, token)
}

func (s *sink) UnsubscribeAddress(_ context.Context, from string) error {
	return s.take("unsubscribe address %s", from)
}

func (s *sink) Reply(_ context.Context, token string, mail []byte) error {
	if bytes.Contains(mail, []byte("refuse me")) {
		return ErrRefused
	}
	return s.take("reply of %d octets %s", len(mail), token)
}

func (s *sink) words() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.took)
}

func (s *sink) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// safeBuffer is a log that may be written to and read at once.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type fixture struct {
	*sink
	addr   string
	log    *safeBuffer
	cancel context.CancelFunc
	ended  chan error
	b, u   string // tokens
}

func start(t *testing.T, cfg Config) *fixture {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{sink: &sink{keys: keys}, log: &safeBuffer{}, ended: make(chan error, 1)}
	f.b, f.u = keys.Token(seal.Bounce, []byte{1, 2, 3}), keys.Token(seal.Unsubscribe, []byte{1, 2, 3})
	cfg.Listen, cfg.Domains = "127.0.0.1:0", []string{domain, "Other.Example."}
	srv, err := New(cfg, f.sink, slog.New(slog.NewTextHandler(f.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f.addr = srv.Addr()
	ctx, cancel := context.WithCancel(t.Context())
	f.cancel = cancel
	go func() { f.ended <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-f.ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return f
}

// send brings a mail as the relay does.
func (f *fixture) send(t *testing.T, from, body string, to ...string) error {
	t.Helper()
	c, err := smtp.Dial(f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return transact(c, from, body, to...)
}

func transact(c *smtp.Client, from, body string, to ...string) error {
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(body)); err != nil {
		return err
	}
	return w.Close()
}

// code returns the reply code and status of an answer.
func code(err error) string {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %d.%d.%d", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2])
	}
	return fmt.Sprint(err)
}

func dsn(action, status string) string {
	return "From: MAILER-DAEMON@mta.example\r\nSubject: Returned mail\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=cut\r\n\r\n--cut\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mta.example\r\n\r\nFinal-Recipient: rfc822; minister@gov.example\r\nAction: " + action + "\r\nStatus: " + status + "\r\n\r\n--cut--\r\n"
}

const person = "From: Supporter <supporter@mail.example>\r\nSubject: Re: call\r\n\r\nGood luck!\r\n"

func TestWhatComesBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		unsubscribe bool
		from, body  string
		want        string // without the token; "" if nothing follows
	}{
		"hard bounce":           {false, "", dsn("failed", "5.1.1"), "bounce 4 dead/mailbox_unknown"},
		"full mailbox":          {false, "", dsn("failed", "5.2.2"), "bounce 4 failed/mailbox_full"},
		"policy":                {false, "", dsn("failed", "5.7.1"), "bounce 4 refused/policy"},
		"expired":               {false, "", dsn("failed", "4.4.1"), "bounce 4 failed/expired"},
		"delay":                 {false, "", dsn("delayed", "4.4.1"), "bounce 3 temporary/network"},
		"delivered":             {false, "", dsn("delivered", "2.0.0"), "bounce 2 -"},
		"relayed":               {false, "", dsn("relayed", "2.0.0"), ""},
		"complaint":             {false, "fbl@mail.example", strings.Replace(dsn("failed", "5.1.1"), "message/delivery-status", "message/feedback-report", 1), "bounce 5 -"},
		"out of office":         {false, "", "From: a@mail.example\r\nAuto-Submitted: auto-replied\r\nSubject: away\r\n\r\nAway.\r\n", ""},
		"a person answers":      {false, "supporter@mail.example", person, "reply of 75 octets"},
		"news of a machine":     {false, "", "From: a@mail.example\r\nSubject: hello\r\n\r\nHello.\r\n", ""},
		"a person says stop":    {false, "supporter@mail.example", "From: s@mail.example\r\nSubject: Re: call\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n수신거부\r\n", "unsubscribe by bounce"},
		"a subject says stop":   {false, "supporter@mail.example", "From: s@mail.example\r\nSubject: =?utf-8?B?6re466eMIOuztOuCtOyjvOyEuOyalA==?=\r\n\r\n\r\n", "unsubscribe by bounce"},
		"our subject says stop": {false, "supporter@mail.example", "From: s@mail.example\r\nSubject: Re: Stop\r\n\r\n> stop\r\nYes!\r\n", "reply of 57 octets"},
		"a list says stop":      {false, "supporter@mail.example", "From: s@mail.example\r\nList-Id: <l.example>\r\nSubject: stop\r\n\r\nstop\r\n", ""},
		"it was handed on":      {false, "supporter@mail.example", "From: s@mail.example\r\nX-Clarion-Forwarded: bounce.ngo.example\r\nSubject: Re: call\r\n\r\nYes!\r\n", ""},
		"unsubscribe":           {true, "supporter@mail.example", person, "unsubscribe by unsubscribe"},
		"unsubscribe, no":       {true, "supporter@mail.example", "Auto-Submitted: no\r\n" + person, "unsubscribe by unsubscribe"},
		"machine answers":       {true, "supporter@mail.example", "Auto-Submitted: auto-replied\r\n" + person, ""},
		"machine generates":     {true, "supporter@mail.example", "Auto-Submitted: auto-generated\r\n" + person, ""},
		"null sender":           {true, "", person, ""},
		"bounce to it":          {true, "", dsn("failed", "5.1.1"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, Config{})
			to, token := "b+"+f.b, f.b
			if c.unsubscribe {
				to, token = "u+"+f.u, f.u
			}
			// Servers fold case, in either direction.
			for _, local := range []string{to, strings.ToUpper(to)} {
				if err := f.send(t, c.from, c.body, local+"@"+strings.ToUpper(domain)); err != nil {
					t.Fatalf("refused: %v", err)
				}
			}
			var want []string
			if c.want != "" {
				want = []string{c.want + " " + token, c.want + " " + token}
			}
			if got := f.words(); !slices.Equal(got, want) {
				t.Errorf("sink took %q, want %q", got, want)
			}
			if log := f.log.String(); strings.Contains(log, "@") || strings.Contains(log, "Good luck") || !strings.Contains(log, token) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestRefusedRecipients(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	other := "b"
	if f.b[0] == 'b' {
		other = "c"
	}
	for to, want := range map[string]string{
		"b+" + other + f.b[1:] + "@" + domain:         "550 5.7.1", // forged
		"b+" + f.b[:len(f.b)-3] + "@" + domain:        "550 5.7.1", // cut off
		"u+" + f.b + "@" + domain:                     "550 5.7.1", // a bounce token does not unsubscribe
		"b+" + f.u + "@" + domain:                     "550 5.7.1",
		"postmaster@" + domain:                        "550 5.1.1",
		"forwarded+x@" + domain:                       "550 5.1.1",
		"b+@" + domain:                                "550 5.1.1",
		"b+a1b@" + domain:                             "550 5.1.1", // not base32
		"x+" + f.b + "@" + domain:                     "550 5.1.1",
		"b+" + f.b + "@elsewhere.example":             "550 5.1.1",
		"b+" + strings.Repeat("a", 63) + "@" + domain: "550 5.1.1", // longer than a local part may be
	} {
		if got := code(f.send(t, "", dsn("failed", "5.1.1"), to)); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	if err := f.send(t, "", dsn("failed", "5.1.1"), "b+"+f.b+"@other.example"); err != nil {
		t.Errorf("second domain: %v", err)
	}
	if len(f.words()) != 1 {
		t.Errorf("sink took %q", f.words())
	}
}

func TestStoreAway(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	f.setAway(true)
	to := "b+" + f.b + "@" + domain
	if got := code(f.send(t, "", dsn("failed", "5.1.1"), to)); got != "451 4.3.0" {
		t.Fatalf("with the store away: %s", got)
	}
	f.setAway(false)
	if err := f.send(t, "", dsn("failed", "5.1.1"), to); err != nil || len(f.words()) != 1 {
		t.Fatalf("second try: %v, %q", err, f.words())
	}
}

func TestLMTPAnswersForEach(t *testing.T) {
	t.Parallel()
	f := start(t, Config{Protocol: LMTP})
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Mail("", nil); err != nil {
		t.Fatal(err)
	}
	one, two := "b+"+f.b+"@"+domain, "u+"+f.u+"@"+domain
	for _, to := range []string{one, two} {
		if err := c.Rcpt(to, nil); err != nil {
			t.Fatal(err)
		}
	}
	f.setAway(true) // the bounce needs the store; the machine's mail to the other address does not
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(dsn("failed", "5.1.1"))); err != nil {
		t.Fatal(err)
	}
	_, err = w.CloseWithLMTPResponse()
	var each smtp.LMTPDataError
	if !errors.As(err, &each) || len(each) != 1 || code(each[one]) != "451 4.3.0" {
		t.Fatalf("answers: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	t.Run("size", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{MaxSize: 1000})
		err := f.send(t, "a@mail.example", person+strings.Repeat("more\r\n", 1000), "u+"+f.u+"@"+domain)
		if got := code(err); !strings.HasPrefix(got, "552 5.3.4") || len(f.words()) != 0 {
			t.Errorf("%s, took %q", got, f.words())
		}
	})
	t.Run("lines", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{})
		to := "u+" + f.u + "@" + domain
		if err := f.send(t, "a@mail.example", person+strings.Repeat("long ", 5000)+"\r\n", to); err != nil {
			t.Errorf("a mail that has one long line: %v", err)
		}
		if got := code(f.send(t, "a@mail.example", person+strings.Repeat("long ", 20_000)+"\r\n", to)); got != "554 5.6.0" {
			t.Errorf("a line without end is answered %s", got)
		}
	})
	t.Run("recipients", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{MaxRecipients: 1})
		to := "b+" + f.b + "@" + domain
		if got := code(f.send(t, "", person, to, to)); got != "452 4.5.3" {
			t.Error(got)
		}
	})
	t.Run("rate", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{Rate: 0.001}) // one at once, the next after a quarter of an hour
		to := "u+" + f.u + "@" + domain
		if err := f.send(t, "a@mail.example", person, to); err != nil {
			t.Error(err)
		}
		if got := code(f.send(t, "a@mail.example", person, to)); got != "451 4.3.2" {
			t.Error(got)
		}
	})
	t.Run("connections", func(t *testing.T) {
		t.Parallel()
		f := start(t, Config{MaxConnections: 1})
		first, err := smtp.Dial(f.addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Noop(); err != nil {
			t.Fatal(err)
		}
		second := make(chan error, 1)
		to := "u+" + f.u + "@" + domain
		go func() { second <- f.send(t, "a@mail.example", person, to) }()
		if err := transact(first, "a@mail.example", person, to); err != nil {
			t.Fatal(err)
		}
		if n := len(f.words()); n != 1 {
			t.Errorf("%d mails while one connection is allowed and held", n)
		}
		if err := first.Quit(); err != nil {
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Errorf("the one that waited: %v", err)
		}
	})
}

func TestServeFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	f.hold = make(chan struct{})
	idle, err := smtp.Dial(f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if err := idle.Noop(); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- f.send(t, "a@mail.example", person, "u+"+f.u+"@"+domain) }()
	f.hold <- struct{}{} // the sink has the mail
	f.cancel()
	if err := <-answer; err != nil {
		t.Errorf("the mail in hand: %v", err)
	}
	if err := <-f.ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	f.ended <- nil
	if err := idle.Noop(); err == nil {
		t.Error("an idle connection outlived Serve")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for name, cfg := range map[string]Config{
		"protocol": {Listen: "127.0.0.1:0", Domains: []string{domain}, Protocol: "imap"},
		"domain":   {Listen: "127.0.0.1:0"},
		"address":  {Listen: "127.0.0.1:notaport", Domains: []string{domain}},
	} {
		if srv, err := New(cfg, &sink{}, log); err == nil {
			srv.Close()
			t.Errorf("bad %s taken", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	s := &Server{cfg: Config{Domains: []string{domain}}}
	f.Add("b+abc@" + domain)
	f.Add("U+ABC@BOUNCE.NGO.EXAMPLE.")
	f.Add("\"b+a\"@" + domain)
	f.Fuzz(func(t *testing.T, to string) {
		p, token, ok := s.parse(to)
		if !ok {
			return
		}
		mark := map[Purpose]string{Bounce: "b+", Unsubscribe: "u+", Forwarded: ForwardLocal}[p]
		if p2, again, ok := s.parse(mark + token + "@" + domain); !ok || p2 != p || again != token || token != strings.ToLower(token) {
			t.Fatalf("%q read as %v %q", to, p, token)
		}
	})
}

// A person's mail that the organisation's server refuses comes back to the person;
// what that server returns later is taken, and leads to nothing.
func TestHandingOnFails(t *testing.T) {
	t.Parallel()
	f := start(t, Config{})
	if got := code(f.send(t, "supporter@mail.example", person+"refuse me\r\n", "b+"+f.b+"@"+domain)); got != "554 5.7.1" {
		t.Errorf("refused by the organisation: %s", got)
	}
	if err := f.send(t, "", dsn("failed", "5.1.1"), "Forwarded@"+domain); err != nil || len(f.words()) != 0 {
		t.Errorf("returned by the organisation: %v, %q", err, f.words())
	}
	if log := f.log.String(); !strings.Contains(log, "inbox.replies_to") {
		t.Errorf("log: %s", log)
	}
}
