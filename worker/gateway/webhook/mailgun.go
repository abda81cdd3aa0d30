package webhook

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"clarion/worker/gateway"
)

type mailgunSigned struct {
	Timestamp string `json:"timestamp"`
	Token     string `json:"token"`
	Signature string `json:"signature"`
}

// mailgunSignature finds the signature of a request: in JSON beside the event,
// in the older form and in routes among the fields.
func mailgunSignature(r *request) mailgunSigned {
	if r.form != nil {
		return mailgunSigned{r.form.get("timestamp"), r.form.get("token"), r.form.get("signature")}
	}
	var body struct {
		Signature mailgunSigned `json:"signature"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return mailgunSigned{}
	}
	return body.Signature
}

var mailgunKinds = map[string]Kind{
	"accepted": Queued, "rejected": Rejected, "delivered": Delivered, "failed": Bounced, "opened": Opened, "clicked": Clicked,
	"unsubscribed": Unsubscribed, "complained": Complained, "stored": Inbound,
	"bounced": Bounced, "dropped": Rejected, // of the older form
}

// mailgunReasons are the reasons of a failure that are Mailgun's own and no
// news of the mailbox ("Event structure", failed).
var mailgunReasons = map[string]*gateway.Error{
	"suppress-bounce":      because(gateway.Failed, gateway.MailboxUnknown),
	"suppress-unsubscribe": because(gateway.OptedOut, gateway.OptOut),
	"suppress-complaint":   because(gateway.OptedOut, gateway.OptOut),
	"old":                  because(gateway.Failed, gateway.Expired),
	"espblock":             because(gateway.Refused, gateway.SenderBlocked),
}

// readMailgun reads an event ("Webhooks"), one in the form used before 2018, or
// a mail of a route.
func readMailgun(r *request) ([]Event, error) {
	if r.form != nil {
		return readMailgunForm(r.form)
	}
	var body struct {
		Signature mailgunSigned `json:"signature"`
		Event     *struct {
			Event     string `json:"event"`
			ID        string `json:"id"`
			Severity  string `json:"severity"`
			Reason    string `json:"reason"`
			Recipient string `json:"recipient"`
			Envelope  struct {
				Sender string `json:"sender"`
			} `json:"envelope"`
			Message struct {
				Headers map[string]any `json:"headers"`
			} `json:"message"`
			Variables json.RawMessage `json:"user-variables"`
			Status    struct {
				Code        json.Number `json:"code"`
				Enhanced    string      `json:"enhanced-code"`
				Message     string      `json:"message"`
				Description string      `json:"description"`
			} `json:"delivery-status"`
		} `json:"event-data"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil || body.Event == nil {
		return nil, errForeign
	}
	e := body.Event
	kind, ok := mailgunKinds[e.Event]
	if !ok {
		kind = Unknown
	}
	var own struct {
		Delivery string `json:"clarion_delivery"`
	}
	if len(e.Variables) > 0 && json.Unmarshal(e.Variables, &own) != nil {
		own.Delivery = "" // a list: of somebody else's mail
	}
	ev := Event{Kind: kind, Recipient: e.Recipient, ID: first(body.Signature.Token, e.ID), Delivery: delivery(e.Envelope.Sender, own.Delivery)}
	words := strings.TrimSpace(fmt.Sprintf("%s %s %s", replyCode(e.Status.Code), e.Status.Enhanced, first(e.Status.Message, e.Status.Description)))
	switch {
	case kind == Bounced && e.Severity == "temporary":
		ev.Kind, ev.Err = Deferred, refusal(words, false, false)
	case kind == Bounced:
		if ev.Err = mailgunReasons[e.Reason]; ev.Err == nil {
			ev.Err = refusal(words, true, e.Reason == "bounce" || e.Reason == "hardfail")
		}
	case kind == Rejected:
		ev.Err = because(gateway.Refused, gateway.Policy)
	}
	return []Event{ev}, nil
}

// replyCode keeps a code that an SMTP server gave; above 599 they are Mailgun's.
func replyCode(n json.Number) string {
	if code, err := strconv.Atoi(n.String()); err == nil && code >= 400 && code < 600 {
		return n.String()
	}
	return ""
}

func readMailgunForm(f form) ([]Event, error) {
	id := f.get("token")
	if !f.has("event") {
		return []Event{{Kind: Inbound, Recipient: f.get("recipient"), ID: id}}, nil
	}
	// What a sender named as it pleased stands after event and recipient, and
	// before what is signed.
	kind, ok := mailgunKinds[f["event"][0]]
	if !ok {
		kind = Unknown
	}
	ev := Event{Kind: kind, Recipient: f.first("recipient"), ID: id, Delivery: delivery(f.get("clarion_delivery"))}
	words := f.get("code") + " " + f.get("error")
	switch kind {
	case Bounced:
		ev.Err = refusal(words, true, true)
	case Rejected:
		if ev.Err = mailgunReasons[f.get("reason")]; ev.Err == nil {
			ev.Err = refusal(words+" "+f.get("description"), true, f.get("reason") == "hardfail")
		}
	}
	return []Event{ev}, nil
}
