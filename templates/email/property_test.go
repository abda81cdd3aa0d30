package email

import (
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/conf"
	"clarion/lists/address"
)

// nasty are pieces of values that formats trip over.
var nasty = []string{
	"김영희", "a", "=", "=\r\n", "\r\n", "\n", "\x00", ".", "..", "\r\n.\r\n", "-- ", "--", " ", "  ", "\t", `"`, "'", "<", ">", "&", "&amp;", "<script>",
	"👩‍👩‍👧", "é", "\xff", "\xed\xa0\x80", "\u2028", "{{ name }}", "=?UTF-8?B?", "?=", "%", "%0d%0a", "https://", "javascript:", "/", "?", "#", "\r\nBcc: x@example.com\r\n",
	strings.Repeat("길", 60), strings.Repeat("x", 1200), "From ", ",", ";", ":", "\\", "]", "](", "*", "_", "`", "\u202e", "\ufeff", "~",
}

func value() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(nasty), 0, 6), func(s []string) string { return strings.Join(s, "") }),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

// Whatever the values are, what is read from a message is what Preview shows.
func TestAnyValues(t *testing.T) {
	t.Parallel()
	m := compiled(t, call(t, everywhere, everywhereSubject), "en")
	rapid.Check(t, func(r *rapid.T) {
		check(t, m, person(map[string]string{"name": value().Draw(r, "name"), "city": value().Draw(r, "city"), "code": value().Draw(r, "code"), "page_url": value().Draw(r, "page_url")}))
	})
}

// Wherever a field stands on its line, no line gets too long and no blank is lost.
func TestAnyColumn(t *testing.T) {
	t.Parallel()
	for width := range 90 {
		m := compiled(t, call(t, strings.Repeat("w", width)+" {{ name | }} {{ city | }}"+strings.Repeat("v", 89-width)+"\n\n{{ name | }}\n\n. {{ city | }}", "{{ name | }}"+strings.Repeat("s", width)), "en")
		for _, name := range []string{"", "x", "가", "=", strings.Repeat("x", 75), strings.Repeat("x", 76), strings.Repeat("=", 26), strings.Repeat("y ", 60), "y "} {
			check(t, m, person(map[string]string{"name": name, "city": name}))
			check(t, m, person(map[string]string{"name": "", "city": name}))
		}
	}
}

func TestAnyAddress(t *testing.T) {
	t.Parallel()
	m := compiled(t, call(t, "x", "x"), "en")
	for _, s := range []string{"a@example.com", "a.b+c@example.com", `"a b"@example.com`, `"a\"b"@example.com`, "a@xn--bj0bj06e.example", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + "example"} {
		p := person(nil)
		p.To = address.Canonical(address.Email, s)
		h, _ := check(t, m, p)
		if list, err := h.AddressList("To"); err != nil || len(list) != 1 || h.Get("To") != s {
			t.Errorf("To is %q: %v", h.Get("To"), err)
		}
	}
	for _, s := range []string{"a", "@b", "a@b\r\nBcc: c@d", "a b@example.com", "a,b@example.com", "a@b,c@example.com", "a@b@example.com", "<a@example.com>", `"a"b"@example.com`, `"a\"@example.com`, "\"a\r\nb\"@example.com", "a\x00@example.com", "\xff@example.com", "a@exa mple.com", strings.Repeat("a", 1000) + "@example.com", "a(b)@example.com"} {
		p := person(nil)
		p.To = address.Canonical(address.Email, s)
		raw, err := m.Append([]byte("kept"), p)
		if err == nil || string(raw) != "kept" {
			t.Errorf("%q stands in a header", s)
		} else if len(s) > 4 && strings.Contains(err.Error(), s) {
			t.Errorf("an error names the address: %v", err)
		}
	}
	p := person(nil)
	p.To = address.Canonical(address.SMS, "+821012345678")
	if _, err := m.Append(nil, p); err == nil {
		t.Error("a mail to a telephone")
	}
}

