package email

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"

	"clarion/templates"
)

// compose with go-mail itself, the values in place: what a message would be
// without compiling.
func direct(t testing.TB, c *templates.Call, m *Message, p *Person) []byte {
	t.Helper()
	subject, text, html := m.Preview(p)
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	from, err := netmail.ParseAddress(c.Email.From)
	if err != nil {
		t.Fatal(err)
	}
	msg.FromMailAddress(from)
	if err := msg.ReplyTo(c.Email.ReplyTo); err != nil {
		t.Fatal(err)
	}
	if err := msg.To(p.To.Reveal()); err != nil {
		t.Fatal(err)
	}
	msg.Subject(subject)
	msg.SetDateWithValue(sent)
	msg.SetMessageIDWithValue(p.MessageID + "@mail.example.org")
	if err := msg.SetListUnsubscribeOneClick(p.UnsubscribeURL, "mailto:"+p.UnsubscribeMail+"?subject=unsubscribe"); err != nil {
		t.Fatal(err)
	}
	msg.SetGenHeader("Precedence", "bulk")
	msg.SetGenHeader("Content-Language", "en")
	msg.SetGenHeader("List-Id", "<save-9.calls.example.org>")
	msg.SetGenHeader("Feedback-ID", "launch:save-9:appeal:calls-example-org")
	msg.SetGenHeader("CFBL-Address", p.ReportAddress+"; report=arf")
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	msg.SetBodyString(mail.TypeTextPlain, text)
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// go-mail, given the values themselves, makes a message that reads the same.
func TestAsGoMailComposes(t *testing.T) {
	t.Parallel()
	c := call(t, strings.ReplaceAll(everywhere, `![{{ name | }} and nine](picture.png "{{ city | }}")`, ""), everywhereSubject)
	m := compiled(t, c, "en")
	for _, name := range []string{"Kim", "김영희", `"A" = <b>`, ".", strings.Repeat("길 ", 50), ""} {
		p := person(map[string]string{"name": name, "city": "서울", "code": "7"})
		h, parts := check(t, m, p)
		wantHeader, wantParts := read(t, direct(t, c, m, p))
		for _, key := range []string{"From", "To", "Subject", "Reply-To"} { // To in brackets, and other encoded words
			for _, header := range []netmail.Header{h, wantHeader} {
				s, err := new(mime.WordDecoder).DecodeHeader(header.Get(key))
				if err != nil {
					t.Fatal(err)
				}
				header[key] = []string{strings.Trim(s, "<>")}
			}
		}
		delete(h, "Content-Type") // random boundaries
		delete(wantHeader, "Content-Type")
		for key := range h {
			if h.Get(key) != wantHeader.Get(key) {
				t.Errorf("%s is %q, go-mail writes %q", key, h.Get(key), wantHeader.Get(key))
			}
		}
		if len(h) != len(wantHeader) || len(parts) != 2 || parts[0] != wantParts[0] || parts[1] != wantParts[1] {
			t.Errorf("for %q go-mail writes another message", name)
		}
	}
}

// threeKB is a call whose message has about three kilobytes.
func threeKB(b testing.TB) (*templates.Call, *Message, *Person) {
	b.Helper()
	c := call(b, "Dear {{ name | friend }},\n\n"+strings.Repeat("In May 2013 nine orphans who had escaped to Laos were sent back. ", 7)+"\n\n**[Sign]({{ petition_url }})**, {{ name | friend }} of {{ city | your town }}.", everywhereSubject)
	o := options()
	o.Organisation = "Save 9"
	m, problems := Compile(c, "en", o)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return c, m, person(map[string]string{"name": "Kim Younghee", "city": "Seoul"})
}

func TestAllocations(t *testing.T) {
	_, m, p := threeKB(t)
	buf := make([]byte, 0, m.Size())
	if n := testing.AllocsPerRun(100, func() {
		var err error
		if buf, err = m.Append(buf[:0], p); err != nil {
			t.Fatal(err)
		}
	}); n > 4 {
		t.Errorf("a message takes %v allocations", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	_, m, p := threeKB(b)
	buf := make([]byte, 0, m.Size())
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = m.Append(buf[:0], p); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkGoMail(b *testing.B) {
	c, m, p := threeKB(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.Discard.Write(direct(b, c, m, p)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	c, _, _ := threeKB(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Compile(c, "en", options()); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
