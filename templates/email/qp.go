package email

import (
	"strings"
	"unicode/utf8"
)

// qp fills slots in quoted-printable bodies (RFC 2045 §6.7). It knows the
// column, and breaks lines softly so that none passes 76 characters, whatever
// the values are.
type qp struct {
	dst   []byte
	col   int
	plain bool // nothing is encoded, for previews
}

const (
	maxLine   = 76
	hexDigits = "0123456789ABCDEF"
)

func (q *qp) soft() {
	q.dst = append(q.dst, "=\r\n"...)
	q.col = 0
}

// fixed appends the bytes after a slot.
func (q *qp) fixed(p *piece) {
	room := maxLine - q.col
	if !p.lines {
		room-- // the line goes on behind them, perhaps after a soft break
	}
	if p.head > room {
		q.soft()
	} else if p.head == 0 && p.lines && q.col > 0 {
		// A blank at the end of a line may be lost on the way (rule 3).
		if c := q.dst[len(q.dst)-1]; c == ' ' || c == '\t' {
			q.soft()
		}
	}
	q.dst = append(q.dst, p.fixed...)
	if p.lines {
		q.col = p.tail
	} else {
		q.col += len(p.fixed)
	}
}

// rune appends the bytes of one character; they stay on one line.
func (q *qp) rune(s string) {
	if q.plain {
		q.dst = append(q.dst, s...)
		return
	}
	if len(s) == 1 && s[0] >= ' ' && s[0] <= '~' && s[0] != '=' {
		if q.col+1 > maxLine-1 {
			q.soft()
		}
		q.dst = append(q.dst, s[0])
		q.col++
		return
	}
	if q.col+3*len(s) > maxLine-1 {
		q.soft()
	}
	for i := range len(s) {
		q.dst = append(q.dst, '=', hexDigits[s[i]>>4], hexDigits[s[i]&15])
	}
	q.col += 3 * len(s)
}

// slot writes a value as the kind of its slot wants it: escaped for HTML, as a
// URL, or as it is.
func (q *qp) slot(kind byte, value string) {
	html := kind == slotHTML || kind == slotHref || kind == slotHrefPart
	inURL := kind == slotURLPart || kind == slotHrefPart
	whole := kind == slotURL || kind == slotHref
	if kind == slotHref && !linkable(value) {
		value = "#"
	}
	for i := 0; i < len(value); {
		if n := run(value[i:]); n > 0 {
			q.ascii(value[i : i+n])
			i += n
			continue
		}
		_, size := utf8.DecodeRuneInString(value[i:])
		c := value[i : i+size]
		i += size
		switch {
		case inURL && !unreserved(c[0]) || whole && !urlByte(c[0]):
			q.percent(c)
		case html && escapes(c[0]) != "":
			q.ascii(escapes(c[0]))
		default:
			q.rune(c)
		}
	}
}

// run counts the bytes that s begins with and that are the same in every slot.
func run(s string) int {
	n := 0
	for n < len(s) && unreserved(s[n]) {
		n++
	}
	return n
}

// linkable reports whether a value may be what a link leads to: no script.
func linkable(url string) bool {
	for _, scheme := range [...]string{"https://", "http://", "mailto:", "tel:", "sms:"} {
		if len(url) > len(scheme) && strings.EqualFold(url[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

func escapes(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&#34;"
	case '\'':
		return "&#39;"
	}
	return ""
}

// unreserved are the characters that never need percent-encoding (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// urlByte reports whether c can stand in a URL (RFC 3986 §2), quotes excepted.
func urlByte(c byte) bool {
	return unreserved(c) || strings.IndexByte(":/?#[]@!$&()*+,;=%", c) >= 0
}

func (q *qp) percent(s string) {
	for i := range len(s) {
		q.rune("%")
		q.rune(hexDigits[s[i]>>4 : s[i]>>4+1])
		q.rune(hexDigits[s[i]&15 : s[i]&15+1])
	}
}

// ascii appends printable ASCII without "=".
func (q *qp) ascii(s string) {
	for !q.plain && q.col+len(s) > maxLine-1 {
		n := maxLine - 1 - q.col
		q.dst = append(q.dst, s[:n]...)
		q.soft()
		s = s[n:]
	}
	q.dst = append(q.dst, s...)
	q.col += len(s)
}
