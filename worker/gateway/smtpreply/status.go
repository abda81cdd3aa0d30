package smtpreply

import (
	"fmt"
	"strings"

	"clarion/worker/gateway"
)

// status is an enhanced mail system status code (RFC 3463 §2).
type status struct{ class, subject, detail int }

func (s status) String() string { return fmt.Sprintf("%d.%d.%d", s.class, s.subject, s.detail) }

// reason returns what the status says. exact is false where the same code is
// used for much else, so that words are the better witness.
func (s status) reason() (r gateway.Reason, exact bool) {
	switch [2]int{s.subject, s.detail} {
	case [2]int{1, 1}, [2]int{1, 3}, [2]int{1, 351}: // no mailbox; bad syntax of the mailbox; Exchange Online: remote says unknown
		return gateway.MailboxUnknown, true
	case [2]int{1, 0}:
		return gateway.MailboxUnknown, false
	case [2]int{1, 2}, [2]int{1, 10}, [2]int{4, 4}, [2]int{4, 310}: // no system; null MX (RFC 7505); no route; Exchange: no DNS domain
		return gateway.DomainUnknown, true
	case [2]int{3, 2}:
		if s.class == 5 {
			return gateway.DomainUnknown, true // takes no mail from the network
		}
		return gateway.Network, false // shutting down
	case [2]int{1, 90}, [2]int{2, 121}, [2]int{2, 122}: // Exchange Online: limits of sender and recipient
		return gateway.RateLimited, true
	case [2]int{4, 6}, [2]int{4, 14}: // a loop: somebody's routing, not the person
		return gateway.Network, true
	case [2]int{4, 300}, [2]int{4, 312}, [2]int{4, 316}, [2]int{4, 317}, [2]int{4, 318}: // Exchange Online: gave up
		return gateway.Expired, false
	case [2]int{1, 6}:
		return gateway.Moved, true
	case [2]int{1, 7}, [2]int{1, 8}: // the sender's address, the sender's domain
		return gateway.SenderBlocked, true
	case [2]int{2, 1}:
		return gateway.MailboxDisabled, s.class == 5
	case [2]int{2, 2}, [2]int{3, 1}:
		return gateway.MailboxFull, true
	case [2]int{2, 3}, [2]int{3, 4}:
		return gateway.TooLarge, true
	case [2]int{4, 7}:
		return gateway.Expired, true
	case [2]int{4, 1}, [2]int{4, 2}, [2]int{4, 3}, [2]int{4, 5}:
		return gateway.Network, false
	case [2]int{7, 13}: // RFC 5248: the account is disabled; quoted of recipients too
		return gateway.OtherReason, false
	case [2]int{7, 25}, [2]int{7, 27}: // RFC 7372: no reverse DNS; RFC 7505: the sender has a null MX
		return gateway.SenderBlocked, false
	case [2]int{7, 20}, [2]int{7, 21}, [2]int{7, 22}, [2]int{7, 23}, [2]int{7, 24}, [2]int{7, 26}, [2]int{7, 30}, // RFC 7372; Gmail: DKIM
		[2]int{7, 509}, [2]int{7, 515}: // Exchange Online, Outlook.com: DMARC
		return gateway.Authentication, true
	case [2]int{7, 8}, [2]int{7, 9}: // RFC 4954; large providers use them for policy too
		return gateway.Authentication, false
	case [2]int{7, 28}: // mail flood
		return gateway.RateLimited, true
	case [2]int{7, 124}, [2]int{7, 129}, [2]int{7, 133}, [2]int{7, 134}, [2]int{7, 135}: // Exchange Online: who may write to a group or a mailbox
		return gateway.Policy, true
	case [2]int{7, 511}:
		return gateway.SenderBlocked, false
	}
	switch {
	case s.subject == 7 && (s.detail >= 606 && s.detail <= 649 || s.detail >= 501 && s.detail <= 503 || s.detail == 506 || s.detail == 508 || s.detail >= 700 && s.detail <= 750),
		s.class == 4 && s.subject == 7 && s.detail >= 500 && s.detail <= 699: // Exchange Online: banned sender, sending address, tenant
		return gateway.SenderBlocked, true
	case s.subject == 7 && s.detail >= 850 && s.detail <= 899: // Exchange Online: too much from one address
		return gateway.RateLimited, true
	case s.subject == 7:
		return gateway.Policy, false
	case s.subject == 6:
		return gateway.Content, s.class == 5 && s.detail != 7 && s.detail != 0 // 5.6.7: our SMTPUTF8, RFC 6531 §4.2
	}
	return 0, false
}

// findStatus finds the status that says most: of the class of code (if that is
// not 0), and not x.0.0 nor x.5.y (which follow a refusal: "need RCPT first")
// where another stands.
func findStatus(text string, code int) status {
	var best status
	rank := 0
	for i := 0; i+5 <= len(text) && rank < 5; i++ {
		if (text[i] != '2' && text[i] != '4' && text[i] != '5') || text[i+1] != '.' || (i > 0 && partOfNumber(text[i-1])) {
			continue
		}
		s, n, ok := scanStatus(text[i:])
		if !ok || (i+n < len(text) && partOfNumber(text[i+n]) && !sentenceEnd(text[i+n:])) {
			continue
		}
		r := 3
		switch {
		case s.subject == 0:
			r = 1
		case s.subject == 5 || s.detail == 0:
			r = 2
		}
		if code == 0 || code/100 == s.class {
			r += 2
		}
		if r > rank {
			best, rank = s, r
		}
	}
	return best
}

func partOfNumber(c byte) bool {
	return c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// sentenceEnd reports whether rest starts with a full stop that ends a sentence.
func sentenceEnd(rest string) bool {
	return rest[0] == '.' && (len(rest) == 1 || rest[1] == ' ')
}

// scanStatus reads class "." subject "." detail at the start of s (RFC 3463 §2:
// one to three digits each) and returns its length.
func scanStatus(s string) (st status, n int, ok bool) {
	st.class, n = int(s[0]-'0'), 2
	for _, part := range []*int{&st.subject, &st.detail} {
		if part == &st.detail {
			if n >= len(s) || s[n] != '.' {
				return st, 0, false
			}
			n++
		}
		from := n
		for n < len(s) && n-from < 3 && s[n] >= '0' && s[n] <= '9' {
			*part = *part*10 + int(s[n]-'0')
			n++
		}
		if n == from {
			return st, 0, false
		}
	}
	return st, n, true
}

// findCode finds a reply code that starts the text or stands as a word of its
// own before a status or words; 0 if there is none.
func findCode(text string) int {
	for field := range strings.FieldsSeq(text) {
		field = strings.Trim(field, "#:;,-'\"()<>")
		if len(field) > 3 && field[3] == '-' { // a line of a multi-line reply
			field = field[:3]
		}
		if len(field) == 3 && field[0] >= '4' && field[0] <= '5' && field[1] >= '0' && field[1] <= '7' && field[2] >= '0' && field[2] <= '9' {
			return int(field[0]-'0')*100 + int(field[1]-'0')*10 + int(field[2]-'0')
		}
	}
	return 0
}
