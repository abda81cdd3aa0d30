package rig_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/smtp"
)

// A real Postfix that asks a real Dovecot who may send: every login over both ways
// of TLS, an address outside ASCII, and whom we do not trust or who does not know us.
func TestLogins(t *testing.T) {
	t.Parallel()
	dovecot := rig.StartDovecot(t, "")
	m := rig.StartMail(t, rig.MailOptions{BounceAddr: "127.0.0.1:9", Logins: dovecot})
	right := smtp.Config{Host: "127.0.0.1", Port: m.StartTLS, TLS: "starttls", CAFile: dovecot.CAFile,
		Username: rig.MailUser, Password: conf.NewSecret(rig.MailPassword), Timeout: conf.Duration(20 * time.Second)}
	send := func(c smtp.Config, to string) error {
		g, err := smtp.New(c, "relay")
		if err != nil {
			return err
		}
		defer g.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err = g.Send(ctx, gateway.Message{To: address.Canonical(address.Email, to), From: "b@" + rig.BounceDomain,
			Body: []byte("From: <info@ngo.example>\r\nTo: <" + to + ">\r\nSubject: =?utf-8?b?7ISc66qF?=\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n아홉 명\r\n")})
		return err
	}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(dovecot.Token()), 0o600); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, auth := range []string{"", "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2"} {
		for _, way := range []string{"starttls", "implicit"} {
			c := right
			c.Auth = auth
			if c.TLS = way; way == "implicit" {
				c.Port = m.TLS
			}
			if auth == "XOAUTH2" {
				if err := c.Password.UnmarshalText([]byte("file:" + token)); err != nil {
					t.Fatal(err)
				}
			}
			to := "taken-" + strings.ToLower(auth) + way + "@mail.example"
			if err := send(c, to); err != nil {
				t.Errorf("%q over %s: %v\n%s", auth, way, err, dovecot.Log())
				continue
			}
			sent = append(sent, to)
		}
	}
	korean := "김영희@mail.example"
	if err := send(right, korean); err != nil {
		t.Errorf("an address outside ASCII: %v", err)
	}
	sent = append(sent, korean)
	rig.Eventually(t, 30*time.Second, "all mails to arrive", func() bool {
		var got []string
		for _, letter := range m.MX.Received() {
			got = append(got, letter.To...)
		}
		return !slices.ContainsFunc(sent, func(to string) bool { return !slices.Contains(got, to) })
	})

	for what, wrong := range map[string]struct {
		change func(*smtp.Config)
		kind   gateway.Kind
		says   string
	}{
		"a wrong password":               {func(c *smtp.Config) { c.Password = conf.NewSecret("wrong") }, gateway.Misconfigured, "login"},
		"a token that has another key":   {func(c *smtp.Config) { c.Auth, c.Password = "XOAUTH2", conf.NewSecret(dovecot.Token()+"x") }, gateway.Misconfigured, "login"},
		"a mechanism that is not there":  {func(c *smtp.Config) { c.Auth = "CRAM-MD5" }, gateway.Misconfigured, "CRAM-MD5"},
		"a certificate of nobody known":  {func(c *smtp.Config) { c.CAFile = "" }, gateway.Misconfigured, "certificate"},
		"no TLS where a login is wanted": {func(c *smtp.Config) { c.TLS = "none" }, gateway.Misconfigured, ""},
	} {
		c := right
		wrong.change(&c)
		err := send(c, "taken-wrong@mail.example")
		if err == nil {
			t.Errorf("%s: it was taken", what)
			continue
		}
		if kind := gateway.Classify(err, false).Kind; kind != wrong.kind || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %s, %v; want %s and %q", what, kind, err, wrong.kind, wrong.says)
		}
		if strings.Contains(err.Error(), rig.MailPassword) {
			t.Errorf("%s: the password is in the error", what)
		}
	}
}
