package webhook

import (
	"encoding/json"

	"clarion/worker/gateway"
)

// brevoKinds are the events of transactional mail ("Transactional webhooks").
var brevoKinds = map[string]Kind{
	"request": Queued, "sent": Queued, "delivered": Delivered, "hard_bounce": Bounced, "soft_bounce": Bounced, "invalid_email": Bounced, "invalid": Bounced, "blocked": Rejected, "error": Failed,
	"deferred": Deferred, "spam": Complained, "complaint": Complained, "unsubscribe": Unsubscribed, "unsubscribed": Unsubscribed,
	"opened": Opened, "unique_opened": Opened, "proxy_open": Opened, "unique_proxy_open": Opened, "first_opening": Opened, "click": Clicked, "clicked": Clicked,
}

// readBrevo reads one event, or the mails of the inbound webhook.
func readBrevo(r *request) ([]Event, error) {
	var e struct {
		Event     string `json:"event"`
		Email     string `json:"email"`
		MessageID string `json:"message-id"`
		Reason    string `json:"reason"`
		Custom    string `json:"X-Mailin-custom"`
		Items     *[]struct {
			UUID      any      `json:"Uuid"`
			MessageID string   `json:"MessageId"`
			Rcpt      []string `json:"Recipients"`
		} `json:"items"`
	}
	if err := json.Unmarshal(r.body, &e); err != nil {
		return nil, errForeign
	}
	if e.Items != nil {
		var out []Event
		for _, item := range *e.Items {
			ev := Event{Kind: Inbound, ID: item.MessageID}
			if len(item.Rcpt) > 0 {
				ev.Recipient = item.Rcpt[0]
			}
			out = append(out, ev)
		}
		if len(out) == 0 {
			return nil, errForeign
		}
		return out, nil
	}
	kind, ok := brevoKinds[e.Event]
	if !ok {
		kind = Unknown
	}
	ev := Event{Kind: kind, Recipient: e.Email, ID: e.MessageID, Delivery: delivery(e.Custom)}
	switch e.Event {
	case "hard_bounce":
		ev.Err = refusal(e.Reason, true, true)
	case "soft_bounce":
		ev.Err = refusal(e.Reason, true, false)
	case "invalid_email", "invalid":
		ev.Err = because(gateway.Failed, gateway.MailboxUnknown)
	case "deferred":
		ev.Err = refusal(e.Reason, false, false)
	case "blocked": // on the account's own list: no news of the mailbox
		ev.Err = because(gateway.Refused, gateway.Policy)
	case "error":
		ev.Err = because(gateway.Failed, gateway.OtherReason)
	}
	return []Event{ev}, nil
}
