package webhook

import (
	"encoding/json"
	"strconv"

	"clarion/worker/gateway"
)

// postmarkBounces are the types of a bounce ("Bounce API", bounce types). Which
// one means a dead mailbox the server's words may still contradict.
var postmarkBounces = map[string]struct {
	kind   Kind
	dead   bool
	reason gateway.Reason
}{
	"HardBounce": {Bounced, true, 0}, "BadEmailAddress": {Rejected, true, gateway.MailboxUnknown}, "SoftBounce": {Bounced, false, 0}, "Transient": {Deferred, false, 0}, "DnsError": {Deferred, false, gateway.DomainUnknown},
	"Unsubscribe": {Unsubscribed, false, 0}, "Subscribe": {Subscribed, false, 0}, "AutoResponder": {AutoResponded, false, 0}, "ChallengeVerification": {AutoResponded, false, 0}, "AddressChange": {Bounced, false, gateway.Moved},
	"SpamNotification": {Bounced, false, gateway.Spam}, "SpamComplaint": {Complained, false, 0}, "VirusNotification": {Bounced, false, gateway.Content}, "Blocked": {Rejected, false, gateway.SenderBlocked},
	"DMARCPolicy": {Rejected, false, gateway.Authentication}, "ManuallyDeactivated": {Rejected, false, gateway.Policy}, "Unconfirmed": {Rejected, false, gateway.Policy},
	"SMTPApiError": {Failed, false, 0}, "InboundError": {Unknown, false, 0}, "TemplateRenderingFailed": {Failed, false, 0}, "OpenRelayTest": {Unknown, false, 0}, "Unknown": {Unknown, false, 0},
}

var postmarkKinds = map[string]Kind{"Delivery": Delivered, "SpamComplaint": Complained, "Open": Opened, "Click": Clicked}

// readPostmark reads one record ("Webhooks overview").
func readPostmark(r *request) ([]Event, error) {
	var e struct {
		RecordType        string
		ID                json.Number
		MessageID         string
		Type              string
		Email             string
		Recipient         string
		OriginalRecipient string // of a mail that came in
		FromFull          *struct{ Email string }
		Attachments       []json.RawMessage
		Details           string
		Description       string
		SuppressSending   bool
		SuppressionReason string
		Metadata          map[string]string
	}
	if err := json.Unmarshal(r.body, &e); err != nil {
		return nil, errForeign
	}
	ev := Event{Kind: postmarkKinds[e.RecordType], Recipient: first(e.Recipient, e.Email), ID: e.MessageID, Delivery: delivery(e.Metadata["clarion_delivery"])}
	switch {
	case ev.Kind != "":
	case e.RecordType == "Bounce":
		b, ok := postmarkBounces[e.Type]
		if !ok {
			b.kind = Unknown
		}
		ev.Kind = b.kind
		if n, err := strconv.Atoi(e.ID.String()); err == nil && n > 0 {
			ev.ID = e.ID.String()
		}
		switch ev.Kind {
		case Deferred, Bounced, Rejected, Failed:
			if ev.Err = refusal(e.Details, ev.Kind != Deferred, b.dead); b.reason != 0 && ev.Err.Kind != gateway.Dead {
				ev.Err.Reason = b.reason
			}
		}
	case e.RecordType == "SubscriptionChange":
		switch {
		case !e.SuppressSending:
			ev.Kind = Subscribed
		case e.SuppressionReason == "HardBounce":
			ev.Kind, ev.Err = Bounced, because(gateway.Dead, gateway.MailboxUnknown)
		case e.SuppressionReason == "SpamComplaint":
			ev.Kind = Complained
		default:
			ev.Kind = Unsubscribed
		}
	case e.RecordType == "" && (e.FromFull != nil || e.Attachments != nil), e.RecordType == "Inbound":
		ev.Kind, ev.Recipient = Inbound, e.OriginalRecipient
	default:
		ev.Kind = Unknown
	}
	return []Event{ev}, nil
}
