package webhook

import (
	"regexp"
	"strings"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtpreply"
)

// Kind says what an event is, in the words that mail providers share.
type Kind string

// The kinds of event.
const (
	Queued        Kind = "queued"        // taken by the provider
	Sent          Kind = "sent"          // handed on by it
	Delivered     Kind = "delivered"     // taken by the receiving server
	Deferred      Kind = "deferred"      // refused for now
	Bounced       Kind = "bounced"       // refused for good
	Rejected      Kind = "rejected"      // the provider would not send it
	Failed        Kind = "failed"        // the provider could not send it
	Complained    Kind = "complained"    // the person called it spam
	Unsubscribed  Kind = "unsubscribed"  // the person said stop
	Subscribed    Kind = "subscribed"    // the person takes it back
	Opened        Kind = "opened"        // never acted on: opens are not tracked
	Clicked       Kind = "clicked"       // nor are clicks
	Inbound       Kind = "inbound"       // a mail that came in
	AutoResponded Kind = "autoresponded" // an answer by machine
	Unknown       Kind = "unknown"       // anything else
)

// Kinds of event as reports: what is not here is no end of a delivery.
var reported = map[Kind]gateway.Event{
	Queued: gateway.EventAccepted, Sent: gateway.EventAccepted, Delivered: gateway.EventDelivered, Deferred: gateway.EventDelayed,
	Bounced: gateway.EventFailed, Rejected: gateway.EventFailed, Failed: gateway.EventFailed,
	Complained: gateway.EventComplaint, Unsubscribed: gateway.EventOptOut,
}

// An Event is what a provider says of one mail.
type Event struct {
	Kind      Kind
	Recipient string         // as the provider spells it; personal: for the person who asked, never for logs
	ID        string         // of the event where the provider gives one, else of the mail
	Delivery  string         // our token, "" if the request has none; its signature is not checked here
	Err       *gateway.Error // of Deferred, Bounced, Rejected and Failed
}

// Reason is why it failed, 0 if it did not.
func (e Event) Reason() gateway.Reason {
	if e.Err == nil {
		return 0
	}
	return e.Err.Reason
}

// report returns the event as the worker takes it; ok is false for one that
// ends nothing or is not of a delivery of ours.
func (e Event) report() (gateway.Report, bool) {
	event, ok := reported[e.Kind]
	if !ok || e.Delivery == "" {
		return gateway.Report{}, false
	}
	return gateway.Report{Delivery: e.Delivery, Event: event, Err: e.Err, ID: e.ID}, true
}

// refusal is a failure by the receiving server's words. final says that the
// provider has given up; dead that it holds the mailbox for dead, which counts
// where the words do not speak of us or of the message.
func refusal(words string, final, dead bool) *gateway.Error {
	e := smtpreply.Reply(0, words)
	e.RetryAfter = 0
	switch {
	case !final:
		e.Kind = gateway.Temporary
	case dead && (e.Reason == gateway.MailboxUnknown || e.Reason == gateway.OtherReason && strings.TrimSpace(words) == ""):
		e.Kind, e.Reason = gateway.Dead, gateway.MailboxUnknown
	case !dead && e.Kind == gateway.Dead, e.Kind != gateway.Dead && e.Kind != gateway.Refused:
		e.Kind = gateway.Failed
	}
	return e
}

// because is a failure for a reason that the provider itself names.
func because(kind gateway.Kind, reason gateway.Reason) *gateway.Error {
	return &gateway.Error{Kind: kind, Reason: reason}
}

// token finds our token: the bare one of a header of ours, or that of our
// envelope sender, b+TOKEN@domain.
var token = regexp.MustCompile(`(?i)(?:^|[<\s"])b\+([a-z2-7]{16,62})@|^(?:clarion_delivery=)?([a-z2-7]{16,62})$`)

// delivery returns the first token among values.
func delivery(values ...string) string {
	for _, v := range values {
		if m := token.FindStringSubmatch(strings.TrimSpace(v)); m != nil {
			return strings.ToLower(m[1] + m[2])
		}
	}
	return ""
}

// first returns the first of values that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
