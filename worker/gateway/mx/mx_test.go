package mx

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/internal/dns"
	"clarion/internal/publicnet"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/gatewaytest"
)

func usual(string, int, string) string { return "" }

func open(t testing.TB, n *rig.Network, c Config) *Gateway {
	t.Helper()
	r, err := dns.New(n.DNS)
	if err != nil {
		t.Fatal(err)
	}
	c.Port, c.PolicyPort, c.Loopback, c.Hello = n.Port, n.Port, true, "ngo.example"
	g, err := New(c, "direct", r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func to(t testing.TB, who string) gateway.Message {
	t.Helper()
	a, err := address.ParseEmail(who)
	if err != nil {
		t.Fatal(err)
	}
	return gateway.Message{To: a, From: "b+1@ngo.example", Body: []byte("Subject: x\r\n\r\n" + who + "\r\n")}
}

// sendAll sends to all in one group and says what became of each.
func sendAll(t testing.TB, g *Gateway, who ...string) []string {
	t.Helper()
	s, err := g.OpenSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	group := make([]gateway.Message, len(who))
	for i, w := range who {
		group[i] = to(t, w)
	}
	out := make([]string, len(who))
	_ = s.SendGroup(t.Context(), group, func(int) bool { return true }, func(i int, _ gateway.Receipt, err error) {
		if out[i] != "" {
			t.Errorf("message %d has two results", i)
		}
		out[i] = "sent"
		var e *gateway.Error
		if errors.As(err, &e) {
			out[i] = strings.TrimSpace(e.Kind.String() + " " + e.Reason.String() + " " + e.Code)
		}
	})
	return out
}

const conformance = "mx-host=recipient.example,mx.recipient.example,10\nmx-host=probe.example,mx.recipient.example,10\nhost-record=mx.recipient.example,NET.2\n"

// lined gives lines where sessions are asked for.
type lined struct{ *Gateway }

func (l lined) OpenSession(ctx context.Context) (gateway.Session, error) { return l.OpenLine(ctx) }

func TestConformance(t *testing.T) {
	t.Run("sessions", func(t *testing.T) { conform(t, func(g *Gateway) gateway.Gateway { return g }) })
	t.Run("lines", func(t *testing.T) { conform(t, func(g *Gateway) gateway.Gateway { return lined{g} }) })
}

func conform(t *testing.T, as func(*Gateway) gateway.Gateway) {
	answers := map[string][2]string{
		"unknown":    {"rcpt", "550 5.1.1 %s: user unknown"},
		"full":       {"rcpt", "552 5.2.2 %s is full"},
		"greylisted": {"rcpt", "451 4.7.1 Greylisted %s, try again in 300 seconds"},
		"throttled":  {"mail", "450 4.7.1 too many messages from %s, slow down"},
		"sender":     {"mail", "553 5.7.1 Sender address rejected: not owned by user %s"},
		"spam":       {"dot", "550 5.7.1 this looks like spam: %s"},
		"busy":       {"connect", "421 4.3.2 too many connections"},
		"banned":     {"connect", "554 5.7.1 your ip is on a blocklist"},
	}
	gatewaytest.Run(t, gatewaytest.Harness{
		Channel: address.Email,
		Start: func(t testing.TB, scene string) gatewaytest.Rig {
			n := rig.StartNetwork(t, conformance)
			f := gatewaytest.ServeMail(t, n.Listen(t, 2), nil, func(step string, i int, arg string) string {
				quote := strings.Join(strings.Fields(arg), " ")
				if a, ok := answers[scene]; ok && a[0] == step {
					return strings.ReplaceAll(a[1], "%s", quote)
				}
				switch scene + "/" + step {
				case gatewaytest.CutBefore + "/connect", gatewaytest.CutAfter + "/dot":
					return gatewaytest.Cut
				case gatewaytest.Hang + "/dot":
					return gatewaytest.Wait
				case gatewaytest.SecondDead + "/rcpt":
					if i == 1 {
						return "550 5.1.1 " + quote + ": user unknown"
					}
				}
				return ""
			}, "PIPELINING", "8BITMIME")
			return gatewaytest.Rig{Gateway: as(open(t, n, Config{Probe: "probe.example"})), Taken: func() int { return int(f.Taken.Load()) }, Reached: f.Reached}
		},
		Answers: []gatewaytest.Answer{
			{Scene: "unknown", Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "5.1.1"},
			{Scene: "full", Kind: gateway.Failed, Reason: gateway.MailboxFull, Code: "5.2.2"},
			{Scene: "greylisted", Kind: gateway.Temporary, Reason: gateway.Greylisted, Code: "4.7.1", RetryAfter: 5 * time.Minute},
			{Scene: "throttled", Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.1"},
			{Scene: "sender", Kind: gateway.Refused, Reason: gateway.SenderBlocked, Code: "5.7.1"},
			{Scene: "spam", Kind: gateway.Refused, Reason: gateway.Spam, Code: "5.7.1"},
			{Scene: "busy", Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.3.2"},
			{Scene: "banned", Kind: gateway.Refused, Reason: gateway.SenderBlocked, Code: "5.7.1"},
		},
	})
}

// Where a domain's mail goes, with several exchangers, one, none, and none on
// purpose.
func TestFindsAndFallsBack(t *testing.T) {
	t.Parallel()
	n := rig.StartNetwork(t, `
mx-host=two.example,dead.example,5
mx-host=two.example,mx.example,10
mx-host=busy.example,busy-mx.example,5
mx-host=busy.example,mx.example,10
mx-host=same.example,mx.example,10
mx-host=down.example,dead.example,5
mx-host=lost.example,nowhere.example,5
dns-rr=null.example,15,000000
dns-rr=twice.example,15,000000
dns-rr=twice.example,15,000100
host-record=mx.example,NET.2
host-record=busy-mx.example,NET.3
host-record=dead.example,NET.9
host-record=bare.example,NET.2
`)
	f := gatewaytest.ServeMail(t, n.Listen(t, 2), nil, usual, "PIPELINING")
	gatewaytest.ServeMail(t, n.Listen(t, 3), nil, func(step string, _ int, _ string) string {
		if step == "connect" {
			return "421 4.3.2 too busy"
		}
		return ""
	})
	g := open(t, n, Config{})
	got := sendAll(t, g, "a@two.example", "a@busy.example", "a@same.example", "b@same.example", "a@bare.example", "a@null.example", "a@twice.example", "a@none.example", "a@down.example", "a@lost.example")
	want := []string{"sent", "sent", "sent", "sent", "sent", "dead domain_unknown 5.1.10", "dead domain_unknown 5.1.10", "dead domain_unknown 5.1.2", "temporary network", "temporary network dns"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if n := f.Taken.Load(); n != 5 {
		t.Errorf("the exchanger took %d, want 5", n)
	}
	// The sessions are kept and shared: no further greeting.
	greetings := func() (n int) {
		for _, c := range f.Commands() {
			if strings.HasPrefix(c, "EHLO") {
				n++
			}
		}
		return n
	}
	before := greetings()
	if got := sendAll(t, g, "c@same.example", "d@same.example"); !slices.Equal(got, []string{"sent", "sent"}) || greetings() != before {
		t.Errorf("%q over %d new sessions", got, greetings()-before)
	}
}

// A line has one connection at a time, whoever the messages are for, and begins
// each group where it ended the last.
func TestLine(t *testing.T) {
	t.Parallel()
	n := rig.StartNetwork(t, "mx-host=one.example,mx1.example,10\nmx-host=two.example,mx2.example,10\nhost-record=mx1.example,NET.1\nhost-record=mx2.example,NET.2\n")
	var greeted, under, most atomic.Int64
	answer := func(step string, _ int, _ string) string {
		switch step {
		case "ehlo":
			greeted.Add(1)
		case "mail":
			most.Store(max(most.Load(), under.Add(1)))
		case "dot":
			under.Add(-1)
		}
		return ""
	}
	for i := range 2 {
		gatewaytest.ServeMail(t, n.Listen(t, 1+i), nil, answer) // without PIPELINING: a MAIL is answered before the next
	}
	s, err := open(t, n, Config{}).OpenLine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	group := []gateway.Message{to(t, "a@one.example"), to(t, "a@two.example"), to(t, "b@one.example"), to(t, "b@two.example")}
	for range 4 {
		if err := s.SendGroup(t.Context(), group, func(int) bool { return true }, func(_ int, _ gateway.Receipt, err error) {
			if err != nil {
				t.Error(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if greeted.Load() != 5 || most.Load() != 1 {
		t.Errorf("%d connections for four groups, want 5; %d messages at a time", greeted.Load(), most.Load())
	}
}

// TLS is used where it is offered, whoever the certificate names; a policy that is
// enforced takes nobody but the named exchangers, by their names (RFC 8461 §4).
func TestTLSAndPolicies(t *testing.T) {
	t.Parallel()
	n := rig.StartNetwork(t, `
mx-host=plain.example,mx1.example,10
mx-host=any.example,mx2.example,10
mx-host=strict.example,mx1.example,5
mx-host=strict.example,mx3.example,10
mx-host=false.example,mx2.example,10
txt-record=_mta-sts.strict.example,"v=STSv1; id=1;"
txt-record=_mta-sts.false.example,"v=STSv1; id=1;"
host-record=mta-sts.strict.example,NET.4
host-record=mta-sts.false.example,NET.4
host-record=mx1.example,NET.1
host-record=mx2.example,NET.2
host-record=mx3.example,NET.3
`)
	ca := newCA(t)
	plain := gatewaytest.ServeMail(t, n.Listen(t, 1), nil, usual)
	other := gatewaytest.ServeMail(t, n.Listen(t, 2), ca.issue(t, "someone.example"), usual, "STARTTLS")
	named := gatewaytest.ServeMail(t, n.Listen(t, 3), ca.issue(t, "mx3.example"), usual, "STARTTLS")
	srv := &http.Server{TLSConfig: ca.issue(t, "mta-sts.strict.example", "mta-sts.false.example"), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, "version: STSv1\r\nmode: enforce\r\nmx: mx2.example\r\nmx: mx3.example\r\nmax_age: 600\r\n")
	})}
	policies := n.Listen(t, 4)
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(policies, "", "") }()
	t.Cleanup(func() { srv.Close(); <-served })

	g := open(t, n, Config{CAFile: ca.file})
	got := sendAll(t, g, "a@plain.example", "a@any.example", "a@strict.example", "a@false.example")
	want := []string{"sent", "sent", "sent", "temporary authentication"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for i, f := range []struct {
		side       *gatewaytest.FarSide
		taken, tls int64
	}{{plain, 1, 0}, {other, 1, 1}, {named, 1, 1}} {
		if f.side.Taken.Load() != f.taken || f.side.TLS.Load() != f.tls {
			t.Errorf("mx%d took %d, %d sessions under TLS; want %d and %d", i+1, f.side.Taken.Load(), f.side.TLS.Load(), f.taken, f.tls)
		}
	}
}

func TestProbeLooksForTheName(t *testing.T) {
	t.Parallel()
	n := rig.StartNetwork(t, "mx-host=example.org,mx.example,10\nhost-record=mx.example,NET.2\nmx-host=closed.example,shut.example,5\nhost-record=shut.example,NET.9\n"+
		"ptr-record=1.0.0.127.in-addr.arpa,ngo.example\nhost-record=ngo.example,127.0.0.1\n")
	gatewaytest.ServeMail(t, n.Listen(t, 2), nil, usual)
	for _, c := range []struct {
		conf Config
		want string
	}{
		{Config{Probe: "example.org", Source: "127.0.0.1"}, ""},
		{Config{Probe: "example.org", Source: "127.0.0.7"}, "has no PTR record"},
		{Config{Probe: "closed.example"}, "takes our connection"},
		{Config{Probe: "none.example"}, "are not found"},
	} {
		err := open(t, n, c.conf).Probe(t.Context())
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.conf, err, c.want)
		}
	}
}

func TestPoliciesAreRead(t *testing.T) {
	t.Parallel()
	p, err := parsePolicy("version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n")
	if err != nil || p.mode != "enforce" || p.maxAge != 7*24*time.Hour {
		t.Fatalf("%+v, %v", p, err)
	}
	if got := p.allowed([]string{"mail.example.com", "a.example.net", "a.b.example.net", "example.net", "x.example.com"}); !slices.Equal(got, []string{"mail.example.com", "a.example.net"}) {
		t.Errorf("allowed %q", got)
	}
	for _, bad := range []string{"", "version: STSv2\nmode: none\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1", "version: STSv1\nmode: enforce\nmx: a.example", "version: STSv1\nmode: all\nmx: a\nmax_age: 1"} {
		if _, err := parsePolicy(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for text, id := range map[string]string{"v=STSv1; id=20160831085700Z;": "20160831085700Z", "v=STSv1;id=a": "a", "v=STSv1;": "", "v=spf1 -all": ""} {
		if got := parseRecord([]string{text}); got != id {
			t.Errorf("%q: id %q, want %q", text, got, id)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("version: STSv1\nmode: enforce\nmx: *.example.net\nmax_age: 604800\n")
	f.Add("version: STSv1\r\nmode: none\r\nmax_age: 99999999999999\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if (p == nil) == (err == nil) {
			t.Fatalf("%+v and %v", p, err)
		}
		if p != nil && (p.maxAge < 0 || p.maxAge > policyOldest || p.mode == "enforce" && len(p.mx) == 0) {
			t.Errorf("%+v", p)
		}
		parseRecord([]string{text})
	})
}

// ca signs certificates for names.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newCA(t *testing.T) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c := &ca{key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *ca) issue(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, c.cert, &c.key.PublicKey, c.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: c.key}}}
}

// Whoever owns a recipient's domain names the host of its policy, and could name ours,
// or one beside us.
func TestPolicyIsNotFetchedFromOurselves(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, loopback := range []bool{false, true} {
		r, err := Config{Loopback: loopback}.ready()
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.dialer(nil).DialContext(t.Context(), "tcp", l.Addr().String())
		if err == nil {
			c.Close()
		}
		if loopback != (err == nil) || !loopback && !errors.Is(err, publicnet.ErrPrivate) {
			t.Errorf("loopback %v: %v", loopback, err)
		}
		if _, err := r.dialer(nil).DialContext(t.Context(), "tcp", "169.254.169.254:443"); !errors.Is(err, publicnet.ErrPrivate) {
			t.Errorf("loopback %v: a machine beside us: %v", loopback, err)
		}
	}
}
