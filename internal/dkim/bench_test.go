package dkim

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	oracle "github.com/emersion/go-msgauth/dkim"
)

// threeKB is message with a body of three kilobytes in quoted-printable lines.
func threeKB() string {
	head, _, _ := strings.Cut(message, "\r\n\r\n")
	return head + "\r\n\r\n" + strings.Repeat("In May 2013 nine orphans who had escaped to Laos were sent back to Pyong=\r\n", 40)
}

// BenchmarkSign compares a message signed here with the bare signature of its
// hash, and with go-msgauth's signer.
func BenchmarkSign(b *testing.B) {
	text := threeKB()
	for _, a := range []Algorithm{Ed25519, RSA} {
		k := keyOf(b, a, "c13")
		s := signerOf(b, nil, k)
		b.Run(string(a)+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			buf := append(s.Reserve(nil), text...)
			for b.Loop() {
				if err := s.Sign(buf, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(a)+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			sum := sha256.Sum256([]byte(text))
			for b.Loop() {
				if _, err := k.private.Sign(nil, sum[:], s.signatures[0].hash); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(a)+"/go-msgauth", func(b *testing.B) {
			b.ReportAllocs()
			o := &oracle.SignOptions{Domain: k.Domain, Selector: k.Selector, Signer: k.private, HeaderKeys: append(append([]string{}, signed[:]...), once[:]...),
				HeaderCanonicalization: oracle.CanonicalizationRelaxed, BodyCanonicalization: oracle.CanonicalizationRelaxed}
			for b.Loop() {
				if err := oracle.Sign(io.Discard, bytes.NewReader([]byte(text)), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
