package rig_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"clarion/e2e/rig"
	"clarion/internal/seal"
	"clarion/worker/gateway"
	"clarion/worker/inbox"
)

// returned gathers what the inbox makes of the mail that Postfix brings back.
type returned struct {
	keys *seal.Keyring
	mu   sync.Mutex
	said map[string][]string // by token, in order
}

func (r *returned) Accepts(p inbox.Purpose, token string) bool {
	_, err := r.keys.OpenToken(seal.Purpose(p.String()), token)
	return err == nil
}

func (r *returned) add(token, what string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said[token] = append(r.said[token], what)
	return nil
}

func (r *returned) Report(_ context.Context, _ inbox.Purpose, reports []gateway.Report) error {
	for _, rep := range reports {
		events := map[gateway.Event]string{gateway.EventDelayed: "delayed", gateway.EventFailed: "failed"}
		what := fmt.Sprintf("%s %s %s", events[rep.Event], rep.Err.Kind, rep.Err.Reason)
		if rep.Event == gateway.EventFailed {
			what += " " + rep.Err.Code
		}
		if err := r.add(rep.Delivery, what); err != nil {
			return err
		}
	}
	return nil
}

func (r *returned) Unsubscribe(_ context.Context, _ inbox.Purpose, token string) error {
	return r.add(token, "unsubscribed")
}

func (r *returned) UnsubscribeAddress(_ context.Context, from string) error {
	return r.add(from, "unsubscribed")
}

func (r *returned) Reply(_ context.Context, token string, _ []byte) error {
	return r.add(token, "replied")
}

func (r *returned) of(token string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.said[token])
}

// Each way in which a mail comes to its end, from a real Postfix through the
// listener, or a mailbox that Dovecot keeps, to the report.
func TestReturnedMail(t *testing.T) {
	t.Parallel()
	for _, protocol := range []inbox.Protocol{inbox.SMTP, inbox.LMTP} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			back := newReturned(t)
			srv, err := inbox.New(inbox.Config{Listen: "127.0.0.1:0", Protocol: protocol, Domains: []string{rig.BounceDomain}}, back, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- srv.Serve(ctx) }()
			t.Cleanup(func() {
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
			mail := rig.StartMail(t, rig.MailOptions{BounceAddr: srv.Addr(), BounceProtocol: string(protocol)})
			checkReturned(t, mail, back, reportsInAll, func() bool { return true })
		})
	}
	t.Run("imap", func(t *testing.T) {
		t.Parallel()
		back, d := newReturned(t), rig.StartDovecot(t, "")
		mail := rig.StartMail(t, rig.MailOptions{Mailbox: d})
		readMailbox(t, mailboxConfig(d), back, &turns{})
		checkReturned(t, mail, back, reportsInMailbox, func() bool { return d.Holds("") == 0 })
		if n, k := d.Holds(done), d.Holds(unclear); n != reportsInMailbox+1 || k != 0 { // and a mail that says stop
			t.Errorf("the mailbox has %d mails that were taken in and %d that were not", n, k)
		}
	})
}

// How many delivery reports the mails of checkReturned lead to. Dovecot's LMTP offers no
// SMTPUTF8, so a report on an address outside ASCII comes into no mailbox of its (RFC 6531
// §3.2), but where Postfix goes on with a session that has taken another report before.
const (
	reportsInAll     = 16
	reportsInMailbox = reportsInAll - 1
)

// A returnedCase is a mail and what comes of it.
type returnedCase struct {
	to      string
	want    []string // the reports, in order
	arrives bool
	option  func(*smtp.MailOptions, *smtp.RcptOptions)
}

