// Package smtpreply owns the meaning of an SMTP server's refusal: it turns a
// reply, as read from the wire or quoted in a returned mail, into a verdict on
// the delivery.
//
// The rules in order: what the words say, where words are more exact than
// numbers; then the enhanced status code (RFC 3463, RFC 5248, RFC 7372, RFC
// 7505 and the IANA registry); then the reply code (RFC 5321 §4.2.3). A 4xx is
// never final. What is said of the sender, the content or a policy never
// condemns the recipient, and "unknown user" does so only where the status is of
// the recipient's address (x.1.y) or a refused RCPT TO is in evidence: filters,
// those of Japanese carriers above all, say it of people who are there.
package smtpreply

import (
	"regexp"
	"strconv"

	"clarion/worker/gateway"
)

// Stage is the command that a reply answers.
type Stage uint8

// The stages. Unknown is for replies quoted by somebody else; the words are then
// searched for the stage.
const (
	Unknown   Stage = iota
	Connect         // greeting, EHLO, STARTTLS
	Login           // AUTH
	Sender          // MAIL FROM
	Recipient       // RCPT TO
	Body            // DATA and the final dot
)

// Parse returns the verdict of a refusal at stage. code is the reply code, 0 if
// only the text is known; text is what followed it, with the lines of a
// multi-line reply joined. The result holds nothing of the text, which may name
// the recipient: Code is the enhanced status if there is one, else the reply code.
func Parse(stage Stage, code int, text string) *gateway.Error {
	r := read(stage, code, text)
	e := r.verdict()
	e.Code = r.wireCode()
	if e.Kind == gateway.Temporary || e.Kind == gateway.Throttled {
		e.RetryAfter = retryAfter(r.words)
	}
	return e
}

// Reply is Parse for a reply of which only code and text are known.
func Reply(code int, text string) *gateway.Error { return Parse(Unknown, code, text) }

// reply is a refusal taken apart.
type reply struct {
	stage  Stage
	code   int    // 0 if none
	status status // zero if none
	words  string // normalised, see normalise
	asked  bool   // a transcript shows RCPT TO, or the reply begins with an address
	mobile bool   // a Japanese carrier's address or server is named
	sender bool   // "553 DOMAIN does not exist", of our envelope sender's
}

func read(stage Stage, code int, text string) reply {
	text = text[:min(len(text), maxWords)]
	if code < 200 || code > 599 {
		code = findCode(text)
	}
	r := reply{stage: stage, code: code, status: findStatus(text, code), words: normalise(text), mobile: carrier.MatchString(text), sender: noDomain.MatchString(text)}
	r.asked = transcript.MatchString(text) || ownAddress.MatchString(text) && !r.mobile && holds(r.words, "no such user")
	if r.stage == Unknown {
		if r.stage = findStage(r.words); noAddress.MatchString(text) {
			r.stage = Body
		}
	}
	return r
}

// transcript is RCPT TO in a session as sendmail, Courier, KDDI, MDaemon and
// InterScan quote it.
var transcript = regexp.MustCompile(`(?i)(?:>>>|<<<|-->)\s*rcpt to:`)

// noAddress is a refusal in the form "550 <address>: why" with nothing where the
// address belongs: KDDI and others write so to the body, when there are no
// longer recipients to name.
var noAddress = regexp.MustCompile(`\b55\d(?: 5\.\d\.\d)?\s+:\s`)

// ownAddress is a refusal that begins with the address it is about, as sendmail
// writes it. Behind it "no such user" is said of a recipient; "user unknown" is what
// filters in Japan write there.
var ownAddress = regexp.MustCompile(`\b55\d(?:[ -]5\.\d\.\d)? <?[^\s<>@]+@[^\s<>@]+>?\.\.\. `)

// carrier is a name of a Japanese mobile carrier whose filters say "unknown
// user" of people who are there, even to RCPT. KDDI's say it to the body only.
var carrier = regexp.MustCompile(`(?i)[@.](?:(?:docomo|softbank|vodafone|disney|ymobile1?|y-mobile|pdx|emnet)\.ne\.jp|(?:i\.softbank|mineo|rakumail)\.jp|willcom\.com)\b`)

// noDomain is SoftBank's answer to a sender whose domain it cannot find.
var noDomain = regexp.MustCompile(`(?i)(?:\b553(?:[ -]5\.\d\.\d)?[ -]|^)[a-z0-9-]+(?:\.[a-z0-9-]+)+ does not exist`)

func (r reply) wireCode() string {
	switch {
	case r.status != status{}:
		return r.status.String()
	case r.code != 0:
		return strconv.Itoa(r.code)
	}
	return ""
}

// transient reports whether the server may take the message later. The reply
// code decides (RFC 5321 §4.2.1): a 554 that quotes a 4.4.7 has given up.
func (r reply) transient() bool {
	if r.code != 0 {
		return r.code < 500
	}
	return r.status.class == 4
}

