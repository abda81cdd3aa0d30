// Package gateway owns the contract between the worker and whatever takes
// messages for a channel: an SMTP relay, an SMS provider, a fax server. Each
// gateway is a folder below; what its wire says it turns into a Kind, and what
// follows from a Kind the worker decides in one table.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"clarion/lists/address"
)

// A Gateway takes one message at a time. Send returns nil once the far side has
// taken responsibility for the message. A failure is an *Error; any other error
// counts as Temporary when nothing was written yet and as Indeterminate after
// (see Classify), so a gateway wraps what it knows.
type Gateway interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// A Message is what is to be sent to one address.
type Message struct {
	Delivery string          // signed token that the provider echoes in its reports; safe to log
	To       address.Address // whom
	From     string          // email: envelope sender (VERP); sms, fax: sender's number
	Body     []byte          // email: the message, RFC 5322, CRLF line ends, not dot-stuffed; sms: UTF-8 text; fax: PDF
	// Valid only until Send (or SendGroup) returns: the worker uses Body's memory again.
}

// A Receipt is the far side's word that it has taken a message.
type Receipt struct {
	ID        string // the provider's own id, "" if it gives none
	Delivered bool   // true when the answer says that the message has arrived, not just been taken
}

// Kind says what a failure means. The set is closed; worker has one table from
// Kind to consequence.
type Kind uint8

// The kinds of failure.
const (
	Temporary     Kind = iota + 1 // try again later
	Throttled                     // too fast: slow the lane down, try again
	Dead                          // no such mailbox or number: suppress
	OptedOut                      // the provider knows that this person said stop: suppress
	Refused                       // this content or sender is refused: hold the lane, suppress nobody
	Failed                        // this delivery will not succeed, and nobody is to be suppressed (busy to the end, expired)
	Misconfigured                 // login, sender or setup is wrong: pause the gateway
	Indeterminate                 // it may have gone: never blindly again on sms and fax
)

// Kinds lists every kind.
var Kinds = [...]Kind{Temporary, Throttled, Dead, OptedOut, Refused, Failed, Misconfigured, Indeterminate}

var kindNames = [...]string{
	Temporary: "temporary", Throttled: "throttled", Dead: "dead", OptedOut: "opted_out",
	Refused: "refused", Failed: "failed", Misconfigured: "misconfigured", Indeterminate: "indeterminate",
}

// String returns the kind in snake case.
func (k Kind) String() string {
	if k != 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind reads what String wrote; 0 for an unknown text.
func ParseKind(s string) Kind {
	for k, name := range kindNames {
		if name == s && name != "" {
			return Kind(k)
		}
	}
	return 0
}

// An Error is a failure to deliver. Its text holds no address and no secret:
// Err must be free of both, since the text is logged and stored.
type Error struct {
	Kind       Kind
	Reason     Reason        // why, in the closed vocabulary; 0 if unknown
	Code       string        // the wire's own code: "5.1.1", "404", "busy"; no address
	RetryAfter time.Duration // asked for by the far side; 0 if it did not say
	OfGateway  bool          // said of the gateway or of us before a recipient was named: it says nothing of the lane
	Err        error         // what happened, without personal data; may be nil
}

// Error returns kind, code and cause.
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Reason != 0 {
		s += " (" + e.Reason.String() + ")"
	}
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Classify returns err as an *Error: itself if it is one, else Temporary when
// nothing was written to the far side and Indeterminate when something was. The
// text of a foreign error is dropped, since it may name the recipient.
func Classify(err error, written bool) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case written:
		return &Error{Kind: Indeterminate, Reason: Network}
	default:
		return &Error{Kind: Temporary, Reason: Network}
	}
}

// Reason is the closed vocabulary of why a delivery failed.
type Reason uint8

// The reasons.
const (
	MailboxUnknown  Reason = iota + 1 // no such mailbox, number or line
	MailboxFull                       // mailbox or phone memory is full
	MailboxDisabled                   // mailbox or line is switched off or barred
	DomainUnknown                     // no such domain, or it takes no mail
	Moved                             // the address has moved
	Policy                            // refused by policy
	Spam                              // taken for spam
	SenderBlocked                     // our server or number is blocked
	Authentication                    // SPF, DKIM, DMARC or the login failed
	TooLarge                          // message too large
	Network                           // connection failed or broke
	Expired                           // not delivered in time
	Content                           // content refused
	RateLimited                       // too many messages
	Busy                              // fax line busy
	NoAnswer                          // nobody answered, or no carrier
	PersonAnswered                    // a voice answered a fax call
	OptOut                            // the person said stop
	Greylisted                        // asked to come back later
	OtherReason                       // anything else
)

