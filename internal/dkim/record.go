package dkim

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// A Record is what stands in DNS for a key (RFC 6376 §3.6).
type Record struct {
	Name string // "s1._domainkey.example.org"
	Text string // "v=DKIM1; k=rsa; p=…", in one piece
}

// Record returns the record of the key's public half.
func (k Key) Record() (Record, error) {
	var public []byte
	switch p := k.private.Public().(type) {
	case *rsa.PublicKey:
		var err error
		if public, err = x509.MarshalPKIXPublicKey(p); err != nil {
			return Record{}, fmt.Errorf("write the DKIM record: %w", err)
		}
	case ed25519.PublicKey: // the bare 32 octets (RFC 8463 §4)
		public = p
	}
	text := "v=DKIM1; k=" + string(k.Algorithm) + "; p=" + base64.StdEncoding.EncodeToString(public)
	return Record{Name: k.Selector + "._domainkey." + k.Domain, Text: text}, nil
}

// Zone returns the record as a line of a zone file, its text in strings of at
// most 255 octets (RFC 1035 §3.3.14).
func (r Record) Zone() string {
	var b strings.Builder
	b.WriteString(r.Name + ". IN TXT (")
	for text := r.Text; text != ""; {
		n := min(255, len(text))
		b.WriteString(` "` + text[:n] + `"`)
		text = text[n:]
	}
	return b.String() + " )"
}

// Why a record in DNS does not fit a key.
var (
	ErrNoRecord = errors.New("it is no DKIM record")
	ErrRevoked  = errors.New("it takes the key back: its p= is empty")
	ErrOther    = errors.New("it is the record of another key")
	ErrTesting  = errors.New("it says t=y: receivers take mail of the domain as if it were not signed (RFC 6376 §3.6.1)")
)

// Matches holds a text found in DNS against the record: nil when a signature of
// the key would be verified by it.
func (r Record) Matches(text string) error {
	found, want := tags(text), tags(r.Text)
	if v, ok := found["v"]; ok && v != "DKIM1" {
		return ErrNoRecord
	}
	p, ok := found["p"]
	if !ok {
		return ErrNoRecord
	}
	k := found["k"]
	if k == "" {
		k = string(RSA)
	}
	switch {
	case p == "":
		return ErrRevoked
	case k != want["k"] || p != want["p"]:
		return ErrOther
	}
	for flag := range strings.SplitSeq(found["t"], ":") {
		if flag == "y" {
			return ErrTesting
		}
	}
	return nil
}

// tags reads a tag list (RFC 6376 §3.2): blanks within values carry nothing in
// those that are looked at.
func tags(text string) map[string]string {
	out := map[string]string{}
	for tag := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(tag, "=")
		if ok {
			out[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
		}
	}
	return out
}
