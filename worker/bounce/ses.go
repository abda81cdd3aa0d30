package bounce

import (
	"bytes"
	"encoding/json"
	"strings"
)

// readSES reads a notification of Amazon SES that SNS brings by mail: JSON in
// the text, as in "Contents of Amazon SNS notifications for Amazon SES".
func readSES(m *mail) *Result {
	if !m.header.Has("X-Amz-Sns-Message-Id") {
		return nil
	}
	body, _ := m.find("text/plain")
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return nil
	}
	var n struct {
		Type      string `json:"notificationType"`
		EventType string `json:"eventType"` // of event publishing, else the same
		Bounce    struct {
			Recipients []struct {
				Address    string `json:"emailAddress"`
				Action     string `json:"action"`
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
			Response   string   `json:"smtpResponse"`
		} `json:"delivery"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&n); err != nil {
		return nil // mail folds long lines, and may have cut it
	}
	res := &Result{}
	for _, r := range n.Bounce.Recipients[:min(len(n.Bounce.Recipients), maxRecipients)] {
		action := strings.ToLower(r.Action)
		if action == "" {
			action = "failed"
		}
		_, diagnostic, _ := strings.Cut(r.Diagnostic, ";")
		if diagnostic == "" {
			diagnostic = r.Diagnostic
		}
		res.Recipients = append(res.Recipients, judge(typedAddress(r.Address), action, r.Status, diagnostic, stageOf("", diagnostic, "")))
	}
	for _, r := range n.Complaint.Recipients[:min(len(n.Complaint.Recipients), maxRecipients)] {
		res.Recipients = append(res.Recipients, Recipient{Address: typedAddress(r.Address), Kind: Complaint})
	}
	for _, a := range n.Delivery.Recipients[:min(len(n.Delivery.Recipients), maxRecipients)] {
		status, _ := codes("", n.Delivery.Response)
		res.Recipients = append(res.Recipients, Recipient{Address: typedAddress(a), Status: status, Delivered: true})
	}
	if len(res.Recipients) == 0 {
		return nil
	}
	return res
}
