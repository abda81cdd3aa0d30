package rig_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/worker/inbox"
)

const (
	done    = "Clarion done"
	unclear = "Clarion unclear"
)

// turns let the reader that asked first have its turn, until it leaves.
type turns struct {
	mu     sync.Mutex
	holder *turn
}

type turn struct{ of *turns }

func (t *turn) Take(context.Context, time.Duration) (bool, error) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	if t.of.holder == nil {
		t.of.holder = t
	}
	return t.of.holder == t, nil
}

func (t *turn) Leave(context.Context) error {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	if t.of.holder == t {
		t.of.holder = nil
	}
	return nil
}

func mailboxConfig(d *rig.Dovecot) inbox.MailboxConfig {
	return inbox.MailboxConfig{Host: "localhost", Port: d.IMAPS, CAFile: d.CAFile, Username: rig.MailUser, Password: conf.NewSecret(rig.MailPassword), Poll: conf.Duration(time.Second)}
}

// readMailbox serves a mailbox until its returned function is called.
func readMailbox(t *testing.T, c inbox.MailboxConfig, sink inbox.Sink, of *turns) (stop func()) {
	t.Helper()
	m, err := inbox.OpenMailbox(c, []string{rig.BounceDomain}, sink, &turn{of}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func newReturned(t *testing.T) *returned {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &returned{keys: keys, said: map[string][]string{}}
}

func dsn(headers, status, original string) string {
	return headers + "From: MAILER-DAEMON@mta.example\r\nSubject: Returned mail\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=cut\r\n\r\n--cut\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mta.example\r\n\r\nFinal-Recipient: rfc822; a@gov.example\r\nAction: failed\r\nStatus: " + status +
		"\r\n\r\n--cut\r\nContent-Type: text/rfc822-headers\r\n\r\n" + original + "\r\n--cut--\r\n"
}

// A mailbox is read with all that Dovecot offers, and without IDLE, MOVE and
// UIDPLUS; each mail leads to what it should, wherever its token stands, and lies
// where it should.
func TestMailbox(t *testing.T) {
	t.Parallel()
	for name, capability := range map[string]string{
		"all": "", "no idle": "IMAP4rev1 UIDPLUS MOVE", "no move": "IMAP4rev1 IDLE UIDPLUS", "bare": "IMAP4rev1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := rig.StartDovecot(t, capability)
			back := newReturned(t)
			tok := func(i byte) string { return back.keys.Token(seal.Bounce, []byte{i, 1, 2, 3}) }
			stopTok := func(i byte) string { return back.keys.Token(seal.Unsubscribe, []byte{i, 1, 2, 3}) }
			to := func(s string) string { return "<" + s + "@" + rig.BounceDomain + ">" }
			const person = "From: Kim <kim@mail.example>\r\n"
			cases := []struct {
				mail   string
				key    string
				want   []string
				folder string
			}{
				{dsn("Delivered-To: b+"+strings.ToUpper(tok(0))+"@"+rig.BounceDomain+"\r\n", "5.1.1", ""), tok(0), []string{"failed dead mailbox_unknown 5.1.1"}, done},
				{dsn("To: "+to("b+"+tok(1))+"\r\n", "5.2.2", ""), tok(1), []string{"failed failed mailbox_full 5.2.2"}, done},
				{dsn("", "5.1.1", "Message-ID: "+to("b+"+tok(2))+"\r\n"), tok(2), []string{"failed dead mailbox_unknown 5.1.1"}, done},
				{dsn("", "5.1.1", "CFBL-Address: b+"+tok(3)+"@"+rig.BounceDomain+"; report=arf\r\n"), tok(3), []string{"failed dead mailbox_unknown 5.1.1"}, done},
				{dsn("", "5.1.1", "List-Unsubscribe: <https://act.example/u/"+stopTok(4)+">,\r\n <mailto:u+"+stopTok(4)+"@"+rig.BounceDomain+">\r\n"), stopTok(4), []string{"failed dead mailbox_unknown 5.1.1"}, done},
				{dsn("In-Reply-To: "+to("b+"+tok(5))+"\r\n", "5.1.1", ""), tok(5), []string{"failed dead mailbox_unknown 5.1.1"}, done},
				{"To: " + to("u+"+stopTok(6)) + "\r\n" + person + "Subject: unsubscribe\r\n\r\n", stopTok(6), []string{"unsubscribed"}, done},
				{"In-Reply-To: " + to("b+"+tok(7)) + "\r\n" + person + "Subject: Re: call\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n수신거부 부탁드립니다\r\n", tok(7), []string{"unsubscribed"}, done},
				{"In-Reply-To: " + to("b+"+tok(8)) + "\r\n" + person + "Subject: Re: call\r\n\r\nGood luck!\r\n", tok(8), []string{"replied"}, done},
				{"In-Reply-To: " + to("b+"+tok(9)) + "\r\n" + person + "Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\nstop\r\n", tok(9), nil, done},
				{"Return-Path: <>\r\nTo: " + to("u+"+stopTok(10)) + "\r\n" + person + "Subject: unsubscribe\r\n\r\n", stopTok(10), nil, done},
				{person + "Subject: stop\r\n\r\nstop\r\n", "kim@mail.example", []string{"unsubscribed"}, done},
				{dsn("", "5.1.1", "Message-ID: <1@elsewhere.example>\r\n"), "", nil, unclear},
				{dsn("To: "+to("b+"+tok(9)+"aaaa")+"\r\n", "5.1.1", ""), tok(9) + "aaaa", nil, unclear}, // forged
				{"To: x\r\nSubject: large\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 16<<20/78+1), "", nil, unclear},
			}
			inFolder := map[string]int{}
			for _, c := range cases[:8] { // there before it is read
				d.Deliver(t, "", c.mail)
			}
			readMailbox(t, mailboxConfig(d), back, &turns{})
			for _, c := range cases[8:] { // and while it is
				d.Deliver(t, "", c.mail)
			}
			for _, c := range cases {
				inFolder[c.folder]++
			}
			left := 0
			if !strings.Contains(capability, "UIDPLUS") && capability != "" {
				left = len(cases) // marked as deleted, they stay
			}
			rig.Eventually(t, 40*time.Second, "the mails to be in their folders", func() bool {
				return d.Holds(done) == inFolder[done] && d.Holds(unclear) == inFolder[unclear] && d.Holds("") == left
			})
			for i, c := range cases {
				if got := back.of(c.key); c.key != "" && !slices.Equal(got, c.want) {
					t.Errorf("mail %d: %q, want %q", i, got, c.want)
				}
			}
		})
	}
}

// The server goes away in the middle, a process dies between taking a mail in and
// moving it, and two read at once: nothing is lost, and all ends in its folder.
func TestMailboxSurvives(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, "")
	back := newReturned(t)
	const mails = 60
	token := func(i int) string { return back.keys.Token(seal.Bounce, []byte{byte(i), 1, 2, 3}) }
	deliver := func(from, to int) {
		for i := from; i < to; i++ {
			d.Deliver(t, "", dsn("To: <b+"+token(i)+"@"+rig.BounceDomain+">\r\n", "5.1.1", ""))
		}
	}
	deliver(0, 20)
	// Two readers without turns between them, as when a turn has run out.
	stop := readMailbox(t, mailboxConfig(d), back, &turns{})
	readMailbox(t, mailboxConfig(d), back, &turns{})
	rig.Eventually(t, 30*time.Second, "some to be read", func() bool { return d.Holds(done) > 3 })
	d.Restart(t) // cuts both
	deliver(20, 40)
	rig.Eventually(t, 30*time.Second, "some more to be read", func() bool { return d.Holds(done) > 25 })
	stop()
	deliver(40, mails)
	rig.Eventually(t, 60*time.Second, "all to be read", func() bool { return d.Holds("") == 0 && d.Holds(done) >= mails })
	for i := range mails {
		if got := back.of(token(i)); len(got) == 0 || slices.ContainsFunc(got, func(s string) bool { return s != "failed dead mailbox_unknown 5.1.1" }) {
			t.Errorf("mail %d: %q", i, got)
		}
	}
	// Two who move the same mail at the same moment may leave a copy each; it counted once.
	if n := d.Holds(done); n > 2*mails {
		t.Errorf("%d mails in the folder, of %d", n, mails)
	}
}

