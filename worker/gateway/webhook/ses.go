package webhook

import (
	"encoding/json"
	"errors"
	"strings"

	"clarion/worker/gateway"
)

// A sesMessage is what SES tells through SNS: notifications of an identity and
// events of a configuration set, which differ in the name of the type alone
// ("Contents of event data that Amazon SES publishes to Amazon SNS").
type sesMessage struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Mail             struct {
		Source      string              `json:"source"`
		MessageID   string              `json:"messageId"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
		Headers     []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
	} `json:"mail"`
	Bounce struct {
		Type       string `json:"bounceType"`
		SubType    string `json:"bounceSubType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []struct {
			Address string `json:"emailAddress"`
		} `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
	} `json:"delivery"`
	Delay struct {
		Type       string `json:"delayType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"delayedRecipients"`
	} `json:"deliveryDelay"`
	Receipt struct {
		Recipients []string `json:"recipients"`
	} `json:"receipt"`
}

var sesKinds = map[string]Kind{
	"Bounce": Bounced, "Complaint": Complained, "Delivery": Delivered, "Send": Sent, "Reject": Rejected, "Open": Opened, "Click": Clicked,
	"Rendering Failure": Failed, "DeliveryDelay": Deferred, "Subscription": Unsubscribed, "Received": Inbound,
}

// sesReasons are the subtypes of a bounce that say why where the far server's
// words do not.
var sesReasons = map[string]gateway.Reason{
	"NoEmail": gateway.MailboxUnknown, "MailboxFull": gateway.MailboxFull, "MessageTooLarge": gateway.TooLarge, "ContentRejected": gateway.Content, "AttachmentRejected": gateway.Content,
}

// sesDelays are the types of a delay.
var sesDelays = map[string]gateway.Reason{
	"MailboxFull": gateway.MailboxFull, "SpamDetected": gateway.Spam, "IPFailure": gateway.SenderBlocked, "TransientCommunicationFailure": gateway.Network, "RecipientServerError": gateway.Network,
}

func readSES(r *request) ([]Event, error) {
	e, err := readEnvelope(r)
	if err != nil {
		return nil, err
	}
	if e.Type != "Notification" {
		return nil, nil // a subscription begins or ends
	}
	if strings.HasPrefix(e.Message, "Successfully validated SNS topic") {
		return nil, nil
	}
	var m sesMessage
	if err := json.Unmarshal([]byte(e.Message), &m); err != nil {
		return nil, errors.New("it is no notification of SES")
	}
	name := first(m.EventType, m.NotificationType)
	if name == "" {
		return nil, nil
	}
	kind, ok := sesKinds[name]
	if !ok {
		kind = Unknown
	}
	base := Event{Kind: kind, ID: e.MessageID, Delivery: m.token()}
	var out []Event
	add := func(to string, failure *gateway.Error) {
		ev := base
		ev.Recipient, ev.Err = bare(to), failure
		out = append(out, ev)
	}
	switch kind {
	case Bounced:
		for _, b := range m.Bounce.Recipients {
			add(b.Address, m.failure(b.Status, b.Diagnostic))
		}
	case Complained:
		for _, c := range m.Complaint.Recipients {
			add(c.Address, nil)
		}
	case Delivered:
		for _, to := range m.Delivery.Recipients {
			add(to, nil)
		}
	case Deferred:
		for _, d := range m.Delay.Recipients {
			e := refusal(d.Status+" "+d.Diagnostic, false, false)
			if reason := sesDelays[m.Delay.Type]; reason != 0 && e.Reason == gateway.OtherReason {
				e.Reason = reason
			}
			add(d.Address, e)
		}
	case Inbound:
		base.ID = first(m.Mail.MessageID, e.MessageID)
		for _, to := range m.Receipt.Recipients {
			add(to, nil)
		}
	default:
		for _, to := range m.Mail.Destination {
			switch kind {
			case Rejected: // SES found a virus in it
				add(to, because(gateway.Refused, gateway.Content))
			case Failed: // its template could not be filled
				add(to, because(gateway.Failed, gateway.OtherReason))
			default:
				add(to, nil)
			}
		}
	}
	return out, nil
}

// token is in the envelope sender, which SES reports; a tag may carry it too.
func (m *sesMessage) token() string {
	values := append([]string{m.Mail.Source}, m.Mail.Tags["clarion_delivery"]...)
	for _, h := range m.Mail.Headers {
		if strings.EqualFold(h.Name, "Return-Path") {
			values = append(values, h.Value)
		}
	}
	return delivery(values...)
}

// failure judges a bounce: "Permanent" is dead unless the far server's words
// speak of us; what SES would not send because an earlier mail bounced is no
// news of the mailbox.
func (m *sesMessage) failure(status, diagnostic string) *gateway.Error {
	if m.Bounce.SubType == "Suppressed" || m.Bounce.SubType == "OnAccountSuppressionList" {
		return because(gateway.Failed, gateway.MailboxUnknown)
	}
	words := strings.TrimSpace(diagnostic)
	if words == "" && !strings.HasSuffix(status, ".0.0") {
		words = status
	}
	e := refusal(words, true, m.Bounce.Type == "Permanent")
	if reason := sesReasons[m.Bounce.SubType]; reason != 0 && e.Reason == gateway.OtherReason {
		e.Reason = reason
	}
	return e
}

// bare is the address of "Name <address>".
func bare(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if end := strings.IndexByte(s[open:], '>'); end > 0 {
			return s[open+1 : open+end]
		}
	}
	return strings.TrimSpace(s)
}
