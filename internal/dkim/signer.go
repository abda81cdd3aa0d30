package dkim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// signed are the header fields that a signature covers, in the order of h=.
//
// RFC 6376 §5.4.1 names most; RFC 8058 §4 asks for both List-Unsubscribe fields,
// RFC 9477 §3.1.4 for CFBL-Address.
var signed = [...]string{
	"From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "CFBL-Address", "Precedence", "Auto-Submitted",
}

// once are the fields that are named once more than they stand there, so that
// none can be added to a signed mail that is sent on (RFC 6376 §5.4.2). Fields
// that mailing lists and relays add for themselves are not among them.
var once = [...]string{
	"From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"List-Unsubscribe", "List-Unsubscribe-Post",
}

// Rewritable lists the header fields that may be left unsigned, since some
// relays write them anew.
func Rewritable() []string {
	return slices.DeleteFunc(slices.Clone(signed[:]), func(name string) bool {
		return name == "From" || strings.HasPrefix(name, "List-Unsubscribe") || name == "CFBL-Address"
	})
}

// A Signer signs messages with the keys of one domain, a signature a key. It is
// safe for concurrent use.
type Signer struct {
	domain     string
	names      []string // of the fields in h=, in lower case
	signatures []signature
	blank      []byte // the DKIM-Signature fields, without what is computed
	buffers    sync.Pool
}

// A signature is where a key's field stands in blank, and where its values are.
type signature struct {
	key             crypto.Signer
	start, t, bh, b int
	length          int // of the base64 of b
	hash            crypto.Hash
}

const (
	timeDigits = 10 // of t=, until the year 2286
	hashLength = 44 // of bh= in base64
	lineLength = 74 // of the lines of b=, after their blank
)

// NewSigner makes a signer of the keys of one domain. leave names header fields
// that are not signed, of those that Rewritable lists.
func NewSigner(keys []Key, leave []string) (*Signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("a domain needs a DKIM key")
	}
	left := func(name string) bool {
		return slices.ContainsFunc(leave, func(l string) bool { return strings.EqualFold(l, name) })
	}
	for _, l := range leave {
		if !slices.ContainsFunc(Rewritable(), func(name string) bool { return strings.EqualFold(l, name) }) {
			return nil, fmt.Errorf("%q cannot be left unsigned: %s can", l, strings.Join(Rewritable(), ", "))
		}
	}
	s := &Signer{domain: keys[0].Domain}
	var h []string
	for _, all := range [][]string{signed[:], once[:]} {
		for _, name := range all {
			if !left(name) {
				h = append(h, name)
				s.names = append(s.names, strings.ToLower(name))
			}
		}
	}
	s.buffers.New = func() any { b := make([]byte, 0, 16<<10); return &b }
	for _, k := range keys {
		if k.Domain != s.domain {
			return nil, fmt.Errorf("DKIM keys of %s and %s cannot sign together", s.domain, k.Domain)
		}
		s.add(k, h)
	}
	return s, nil
}

// Domain returns the domain that the signatures speak for (d=).
func (s *Signer) Domain() string { return s.domain }

// add appends the field of a key's signature, with blanks for what is computed.
func (s *Signer) add(k Key, h []string) {
	sig := signature{key: k.private, start: len(s.blank), hash: crypto.SHA256, length: base64.StdEncoding.EncodedLen(64)}
	if p, ok := k.private.Public().(*rsa.PublicKey); ok {
		sig.length = base64.StdEncoding.EncodedLen(p.Size())
	} else {
		sig.hash = 0 // Ed25519 signs the digest itself (RFC 8463 §3)
	}
	b := append(s.blank, "DKIM-Signature: v=1; a="+string(k.Algorithm)+"-sha256; c=relaxed/relaxed;\r\n d="+k.Domain+";\r\n s="+k.Selector+"; t="...)
	sig.t = len(b)
	b = append(b, strings.Repeat("0", timeDigits)+";\r\n h="...)
	column := len(" h=")
	for i, name := range h {
		if i > 0 {
			b = append(b, ':')
			column++
		}
		if column+len(name) > lineLength {
			b = append(b, "\r\n "...)
			column = 1
		}
		b = append(b, name...)
		column += len(name)
	}
	b = append(b, ";\r\n bh="...)
	sig.bh = len(b)
	b = append(b, strings.Repeat("=", hashLength)+";\r\n b="...)
	sig.b = len(b)
	for left := sig.length; left > 0; left -= lineLength {
		b = append(b, "\r\n "+strings.Repeat("=", min(left, lineLength))...)
	}
	s.blank = append(b, "\r\n"...)
	s.signatures = append(s.signatures, sig)
}

