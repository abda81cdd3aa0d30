package smtp

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]reply{
		"250 ok\r\n": {code: 250}, "250\r\n": {code: 250}, "250-a\r\n250-b\r\n250 c\r\n": {code: 250}, "354 go\n": {code: 354},
		"550 5.1.1 no\r\n": {550, "5.1.1 no"}, "550-5.1.1 a\r\n550 5.1.1 b\r\n": {550, "5.1.1 a 5.1.1 b"}, "421\r\n": {code: 421},
	} {
		got, err := readReply(bufio.NewReader(strings.NewReader(in)))
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "250", "25\r\n", "abc def\r\n", "250-a\r\n550 b\r\n", "250_x\r\n", "150 x\r\n", "999 x\r\n", "\r\n",
		"250 " + strings.Repeat("x", 5000) + "\r\n", strings.Repeat("250-x\r\n", 5000)} {
		if got, err := readReply(bufio.NewReader(strings.NewReader(in))); err == nil {
			t.Errorf("%.40q read as %+v", in, got)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "550 5.1.1 no\r\nrest", "\x00", "250-"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		got, err := readReply(r)
		if err != nil {
			return
		}
		if got.code < 200 || got.code > 599 || strings.ContainsAny(got.text, "\n") || len(got.text) > maxReply {
			t.Fatalf("%q read as %+v", in, got)
		}
		// What follows the reply is still there.
		used := len(in) - r.Buffered()
		if used > 0 && used <= len(in) && len(in) <= 4096 && in[used-1] != '\n' {
			t.Fatalf("%q: read %d octets, past the end of a line", in, used)
		}
	})
}

// Whatever the body, it ends where we end it, and the far side reads what we
// were given (RFC 5321 §4.5.2).
func FuzzAppendBody(f *testing.F) {
	for _, s := range []string{"", ".", "a\r\n.\r\nb\r\n", "\r\n.\r\n", "..\r\n", "\n.\n", "a\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		wire := append(appendBody(nil, body), finalDot...)
		// A relay that ends lines at LF alone sees the end first there.
		var got []byte
		rest := wire
		for {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				t.Fatalf("%q has no end", wire)
			}
			line := rest[:i+1]
			rest = rest[i+1:]
			if string(line) == ".\r\n" || string(line) == ".\n" {
				break
			}
			got = append(got, bytes.TrimPrefix(line, []byte("."))...)
		}
		want := slices.Clone(body)
		if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
			want = append(want, "\r\n"...)
		}
		if len(rest) != 0 || !bytes.Equal(got, want) {
			t.Fatalf("%q left as %q and arrives as %q, with %q after the end", body, wire, got, rest)
		}
	})
}

func FuzzPathSafe(f *testing.F) {
	for _, s := range []string{"a@b.example", `"a b"@c.example`, "a>@b", "a\r\n@b", `"\""@c`, `"a`, "김@b.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !pathSafe(s) {
			return
		}
		// Read as a relay would: the path ends at the first bracket outside quotes.
		quoted := false
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == '\r' || c == '\n' || c == 0:
				t.Fatalf("%q ends a line", s)
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case c == '>' && !quoted:
				t.Fatalf("%q ends the path", s)
			}
		}
	})
}