// One reader at a time has its turn, and the next goes on when it leaves.
func TestMailboxTurns(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, "")
	first, second, of := newReturned(t), newReturned(t), &turns{}
	token := first.keys.Token(seal.Bounce, []byte{1, 1, 2, 3})
	mail := dsn("To: <b+"+token+"@"+rig.BounceDomain+">\r\n", "5.1.1", "")
	stop := readMailbox(t, mailboxConfig(d), first, of)
	d.Deliver(t, "", mail)
	rig.Eventually(t, 20*time.Second, "the first to read", func() bool { return len(first.of(token)) == 1 })
	readMailbox(t, mailboxConfig(d), second, of)
	d.Deliver(t, "", mail)
	rig.Eventually(t, 20*time.Second, "the first to read on", func() bool { return len(first.of(token)) == 2 })
	stop()
	d.Deliver(t, "", mail)
	rig.Eventually(t, 20*time.Second, "the second to read", func() bool { return len(second.of(token)) == 1 })
}

// What is wrong with a mailbox is said in words that help, without names.
func TestMailboxProbe(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, "")
	for name, c := range map[string]struct {
		change func(*inbox.MailboxConfig)
		want   string // "" if all is well
	}{
		"implicit":     {func(*inbox.MailboxConfig) {}, ""},
		"starttls":     {func(c *inbox.MailboxConfig) { c.TLS, c.Port = "starttls", d.IMAP }, ""},
		"none":         {func(c *inbox.MailboxConfig) { c.TLS, c.Port = "none", d.IMAP }, ""},
		"not our CA":   {func(c *inbox.MailboxConfig) { c.CAFile = "" }, "certificate does not hold"},
		"wrong name":   {func(c *inbox.MailboxConfig) { c.Host = "0.0.0.0" }, "certificate does not hold"}, // leads here, and is not in it
		"not TLS":      {func(c *inbox.MailboxConfig) { c.Port = d.IMAP }, "does not speak TLS on this port"},
		"xoauth2":      {func(c *inbox.MailboxConfig) { c.Auth, c.Password = "xoauth2", conf.NewSecret(d.Token()) }, ""},
		"oauthbearer":  {func(c *inbox.MailboxConfig) { c.Auth, c.Password = "OAUTHBEARER", conf.NewSecret(d.Token()) }, ""},
		"stale":        {func(c *inbox.MailboxConfig) { c.Auth, c.Password = "XOAUTH2", conf.NewSecret(d.Token()+"x") }, "does not take the access token"},
		"stale bearer": {func(c *inbox.MailboxConfig) { c.Auth, c.Password = "OAUTHBEARER", conf.NewSecret(d.Token()+"x") }, "does not take the access token"},
		"password":     {func(c *inbox.MailboxConfig) { c.Password = conf.NewSecret("wrong") }, "NO [AUTHENTICATIONFAILED]"},
		"folder":       {func(c *inbox.MailboxConfig) { c.Folder = "Nowhere" }, "open the folder of inbox.imap: the server answers NO"},
		"nobody there": {func(c *inbox.MailboxConfig) { c.Port = rig.FreePort(t) }, "connect to the mailbox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := mailboxConfig(d)
			c.change(&cfg)
			m, err := inbox.OpenMailbox(cfg, []string{rig.BounceDomain}, newReturned(t), &turn{&turns{}}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			err = m.Probe(t.Context())
			if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.Contains(got, c.want) || strings.Contains(got, rig.MailPassword) || strings.Contains(got, rig.MailUser) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// An access token is short-lived: another program writes the next one into its file,
// and the next login has it.
func TestMailboxToken(t *testing.T) {
	t.Parallel()
	d := rig.StartDovecot(t, "")
	file := filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("an-old-one")
	cfg := mailboxConfig(d)
	cfg.Auth = "XOAUTH2"
	if err := cfg.Password.UnmarshalText([]byte("file:" + file)); err != nil {
		t.Fatal(err)
	}
	m, err := inbox.OpenMailbox(cfg, []string{rig.BounceDomain}, newReturned(t), &turn{&turns{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Probe(t.Context()); err == nil || strings.Contains(err.Error(), "an-old-one") {
		t.Errorf("with an old token: %v", err)
	}
	write(d.Token())
	if err := m.Probe(t.Context()); err != nil {
		t.Errorf("with the next token: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := m.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "read the access token") {
		t.Errorf("without a token: %v", err)
	}
}
