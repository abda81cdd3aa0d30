package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"clarion/templates"
)

// What stands in a slot, and how it is written there.
const (
	slotUnmarked = 'x' // not known yet
	// In the bodies:
	slotText     = 't' // as it is
	slotHTML     = 'h' // escaped for HTML, in text or in an attribute
	slotURL      = 'p' // text: a whole URL
	slotURLPart  = 'w' // text: inside a URL, percent-encoded
	slotHref     = 'u' // HTML: a whole URL
	slotHrefPart = 'v' // HTML: inside a URL, percent-encoded
	// In the header:
	slotTo          = 'A'
	slotSubject     = 'B'
	slotDate        = 'C'
	slotMessageID   = 'D'
	slotUnsubscribe = 'E'
	slotReport      = 'F'
)

const headerSlots = "ABCDF"

// maxFields leaves room for the footer's among the three digits of a sentinel.
const maxFields = 900

// sentinels are words of letters and digits that stand for what is not known
// yet: neither Markdown, HTML, quoted-printable nor a header change them. One is
// the tag, a kind, the number of the use (three digits), "z".
type sentinels struct {
	tag  string
	uses []templates.Field
	torn []templates.Field // URLs of which Markdown made another
}

func newSentinels(text *templates.Text) *sentinels {
	// The tag depends on the text alone, and is not in it.
	var all strings.Builder
	for _, p := range text.Parts() {
		all.WriteString(p.Literal)
	}
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(strconv.Itoa(n) + all.String()))
		tag := "zq" + hex.EncodeToString(sum[:5])
		if !strings.Contains(all.String(), tag) {
			return &sentinels{tag: tag}
		}
	}
}

func (s *sentinels) word(kind byte, use int) string {
	return fmt.Sprintf("%s%c%03dz", s.tag, kind, use)
}

func (s *sentinels) header(kind byte) string { return s.word(kind, 0) }

// add takes a use of a field, and returns what stands for it in Markdown. A
// field that is a URL by its name looks like one, so that it becomes a link.
func (s *sentinels) add(f templates.Field) string {
	s.uses = append(s.uses, f)
	w := s.word(slotUnmarked, len(s.uses)-1)
	if isURL(f.Name) {
		return urlBefore + w + urlAfter
	}
	return w
}

const urlBefore, urlAfter = "https://", ".invalid/" // RFC 2606 §2

func isURL(field string) bool { return field == "url" || strings.HasSuffix(field, "_url") }

// mark gives each unmarked sentinel in t the kind that kind finds for what
// stands before it, and takes the looks of a URL away.
func (s *sentinels) mark(t string, kind func(before string) byte) string {
	var b strings.Builder
	prefix := s.tag + string(slotUnmarked)
	for {
		i := strings.Index(t, prefix)
		if i < 0 {
			b.WriteString(t)
			return b.String()
		}
		end := i + len(prefix) + 4
		use, err := strconv.Atoi(t[i+len(prefix) : end-1])
		if err != nil || use >= len(s.uses) { // cannot be: sentinels are made by add
			b.WriteString(t[:end])
			t = t[end:]
			continue
		}
		b.WriteString(t[:i])
		t = t[end:]
		before := b.String()
		if f := s.uses[use]; isURL(f.Name) {
			if !strings.HasSuffix(before, urlBefore) || !strings.HasPrefix(t, urlAfter) {
				s.torn = append(s.torn, f)
			}
			before = strings.TrimSuffix(before, urlBefore)
			t = strings.TrimPrefix(t, urlAfter)
		}
		word := s.word(kind(before), use)
		b.Reset()
		b.WriteString(before)
		b.WriteString(word)
	}
}

// markURL marks the sentinels of a URL in plain text.
func (s *sentinels) markURL(url string) string {
	return s.mark(url, func(before string) byte {
		if before == "" {
			return slotURL
		}
		return slotURLPart
	})
}

// markHTML marks the sentinels of a document by where they stand in it.
func (s *sentinels) markHTML(html string) string {
	return s.mark(html, func(before string) byte {
		open := strings.LastIndexByte(before, '<')
		if open <= strings.LastIndexByte(before, '>') {
			return slotHTML
		}
		quote := strings.LastIndex(before, `="`)
		if quote < open || !strings.HasSuffix(before[:quote], " href") {
			return slotHTML
		}
		if quote+2 == len(before) {
			return slotHref
		}
		return slotHrefPart
	})
}

// missing returns the uses that do not stand in t.
func (s *sentinels) missing(t string) []templates.Field {
	var out []templates.Field
	for use, f := range s.uses {
		if !regexp.MustCompile(fmt.Sprintf("%s[a-z]%03dz", s.tag, use)).MatchString(t) {
			out = append(out, f)
		}
	}
	return out
}

// pattern finds a sentinel in a message, where soft line breaks (RFC 2045 §6.7
// rule 5) may have torn it.
func (s *sentinels) pattern() *regexp.Regexp {
	const soft = `(?:=\r\n)?`
	var b strings.Builder
	for _, c := range s.tag {
		b.WriteRune(c)
		b.WriteString(soft)
	}
	b.WriteString(`([a-zA-Z])` + soft + `([0-9])` + soft + `([0-9])` + soft + `([0-9])` + soft + `z`)
	return regexp.MustCompile(b.String())
}

// complete reports whether the header of a message has all its slots.
func (s *sentinels) complete(raw []byte) error {
	for _, kind := range headerSlots {
		if n := bytes.Count(raw, []byte(s.header(byte(kind)))); n != 1 {
			return fmt.Errorf("compose the mail: slot %c of the header stands %d times", kind, n)
		}
	}
	return nil
}

// A piece is fixed bytes, and the slot after them.
type piece struct {
	fixed []byte
	kind  byte // 0: none, the message ends
	use   int
	head  int // bytes of fixed before its first line end, or all
	tail  int // bytes of fixed after its last line end, or all
	lines bool
}

// cut takes raw apart at its sentinels.
func (s *sentinels) cut(raw []byte) []piece {
	var out []piece
	at := 0
	for _, m := range s.pattern().FindAllSubmatchIndex(raw, -1) {
		digit := func(n int) int { return int(raw[m[n]] - '0') }
		out = append(out, newPiece(raw[at:m[0]], raw[m[2]], digit(4)*100+digit(6)*10+digit(8)))
		at = m[1]
	}
	return append(out, newPiece(raw[at:], 0, 0))
}

func newPiece(fixed []byte, kind byte, use int) piece {
	p := piece{fixed: bytes.Clone(fixed), kind: kind, use: use, head: len(fixed), tail: len(fixed)}
	if i := bytes.Index(fixed, []byte("\r\n")); i >= 0 {
		p.head, p.lines = i, true
		p.tail = len(fixed) - bytes.LastIndex(fixed, []byte("\r\n")) - 2
	}
	return p
}
