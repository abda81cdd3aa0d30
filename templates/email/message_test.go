package email

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
)

var sent = time.Date(2013, 6, 10, 9, 0, 0, 0, time.FixedZone("KST", 9*3600))

func options() Options {
	return Options{Organisation: "북한인권시민모임", MessageIDDomain: "mail.example.org", ListIDDomain: "calls.example.org", Date: sent}
}

func person(fields map[string]string) *Person {
	return &Person{
		To:              address.Canonical(address.Email, "kim@example.com"),
		Lookup:          func(name string) (string, bool) { v, ok := fields[name]; return v, ok },
		MessageID:       "c7.b3.12",
		UnsubscribeURL:  "https://save9.example.org/u/mfrggzdfmztwq2lk",
		UnsubscribeMail: "unsubscribe+mfrggzdfmztwq2lk@mail.example.org",
		ReportAddress:   "b+mfrggzdfmztwq2lk@mail.example.org",
	}
}

// call makes a call of one text and one subject.
func call(t testing.TB, text, subject string) *templates.Call {
	t.Helper()
	c, problems := parse(t, text, subject)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func parse(t testing.TB, text, subject string) (*templates.Call, []conf.Problem) {
	t.Helper()
	return templates.Parse(map[string][]byte{
		"call.toml": fmt.Appendf(nil, `campaign = "Save 9"
name = "launch"
class = "appeal"
languages = ["en"]
channels = ["email"]
fields = ["city", "code", "page_url"]
[audience]
lists = ["x"]
[email]
from = "나인을 구하자 <save9@example.org>"
reply_to = "campaign@example.org"
subject.en = %q
[values]
petition_url = "https://save9.example.org/sign?a=1&b=2"
`, subject),
		"text.en.md":  []byte(text),
		"picture.png": examplePicture(t),
	})
}

func examplePicture(t testing.TB) []byte {
	t.Helper()
	f, err := templates.Example().Open("picture.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// everywhere has a field in every place where one can stand.
const everywhere = `# Dear {{ name | friend }}

{{ name | friend }}, **{{ name | friend }}** of *{{ city | your town }}*{{ city | }}
![{{ name | }} and nine](picture.png "{{ city | }}")

1. [{{ name | x }}]({{ petition_url }} "for {{ name | x }}")
2. [sign](https://example.org/{{ code | 0 }}/s?c={{ code | 0 }}&n={{ name | x }})
   - {{ page_url | https://example.org }} <{{ page_url | https://example.org }}>
   - [page]({{ page_url | https://example.org }}) [more]({{ page_url | https://example.org }}/more?x={{ code | 0 }})

> said {{ name | friend }}` + "\n\n`{{ name | x }}` \\{{ not a field }} & \\*this\\* &lt;\n\n    {{ name | x }}\n    . code\n\n```\n{{ city | x }}\n```\n" + `
{{ name | x }}
`

const everywhereSubject = "{{ name | Friend }}, save the nine of {{ city | your town }} now"

func compiled(t testing.TB, c *templates.Call, lang string) *Message {
	t.Helper()
	m, problems := Compile(c, lang, options())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	whole(t, c, lang, m)
	return m
}

// A part is one leaf of a MIME tree, decoded.
type part struct {
	kind string // media type
	body string
}

// read takes a message apart with the standard library, as strictly as it can.
func read(t testing.TB, raw []byte) (mail.Header, []part) {
	t.Helper()
	lines := strings.Split(string(raw), "\r\n")
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a bare line end or NUL in %q", line)
		}
		if len(line) > 998 {
			t.Fatalf("a line of %d bytes", len(line))
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }); i >= 0 {
			t.Fatalf("a byte that 7bit does not carry in %q", line)
		}
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	var parts []part
	walk(t, msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body, &parts)
	return msg.Header, parts
}

func walk(t testing.TB, contentType, encoding string, body io.Reader, into *[]part) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			walk(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, into)
		}
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded []byte
	switch encoding {
	case "quoted-printable":
		for _, line := range strings.Split(string(raw), "\r\n") {
			if len(line) > 76 {
				t.Fatalf("a quoted-printable line of %d: %q", len(line), line)
			}
			if strings.TrimRight(line, " \t") != line {
				t.Fatalf("a quoted-printable line ends in a blank: %q", line)
			}
			if strings.HasSuffix(line, "=") && !utf8.ValidString(line) {
				t.Fatalf("%q", line)
			}
		}
		decoded, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	case "base64":
		decoded, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(raw)))
	default:
		t.Fatalf("encoding %q", encoding)
	}
	if err != nil {
		t.Fatal(err)
	}
	*into = append(*into, part{kind, strings.ReplaceAll(string(decoded), "\r\n", "\n")})
}

