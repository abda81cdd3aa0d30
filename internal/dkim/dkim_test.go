package dkim

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	oracle "github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"
)

var noon = time.Date(2013, 6, 10, 3, 0, 0, 0, time.UTC)

// keyOf makes a key of example.org.
func keyOf(t testing.TB, a Algorithm, selector string) Key {
	t.Helper()
	text, err := Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey("Example.org", selector, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signerOf(t testing.TB, leave []string, keys ...Key) *Signer {
	t.Helper()
	s, err := NewSigner(keys, leave)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t fataler, s *Signer, message string) []byte {
	t.Helper()
	const before = "kept"
	raw := append(s.Reserve([]byte(before)), message...)
	if err := s.Sign(raw[len(before):], noon); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(raw, []byte(before)) || !bytes.HasSuffix(raw, []byte(message)) {
		t.Fatal("signing changed what it does not own")
	}
	return raw[len(before):]
}

// verify returns how many signatures of a message hold, by go-msgauth.
func verify(t fataler, raw []byte, keys ...Key) (good int, bad error) {
	t.Helper()
	found, err := oracle.VerifyWithOptions(bytes.NewReader(raw), &oracle.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for _, k := range keys {
			if r, err := k.Record(); err == nil && strings.TrimSuffix(name, ".") == r.Name {
				return []string{r.Text}, nil
			}
		}
		return nil, fmt.Errorf("no record of %s", name)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		if v.Err != nil {
			bad = v.Err
			continue
		}
		if v.Domain != "example.org" || !v.Time.Equal(noon) {
			t.Errorf("signed for %s at %s", v.Domain, v.Time)
		}
		good++
	}
	return good, bad
}

const message = "CFBL-Address: b+mfrgg@mail.example.org; report=arf\r\n" +
	"Date: Mon, 10 Jun 2013 09:00:00 +0900\r\n" +
	"Feedback-ID: launch:save-9:appeal:calls-example-org\r\n" +
	"List-Id: <save-9.calls.example.org>\r\n" +
	"List-Unsubscribe: <https://save9.example.org/u/mfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrggzdfmztwq2lk>,\r\n" +
	" <mailto:u+mfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrggzdfmztwq2lkmfrggzdfmztwq2lk@mail.example.org?subject=unsubscribe>\r\n" +
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" +
	"MIME-Version: 1.0\r\nMessage-ID: <c7@mail.example.org>\r\n" +
	"Subject:  a  subject\t of\r\n\ttwo lines \r\n" +
	"To: kim@example.com\r\nFrom: \"Save 9\" <save9@example.org>\r\n" +
	"Content-Type: text/plain; charset=UTF-8\r\n\r\n" +
	"Dear  Kim,\t\r\n\r\n  two blanks \r\n.\r\nx\r\n\r\n \r\n"

func TestSignatureHolds(t *testing.T) {
	t.Parallel()
	r, e := keyOf(t, RSA, "c13r"), keyOf(t, Ed25519, "c13e")
	for _, keys := range [][]Key{{r}, {e}, {r, e}} {
		raw := sign(t, signerOf(t, nil, keys...), message)
		if good, bad := verify(t, raw, keys...); good != len(keys) {
			t.Errorf("%d of %d signatures hold: %v in\n%s", good, len(keys), bad, raw)
		}
		for line := range strings.SplitSeq(string(raw[:len(raw)-len(message)]), "\r\n") {
			if len(line) > 78 {
				t.Errorf("a line of %d: %s", len(line), line)
			}
		}
	}
}

// What a relay may do to a header on its way: fold it at any blank, fold it
// anew, unfold it, change the case of names. Relaxed signatures hold (RFC 6376
// §3.4.2).
func TestSignatureSurvivesFolding(t *testing.T) {
	t.Parallel()
	keys := []Key{keyOf(t, RSA, "c13r"), keyOf(t, Ed25519, "c13e")}
	head, body, _ := strings.Cut(string(sign(t, signerOf(t, nil, keys...), message)), "\r\n\r\n")
	folds := regexp.MustCompile(`\r\n[ \t]+`)
	blank := regexp.MustCompile(`[ \t]+`)
	unfolded := folds.ReplaceAllString(head, " ")
	names := regexp.MustCompile(`(?m)^[A-Za-z-]+:`)
	for what, h := range map[string]string{
		"unfolded":               unfolded,
		"folded at each blank":   blank.ReplaceAllString(unfolded, "\r\n\t"),
		"folded behind names":    names.ReplaceAllStringFunc(unfolded, func(n string) string { return n + "\r\n " }),
		"blanks widened":         blank.ReplaceAllString(unfolded, "  \t "),
		"names in capitals":      names.ReplaceAllStringFunc(head, strings.ToUpper),
		"a header put before it": "Received: from a\r\n\tby b\r\n" + head,
	} {
		if good, bad := verify(t, []byte(h+"\r\n\r\n"+body), keys...); good != 2 {
			t.Errorf("%s: %d of 2 signatures hold: %v", what, good, bad)
		}
	}
	// And the blanks of a body (§3.4.4).
	if good, bad := verify(t, []byte(head+"\r\n\r\n"+strings.ReplaceAll(body, "\r\n", "  \r\n")+"\r\n"), keys...); good != 2 {
		t.Errorf("blanks at line ends: %d of 2 signatures hold: %v", good, bad)
	}
}

// Whatever matters to a reader is covered: changed, taken away or, where h= names
// it once more, doubled, it makes the signature fail.
func TestSignatureCovers(t *testing.T) {
	t.Parallel()
	k := keyOf(t, Ed25519, "c13e")
	raw := string(sign(t, signerOf(t, nil, k), message))
	must := func(what, changed string) {
		t.Helper()
		if changed == raw {
			t.Fatalf("%s: nothing changed", what)
		}
		if good, _ := verify(t, []byte(changed), k); good != 0 {
			t.Errorf("%s, and the signature holds", what)
		}
	}
	for _, name := range []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "CFBL-Address"} {
		i := strings.Index(raw, "\r\n"+name+": ")
		if i < 0 {
			t.Fatal("the message has no", name)
		}
		must(name+" changed", raw[:i]+"\r\n"+name+": x"+raw[i+len("\r\n: ")+len(name):])
		if name != "From" { // without it, it is no mail
			must(name+" taken away", raw[:i]+"\r\nX-"+raw[i+2:])
		}
		if slices.Contains(once[:], name) {
			must(name+" doubled", name+": x\r\n"+raw)
		}
	}
	must("Cc added", "Cc: x@example.net\r\n"+raw)
	must("Reply-To added", "Reply-To: x@example.net\r\n"+raw)
	must("the body changed", strings.Replace(raw, "Dear", "Dead", 1))
	must("the body longer", raw+"x\r\n")
	if good, bad := verify(t, []byte("List-Id: <a list's own>\r\n"+raw), k); good != 1 {
		t.Error("a mailing list adds its List-Id:", bad)
	}
}

func TestLeftUnsigned(t *testing.T) {
	t.Parallel()
	k := keyOf(t, Ed25519, "c13e")
	raw := string(sign(t, signerOf(t, []string{"date", "Message-ID"}, k), message))
	raw = strings.Replace(strings.Replace(raw, "c7@mail", "0100@ses", 1), "10 Jun", "11 Jun", 1)
	if good, bad := verify(t, []byte(raw), k); good != 1 {
		t.Error("a relay wrote Date and Message-ID anew:", bad)
	}
	for _, name := range []string{"From", "List-Unsubscribe", "list-unsubscribe-post", "CFBL-Address", "X-Other"} {
		if _, err := NewSigner([]Key{k}, []string{name}); err == nil {
			t.Errorf("%s may be left unsigned", name)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	s := signerOf(t, nil, keyOf(t, Ed25519, "c13e"))
	for _, m := range []string{"", "From: x@example.org\r\n"} {
		if err := s.Sign(append(s.Reserve(nil), m...), noon); err == nil {
			t.Errorf("%q is signed", m)
		}
	}
	if err := s.Sign([]byte("x"), noon); err == nil {
		t.Error("a message without room is signed")
	}
	if _, err := NewSigner(nil, nil); err == nil {
		t.Error("a signer without a key")
	}
}

// OpenDKIM, which most Postfix have, finds what go-msgauth finds.
func TestOpenDKIM(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, e := keyOf(t, RSA, "c13r"), keyOf(t, Ed25519, "c13e")
	var records strings.Builder
	for _, k := range []Key{r, e} {
		record, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&records, "%s %s\n", record.Name, record.Text)
	}
	files := map[string]string{
		"keys": records.String(), "conf": "Mode v\nTestPublicKeys " + filepath.Join(dir, "keys") + "\n",
		"rsa": string(sign(t, signerOf(t, nil, r), message)), "ed25519": string(sign(t, signerOf(t, nil, e), message)), "both": string(sign(t, signerOf(t, nil, r, e), message)),
	}
	files["spoilt"] = strings.Replace(files["rsa"], "Dear", "Dead", 1)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]string{
		"rsa": {"dkim=pass", "header.a=rsa-sha256"}, "ed25519": {"dkim=pass", "header.a=ed25519-sha256"},
		"both": {"dkim=pass", "header.a=rsa-sha256", "header.a=ed25519-sha256"}, "spoilt": {"dkim=fail"},
	} {
		out, err := exec.Command("/usr/sbin/opendkim", "-vvv", "-x", filepath.Join(dir, "conf"), "-t", filepath.Join(dir, name)).CombinedOutput()
		for _, w := range want {
			if !strings.Contains(string(out), w) || name != "spoilt" && strings.Contains(string(out), "dkim=fail") {
				t.Errorf("%s: OpenDKIM does not say %s, %v:\n%s", name, w, err, out)
			}
		}
	}
}

// Any message that is well formed is signed as go-msgauth reads it.
func TestSignatureOfAnything(t *testing.T) {
	t.Parallel()
	k := keyOf(t, Ed25519, "c13e")
	s := signerOf(t, nil, k)
	rapid.Check(t, func(rt *rapid.T) {
		fragment := rapid.SampledFrom([]string{" ", "  ", "\t", "\r\n", "\r\n\r\n", " \r\n", "a", "b c", "=\r\n", ".", "길", "x:y"})
		body := strings.Join(rapid.SliceOfN(fragment, 0, 30).Draw(rt, "body"), "")
		value := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{" ", "\t", "\r\n ", "\r\n\t", "a", ":", "길"}), 0, 12).Draw(rt, "value"), "")
		raw := sign(rt, s, "Subject:"+value+"x\r\nSUBJECT: other\r\nsubject: third\r\nFrom: a@example.org\r\n\r\n"+body)
		if good, bad := verify(rt, raw, k); good != 1 {
			rt.Fatalf("%v in %q", bad, raw)
		}
	})
}

// fataler is a test, or a case that rapid drew.
type fataler interface {
	Helper()
	Fatal(...any)
	Errorf(string, ...any)
}
