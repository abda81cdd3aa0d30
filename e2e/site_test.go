package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/worker/gateway/kannel"
)

// A site is an office with Clarion: its folder with clarion.toml, clarion serve
// as a process, and the three gateways around it.
type site struct {
	t      *testing.T
	dir    string
	pages  *httptest.Server // what stands before the pages and speaks TLS
	mail   *rig.Mail
	sms    *rig.Kannel
	fax    *rig.Hylafax
	server *rig.Process
	config string // clarion.toml
	hook   string // where it listens for reports, ADDRESS:PORT
	inbox  string // and for returned mail
}

// bring is longer than anything here takes, also on a busy machine.
const bring = 4 * time.Minute

// callbackSecret proves that a callback comes from Kannel.
const callbackSecret = "a secret of Kannel & % us"

// newSite starts the gateways of the channels, writes clarion.toml, and starts
// clarion serve.
func newSite(t *testing.T, returned rig.MailOptions, channels ...string) *site {
	t.Helper()
	s := prepare(t)
	s.gateways(returned, channels...)
	s.serve()
	return s
}

// gateways starts those of the channels.
func (s *site) gateways(returned rig.MailOptions, channels ...string) {
	s.t.Helper()
	secret := func(name, secret string) string { return "file:" + s.write("secret-"+name, secret) }
	for _, channel := range channels {
		switch channel {
		case email:
			s.relay(returned)
		case sms:
			callback := "http://" + s.hook + "/hook/sms"
			s.sms = rig.StartKannel(s.t, rig.KannelOptions{InboundURL: kannel.InboundURL(callback, callbackSecret)})
			s.config += fmt.Sprintf(kannelConfig, s.sms.SendURL, s.sms.Username, secret("kannel", s.sms.Password), callback, secret("callback", callbackSecret))
		case fax:
			s.fax = rig.StartHylafax(s.t, rig.HylafaxOptions{})
			s.config += fmt.Sprintf(hylafaxConfig, s.fax.Addr, s.fax.User, secret("hylafax", s.fax.Password))
		}
	}
}

// relay starts the relay of the site, which brings back what is returned.
func (s *site) relay(o rig.MailOptions) {
	s.t.Helper()
	if o.Mailbox == nil {
		o.BounceAddr, o.BounceProtocol = s.inbox, "lmtp"
		s.listen()
	}
	s.mail = rig.StartMail(s.t, o)
	host, port, err := net.SplitHostPort(s.mail.RelayAddr)
	must(s.t, err)
	s.config = "dns.lanes = false\n" + s.config + fmt.Sprintf(relayConfig, host, port)
}

// listen has clarion serve listen for returned mail.
func (s *site) listen() { s.config += fmt.Sprintf(inboxConfig, s.inbox, rig.BounceDomain) }

// prepare is a site without gateways whose clarion serve does not run yet.
func prepare(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: rig.Dir(t), hook: local(t), inbox: local(t)}
	web := local(t)
	s.pages = httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: web}))
	t.Cleanup(s.pages.Close)
	s.config = fmt.Sprintf(siteConfig, web, s.pages.URL, s.hook)
	return s
}

const siteConfig = `data = "data"
organisation = "Save 9 Campaign"
region = "KR"

[quiet]                # the tests run at any hour
laxer = true
sms = { from = "00:00", to = "00:00" }
fax = { from = "00:00", to = "00:00" }

[web]
listen = %q
public_url = %q

[hook]
listen = %q
`

const inboxConfig = `
[inbox]
listen = %q
protocol = "lmtp"
domain = %q
`

const relayConfig = `
[gateway.relay]
kind = "smtp"
host = %q
port = %s
tls = "none"
`

const kannelConfig = `
[gateway.sms]
kind = "kannel"
url = %q
username = %q
password = %q
country = "82"
callback_url = %q
callback_secret = %q
unknown_codes = ["001"]
`

const hylafaxConfig = `
[gateway.fax]
kind = "hylafax"
addr = %q
user = %q
password = %q
country = "82"
max_dials = 2
max_tries = 1
`

// serve writes clarion.toml, starts clarion serve and waits until it says that it runs. It logs all
// that it can, for a later look at what it must not say.
func (s *site) serve() {
	s.t.Helper()
	const ready = "Clarion is running."
	before := 0
	if s.server != nil {
		before = strings.Count(s.server.Log(), ready)
	}
	s.write("clarion.toml", s.config)
	s.server = rig.Start(s.t, s.dir, "serve", server, "serve", "--verbose", "--config", filepath.Join(s.dir, "clarion.toml"))
	s.await("clarion serve to run", func() bool {
		if !s.server.Running() {
			s.t.Fatalf("clarion serve ended:\n%s", s.server.Log())
		}
		return strings.Count(s.server.Log(), ready) > before
	})
}

// write writes a file into the site's folder, for its owner alone.
func (s *site) write(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatalf("write %s: %v", name, err)
	}
	return path
}

// run runs a command of the program, at an English terminal, and returns what it
// printed and its exit status.
func (s *site) run(args ...string) (out, said string, status int) {
	s.t.Helper()
	return s.runIn("en_GB.UTF-8", args...)
}

// runIn is run at a terminal of another locale.
func (s *site) runIn(locale string, args ...string) (out, said string, status int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), bring)
	defer cancel()
	cmd := exec.CommandContext(ctx, "clarion", append([]string{"--config", filepath.Join(s.dir, "clarion.toml")}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Env = append(os.Environ(), "LC_ALL="+locale)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatalf("run clarion %s: %v", strings.Join(args, " "), err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// ask runs a command with --json, which must end with the status, and reads its
// one object.
func ask[T any](s *site, status int, args ...string) (v T) {
	s.t.Helper()
	out, said, got := s.run(append(args, "--json")...)
	if got != status {
		s.t.Fatalf("clarion %s ended with status %d, want %d\n%s%s", strings.Join(args, " "), got, status, out, said)
	}
	d := json.NewDecoder(strings.NewReader(out))
	if err := d.Decode(&v); err != nil || d.More() {
		s.t.Fatalf("clarion %s: %v; it printed %q", strings.Join(args, " "), err, out)
	}
	return v
}

// await asks again and again until cond holds.
func (s *site) await(what string, cond func() bool) {
	s.t.Helper()
	if !s.comes(what, cond) {
		s.t.FailNow()
	}
}

// comes is await for what the test can do without: later steps tell more.
func (s *site) comes(what string, cond func() bool) bool {
	s.t.Helper()
	for end := time.Now().Add(bring); !cond(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Errorf("waited %v for %s", bring, what)
			return false
		}
	}
	return true
}

// newCall writes a call with clarion call new and edits its call.toml.
func (s *site) newCall(name string, edits ...string) string {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	ask[struct{ Dir string }](s, 0, "call", "new", dir)
	path := filepath.Join(dir, "call.toml")
	text := s.read(path)
	edits = append([]string{`name = "launch"`, fmt.Sprintf("name = %q", name)}, edits...)
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) != 1 {
			s.t.Fatalf("edit call.toml: %q is not in it once", edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

func (s *site) read(path string) string {
	s.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func local(t *testing.T) string { return fmt.Sprintf("127.0.0.1:%d", rig.FreePort(t)) }
