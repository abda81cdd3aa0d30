package email

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	oracle "github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"

	"clarion/internal/dkim"
)

func signer(t testing.TB, algorithms ...dkim.Algorithm) (*dkim.Signer, map[string]string) {
	t.Helper()
	var keys []dkim.Key
	records := map[string]string{}
	for _, a := range algorithms {
		text, err := dkim.Generate(a)
		if err != nil {
			t.Fatal(err)
		}
		k, err := dkim.ParseKey("example.org", string(a), string(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		keys, records[r.Name] = append(keys, k), r.Text
	}
	s, err := dkim.NewSigner(keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, records
}

// Whoever a message is for, its signatures hold, and what they cover has both
// headers that one-click unsubscribing needs (RFC 8058 §4).
func TestSigned(t *testing.T) {
	t.Parallel()
	c := call(t, everywhere, everywhereSubject)
	o := options()
	var records map[string]string
	o.Signer, records = signer(t, dkim.Ed25519, dkim.RSA)
	m, problems := Compile(c, "en", o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.StringOf(rapid.SampledFrom([]rune("a =.\t\r\n길<&_-\x00\"")))
		p := person(map[string]string{"name": value.Draw(r, "name"), "city": value.Draw(r, "city"), "code": value.Draw(r, "code")})
		raw, err := m.Append([]byte("kept"), p)
		if err != nil {
			r.Fatal(err)
		}
		raw = raw[len("kept"):]
		found, err := oracle.VerifyWithOptions(bytes.NewReader(raw), &oracle.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			if records[name] == "" {
				return nil, fmt.Errorf("no record of %s", name)
			}
			return []string{records[name]}, nil
		}})
		if err != nil || len(found) != 2 {
			r.Fatalf("%d signatures, %v", len(found), err)
		}
		for _, v := range found {
			if v.Err != nil {
				r.Fatalf("%v in\n%s", v.Err, raw)
			}
			for _, name := range []string{"From", "List-Unsubscribe", "List-Unsubscribe-Post", "CFBL-Address", "Feedback-ID", "List-Id", "Message-ID"} {
				if !strings.Contains(strings.Join(v.HeaderKeys, ":")+":", name+":") {
					r.Fatalf("%s is not signed", name)
				}
			}
		}
	})
}

func BenchmarkAppendSigned(b *testing.B) {
	for _, a := range []dkim.Algorithm{dkim.Ed25519, dkim.RSA} {
		b.Run(string(a), func(b *testing.B) {
			c, _, p := threeKB(b)
			o := options()
			o.Signer, _ = signer(b, a)
			m, problems := Compile(c, "en", o)
			if len(problems) > 0 {
				b.Fatal(problems)
			}
			buf := make([]byte, 0, m.Size())
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = m.Append(buf[:0], p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
