package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"

	"clarion/templates"
)

// compose has go-mail write the message, with sentinels for what is personal.
func compose(c *templates.Call, lang string, o Options, s *sentinels, b *body, plain, html string) ([]byte, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	from, err := netmail.ParseAddress(c.Email.From)
	if err != nil {
		return nil, fmt.Errorf("read email.from: %w", err)
	}
	m.FromMailAddress(from)
	if c.Email.ReplyTo != "" {
		reply, err := netmail.ParseAddress(c.Email.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("read email.reply_to: %w", err)
		}
		m.ReplyToMailAddress(reply)
	}
	m.SetGenHeader("To", s.header(slotTo))
	m.SetGenHeader(mail.HeaderSubject, s.header(slotSubject))
	m.SetGenHeader(mail.HeaderDate, s.header(slotDate))
	m.SetGenHeader(mail.HeaderMessageID, s.header(slotMessageID))
	m.SetGenHeader("Content-Language", lang)
	if c.Class != templates.Service {
		m.SetGenHeader(mail.HeaderListUnsubscribe, s.header(slotUnsubscribe))
		m.SetGenHeader("List-Id", "<"+slug(c.Campaign)+"."+o.ListIDDomain+">")
		// Out-of-office programs leave bulk mail alone, and so people's absences
		// do not come back to us (RFC 3834 §2; RFC 2076 §3.9 on Precedence).
		m.SetGenHeader(mail.HeaderPrecedence, "bulk")
	} else {
		m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	}
	// The same for Exchange, which heeds neither (MS-OXCMAIL §2.2.3.2.14).
	m.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	// Gmail: up to three of our own words, then a sender's that stays the same.
	m.SetGenHeader("Feedback-ID", fmt.Sprintf("%s:%s:%s:%s", slug(c.Name), slug(c.Campaign), c.Class, slug(o.ListIDDomain)))
	m.SetGenHeader("CFBL-Address", s.header(slotReport))
	m.SetBodyString(mail.TypeTextPlain, plain)
	m.AddAlternativeString(mail.TypeTextHTML, html)
	for _, p := range b.pictures {
		cid, embedded := strings.CutPrefix(p.URL, "cid:")
		if !embedded {
			continue
		}
		data, _ := c.File(p.File)
		if err := m.EmbedReader(p.File, bytes.NewReader(data), mail.WithFileContentID("<"+cid+">")); err != nil {
			return nil, fmt.Errorf("embed picture %s: %w", p.File, err)
		}
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("compose the mail: %w", err)
	}
	if err := s.complete(raw.Bytes()); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}

// slug is a name as a label of a List-Id: the letters and digits of ASCII in
// lower case. A name with others ends in a piece of its hash, so that two names
// are two labels.
func slug(name string) string {
	var b strings.Builder
	lossy := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case (r == ' ' || r == '-' || r == '_' || r == '.') && b.Len() > 0:
			if !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
		default:
			lossy = true
		}
	}
	s := strings.Trim(b.String(), "-")
	if len(s) > 40 {
		s, lossy = strings.Trim(s[:40], "-"), true
	}
	if lossy || s == "" {
		sum := sha256.Sum256([]byte(name))
		s = strings.Trim(s+"-"+hex.EncodeToString(sum[:4]), "-")
	}
	return s
}
