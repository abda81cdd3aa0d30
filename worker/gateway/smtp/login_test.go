package smtp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	relay "github.com/emersion/go-smtp"

	"clarion/internal/conf"
	"clarion/worker/gateway"
)

const (
	user     = "clarion-relay-user"
	password = "s3cret-of-the-relay"
)

// certificate makes a certificate for 127.0.0.1 that signs itself, and the path
// of its PEM file.
func certificate(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay.example"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// mailbox is the backend of an emersion/go-smtp server that wants a login.
type mailbox struct {
	mechanisms []string
	mu         sync.Mutex
	mails      []string
}

func (b *mailbox) NewSession(*relay.Conn) (relay.Session, error) { return &visit{b: b}, nil }

type visit struct {
	b  *mailbox
	in bool
}

func (v *visit) AuthMechanisms() []string { return v.b.mechanisms }

// loginServer is the server's side of LOGIN, which go-sasl leaves out.
type loginServer struct {
	step int
	name string
	v    *visit
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.v.check(l.name, string(response))
}

func (v *visit) check(name, pass string) error {
	if name != user || pass != password {
		return &relay.SMTPError{Code: 535, EnhancedCode: relay.EnhancedCode{5, 7, 8}, Message: "no such login: " + name + " " + pass}
	}
	v.in = true
	return nil
}

func (v *visit) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == sasl.Login {
		return &loginServer{v: v}, nil
	}
	return sasl.NewPlainServer(func(_, name, pass string) error { return v.check(name, pass) }), nil
}

func (v *visit) Mail(string, *relay.MailOptions) error {
	if !v.in {
		return relay.ErrAuthRequired
	}
	return nil
}
func (v *visit) Rcpt(string, *relay.RcptOptions) error { return nil }
func (v *visit) Reset()                                {}
func (v *visit) Logout() error                         { return nil }
func (v *visit) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.b.mu.Lock()
	defer v.b.mu.Unlock()
	v.b.mails = append(v.b.mails, string(b))
	return nil
}

// startRelay starts a go-smtp server and returns the way to it.
func startRelay(t testing.TB, implicit bool, mechanisms ...string) (*mailbox, Config) {
	t.Helper()
	cert, ca := certificate(t)
	b := &mailbox{mechanisms: mechanisms}
	s := relay.NewServer(b)
	s.Domain = "relay.example"
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, CAFile: ca, Username: user, Password: conf.NewSecret(password), Timeout: conf.Duration(minute)}
	if implicit {
		l, c.TLS = tls.NewListener(l, s.TLSConfig), implicitTLS
	}
	done := make(chan struct{})
	go func() {
		s.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return b, c
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		implicit   bool
		mechanisms []string
		change     func(*Config)
		kind       gateway.Kind
		says       string
	}{
		{"starttls plain", false, []string{"PLAIN", "LOGIN"}, nil, 0, ""},
		{"implicit plain", true, []string{"PLAIN"}, nil, 0, ""},
		{"implicit login", true, []string{"LOGIN"}, nil, 0, ""},
		{"chosen", false, []string{"PLAIN", "LOGIN"}, func(c *Config) { c.Auth = "login" }, 0, ""},
		{"wrong password", false, []string{"PLAIN"}, func(c *Config) { c.Password = conf.NewSecret("wrong") }, gateway.Misconfigured, "username and password"},
		{"wrong password by login", true, []string{"LOGIN"}, func(c *Config) { c.Password = conf.NewSecret("wrong") }, gateway.Misconfigured, "username and password"},
		{"not offered", false, []string{"PLAIN"}, func(c *Config) { c.Auth = "scram-sha-256" }, gateway.Misconfigured, "does not offer SCRAM-SHA-256"},
		{"unknown certificate", false, []string{"PLAIN"}, func(c *Config) { c.CAFile = "" }, gateway.Misconfigured, "certificate does not hold"},
		{"unknown certificate, implicit", true, []string{"PLAIN"}, func(c *Config) { c.CAFile = "" }, gateway.Misconfigured, "certificate does not hold"},
		{"no login", false, []string{"PLAIN"}, func(c *Config) { c.Username, c.Password = "", conf.Secret{} }, gateway.Misconfigured, ""},
		{"tls on a plain port", false, []string{"PLAIN"}, func(c *Config) { c.TLS = implicitTLS }, gateway.Misconfigured, "does not speak TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box, config := startRelay(t, c.implicit, c.mechanisms...)
			if c.change != nil {
				c.change(&config)
			}
			g := newGateway(t, config)
			_, err := g.Send(t.Context(), message(0))
			if c.kind == 0 {
				if err != nil || len(box.mails) != 1 || box.mails[0] != string(message(0).Body) {
					t.Fatalf("send: %v; the relay has %d mails", err, len(box.mails))
				}
				if err := g.Probe(t.Context()); err != nil {
					t.Errorf("probe: %v", err)
				}
				return
			}
			var e *gateway.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Error(), c.says) {
				t.Errorf("send: %v, want %s that says %q", err, c.kind, c.says)
			}
			for _, secret := range []string{user, password, "wrong"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %q: %v", secret, err)
				}
			}
		})
	}
}

// Without TLS in sight, no password and no message leave for a relay that wants
// it by default.
func TestNoSilentDowngrade(t *testing.T) {
	t.Parallel()
	f := startFarSide(t, usual, "PIPELINING", "AUTH PLAIN LOGIN")
	c := f.config()
	c.TLS, c.Username, c.Password = "", user, conf.NewSecret(password)
	_, err := newGateway(t, c).Send(t.Context(), message(0))
	if word(err) != "misconfigured" || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("send: %v", err)
	}
	if got := strings.Join(f.Commands(), " "); strings.Contains(got, "AUTH") || strings.Contains(got, "MAIL") {
		t.Errorf("commands: %s", got)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, bytes.Repeat([]byte("x"), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, c := range map[string]Config{
		"host is missing":                 {},
		`tls is "ssl"`:                    {Host: "h", TLS: "ssl"},
		"port is 70000":                   {Host: "h", Port: 70000},
		`auth is "NTLM"`:                  {Host: "h", Auth: "ntlm", Username: "u", Password: conf.NewSecret("p")},
		"username is not":                 {Host: "h", Password: conf.NewSecret("p")},
		"password is not":                 {Host: "h", Username: "u"},
		"connections is -1":               {Host: "h", Connections: -1},
		"read ca_file":                    {Host: "h", CAFile: "/nowhere/ca.pem"},
		"holds no certificate":            {Host: "h", CAFile: bad},
		"hello is a host name":            {Host: "h", Hello: "a b"},
		"auth is given but username":      {Host: "h", Auth: "plain"},
		"gateway relay: host is missing:": {TLS: "none"},
	} {
		if _, err := New(c, "relay"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", c, err, says)
		}
	}
	g := newGateway(t, Config{Host: "h"})
	if g.conf.Port != 587 || g.conf.TLS != startTLS || g.Connections() != 16 || g.conf.Hello == "" {
		t.Errorf("defaults: %+v", g.conf)
	}
}
