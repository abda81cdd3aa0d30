package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func ring(t *testing.T, b byte) *Keyring {
	t.Helper()
	k, err := New(bytes.Repeat([]byte{b}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	k := ring(t, 1)
	sealed := k.Seal(nil, []byte("김영희"), []byte("contact:7"))
	if len(sealed) != len("김영희")+Overhead {
		t.Fatalf("sealed to %d bytes", len(sealed))
	}
	got, err := k.Open(nil, sealed, []byte("contact:7"))
	if err != nil || string(got) != "김영희" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for name, open := range map[string]func() error{
		"another place": func() error { _, err := k.Open(nil, sealed, []byte("contact:8")); return err },
		"another key":   func() error { _, err := ring(t, 2).Open(nil, sealed, []byte("contact:7")); return err },
		"altered": func() error {
			bad := bytes.Clone(sealed)
			bad[len(bad)-1] ^= 1
			_, err := k.Open(nil, bad, []byte("contact:7"))
			return err
		},
		"short": func() error { _, err := k.Open(nil, sealed[:9], nil); return err },
	} {
		if err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if bytes.Equal(sealed, k.Seal(nil, []byte("김영희"), []byte("contact:7"))) {
		t.Error("two seals are alike: the nonce is not random")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	k := ring(t, 1)
	tok := k.Token(Bounce, []byte{1, 2, 3})
	if strings.ToLower(tok) != tok || strings.Contains(tok, "=") {
		t.Fatalf("token %q", tok)
	}
	for _, s := range []string{tok, strings.ToUpper(tok)} {
		if p, err := k.OpenToken(Bounce, s); err != nil || !bytes.Equal(p, []byte{1, 2, 3}) {
			t.Errorf("OpenToken(%q) = %v, %v", s, p, err)
		}
	}
	other := "b"
	if tok[0] == 'b' {
		other = "c"
	}
	for name, s := range map[string]string{
		"truncated": tok[:len(tok)-2], "forged": other + tok[1:], "empty": "", "longer": tok + "a", "not base32": "!!",
	} {
		if _, err := k.OpenToken(Bounce, s); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := k.OpenToken(Unsubscribe, tok); !errors.Is(err, ErrToken) {
		t.Error("a bounce token unsubscribes")
	}
	if _, err := ring(t, 2).OpenToken(Bounce, tok); !errors.Is(err, ErrToken) {
		t.Error("a token of another key passes")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "clarion.key")
	a, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v", info.Mode(), err)
	}
	b, err := LoadOrCreate(path)
	if err != nil || a.Check() != b.Check() {
		t.Fatalf("second load: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(path); err == nil {
		t.Error("nonsense taken for a key")
	}
}

func FuzzOpenToken(f *testing.F) {
	k, _ := New(bytes.Repeat([]byte{1}, keySize))
	good := k.Token(Bounce, []byte("x"))
	f.Add(good)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := k.OpenToken(Bounce, s)
		if err == nil && k.Token(Bounce, p) != strings.ToLower(s) {
			t.Fatalf("%q opened to %x, whose token differs", s, p)
		}
	})
}

// BenchmarkToken signs a delivery, as each mail does twice.
func BenchmarkToken(b *testing.B) {
	k, err := New(bytes.Repeat([]byte{1}, keySize))
	if err != nil {
		b.Fatal(err)
	}
	payload := bytes.Repeat([]byte{7}, 15)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = k.AppendToken(dst[:0], Bounce, payload)
	}
}