func subjectOf(t testing.TB, h mail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check reads the message to p and holds it against what Preview shows.
func check(t testing.TB, m *Message, p *Person) (mail.Header, []part) {
	t.Helper()
	raw, err := m.Append([]byte("kept"), p)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(raw, []byte("kept")) {
		t.Fatal("Append does not append")
	}
	h, parts := read(t, raw[4:])
	subject, text, html := m.Preview(p)
	if got := subjectOf(t, h); got != strings.TrimRight(subject, " ") && got != subject {
		t.Fatalf("subject %q, want %q", got, subject)
	}
	if len(parts) < 2 || parts[0] != (part{"text/plain", text}) {
		t.Fatalf("text is\n%q\nwant\n%q", parts[0].body, text)
	}
	if parts[1] != (part{"text/html", html}) {
		t.Fatalf("HTML is\n%q\nwant\n%q", parts[1].body, html)
	}
	// What go-mail and we put there, and nothing that a value could add.
	known := map[string]bool{"Auto-Submitted": m.service, "Cfbl-Address": true, "Content-Language": true, "Content-Type": true, "Date": true, "Feedback-Id": true, "From": true, "List-Id": true,
		"List-Unsubscribe": true, "List-Unsubscribe-Post": true, "Message-Id": true, "Mime-Version": true, "Precedence": true, "Reply-To": true, "Subject": true, "To": true, "X-Auto-Response-Suppress": true}
	for name, values := range h {
		if !known[name] || len(values) != 1 {
			t.Fatalf("header %s: %q", name, values)
		}
	}
	return h, parts
}

// whole fails if a sentinel, or a torn piece of one, was not cut out.
func whole(t testing.TB, c *templates.Call, lang string, m *Message) {
	t.Helper()
	tag := newSentinels(c.Text(address.Email, lang)).tag
	for _, pieces := range [][]piece{m.wire, m.text, m.html} {
		for _, p := range pieces {
			if bytes.Contains(p.fixed, []byte(tag[:8])) || bytes.Contains(p.fixed, []byte(urlAfter)) {
				t.Fatalf("a sentinel is left in %q", p.fixed)
			}
		}
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	c, problems, err := templates.LoadFS(templates.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for lang, want := range map[string][]string{
		"ko": {"김영희님께,", "지금 서명하기:\nhttps://save9.example.org/sign\n", "북한인권시민모임 드림", "수신거부 (Unsubscribe)\nhttps://save9.example.org/u/mfrggzdfmztwq2lk", "1. 아홉 명이", "[손을 잡고"},
		"en": {"Dear 김영희,", "\n\nSign the petition:\nhttps://save9.example.org/sign\n\n", "\n북한인권시민모임\n", "Unsubscribe (수신거부)\nhttps://save9.example.org/u/mfrggzdfmztwq2lk", "3. to work"},
	} {
		m := compiled(t, c, lang)
		h, parts := check(t, m, person(map[string]string{"name": "김영희"}))
		for _, s := range want {
			if !strings.Contains(parts[0].body, s) {
				t.Errorf("%s: the text lacks %q:\n%s", lang, s, parts[0].body)
			}
		}
		for _, s := range []string{`<html lang="` + lang + `">`, `src="cid:`, `href="https://save9.example.org/sign"`, looksFor(lang, "").button(), `href="https://save9.example.org/u/mfrggzdfmztwq2lk"`, "color-scheme", `width="600"`} {
			if !strings.Contains(parts[1].body, s) {
				t.Errorf("%s: the HTML lacks %q:\n%s", lang, s, parts[1].body)
			}
		}
		if len(parts) != 3 || parts[2].kind != "image/png" || parts[2].body != string(strings.ReplaceAll(string(examplePicture(t)), "\r\n", "\n")) {
			t.Errorf("%s: the picture is not in the mail", lang)
		}
		for name, value := range map[string]string{
			"To": "kim@example.com", "Message-Id": "<c7.b3.12@mail.example.org>", "Date": "Mon, 10 Jun 2013 09:00:00 +0900", "Content-Language": lang,
			"List-Unsubscribe":      "<https://save9.example.org/u/mfrggzdfmztwq2lk>, <mailto:unsubscribe+mfrggzdfmztwq2lk@mail.example.org?subject=unsubscribe>",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "<save-9.calls.example.org>", "Precedence": "bulk",
			"Feedback-Id": "launch:save-9:appeal:calls-example-org", "CFBL-Address": "b+mfrggzdfmztwq2lk@mail.example.org; report=arf", "X-Auto-Response-Suppress": "OOF, AutoReply", "From": `"Save 9" <save9@example.org>`,
		} {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", lang, name, got, value)
			}
		}
	}
}

func TestFallbacks(t *testing.T) {
	t.Parallel()
	m := compiled(t, call(t, everywhere, everywhereSubject), "en")
	h, parts := check(t, m, person(nil))
	if got := subjectOf(t, h); got != "Friend, save the nine of your town now" {
		t.Errorf("subject %q", got)
	}
	for _, s := range []string{"Dear friend\n", "friend, friend of your town [ and nine]", "{{ not a field }} & *this* <", "sign (https://example.org/0/s?c=0&n=x)", "page (https://example.org)", "x (https://save9.example.org/sign?a=1&b=2)", "> said friend"} {
		if !strings.Contains(parts[0].body, s) {
			t.Errorf("the text lacks %q:\n%s", s, parts[0].body)
		}
	}
	p := person(nil)
	p.Lookup = nil
	if again, _ := m.Append(nil, p); len(again) == 0 {
		t.Error("no message without a lookup")
	}
}

func TestValuesAreEscaped(t *testing.T) {
	t.Parallel()
	m := compiled(t, call(t, everywhere, everywhereSubject), "en")
	_, parts := check(t, m, person(map[string]string{"name": `<b>"A" & 'B'</b>`, "city": "a\r\nBcc: x@example.com\x00", "code": "1&x=/가", "page_url": "javascript:alert(1)"}))
	for _, s := range []string{
		"&lt;b&gt;&#34;A&#34; &amp; &#39;B&#39;&lt;/b&gt;", `title="for &lt;b&gt;&#34;A&#34;`, `href="https://example.org/1%26x%3D%2F%EA%B0%80/s?c=1%26x%3D%2F%EA%B0%80&amp;n=%3Cb%3E`,
		`<a href="#" style="` + looksFor("en", "").link() + `">page</a>`, "a  Bcc: x@example.com ", `href="https://save9.example.org/sign?a=1&amp;b=2"`,
	} {
		if !strings.Contains(parts[1].body, s) {
			t.Errorf("the HTML lacks %q:\n%s", s, parts[1].body)
		}
	}
	if strings.Contains(parts[1].body, "<b>") || strings.Contains(parts[1].body, `href="javascript`) {
		t.Errorf("a value is HTML:\n%s", parts[1].body)
	}
	_, parts = check(t, m, person(map[string]string{"page_url": `https://example.net/"onclick=x?a=1&b=가#c`}))
	if s := `href="https://example.net/%22onclick=x?a=1&amp;b=%EA%B0%80#c"`; !strings.Contains(parts[1].body, s) {
		t.Errorf("the HTML lacks %q:\n%s", s, parts[1].body)
	}
}
