package bounce

import "strings"

// readFeedback reads a complaint: a feedback report in the Abuse Reporting
// Format (RFC 5965), whatever its Feedback-Type. "not-spam" alone takes the
// complaint back and is none.
func readFeedback(m *mail) *Result {
	body, ok := m.find("message/feedback-report")
	if !ok {
		return m.readJunkReport()
	}
	var report fields
	for _, g := range fieldGroups(body) {
		if report == nil {
			report = g
			continue
		}
		for k, v := range g { // some write an empty line between the fields
			if _, twice := report[k]; !twice {
				report[k] = v
			}
		}
	}
	res := &Result{Kind: Complaint}
	if strings.EqualFold(report["feedback-type"], "not-spam") {
		res.Kind = Other
		return res
	}
	for _, name := range []string{"original-rcpt-to", "removal-recipient"} {
		if a := typedAddress(report[name]); strings.Contains(a, "@") {
			res.Recipients = []Recipient{{Address: a, Kind: Complaint}}
			return res
		}
	}
	returned := m.returned()
	if a := typedAddress(returned.Get("To")); strings.Contains(a, "@") {
		res.Recipients = []Recipient{{Address: a, Kind: Complaint}}
	}
	return res
}

// readJunkReport reads what Outlook.com's Junk Mail Reporting Program sends: the
// message itself, attached, with the recipient in a field of its own.
func (m *mail) readJunkReport() *Result {
	h := m.returned()
	const recipient = "X-HmXmrOriginalRecipient"
	if !h.Has(recipient) {
		return nil
	}
	return &Result{Kind: Complaint, Recipients: []Recipient{{Address: typedAddress(h.Get(recipient)), Kind: Complaint}}}
}