// checkReturned sends mails of every fate and waits until all have come to it, with so
// many reports, and until emptied holds.
func checkReturned(t *testing.T, mail *rig.Mail, back *returned, reports int, emptied func() bool) {
	cases := []returnedCase{
		{to: "okay@gov.example", arrives: true},
		{to: "okay@twomx.example", arrives: true},
		{to: "grey@gov.example", arrives: true},
		{to: "nouser@gov.example", want: []string{"failed dead mailbox_unknown 5.1.1"}},
		{to: "full@gov.example", want: []string{"failed failed mailbox_full 5.2.2"}},
		{to: "disabled@gov.example", want: []string{"failed failed mailbox_disabled 5.2.1"}},
		{to: "policy@gov.example", want: []string{"failed refused policy 5.7.1"}},
		{to: "a@nohost.example", want: []string{"failed dead domain_unknown 5.4.4"}},
		{to: "a@nullmx.example", want: []string{"failed dead domain_unknown 5.1.0"}},
		{to: "plain@gov.example", want: []string{"failed dead mailbox_unknown 5.0.0"}},
		{to: "defer@gov.example", want: []string{"delayed temporary other", "failed failed expired 4.3.0"}},
		{to: "softfull@gov.example", want: []string{"delayed temporary mailbox_full", "failed failed mailbox_full 4.2.2"}},
		{to: "a@unreachable.example", want: []string{"delayed temporary network", "failed failed expired 4.4.1"}},
		// The report returns headers alone; the address is outside ASCII; a report of success, which says nothing
		// that we did not know.
		{to: "nouser-headers@gov.example", want: []string{"failed dead mailbox_unknown 5.1.1"}, option: func(m *smtp.MailOptions, _ *smtp.RcptOptions) {
			m.Return, m.EnvelopeID = smtp.DSNReturnHeaders, "t14"
		}},
		{to: "nouser-한글@gov.example", want: []string{"failed dead mailbox_unknown 5.1.1"}, option: func(m *smtp.MailOptions, _ *smtp.RcptOptions) { m.UTF8 = true }},
		{to: "success@gov.example", arrives: true, option: func(_ *smtp.MailOptions, r *smtp.RcptOptions) { r.Notify = []smtp.DSNNotify{smtp.DSNNotifySuccess} }},
	}
	if reports == reportsInMailbox {
		cases = slices.DeleteFunc(cases, func(c returnedCase) bool { return strings.Contains(c.to, "한글") })
	}
	token := func(i int) string { return back.keys.Token(seal.Bounce, []byte{byte(i), 1, 2, 3}) }
	for i, c := range cases {
		var m smtp.MailOptions
		var r smtp.RcptOptions
		if c.option != nil {
			c.option(&m, &r)
		}
		body := "From: Campaign <call@ngo.example>\r\nTo: " + c.to + "\r\nSubject: Write to the minister\r\n\r\nPlease.\r\n"
		if err := hand(mail.RelayAddr, "b+"+token(i)+"@"+rig.BounceDomain, c.to, body, &m, &r); err != nil {
			t.Fatalf("hand %s to the relay: %v\n%s", c.to, err, mail.Log())
		}
	}
	unsubscribe := back.keys.Token(seal.Unsubscribe, []byte{9})
	to := "u+" + strings.ToUpper(unsubscribe) + "@" + rig.BounceDomain
	if err := hand(mail.RelayAddr, "person@mail.example", to, "From: person@mail.example\r\nTo: "+to+"\r\nSubject: unsubscribe\r\n\r\n", nil, nil); err != nil {
		t.Fatal(err)
	}

	told := func() int {
		return strings.Count(mail.Log(), "sender delivery status notification: ") + strings.Count(mail.Log(), "sender delay notification: ") + strings.Count(mail.Log(), "sender non-delivery notification: ")
	}
	ended := func() bool {
		for i, c := range cases {
			if c.arrives != (len(mail.MX.ReceivedBy(c.to)) == 1) || !slices.Equal(back.of(token(i)), c.want) {
				return false
			}
		}
		return slices.Equal(back.of(unsubscribe), []string{"unsubscribed"}) && told() == reports && len(mail.Queued()) == 0 && emptied()
	}
	for limit := time.Now().Add(40 * time.Second); !ended(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			for i, c := range cases {
				if n := len(mail.MX.ReceivedBy(c.to)); c.arrives != (n == 1) || !slices.Equal(back.of(token(i)), c.want) {
					t.Errorf("%s: arrived %d times, reports %q, want %q", c.to, n, back.of(token(i)), c.want)
				}
			}
			t.Fatalf("%d reports; unsubscribe: %q\n%s\nin the queue: %q", told(), back.of(unsubscribe), mail.Log(), mail.Queued())
		}
	}
	for _, l := range mail.MX.Received() {
		if !strings.HasPrefix(l.From, "b+") || !strings.HasSuffix(l.From, "@"+rig.BounceDomain) {
			t.Errorf("the envelope sender arrived as %q", l.From)
		}
	}
}

// hand gives a mail to a relay.
func hand(relay, from, to, body string, m *smtp.MailOptions, r *smtp.RcptOptions) error {
	c, err := smtp.Dial(relay)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(from, m); err != nil {
		return err
	}
	if err := c.Rcpt(to, r); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(body)); err != nil {
		return err
	}
	return errors.Join(w.Close(), c.Quit())
}