func TestHeadersAreRefused(t *testing.T) {
	t.Parallel()
	m := compiled(t, call(t, "x", "x"), "en")
	for name, spoil := range map[string]func(*Person){
		"no Message-ID":       func(p *Person) { p.MessageID = "" },
		"Message-ID":          func(p *Person) { p.MessageID = "a\r\nb" },
		"Message-ID, blank":   func(p *Person) { p.MessageID = "a b" },
		"no unsubscribe":      func(p *Person) { p.UnsubscribeURL = "" },
		"unsubscribe":         func(p *Person) { p.UnsubscribeURL = "https://x/>\r\nBcc: y" },
		"unsubscribe, scheme": func(p *Person) { p.UnsubscribeURL = "ftp://x/" },
		"unsubscribe, long":   func(p *Person) { p.UnsubscribeURL = "https://x/" + strings.Repeat("y", 1000) },
		"unsubscribe mail":    func(p *Person) { p.UnsubscribeMail = "a>@b" },
		"no report address":   func(p *Person) { p.ReportAddress = "" },
		"report address":      func(p *Person) { p.ReportAddress = "a@b; report=xarf" },
	} {
		p := person(nil)
		spoil(p)
		if raw, err := m.Append(nil, p); err == nil || len(raw) > 0 {
			t.Errorf("%s passed", name)
		}
	}
	o := options()
	o.Date = sent.AddDate(-1, 0, 0)
	m, _ = Compile(call(t, "x", "x"), "en", o)
	p := person(nil)
	p.Date, p.MessageID, p.UnsubscribeURL, p.UnsubscribeMail = sent, "<a@b.example>", "http://localhost:8080/u/x", ""
	h, _ := check(t, m, p)
	if d, err := h.Date(); err != nil || !d.Equal(sent) || h.Get("Message-Id") != "<a@b.example>" || h.Get("List-Unsubscribe") != "<http://localhost:8080/u/x>" || len(h["List-Unsubscribe-Post"]) > 0 {
		t.Errorf("header %v", h)
	}
	o.Date = time.Time{}
	m, _ = Compile(call(t, "x", "x"), "en", o)
	if _, err := m.Append(nil, person(nil)); err == nil {
		t.Error("a mail without a date")
	}
}

// snippets are pieces of texts, fields in all kinds of places among them.
var snippets = []string{
	"{{ name | x }}", "{{ page_url | https://example.org }}", "{{ petition_url }}", "{{ unsubscribe_url }}", "{{ city | }}", "https://", "http://x.example/", "www.", "mailto:", "[", "](", ")", "![", "](picture.png)",
	"<", ">", "*", "**", "_", "`", "```\n", "\n", "\n\n", "# ", "> ", "- ", "1. ", "    ", " ", "\\", "\\{{", "&", ";", ".", "/", "?a=", "님", "word", "\"", "(", "[a]: ", "[a]", "~~", "@", "---\n", "|", "\t", "!", "#",
}

// Whatever stands around the fields, a text compiles to a message that reads as
// Preview shows, no sentinel torn or left, or to problems.
func TestAnyMarkdown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := "w" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(snippets), 1, 24).Draw(r, "text"), "")
		defer func() {
			if t.Failed() {
				t.Logf("the text is %q", text)
			}
		}()
		c, problems := parse(t, text, "x")
		if len(problems) > 0 {
			return
		}
		m, problems := Compile(c, "en", options())
		if len(problems) > 0 {
			return
		}
		whole(t, c, "en", m)
		check(t, m, person(map[string]string{"name": `"<=`, "city": "\n", "page_url": "https://y.example/?a=<&b"}))
	})
}

func FuzzHeader(f *testing.F) {
	f.Add("Save 9 North Korean orphans: your signature will be delivered to the President, whoever that may be by then")
	f.Add("탈북 고아 9명을 살려 주세요")
	f.Add(" a  b =?UTF-8?B?eA==?= ")
	f.Fuzz(func(t *testing.T, s string) {
		s = tidy(s)
		const name = "Subject: "
		raw := appendHeader([]byte(name), len(name), []byte(s))
		for _, line := range strings.Split(string(raw), "\r\n") {
			if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q", line)
			}
		}
		msg, err := mail.ReadMessage(strings.NewReader(string(raw) + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := msg.Header.Get("Subject")
		if words, err := new(mime.WordDecoder).DecodeHeader(got); err != nil {
			t.Fatal(err)
		} else if words != s {
			t.Fatalf("%q came back as %q (%q)", s, words, raw)
		}
	})
}

func FuzzAppend(f *testing.F) {
	m := compiled(f, call(f, everywhere, everywhereSubject), "en")
	f.Add("김영희", "서울", "https://example.org", "7")
	f.Add("\r\n.\r\nx", "a =\t", "https://\"><x", "=3D")
	f.Fuzz(func(t *testing.T, name, city, page, code string) {
		check(t, m, person(map[string]string{"name": name, "city": city, "page_url": page, "code": code}))
	})
}

// Whatever a call's text is, it compiles to a message that reads as Preview
// shows, or to problems.
func FuzzCompile(f *testing.F) {
	f.Add(everywhere, "김")
	f.Add("[{{ a_url | x }}{{ b | y }}](x) {{ a_url | }}님 https://{{ url | x }}/{{ b | }}", "<")
	f.Add("[a]: {{ url | x }}\n\n[a] ![]({{ b | }}) <{{ url | }}> &{{ b | }}; \\{{", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		c, problems := parse(t, text, "x")
		if len(problems) > 0 {
			return
		}
		m, problems := Compile(c, "en", options())
		if len(problems) > 0 {
			if m != nil || slices.ContainsFunc(problems, func(p conf.Problem) bool { return p.Message == "" }) {
				t.Fatal(problems)
			}
			return
		}
		if !strings.Contains(text, urlAfter) {
			whole(t, c, "en", m)
		}
		p := person(nil)
		p.Lookup = func(string) (string, bool) { return value, true }
		check(t, m, p)
	})
}
