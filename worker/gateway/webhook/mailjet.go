package webhook

import (
	"bytes"
	"encoding/json"

	"clarion/worker/gateway"
)

var mailjetKinds = map[string]Kind{
	"sent": Delivered, "open": Opened, "click": Clicked, "bounce": Bounced, "blocked": Rejected, "spam": Complained, "unsub": Unsubscribed,
}

// mailjetErrors are the values of error ("Event API", error details).
var mailjetErrors = map[string]gateway.Reason{
	"user unknown": gateway.MailboxUnknown, "typofix": gateway.DomainUnknown, "mailbox inactive": gateway.MailboxDisabled, "quota exceeded": gateway.MailboxFull, "invalid domain": gateway.DomainUnknown, "no mail host": gateway.DomainUnknown,
	"relay/access denied": gateway.Policy, "sender blocked": gateway.SenderBlocked, "content blocked": gateway.Content, "policy issue": gateway.Policy, "system issue": gateway.Network, "protocol issue": gateway.Network,
	"connection issue": gateway.Network, "greylisted": gateway.Greylisted, "blacklisted": gateway.Policy, "spam reporter": gateway.OptOut, "preblocked": gateway.MailboxUnknown, "duplicate in campaign": gateway.Policy,
}

// readMailjet reads one event or a list of them ("Event API: real-time
// notifications"), or a mail of the parse API.
func readMailjet(r *request) ([]Event, error) {
	type event struct {
		Event     string      `json:"event"`
		Email     string      `json:"email"`
		MessageID json.Number `json:"MessageID"`
		CustomID  string      `json:"CustomID"`
		Hard      bool        `json:"hard_bounce"`
		Error     string      `json:"error"`
		Comment   string      `json:"comment"`
		Parts     []any       // of a mail that came in
		Recipient string
	}
	var all []event
	body := bytes.TrimSpace(r.body)
	if bytes.HasPrefix(body, []byte("{")) {
		body = append(append([]byte("["), body...), ']')
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, errForeign
	}
	var out []Event
	for _, e := range all {
		if e.Event == "" && e.Parts != nil {
			out = append(out, Event{Kind: Inbound, Recipient: e.Recipient})
			continue
		}
		kind, ok := mailjetKinds[e.Event]
		if !ok {
			kind = Unknown
		}
		ev := Event{Kind: kind, Recipient: e.Email, ID: e.MessageID.String(), Delivery: delivery(e.CustomID)}
		switch kind {
		case Bounced, Rejected:
			ev.Err = mailjetFailure(kind, e.Error, e.Comment, e.Hard)
			if kind == Bounced && !e.Hard { // it is tried again for some days
				ev.Kind = Deferred
			}
		}
		out = append(out, ev)
	}
	return out, nil
}

func mailjetFailure(kind Kind, told, comment string, hard bool) *gateway.Error {
	reason, known := mailjetErrors[told]
	switch {
	case reason == gateway.OptOut:
		return because(gateway.OptedOut, reason)
	case kind == Rejected && !known:
		return because(gateway.Refused, gateway.Policy)
	case kind == Rejected: // remembered or guessed, and not tried
		return because(gateway.Failed, reason)
	case !known || comment != "" && reason == gateway.Policy:
		e := refusal(comment, hard, hard)
		if known && e.Reason == gateway.OtherReason {
			e.Reason = reason
		}
		return e
	}
	switch {
	case !hard:
		return because(gateway.Temporary, reason)
	case reason == gateway.MailboxUnknown || reason == gateway.DomainUnknown:
		return because(gateway.Dead, reason)
	case reason == gateway.MailboxFull || reason == gateway.MailboxDisabled || reason == gateway.Network:
		return because(gateway.Failed, reason)
	}
	return because(gateway.Refused, reason)
}
