package access

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"clarion/internal/seal"
)

// Codes are read from paper and typed, so they lack what is mistaken for
// something else: l, o, 0, 1. Each character is worth five bits.
const codeAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// newCode makes a code of so many groups of four characters, 20 bits each.
func newCode(groups int) string {
	random := make([]byte, 4*groups)
	rand.Read(random)
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeAlphabet[r%32])
	}
	return b.String()
}

// plainCode is a code as it was typed, in the one spelling that is hashed.
func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(typed)))
}

// newSecret makes what a browser or a program holds: 256 random bits, in base64url.
func newSecret() string {
	random := make([]byte, 32)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}

// digest is what is kept of a secret: a keyed hash, so that whoever reads Redis
// cannot try codes against it, and whoever writes to it cannot put in their own.
func (s *Store) digest(kind, secret string) string {
	sum := s.keys.Sum(seal.Secret, []byte(kind), []byte(secret))
	return hex.EncodeToString(sum[:16])
}

// What digests are of.
const (
	ofEmail      = "email"
	ofHandle     = "handle" // what a passkey calls its owner
	ofSession    = "session"
	ofInvitation = "invitation"
	ofToken      = "token"
	ofFirst      = "first"
	ofRecovery   = "recovery"
	ofCeremony   = "ceremony"
	ofClient     = "client"
)
