// Package email owns how a call looks as mail. A message is composed once for
// each language, by go-mail, with a sentinel wherever something differs from one
// recipient to the next; its bytes are then cut at the sentinels into fixed
// pieces and slots, so that one more message costs microseconds. Sending it is
// the gateway's.
package email

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
)

// Options say what the messages of a call need from the installation.
type Options struct {
	Organisation    string    // who speaks, in the footer and {{ organisation }}; "": asked of Person.Lookup
	MessageIDDomain string    // right side of Message-IDs and Content-IDs; required
	ListIDDomain    string    // end of the List-Id (RFC 2919 §2); MessageIDDomain if ""
	Pages           string    // base URL of the public pages, which have the pictures that are linked: "https://act.example.org"
	Date            time.Time // Date of messages whose Person has none
	Signer          Signer    // signs each message (RFC 6376); nil: none does
}

// A Signer signs messages in place: what Reserve appends is filled by Sign once
// the message stands behind it. It is safe for concurrent use.
type Signer interface {
	Reserve(dst []byte) []byte
	Sign(message []byte, at time.Time) error
}

// A Person is one recipient, and what only their message has.
type Person struct {
	To              address.Address
	Lookup          func(field string) (string, bool) // the contact's fields; may be nil
	MessageID       string                            // without brackets; the domain is added if it has none. The same on every try
	UnsubscribeURL  string                            // opaque, personal; one-click (RFC 8058) if https
	UnsubscribeMail string                            // address, or "": none
	ReportAddress   string                            // CFBL-Address (RFC 9477 §3.1): where complaints about this mail go, as ARF
	Date            time.Time
}

// A Message is a call's mail in one language, ready to be filled. It is safe
// for concurrent use.
type Message struct {
	wire    []piece // the message as sent
	text    []piece // the two bodies as read, for Preview
	html    []piece
	subject *templates.Text
	uses    []templates.Field // by number of the use
	options Options
	shows   []Picture
	service bool
	size    int // bytes of the fixed pieces
}

// Compile makes the message of c in one of its languages. With any problem, the
// Message is nil. c itself must have no problems.
func Compile(c *templates.Call, lang string, o Options) (*Message, []conf.Problem) {
	text, subject := c.Text(address.Email, lang), c.Subject(lang)
	if text == nil || subject == nil {
		return nil, []conf.Problem{{File: templates.CallFile, Message: fmt.Sprintf("the call has no mail in language %q", lang)}}
	}
	if !strings.Contains(o.MessageIDDomain, ".") || !isWord(o.MessageIDDomain) {
		return nil, []conf.Problem{{File: templates.CallFile, Message: fmt.Sprintf("%q is no domain for Message-IDs", o.MessageIDDomain)}}
	}
	if o.ListIDDomain == "" {
		o.ListIDDomain = o.MessageIDDomain
	}
	m := &Message{options: o, service: c.Class == templates.Service}
	if len(text.Fields())+len(subject.Fields()) > maxFields {
		return nil, []conf.Problem{{File: text.File(), Message: fmt.Sprintf("the text has more than %d merge fields", maxFields)}}
	}
	s := newSentinels(text)
	body := &body{call: c, lang: lang, options: o, looks: looksFor(lang, c.Email.Accent), sentinels: s, unsubscribe: !m.service}
	m.subject = body.fill(subject)
	plain, html, problems := body.render(text, m.subject)
	if len(problems) > 0 {
		return nil, problems
	}
	raw, err := compose(c, lang, o, s, body, plain, html)
	if err != nil {
		return nil, []conf.Problem{{File: text.File(), Message: err.Error()}}
	}
	m.uses, m.shows = s.uses, body.pictures
	m.wire, m.text, m.html = s.cut(raw), s.cut([]byte(plain)), s.cut([]byte(html))
	for _, p := range m.wire {
		m.size += len(p.fixed)
	}
	return m, nil
}

// Preview returns the message to p as a person would read it.
func (m *Message) Preview(p *Person) (subject, text, html string) {
	v := values{m: m, p: p}
	v.lookUp()
	return string(v.appendSubject(nil)), v.filled(m.text), v.filled(m.html)
}

// Size returns about how many bytes a message has, to make room for it.
func (m *Message) Size() int { return m.size + 2048 }

// isWord reports whether s is printable ASCII without blanks, brackets, quotes
// and commas: nothing that could end a header's value or a part of it.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c > '~':
			return false
		case c == '<' || c == '>' || c == '(' || c == ')' || c == '[' || c == ']' || c == '"' || c == '\\' || c == ',' || c == ';':
			return false
		}
	}
	return s != ""
}

// tidy makes a contact's value fit to stand on one line: line breaks, NUL and
// other control characters become spaces, bytes that are no UTF-8 U+FFFD.
func tidy(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return strings.Map(func(r rune) rune {
				if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
					return ' '
				}
				return r
			}, strings.ToValidUTF8(s, "\ufffd"))
		}
	}
	return s
}
