// Package bounce owns the reading of returned mail: what a mail that came back
// says of whom. It reads reports in the forms of the standards and in the prose
// that mail servers wrote before and beside them; where a report is written to
// and what follows from it, worker/inbox and worker decide.
package bounce

import (
	"fmt"
	"io"

	"clarion/lists/optout"
	"clarion/worker/gateway"
)

// Kind says what a mail is.
type Kind uint8

// The kinds of mail.
const (
	Other     Kind = iota // no report of a failure: an ordinary mail, or news of success
	Hard                  // mailbox or domain is dead
	Soft                  // any other failure that is final: full, refused by policy, expired
	Delay                 // not delivered yet; the server goes on trying
	Complaint             // the person, or their provider, reports the mail as abuse
	AutoReply             // an answer by machine: out of office
)

var kindNames = [...]string{Other: "other", Hard: "hard", Soft: "soft", Delay: "delay", Complaint: "complaint", AutoReply: "autoreply"}

// String returns the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// A Result is what a mail says. It holds nothing of the mail's text.
type Result struct {
	Kind       Kind
	Recipients []Recipient    // whom it is about, in the order of the mail; may be empty
	Reason     gateway.Reason // of the recipient that gave Kind; 0 if none
	Delivery   string         // the token of our envelope sender, where the mail shows it; not verified here
	Automatic  bool           // made by a machine (RFC 3834 §5): no person's word, whatever it says

	Unsubscribe string      // the token of our unsubscribe link in the message that came back, where Delivery is ""; not verified here
	Mailboxes   []string    // where the mail was delivered, as its header has it; personal as Recipient.Address is
	From        string      // of a person's mail: who wrote it, "" if that is no one address; personal
	Wish        optout.Wish // of a person's mail: what it asks for, in its subject or body
}

// A Recipient is what a mail says of one address.
type Recipient struct {
	Address string // as the mail spells it; personal: for the person who asked, never for logs
	Status  string // enhanced status code (RFC 3463), "" if the mail has none
	Kind    Kind
	Reason  gateway.Reason
	Err     *gateway.Error // of Hard, Soft and Delay; nil otherwise

	Delivered bool // the report says that the mail has arrived
}

// A reader reads one form of mail. It returns nil when the mail is not of its form.
type reader struct {
	form string
	read func(*mail) *Result
}

// readers are asked in this order: the exact forms before those that guess.
var readers = [...]reader{
	{"delivery status notification, RFC 3464", readDSN},
	{"feedback report, RFC 5965", readFeedback},
	{"notice of Amazon SES by mail", readSES},
	{"refusal by a mailbox, RFC 5429 and RFC 8098", readDisposition},
	{"notice in words", readProse},
	{"automatic reply, RFC 3834", readAutoReply},
}

// Read reads one mail. It reads at most 1 MiB of it, since the report stands
// before the message that it returns, and takes less than 16 MB of memory
// whatever comes; the error is only that of r.
func Read(r io.Reader) (*Result, error) {
	m, err := readMail(r)
	if err != nil {
		return nil, fmt.Errorf("read the returned mail: %w", err)
	}
	for _, form := range readers {
		if res := form.read(m); res != nil {
			res.sum()
			res.Automatic = true
			return m.trace(res), nil
		}
	}
	res := &Result{Automatic: m.automatic()}
	if !res.Automatic {
		res.From, res.Wish = m.author(), m.wish()
	}
	return m.trace(res), nil
}

// trace adds what the mail shows of the delivery that it is about.
func (m *mail) trace(res *Result) *Result {
	res.Mailboxes = m.mailboxes()
	if res.Delivery = m.delivery(); res.Delivery == "" {
		res.Unsubscribe = m.unsubscribe()
	}
	return res
}

// severity orders kinds: a mail about several recipients is as bad as the worst.
var severity = [...]int{Other: 0, Delay: 1, Soft: 2, Hard: 3, AutoReply: 4, Complaint: 5}

// sum gives the result the kind and reason of its worst recipient.
func (res *Result) sum() {
	for _, rcpt := range res.Recipients {
		if severity[rcpt.Kind] > severity[res.Kind] || res.Reason == 0 && rcpt.Kind == res.Kind {
			res.Kind, res.Reason = rcpt.Kind, rcpt.Reason
		}
	}
}
