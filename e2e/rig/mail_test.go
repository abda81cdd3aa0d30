package rig_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
// listener to the report.
func TestReturnedMail(t *testing.T) {
	t.Parallel()
	keys, err := seal.New(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []inbox.Protocol{inbox.SMTP, inbox.LMTP} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			back := &returned{keys: keys, said: map[string][]string{}}
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
			checkReturned(t, mail, back)
		})
	}
}

func checkReturned(t *testing.T, mail *rig.Mail, back *returned) {
	cases := []struct {
		to      string
		want    []string // the last report of each event, in order
		arrives bool
	}{
		{"okay@gov.example", nil, true},
		{"okay@twomx.example", nil, true},
		{"grey@gov.example", nil, true},
		{"nouser@gov.example", []string{"failed dead mailbox_unknown 5.1.1"}, false},
		{"full@gov.example", []string{"failed failed mailbox_full 5.2.2"}, false},
		{"disabled@gov.example", []string{"failed failed mailbox_disabled 5.2.1"}, false},
		{"policy@gov.example", []string{"failed refused policy 5.7.1"}, false},
		{"a@nohost.example", []string{"failed dead domain_unknown 5.4.4"}, false},
		{"a@nullmx.example", []string{"failed dead domain_unknown 5.1.0"}, false},
		{"plain@gov.example", []string{"failed dead mailbox_unknown 5.0.0"}, false},
		{"defer@gov.example", []string{"delayed temporary other", "failed failed expired 4.3.0"}, false},
		{"softfull@gov.example", []string{"delayed temporary mailbox_full", "failed failed mailbox_full 4.2.2"}, false},
		{"a@unreachable.example", []string{"delayed temporary network", "failed failed expired 4.4.1"}, false},
	}
	token := func(i int) string { return back.keys.Token(seal.Bounce, []byte{byte(i), 1, 2, 3}) }
	for i, c := range cases {
		body := "From: Campaign <call@ngo.example>\r\nTo: " + c.to + "\r\nSubject: Write to the minister\r\n\r\nPlease.\r\n"
		if err := smtp.SendMail(mail.RelayAddr, nil, "b+"+token(i)+"@"+rig.BounceDomain, []string{c.to}, []byte(body)); err != nil {
			t.Fatalf("hand %s to the relay: %v\n%s", c.to, err, mail.Log())
		}
	}
	unsubscribe := back.keys.Token(seal.Unsubscribe, []byte{9})
	if err := smtp.SendMail(mail.RelayAddr, nil, "person@mail.example", []string{"u+" + strings.ToUpper(unsubscribe) + "@" + rig.BounceDomain}, []byte("From: person@mail.example\r\nSubject: unsubscribe\r\n\r\n")); err != nil {
		t.Fatal(err)
	}

	ended := func() bool {
		for i, c := range cases {
			if c.arrives != (len(mail.MX.ReceivedBy(c.to)) == 1) || !slices.Equal(back.of(token(i)), c.want) {
				return false
			}
		}
		return slices.Equal(back.of(unsubscribe), []string{"unsubscribed"})
	}
	for limit := time.Now().Add(40 * time.Second); !ended(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			for i, c := range cases {
				if n := len(mail.MX.ReceivedBy(c.to)); c.arrives != (n == 1) || !slices.Equal(back.of(token(i)), c.want) {
					t.Errorf("%s: arrived %d times, reports %q, want %q", c.to, n, back.of(token(i)), c.want)
				}
			}
			t.Fatalf("unsubscribe: %q\n%s\nin the queue: %q", back.of(unsubscribe), mail.Log(), mail.Queued())
		}
	}
	for _, l := range mail.MX.Received() {
		if !strings.HasPrefix(l.From, "b+") || !strings.HasSuffix(l.From, "@"+rig.BounceDomain) {
			t.Errorf("the envelope sender arrived as %q", l.From)
		}
	}
}
