package dkim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	good, err := Generate(Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for what, c := range map[string]struct{ domain, selector, text, want string }{
		"a domain in Hangul":  {"도메인.kr", "s", string(good), "no domain"},
		"a name without dots": {"localhost", "s", string(good), "no domain"},
		"an empty selector":   {"example.org", "", string(good), "no selector"},
		"a semicolon":         {"example.org", "s;x=1", string(good), "no selector"},
		"no PEM":              {"example.org", "s", "secret words", "no private key in PEM"},
		"damaged":             {"example.org", "s", block("PRIVATE KEY", []byte("x")), "damaged"},
		"1024 bits":           {"example.org", "s", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short)), "1024 bits"},
		"another algorithm":   {"example.org", "s", block("PRIVATE KEY", other), "neither RSA nor Ed25519"},
	} {
		if _, err := ParseKey(c.domain, c.selector, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if k, err := ParseKey("Mail.Example.ORG", "2026._x", string(good)); err != nil || k.Domain != "mail.example.org" || k.Algorithm != Ed25519 {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := Generate("dsa"); err == nil {
		t.Error("an unknown algorithm makes a key")
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := ParseKey("example.org", "s", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(long))); err != nil || k.Algorithm != RSA {
		t.Errorf("PKCS #1: %v", err)
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	r, err := keyOf(t, RSA, "c13r").Record()
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "c13r._domainkey.example.org" || !strings.HasPrefix(r.Text, "v=DKIM1; k=rsa; p=MII") || len(r.Text) < 400 {
		t.Errorf("%+v", r)
	}
	zone := r.Zone()
	if !strings.HasPrefix(zone, r.Name+". IN TXT ( \"v=DKIM1") || strings.ReplaceAll(strings.TrimSuffix(strings.SplitN(zone, "( \"", 2)[1], `" )`), `" "`, "") != r.Text {
		t.Errorf("zone: %s", zone)
	}
	for part := range strings.SplitSeq(zone, `"`) {
		if len(part) > 255 {
			t.Errorf("a string of %d", len(part))
		}
	}
	e, err := keyOf(t, Ed25519, "c13e").Record()
	if err != nil || len(e.Text) != len("v=DKIM1; k=ed25519; p=")+44 {
		t.Errorf("%+v, %v", e, err)
	}
	p := r.Text[strings.Index(r.Text, "p=")+2:]
	for text, want := range map[string]error{
		r.Text: nil, "p=" + p: nil, "v=DKIM1;p=" + p[:100] + " " + p[100:] + ";t=s": nil, "k = rsa ; n=x=y; p=" + p: nil,
		e.Text: ErrOther, "v=DKIM1; k=ed25519; p=" + p: ErrOther, "v=DKIM1; p=": ErrRevoked, strings.Replace(r.Text, "; p=", "; t=s:y; p=", 1): ErrTesting, "v=spf1 -all": ErrNoRecord, "": ErrNoRecord, "v=DKIM1; k=rsa": ErrNoRecord,
	} {
		if got := r.Matches(text); !errors.Is(got, want) {
			t.Errorf("%.60q: %v, want %v", text, got, want)
		}
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	org, news := signerOf(t, nil, keyOf(t, Ed25519, "a")), signerOf(t, nil, keyOf(t, Ed25519, "b"))
	d := Domains{"example.org": org, "news.example.org": news}
	for domain, want := range map[string]*Signer{
		"example.org": org, "Example.ORG.": org, "act.example.org": org, "news.example.org": news, "a.b.news.example.org": news,
		"anexample.org": nil, "org": nil, "": nil, "example.com": nil,
	} {
		if got := d.For(domain); got != want {
			t.Errorf("%q is signed by %v", domain, got)
		}
	}
}

func FuzzTags(f *testing.F) {
	f.Add("v=DKIM1; k=rsa; p=MII")
	f.Add(";;=;p")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range tags(text) {
			if strings.ContainsAny(name, ";=") || strings.ContainsAny(value, "; \t\n") {
				t.Fatalf("%q: %q", name, value)
			}
		}
	})
}

// ParseKey refuses whatever is no key, and tells nothing of it.
func FuzzParseKey(f *testing.F) {
	good, err := Generate(Ed25519)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey("example.org", "s", text)
		if err != nil {
			return
		}
		if _, err := k.Record(); err != nil {
			t.Fatal(err)
		}
	})
}
