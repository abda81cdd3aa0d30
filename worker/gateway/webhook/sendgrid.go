package webhook

import (
	"encoding/json"
	"strings"

	"clarion/worker/gateway"
)

var sendGridKinds = map[string]Kind{
	"processed": Queued, "dropped": Rejected, "deferred": Deferred, "delivered": Delivered, "bounce": Bounced, "open": Opened, "click": Clicked,
	"spamreport": Complained, "unsubscribe": Unsubscribed, "group_unsubscribe": Unsubscribed, "group_resubscribe": Subscribed,
}

// sendGridDrops are the reasons for which SendGrid sends nothing ("Event
// webhook reference", dropped). What it remembers of a mailbox is no news of it.
var sendGridDrops = map[string]*gateway.Error{
	"bounced address":                   because(gateway.Failed, gateway.MailboxUnknown),
	"invalid":                           because(gateway.Failed, gateway.MailboxUnknown),
	"unsubscribed address":              because(gateway.OptedOut, gateway.OptOut),
	"spam reporting address":            because(gateway.OptedOut, gateway.OptOut),
	"spam content":                      because(gateway.Refused, gateway.Spam),
	"invalid smtpapi header":            because(gateway.Refused, gateway.Policy),
	"recipient list over package quota": because(gateway.Refused, gateway.RateLimited),
}

// readSendGrid reads a list of events, or a mail of the parse webhook.
func readSendGrid(r *request) ([]Event, error) {
	if r.form != nil {
		if !r.isInbound() {
			return nil, errForeign
		}
		var envelope struct {
			To []string `json:"to"`
		}
		ev := Event{Kind: Inbound, Recipient: bare(r.form.get("to"))}
		if err := json.Unmarshal([]byte(r.form.get("envelope")), &envelope); err == nil && len(envelope.To) > 0 {
			ev.Recipient = envelope.To[0]
		}
		return []Event{ev}, nil
	}
	var all []struct {
		Event     string `json:"event"`
		Email     string `json:"email"`
		EventID   string `json:"sg_event_id"`
		MessageID string `json:"sg_message_id"`
		SMTPID    string `json:"smtp-id"`
		Type      string `json:"type"` // of a bounce: "bounce" or "blocked"
		Reason    string `json:"reason"`
		Response  string `json:"response"`
		Status    string `json:"status"`
		Delivery  string `json:"clarion_delivery"`
	}
	if err := json.Unmarshal(r.body, &all); err != nil {
		return nil, errForeign
	}
	var out []Event
	for _, e := range all {
		kind, ok := sendGridKinds[e.Event]
		if !ok {
			kind = Unknown
		}
		ev := Event{Kind: kind, Recipient: e.Email, ID: first(e.EventID, e.MessageID, e.SMTPID), Delivery: delivery(e.Delivery)}
		switch kind {
		case Bounced:
			ev.Err = refusal(e.Status+" "+e.Reason, true, e.Type != "blocked")
		case Deferred:
			ev.Err = refusal(first(e.Response, e.Reason), false, false)
		case Rejected:
			if ev.Err = sendGridDrops[strings.ToLower(e.Reason)]; ev.Err == nil {
				ev.Err = because(gateway.Refused, gateway.Policy)
			}
		}
		out = append(out, ev)
	}
	return out, nil
}