func (r reply) verdict() *gateway.Error {
	reason, sure := r.reason()
	kind := kindOf(reason)
	switch {
	case r.stage == Login || r.code == 530 || r.code == 534 || r.code == 535 || r.code == 538: // RFC 4954 §6
		kind, reason = gateway.Misconfigured, gateway.Authentication
		if r.transient() {
			kind = gateway.Temporary
		}
	case (r.stage == Sender || r.stage == Recipient) && !r.transient() && says(r.words, loginWanted) && !says(r.words, restricted):
		kind, reason = gateway.Misconfigured, gateway.Authentication
	case reason == gateway.RateLimited:
		kind = gateway.Throttled
	case r.transient():
		kind = gateway.Temporary
	case r.stage == Connect || r.stage == Sender:
		// Said before a recipient was named: it is about us.
		if r.stage == Sender && r.saysSender() {
			return &gateway.Error{Kind: gateway.Misconfigured, Reason: gateway.SenderBlocked}
		}
		if kind == gateway.Dead || reason == gateway.MailboxDisabled { // it is our account that is switched off
			kind, reason = gateway.Refused, gateway.SenderBlocked
		}
		if kind == gateway.Failed {
			kind = gateway.Refused
		}
	case r.stage == Recipient && says(r.words, relayDenied):
		// Our own relay does not know us: the login or its list of networks is wrong.
		kind, reason = gateway.Misconfigured, gateway.Policy
	case r.stage == Body && reason == gateway.OtherReason:
		kind = gateway.Refused // the recipient had been accepted: it is the content
	case (kind == gateway.Dead || reason == gateway.MailboxDisabled && r.status.detail != 13) && r.status.subject == 7 && reason != gateway.DomainUnknown:
		// The words may say "user unknown": under x.7.y they are said to us, not
		// of the person (RFC 3463 §3.8).
		kind, reason = gateway.Refused, gateway.Policy
	case reason == gateway.MailboxUnknown && (!sure && !r.namesRecipient() || r.mobile && says(r.words, filtered)),
		reason == gateway.DomainUnknown && says(r.words, unproven):
		kind = gateway.Failed
	}
	return &gateway.Error{Kind: kind, Reason: reason}
}

// namesRecipient reports whether it was RCPT TO that was refused.
func (r reply) namesRecipient() bool {
	return r.stage == Recipient || r.asked || says(r.words, recipientRefused)
}

// saysSender reports whether the server minds our envelope sender itself.
func (r reply) saysSender() bool {
	s := r.status
	return says(r.words, badSender) || s.subject == 1 && (s.detail == 7 || s.detail == 8) || r.code == 553
}

// kindOf is the kind of a permanent refusal for a reason.
func kindOf(reason gateway.Reason) gateway.Kind {
	switch reason {
	case gateway.MailboxUnknown, gateway.DomainUnknown, gateway.Moved:
		return gateway.Dead
	case gateway.Policy, gateway.Spam, gateway.SenderBlocked, gateway.Authentication, gateway.Content, gateway.TooLarge:
		return gateway.Refused
	case gateway.RateLimited:
		return gateway.Throttled
	default: // full, switched off, expired, network, other: this delivery only
		return gateway.Failed
	}
}

// reason finds why, from words, status and code. sure is of MailboxUnknown: it
// holds whoever says it.
func (r reply) reason() (reason gateway.Reason, sure bool) {
	said, sure := r.said()
	byStatus, exact := r.status.reason()
	switch {
	case said != 0 && (!exact || outweighs(said, byStatus)):
		return said, sure || r.status.subject == 1
	case byStatus != 0:
		return byStatus, true
	}
	return r.byCode(), true
}

// outweighs reports whether words are to be believed against an exact status.
func outweighs(said, byStatus gateway.Reason) bool {
	switch said {
	case gateway.RateLimited, gateway.MailboxFull, gateway.Greylisted:
		return true
	case gateway.MailboxUnknown: // 5.2.1 and 5.1.10 are often used for it
		return byStatus == gateway.MailboxDisabled || byStatus == gateway.DomainUnknown
	case gateway.Policy, gateway.SenderBlocked, gateway.MailboxDisabled: // when in doubt, the person is not condemned
		return byStatus == gateway.MailboxUnknown
	}
	return false
}

// byCode reads the bare reply code (RFC 5321 §4.2.3, RFC 7504). A bare 550 may
// mean anything and so condemns nobody.
func (r reply) byCode() gateway.Reason {
	switch r.code {
	case 521, 556: // host, domain takes no mail
		return gateway.DomainUnknown
	case 551:
		return gateway.Moved
	case 452, 552:
		return gateway.MailboxFull
	case 421:
		return gateway.Network
	}
	return gateway.OtherReason
}
