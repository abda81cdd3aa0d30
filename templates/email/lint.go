package email

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
)

// maxHTML is in bytes: Gmail cuts off after 102 KB.
const maxHTML = 100 << 10

// Lint holds the mail of a call in one of its languages, as p would get it,
// against the rules that need no more than the call. line finds the lines of
// keys in call.toml.
func Lint(c *templates.Call, lang string, m *Message, p *Person, line func(key ...string) int) []conf.Problem {
	l := &linter{call: c, lang: lang, line: line}
	subject, _, html := m.Preview(p)
	l.from()
	l.subject(subject, line("email", "subject", lang))
	l.text(c.Text(address.Email, lang))
	if accent := c.Email.Accent; accent != "" && Contrast(accent) < MinContrast {
		l.broken(AccentContrast, templates.CallFile, line("email", "accent"), Contrast(accent))
	}
	if slices.ContainsFunc(m.shows, func(p Picture) bool { return p.Name != "" }) && !fetchable(m.options.Pages) {
		l.broken(PictureHidden, templates.CallFile, line("email", "pictures"), m.options.Pages)
	}
	if len(html) > maxHTML {
		l.broken(HTMLLarge, c.Text(address.Email, lang).File(), 0, (len(html)+1023)>>10)
	}
	raw, err := m.Append(nil, p)
	if err != nil {
		l.broken(Malformed, templates.CallFile, line("email"), err)
	} else {
		l.message(raw)
	}
	return conf.Sort(l.found)
}

// fetchable reports whether whoever reads a mail may reach what lies at a base URL,
// as far as the URL itself tells.
func fetchable(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost") // RFC 6761 §6.3
}

type linter struct {
	call  *templates.Call
	lang  string
	line  func(key ...string) int
	found []conf.Problem
}

func (l *linter) broken(c Code, file string, line int, operands ...any) {
	l.found = append(l.found, c.Broken(file, line, operands...))
}

func (l *linter) from() {
	from, err := netmail.ParseAddress(l.call.Email.From)
	if err != nil {
		return // the parser has told
	}
	at := l.line("email", "from")
	if strings.TrimSpace(from.Name) == "" {
		l.broken(FromName, templates.CallFile, at, from.Address)
	}
	for _, word := range strings.FieldsFunc(from.Name, func(r rune) bool { return strings.ContainsRune(" <>()\"',;", r) }) {
		if strings.Contains(strings.Trim(word, "@"), "@") && !strings.EqualFold(word, from.Address) {
			l.broken(FromNameAddress, templates.CallFile, at, word)
		}
	}
}

// message holds the composed mail against RFC 5322, and against what bulk mail
// must have.
func (l *linter) message(raw []byte) {
	if err := wellFormed(raw); err != nil {
		l.broken(Malformed, templates.CallFile, l.line("email"), err)
		return
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		l.broken(Malformed, templates.CallFile, l.line("email"), err)
		return
	}
	if l.call.Class == templates.Service {
		return
	}
	switch {
	case msg.Header.Get("List-Unsubscribe") == "":
		l.broken(UnsubscribeAbsent, templates.CallFile, l.line("email"))
	case msg.Header.Get("List-Unsubscribe-Post") == "":
		l.broken(OneClickMissing, templates.CallFile, l.line("email", "from"))
	}
}

// once are the header fields that a mail may have once at most (RFC 5322 §3.6).
// The first four it must have, or receivers refuse it.
var once = [...]string{"From", "Date", "Message-Id", "To", "Subject", "Sender", "Reply-To", "Cc", "Bcc", "In-Reply-To", "References", "Mime-Version", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"}

const mustHave = 4

// wellFormed says what about a mail is not as RFC 5322 asks.
func wellFormed(raw []byte) error {
	n := 0
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		n++
		if len(line) > 998 {
			return fmt.Errorf("line %d has %d bytes, and 998 are the most (§2.1.1)", n, len(line))
		}
		if bytes.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("line %d has a bare line end or a NUL (§2.2)", n)
		}
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("its header cannot be read: %w", err)
	}
	for i, name := range once {
		if got := len(msg.Header[name]); got > 1 {
			return fmt.Errorf("it has %d headers %s (§3.6)", got, name)
		} else if got == 0 && i < mustHave {
			return fmt.Errorf("it has no %s (§3.6)", name)
		}
	}
	if from, err := msg.Header.AddressList("From"); err != nil || len(from) != 1 {
		return errors.New("its From is not one address (§3.6.2)")
	}
	return nil
}
