package email

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"clarion/templates"
)

// maxUses is how many fields are looked up without an allocation.
const maxUses = 16

// values is what one person's slots are filled with.
type values struct {
	m      *Message
	p      *Person
	inline [maxUses]string
	more   []string
}

// lookUp asks for every field once.
func (v *values) lookUp() {
	uses := v.m.uses
	if len(uses) > maxUses {
		v.more = make([]string, len(uses)-maxUses)
	}
	for i := range uses {
		s := v.field(&uses[i])
		if i < maxUses {
			v.inline[i] = s
		} else {
			v.more[i-maxUses] = s
		}
	}
}

func (v *values) use(i int) string {
	if i < maxUses {
		return v.inline[i]
	}
	return v.more[i-maxUses]
}

// field returns what stands at a field, on one line.
func (v *values) field(f *templates.Field) string {
	s := ""
	if f.Name == "unsubscribe_url" {
		s = v.p.UnsubscribeURL
	} else if v.p.Lookup != nil {
		s, _ = v.p.Lookup(f.Name)
	}
	if s == "" {
		return f.Fallback
	}
	return tidy(s)
}

// appendSubject appends the subject as text.
func (v *values) appendSubject(dst []byte) []byte {
	for _, part := range v.m.subject.Parts() {
		if part.Field != nil {
			dst = append(dst, v.field(part.Field)...)
		} else {
			dst = append(dst, part.Literal...)
		}
	}
	return dst
}

// Append appends the message to p to dst: RFC 5322, CRLF line ends, not
// dot-stuffed, quoted-printable lines of at most 76 characters (RFC 2045 §6.7)
// and no line over 998 (RFC 5322 §2.1.1). On an error, which names no address,
// dst is returned as it was.
func (m *Message) Append(dst []byte, p *Person) ([]byte, error) {
	start := len(dst)
	v := values{m: m, p: p}
	v.lookUp()
	q := qp{dst: dst}
	if m.options.Signer != nil {
		q.dst = m.options.Signer.Reserve(q.dst)
	}
	var err error
	for i := range m.wire {
		piece := &m.wire[i]
		if i > 0 && m.wire[i-1].kind >= 'a' {
			q.fixed(piece)
		} else {
			q.dst = append(q.dst, piece.fixed...)
			q.col = piece.tail
		}
		switch piece.kind {
		case 0:
		case slotTo:
			q.dst, err = appendTo(q.dst, p.To)
		case slotSubject:
			var buf [256]byte
			q.dst = appendHeader(q.dst, len("Subject: "), v.appendSubject(buf[:0]))
		case slotDate:
			q.dst, err = appendDate(q.dst, m.date(p))
		case slotMessageID:
			q.dst, err = m.appendMessageID(q.dst, p.MessageID)
		case slotUnsubscribe:
			q.dst, err = appendUnsubscribe(q.dst, p)
		case slotReport:
			q.dst, err = appendReport(q.dst, p)
		default:
			q.slot(piece.kind, v.use(piece.use))
		}
		if err != nil {
			return dst[:start], fmt.Errorf("write a mail: %w", err)
		}
	}
	if m.options.Signer != nil {
		if err := m.options.Signer.Sign(q.dst[start:], m.date(p)); err != nil {
			return dst[:start], fmt.Errorf("write a mail: %w", err)
		}
	}
	return q.dst, nil
}

// filled returns pieces that are not encoded, filled.
func (v *values) filled(pieces []piece) string {
	q := qp{plain: true}
	for i := range pieces {
		q.dst = append(q.dst, pieces[i].fixed...)
		if pieces[i].kind != 0 {
			q.slot(pieces[i].kind, v.use(pieces[i].use))
		}
	}
	return string(q.dst)
}

// date is when the message to p is from.
func (m *Message) date(p *Person) time.Time {
	if p.Date.IsZero() {
		return m.options.Date
	}
	return p.Date
}

func appendDate(dst []byte, t time.Time) ([]byte, error) {
	if t.IsZero() {
		return dst, errors.New("it has no date")
	}
	return t.AppendFormat(dst, time.RFC1123Z), nil // RFC 5322 §3.3
}

func (m *Message) appendMessageID(dst []byte, id string) ([]byte, error) {
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if !isWord(id) || len(id) > 500 {
		return dst, errors.New("its Message-ID is missing, too long, or holds what no Message-ID can (RFC 5322 §3.6.4)")
	}
	dst = append(dst, '<')
	dst = append(dst, id...)
	if !strings.Contains(id, "@") {
		dst = append(dst, '@')
		dst = append(dst, m.options.MessageIDDomain...)
	}
	return append(dst, '>'), nil
}
