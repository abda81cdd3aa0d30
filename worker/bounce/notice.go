package bounce

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
)

// A notice is what a mail server wrote for a person to read.
type notice struct {
	text string         // without the message that came back
	rest []byte         // that message, where the text itself holds it
	back message.Header // its header, as far as it is there
}

// notice returns the words of a mail up to where the returned message begins.
func (m *mail) notice() *notice {
	if m.words == nil {
		m.words = m.readNotice()
	}
	return m.words
}

func (m *mail) readNotice() *notice {
	n := &notice{}
	var text []byte
	for _, want := range []string{"text/plain", "text/html"} {
		for _, p := range m.parts {
			if p.typ != want || len(text) > maxText {
				continue
			}
			body := p.body[:min(len(p.body), maxText)]
			if want == "text/html" {
				body = []byte(plain(string(body)))
			}
			text = append(append(text, body...), '\n')
		}
		if len(bytes.TrimSpace(text)) > 0 {
			break
		}
	}
	words, rest := cutReturned(text)
	n.text = shorten(strings.ReplaceAll(string(words), "\r\n", "\n"))
	n.back, n.rest = m.returned(), rest
	if n.back.Len() == 0 && len(rest) > 0 {
		n.back, _ = splitHeader(rest)
	}
	return n
}

// shorten cuts runs of the characters of addresses that are longer than a local
// part (RFC 5321 §4.5.3.1.1) or, behind an @, a domain may be: no address is lost,
// and the search for them takes no longer than for words.
func shorten(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	run, most := 0, maxLocal
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '@':
			run, most = 0, maxDomain
		case c > ' ' && c < 0x7f && !strings.ContainsRune("\"(),:;<>[\\]`", rune(c)):
			if run++; run > most {
				continue
			}
		default:
			run, most = 0, maxLocal
		}
		b.WriteByte(c)
	}
	return b.String()
}

const (
	maxLocal  = 64
	maxDomain = 255
)

// returnedMark matches the line after which the returned message stands, as
// servers draw it, or the trace field that starts it.
var returnedMark = regexp.MustCompile(`(?i)^(?:` + strings.Join([]string{
	`[-|*= ]{2,}.*(?:below this line|copy of (?:the|your) message|original message|returned message|unsent message|message (?:text|header)s? follows?|undelivered message).*`,
	`original message follows\.?`, `message headers? follows?\.?`, `(?:below|included) is a copy of the (?:original )?message.*`, `begin forwarded message:`,
}, "|") + `)\s*$`)

var traceField = regexp.MustCompile(`^(?:Received: (?:from|by) |Return-[Pp]ath: ?<)`)

// cutReturned parts a text before the message that it returns.
func cutReturned(text []byte) (words, returned []byte) {
	for at := 0; at < len(text); {
		line, rest := cutLine(text[at:])
		if len(line) < 200 {
			trimmed := bytes.TrimSpace(line)
			if mayMark(trimmed) && returnedMark.Match(trimmed) {
				return text[:at], bytes.TrimLeft(rest, "-\r\n ")
			}
			if at > 0 && bytes.HasPrefix(line, []byte("Re")) && traceField.Match(line) {
				if before := lastLine(text[:at]); bytes.HasPrefix(before, []byte("From ")) {
					at -= len(before) // a mailbox's line above the header
				}
				return text[:at], text[at:]
			}
		}
		at = len(text) - len(rest)
	}
	return text, nil
}

// mayMark tells most lines apart from a mark without the cost of returnedMark.
func mayMark(line []byte) bool {
	lower := bytes.ToLower(line)
	return bytes.Contains(lower, []byte("message")) || bytes.Contains(lower, []byte("below this line"))
}

// lastLine returns the last line of text with its end.
func lastLine(text []byte) []byte {
	return text[bytes.LastIndexByte(bytes.TrimRight(text, "\r\n"), '\n')+1:]
}

var (
	hidden = regexp.MustCompile(`(?is)<(?:style|script|head)\b.*?</(?:style|script|head)\s*>`)
	blocks = regexp.MustCompile(`(?i)</?(?:p|br|div|tr|td|table|li|ul|h[1-6])\b[^>]*>`)
	tags   = regexp.MustCompile(`<[a-zA-Z/!][^>@]*>`) // not <a@b.example>
)

// plain returns the words of an HTML text, a block a line.
func plain(s string) string {
	s = hidden.ReplaceAllString(s, " ")
	s = blocks.ReplaceAllString(s, "\n")
	return html.UnescapeString(tags.ReplaceAllString(s, " "))
}