// Reserve appends room for the signatures. The message itself comes after it.
func (s *Signer) Reserve(dst []byte) []byte { return append(dst, s.blank...) }

// Sign signs a message that begins with what Reserve appended, and writes the
// signatures there. at is the time in t=.
func (s *Signer) Sign(message []byte, at time.Time) error {
	if len(message) < len(s.blank) {
		return errors.New("sign a mail: there is no room for the signature")
	}
	fields, rest := message[:len(s.blank)], message[len(s.blank):]
	end := bytes.Index(rest, []byte("\r\n\r\n"))
	if end < 0 {
		return errors.New("sign a mail: its header has no end")
	}
	pooled := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(pooled)
	buf := appendBody((*pooled)[:0], rest[end+4:])
	body := sha256.Sum256(buf)
	buf = s.appendHeader(buf[:0], rest[:end+2])
	header := len(buf)
	for _, sig := range s.signatures {
		field := fields[sig.start:]
		appendTime(field[sig.t-sig.start:][:0], at)
		base64.StdEncoding.Encode(field[sig.bh-sig.start:], body[:])
		buf = appendField(buf[:header], "dkim-signature", field[:sig.b-sig.start])
		digest := sha256.Sum256(buf)
		value, err := sig.key.Sign(rand.Reader, digest[:], sig.hash)
		if err != nil {
			return fmt.Errorf("sign a mail: %w", err)
		}
		sig.write(field[sig.b-sig.start:], value)
	}
	if cap(buf) <= 1<<20 { // a mail with large pictures does not keep its memory
		*pooled = buf
	}
	return nil
}

// write writes a signature into the lines of b=.
func (sig signature) write(lines, value []byte) {
	var text [768]byte // base64 of the 512 octets of the longest RSA key, and some
	n := base64.StdEncoding.EncodedLen(len(value))
	base64.StdEncoding.Encode(text[:n], value)
	for from := 0; from < n; from += lineLength {
		lines = lines[copy(lines, "\r\n "):]
		lines = lines[copy(lines, text[from:min(from+lineLength, n)]):]
	}
}

// appendTime appends seconds since 1970 in ten digits.
func appendTime(dst []byte, at time.Time) {
	n := max(at.Unix(), 0)
	dst = dst[:timeDigits]
	for i := timeDigits - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

// appendHeader appends the fields that are signed, in the order of h=. Of fields
// with one name the last is the first to be taken (RFC 6376 §5.4.2).
func (s *Signer) appendHeader(dst, header []byte) []byte {
	var room [32][2]int
	places := room[:0]
	for at := 0; at < len(header); {
		end := at
		for { // a line that begins with a blank goes on
			i := bytes.IndexByte(header[end:], '\n')
			if i < 0 {
				end = len(header)
				break
			}
			end += i + 1
			if end == len(header) || header[end] != ' ' && header[end] != '\t' {
				break
			}
		}
		places = append(places, [2]int{at, end})
		at = end
	}
	for _, name := range s.names {
		for i := len(places) - 1; i >= 0; i-- {
			at, end := places[i][0], places[i][1]
			if end > at && isField(header[at:end], name) {
				dst = append(appendField(dst, name, header[at:end]), "\r\n"...)
				places[i][1] = at // taken
				break
			}
		}
	}
	return dst
}

// isField reports whether a header field has a name, given in lower case.
func isField(raw []byte, name string) bool {
	if len(raw) <= len(name) || raw[len(name)] != ':' || raw[0]|0x20 != name[0] {
		return false
	}
	return strings.EqualFold(string(raw[:len(name)]), name)
}
