package conf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5d": 120 * time.Hour, "1d12h": 36 * time.Hour, "1d 30m": 24*time.Hour + 30*time.Minute, "0s": 0, "1h30m": 90 * time.Minute,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%q is %v, %v", text, d, err)
		}
		var again Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%q prints as %q, which is %v, %v", text, d, again, err)
		}
	}
	for _, text := range []string{"", "5", "d", "-5d", "-1h", "1d-1h", "99999999d", "five days", "1h1d", "9223372036s9223372036s", "65535d2562000h"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q passed as %v", text, d)
		}
	}
	if got := Duration(26*time.Hour + 90*time.Second).String(); got != "1d2h1m30s" {
		t.Errorf("prints as %s", got)
	}
	if got, _ := Duration(10 * time.Minute).MarshalText(); string(got) != "10m" {
		t.Errorf("prints as %s", got)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	const text = "hunter2hunter2"
	s := NewSecret(text)
	type holder struct {
		Open   Secret
		hidden Secret
	}
	h := holder{s, s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, h, &h)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", h)
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%d", []byte(text))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret got out:\n%s", out.String())
		}
	}
	if s.Reveal() != text || h.hidden.Reveal() != text || s.IsZero() || !(Secret{}).IsZero() || (Secret{}).String() != "" || (Secret{}).Reveal() != "" {
		t.Error("a secret is not kept")
	}
}

func TestSecretSources(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CLARION_TEST_SECRET", "from env")
	for name, text := range map[string]string{"s": "from file\r\nrest", "empty": "\nx"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c struct {
		Plain, Env, Abs, Rel Secret
		Whole                SecretText
	}
	text := fmt.Sprintf("plain = 'p:q'\nenv = 'env:CLARION_TEST_SECRET'\nabs = 'file:%s/s'\nrel = 'file:s'\nwhole = 'file:s'\n", dir)
	if _, problems := Decode(filepath.Join(dir, "clarion.toml"), []byte(text), &c); len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.Plain.Reveal() != "p:q" || c.Env.Reveal() != "from env" || c.Abs.Reveal() != "from file" || c.Rel.Reveal() != "from file" || c.Whole.Reveal() != "from file\r\nrest" {
		t.Errorf("%q %q %q %q", c.Plain.Reveal(), c.Env.Reveal(), c.Abs.Reveal(), c.Rel.Reveal())
	}
	// An access token that another program has written anew.
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte("the next one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		s    Secret
		want string
	}{"plain": {c.Plain, "p:q"}, "env": {c.Env, "from env"}, "absolute": {c.Abs, "the next one"}, "relative": {c.Rel, "the next one"}, "none": {}} {
		if now, err := c.s.Current(); err != nil || now != c.want {
			t.Errorf("%s: %q now, %v", what, now, err)
		}
	}
	if c.Rel.Reveal() != "from file" {
		t.Error("a secret changed")
	}
	if err := os.Remove(filepath.Join(dir, "s")); err != nil {
		t.Fatal(err)
	}
	if now, err := c.Rel.Current(); err == nil || now != "" || strings.Contains(err.Error(), "from file") {
		t.Errorf("its file is gone: %q, %v", now, err)
	}
	var s Secret
	if err := s.UnmarshalText([]byte("file:" + dir + "/empty")); err == nil {
		t.Error("an empty file passed for a secret")
	}
	if err := s.UnmarshalText([]byte("env:CLARION_TEST_SECRET")); err != nil || s.Reveal() != "from env" {
		t.Error(err)
	}
}
