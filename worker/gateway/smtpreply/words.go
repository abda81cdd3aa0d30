package smtpreply

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clarion/worker/gateway"
)

// maxWords bounds the octets that are looked at; a reply line has at most 512
// (RFC 5321 §4.5.3.1.5), a returned mail may quote several.
const maxWords = 4096

// normalise returns text as lower-case words with one space around each,
// without addresses and links, which may spell out anything.
func normalise(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte(' ')
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()[]'\"", r) }) {
		if strings.Contains(field, "@") || strings.Contains(field, "://") {
			continue
		}
		letter := false
		for _, r := range field {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				b.WriteRune(unicode.ToLower(r))
				letter = true
			case letter:
				b.WriteByte(' ')
				letter = false
			}
		}
		if letter {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// says reports whether words hold one of the phrases. A phrase's parts, divided
// by "…", stand in order with anything between.
func says(words string, phrases []string) bool {
	for _, p := range phrases {
		if holds(words, p) {
			return true
		}
	}
	return false
}

func holds(words, phrase string) bool {
	for part := range strings.SplitSeq(phrase, " … ") {
		end := " "
		if open := strings.TrimSuffix(part, "*"); open != part {
			part, end = open, ""
		} else if r, _ := utf8.DecodeLastRuneInString(part); unspaced(r) {
			end = "" // the words that follow are joined to it
		}
		start := " "
		if r, _ := utf8.DecodeRuneInString(part); unspaced(r) {
			start = ""
		}
		i := strings.Index(words, start+part+end)
		if i < 0 {
			return false
		}
		words = words[i+len(start)+len(part):]
	}
	return true
}

// unspaced reports whether words in the script of r are written without spaces,
// or take endings as Korean ones do.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// said returns the reason that the words give, 0 if they give none, and whether
// it is sure whoever says it.
func (r reply) said() (reason gateway.Reason, sure bool) {
	if r.status.subject == 4 && r.status.detail == 1 && holds(r.words, "recipient address rejected") {
		return gateway.MailboxUnknown, true // Exchange Online says so with "access denied" when the directory lacks the address
	}
	if r.sender && r.code == 553 {
		return gateway.SenderBlocked, false
	}
	for _, g := range rules {
		if !says(r.words, g.phrases) {
			continue
		}
		if g.reason == gateway.MailboxUnknown && r.stage == Body {
			// Carriers in Japan answer so to the body for a filter that the
			// person has set: the mailbox was accepted a moment before.
			return gateway.Policy, false
		}
		return g.reason, g.sure || r.mobile && holds(r.words, "invalid recipient")
	}
	return 0, false
}

// filtered are the words of a Japanese carrier's filter, and of its directory.
var filtered = []string{"user unknown", "unknown user"}

// findStage looks for the command that a quoted reply answered, as Postfix,
// Exim, qmail and sendmail name it.
func findStage(words string) Stage {
	switch {
	case says(words, recipientRefused) || holds(words, "rcpt to"):
		return Unknown // a recipient was named: the words decide
	case says(words, []string{"in reply to mail from command", "after mail from", "did not like our mail from", "mail from"}):
		return Sender
	case says(words, []string{"in reply to end of data command", "after end of data", "did not like our final data", "state 17", "state 18", "body of message generated response"}):
		return Body
	case says(words, []string{"after initial connection", "refused to talk to me", "in reply to helo command", "in reply to ehlo command", "but my name was rejected"}):
		return Connect
	}
	return Unknown
}

// recipientRefused are the words with which a report shows that RCPT TO was
// refused: as Postfix, Exim, DragonFly, sendmail, Courier, qmail, Exchange's
// predecessors, Gmail (by a number) and Yahoo name the command, and what servers answer to a DATA
// that follows without a recipient.
var recipientRefused = []string{
	"in reply to rcpt to", "after rcpt to", "after rcpt command", "our rcpt to", "rcpt to generated", "smtp rcpt", "rcpt command", "does not like recipient", "rejected recipient",
	"no valid recipients", "no valid recipient", "need rcpt", "need recipient", "valid rcpt command", "state 14",
}
