package bounce

import (
	"bytes"
	"regexp"
	"strings"

	"clarion/worker/gateway"
)

// readDSN reads a delivery status notification (RFC 3464), whatever multipart
// it came in: gateways relabel the outer type.
func readDSN(m *mail) *Result {
	res := &Result{}
	for _, p := range m.parts {
		if len(res.Recipients) >= maxRecipients {
			break
		}
		if p.typ == "message/delivery-status" || p.typ == "message/global-delivery-status" {
			res.Recipients = append(res.Recipients, readStatus(p.body, m.notice().text)...)
		}
	}
	if len(res.Recipients) == 0 {
		return nil
	}
	res.Recipients = res.Recipients[:min(len(res.Recipients), maxRecipients)]
	m.nameRecipient(res)
	return res
}

// nameRecipient gives a lone recipient the address that was written to, where
// the report names a file or a program that the address leads to (Exim).
func (m *mail) nameRecipient(res *Result) {
	listed := listedRecipients(m.header.Get("X-Failed-Recipients"))
	if len(res.Recipients) == 1 && !strings.Contains(res.Recipients[0].Address, "@") && len(listed) == 1 {
		res.Recipients[0].Address = listed[0]
	}
}

// readStatus reads the groups of fields of a delivery-status body (RFC 3464
// §2.1). The first group speaks of the message, each further one of a
// recipient; some servers leave out the empty lines between them. words is the
// text that came with it: it says which command was refused, and all there is
// where the diagnostic is missing.
func readStatus(body []byte, words string) []Recipient {
	var out []Recipient
	for _, g := range fieldGroups(body) {
		if r, ok := g.recipient(words); ok {
			out = append(out, r)
		}
	}
	return out
}

// fields is a group of header-like fields, names in lower case, the first
// value of each kept.
type fields map[string]string

// fieldGroups reads groups of fields parted by empty lines. A second
// Final-Recipient starts a group too.
func fieldGroups(body []byte) []fields {
	var groups []fields
	g := fields{}
	last := ""
	flush := func() {
		if len(g) > 0 {
			groups = append(groups, g)
		}
		g, last = fields{}, ""
	}
	for rest := body; len(rest) > 0 && len(groups) < maxRecipients; {
		var line []byte
		line, rest = cutLine(rest)
		trimmed := string(bytes.TrimSpace(line))
		if trimmed == "" {
			flush()
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" && len(g[last]) < maxField {
				g[last] += " " + trimmed
			}
			continue
		}
		name, value, ok := strings.Cut(trimmed, ":")
		if !ok {
			continue
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name == "final-recipient" && g[name] != "" {
			flush()
		}
		last = ""
		if _, twice := g[name]; !twice {
			g[name] = strings.TrimSpace(value)
			last = name
		}
	}
	flush()
	return groups
}

const (
	maxRecipients = 16 // a delivery of ours has one
	maxField      = 8 << 10
)

// recipient reads a per-recipient group; ok is false for the group that speaks
// of the message as a whole.
func (g fields) recipient(words string) (Recipient, bool) {
	final, original := typedAddress(g["final-recipient"]), typedAddress(g["original-recipient"])
	if final == "" {
		final = typedAddress(g["x-actual-recipient"])
	}
	address := final
	if !strings.Contains(final, "@") && original != "" {
		address = original
	}
	action := strings.ToLower(strings.Trim(firstWord(g["action"]), "()<>;,."))
	if address == "" && action == "" {
		return Recipient{}, false
	}
	_, diagnostic, typed := strings.Cut(g["diagnostic-code"], ";")
	if !typed {
		diagnostic = g["diagnostic-code"]
	}
	if diagnostic == "" && address != "" {
		diagnostic = wordsOn(address, words)
	}
	if m := autoRejected.FindStringSubmatch(words); m != nil {
		diagnostic = m[1] // the mailbox itself says why
	}
	r := judge(address, action, g["status"], diagnostic, stageOf(address, diagnostic+" "+wordsOn(address, words), words))
	return r.sorted(g["x-powermta-bouncecategory"]), true
}

// typedAddress returns the address of an address field, "rfc822; a@b.example"
// (RFC 3464 §2.3.1), without its type, brackets and comment.
func typedAddress(field string) string {
	if typ, rest, ok := strings.Cut(field, ";"); ok && !strings.Contains(typ, "@") {
		field = rest
	}
	field = strings.TrimLeft(strings.TrimSpace(field), "; ")
	if open := strings.LastIndexByte(field, '<'); open >= 0 {
		if end := strings.IndexByte(field[open:], '>'); end > 0 {
			field = field[open+1 : open+end]
		}
	}
	if i := strings.Index(field, " ("); i > 0 {
		field = field[:i]
	}
	return strings.TrimSpace(field)
}

// firstWord returns s up to its first white space.
func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// wordsOn returns what the text says from where it names the address: its line
// and the next few.
func wordsOn(address, text string) string {
	i := strings.Index(text, address)
	if i < 0 {
		return ""
	}
	text = text[i:min(len(text), i+1000)]
	if end := strings.Index(text, "\n\n"); end > 0 {
		text = text[:end]
	}
	return about(text, true)
}

// autoRejected is how Dovecot's delivery agent and Sieve's reject (RFC 5429)
// begin; why follows.
var autoRejected = regexp.MustCompile(`(?is)your message to \S+ was automatically rejected:?\s*(.+)`)

// categories are PowerMTA's bounce categories (its user's guide), by which the
// sending server has sorted what it was told.
var categories = map[string]gateway.Reason{
	"bad-mailbox": gateway.MailboxUnknown, "inactive-mailbox": gateway.MailboxDisabled, "quota-issues": gateway.MailboxFull, "bad-domain": gateway.DomainUnknown,
	"spam-related": gateway.Spam, "spam-block": gateway.Spam, "policy-related": gateway.Policy, "relaying-issues": gateway.Policy, "invalid-sender": gateway.SenderBlocked,
	"content-related": gateway.Content, "virus-related": gateway.Content, "message-expired": gateway.Expired, "no-answer-from-host": gateway.Network,
	"routing-errors": gateway.Network, "bad-connection": gateway.Network,
}

// sorted fills in the category where the words gave no reason, and takes
// "bad-mailbox" for a witness where they said "unknown user".
func (r Recipient) sorted(category string) Recipient {
	reason := categories[strings.ToLower(category)]
	switch {
	case r.Kind != Soft || reason == 0:
	case r.Reason == gateway.OtherReason:
		e := *r.Err
		e.Reason = reason
		r.Reason, r.Err = reason, &e
	case reason == gateway.MailboxUnknown && r.Reason == reason && r.Err.Kind == gateway.Failed && !strings.HasPrefix(r.Status, "5.2.") && !strings.HasPrefix(r.Status, "4."):
		e := *r.Err
		e.Kind = gateway.Dead
		r.Kind, r.Err = Hard, &e
	}
	return r
}