// Reasons lists every reason.
var Reasons = [...]Reason{MailboxUnknown, MailboxFull, MailboxDisabled, DomainUnknown, Moved, Policy, Spam, SenderBlocked, Authentication, TooLarge,
	Network, Expired, Content, RateLimited, Busy, NoAnswer, PersonAnswered, OptOut, Greylisted, OtherReason}

var reasonNames = [...]string{
	0: "", MailboxUnknown: "mailbox_unknown", MailboxFull: "mailbox_full", MailboxDisabled: "mailbox_disabled", DomainUnknown: "domain_unknown",
	Moved: "moved", Policy: "policy", Spam: "spam", SenderBlocked: "sender_blocked", Authentication: "authentication",
	TooLarge: "too_large", Network: "network", Expired: "expired", Content: "content", RateLimited: "rate_limited",
	Busy: "busy", NoAnswer: "no_answer", PersonAnswered: "person_answered", OptOut: "opt_out", Greylisted: "greylisted", OtherReason: "other",
}

// String returns the reason in snake case, "" for none.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// ParseReason reads what String wrote; an unknown text is OtherReason.
func ParseReason(s string) Reason {
	for r, name := range reasonNames {
		if name == s {
			return Reason(r)
		}
	}
	return OtherReason
}

// A Session is a standing connection that takes groups of messages, pipelined
// where the far side allows it (RFC 2920).
type Session interface {
	// SendGroup sends the messages in order and calls result exactly once for
	// each, in any order, before it returns. Before the body of message i
	// leaves it asks proceed(i); once that answers false, the messages not yet
	// begun end with ErrNotSent. An error of SendGroup itself means that the
	// session is broken and must be closed; result has been called for all
	// messages all the same.
	SendGroup(ctx context.Context, group []Message, proceed func(i int) bool, result func(i int, r Receipt, err error)) error
	Close() error
}

// ErrNotSent marks a message of a group that was never begun: it is pending
// still, and no attempt is counted.
var ErrNotSent = errors.New("not sent")

// A SessionOpener is a gateway with standing connections.
type SessionOpener interface {
	OpenSession(ctx context.Context) (Session, error)
}

// Event is what a report says of a delivery.
type Event uint8

// The events.
const (
	EventAccepted  Event = iota + 1 // taken by the next system; no end yet
	EventDelivered                  // arrived
	EventDelayed                    // still trying
	EventFailed                     // ended; Report.Err says how
	EventComplaint                  // the person called it spam
	EventOptOut                     // the person said stop
)

// A Report is what a gateway says later of a delivery.
type Report struct {
	Delivery string // the token that Message.Delivery carried
	Event    Event
	Err      *Error // of EventFailed and EventDelayed
	ID       string // the provider's id, if it gave one
}

// An Inbound is a text that a person sent to us.
type Inbound struct {
	Channel address.Channel
	From    string // as the provider spells it
	To      string // our number
	Text    string
	ID      string // by which the provider names it, the same when it is brought again; "" if it names it not
}

// A Reporter reads the reports and inbound texts that its provider sends over
// HTTP. It authenticates the request as the provider documents, and returns
// ErrForged if that fails. Its errors are logged: they name nobody and hold
// nothing of the request.
type Reporter interface {
	ParseRequest(r *http.Request) ([]Report, []Inbound, error)
}

// ErrForged means that a request does not come from the provider.
var ErrForged = errors.New("the request does not come from the gateway")

// A LineOpener is a gateway that reaches the receiving systems itself, over as many
// connections as it needs, and can keep to one where they are counted.
type LineOpener interface {
	// OpenLine returns a session that has one connection at a time, and none once it is closed.
	OpenLine(ctx context.Context) (Session, error)
}

// A Poller is asked for reports by the clock. It returns what has ended since
// the last Poll of this process; a report may come again after a restart.
type Poller interface {
	Poll(ctx context.Context) ([]Report, error)
}

// A Withdrawer takes back what it holds and has not begun, once nobody wants it any
// more. It does so where it looks after its deliveries (Poll), and reports them as failed.
type Withdrawer interface {
	// WithdrawUnless gives it the question to ask of each. It is called once, before the first Poll.
	WithdrawUnless(wanted func(ctx context.Context, delivery string) bool)
}

// A Finder can say what became of a delivery in doubt. found is false when the
// gateway never heard of it, so that it may be sent again.
type Finder interface {
	Find(ctx context.Context, delivery string) (r Report, found bool, err error)
}

// A Prober says whether the gateway would take messages now; doctor and call
// check ask. The error is written for the operator and holds no secret.
type Prober interface {
	Probe(ctx context.Context) error
}
