package bounce

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// token finds our envelope sender, b+TOKEN@domain: lower-case base32, in
// whatever case the servers left it.
var token = regexp.MustCompile(`(?i)(?:^|[<\s:;"',=])b\+([a-z2-7]{16,62})@`)

// stopToken finds the token of an unsubscribe link, in its two forms: u+TOKEN@domain
// and https://…/u/TOKEN.
var stopToken = regexp.MustCompile(`(?i)(?:[<\s:]|mailto:)u\+([a-z2-7]{16,62})@|/u/([a-z2-7]{16,62})(?:[>?\s]|$)`)

// The fields in which the delivery of a mail may stand: of the mail itself, as
// servers note its envelope and as programs that answer name the mail they
// answer (our Message-IDs hold the token); and of the message that it returns.
var (
	envelopeFields = [...]string{"Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "X-Envelope-To", "Original-Recipient", "To", "Cc"}
	answerFields   = [...]string{"In-Reply-To", "References", "X-Original-Message-ID"}
	returnedFields = [...]string{"Return-Path", "X-Envelope-From", "Envelope-From", "Errors-To", "CFBL-Address", "Message-ID", "X-Original-Message-ID", "Received"}
)

// delivery returns the token of the delivery that a mail is about: from the
// address it was sent to, else from what it says of the message it returns or
// answers. It is a claim until its signature is checked.
func (m *mail) delivery() string {
	if t := tokenIn(m.header, envelopeFields[:]); t != "" {
		return t
	}
	if body, ok := m.find("message/feedback-report"); ok {
		for _, g := range fieldGroups(body) {
			if t := findToken(g["original-mail-from"]); t != "" {
				return t
			}
		}
	}
	if t := tokenIn(m.returned(), returnedFields[:]); t != "" {
		return t
	}
	if t := tokenIn(m.header, answerFields[:]); t != "" {
		return t
	}
	// A notice in words has the header of the message below it, in the same text.
	for _, p := range m.parts {
		if i := bytes.Index(bytes.ToLower(p.body), []byte("b+")); i >= 0 {
			if t := findToken(string(p.body[max(0, i-1):])); t != "" {
				return t
			}
		}
	}
	return ""
}

// unsubscribe returns the token of the unsubscribe link of the message that the
// mail returns, for mails whose every other trace of the delivery was taken away.
func (m *mail) unsubscribe() string {
	returned := m.returned()
	for _, v := range returned.Values("List-Unsubscribe") {
		if f := stopToken.FindStringSubmatch(v); f != nil {
			return strings.ToLower(f[1] + f[2])
		}
	}
	return ""
}

// mailboxes returns the addresses to which a mail was delivered, as far as its
// header tells: the envelope that servers have noted before what the sender wrote.
func (m *mail) mailboxes() []string {
	var all []string
	for _, name := range envelopeFields {
		values := m.header.Values(name)
		for _, v := range values[:min(len(values), maxMailboxes)] {
			if !strings.Contains(v, "@") {
				continue
			}
			for _, a := range addressLike.FindAllString(v[:min(len(v), maxWords)], maxMailboxes) {
				if len(all) < maxMailboxes && !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

const maxMailboxes = 50

var addressLike = regexp.MustCompile(`[^\s<>"',;:()]+@[A-Za-z0-9.-]+`)

func tokenIn(h message.Header, fields []string) string {
	for _, name := range fields {
		for _, v := range h.Values(name) {
			if t := findToken(v); t != "" {
				return t
			}
		}
	}
	return ""
}

// findToken returns the token in s in lower case, or "".
func findToken(s string) string {
	if !strings.Contains(s, "+") {
		return "" // looking closer costs memory, and a header may have thousands of fields
	}
	if m := token.FindStringSubmatch(s); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}
