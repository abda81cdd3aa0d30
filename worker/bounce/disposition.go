package bounce

import "strings"

// readDisposition reads a disposition notification (RFC 8098) with which a
// mailbox refuses a mail that it had been given: Sieve's reject (RFC 5429 §2.1)
// and delivery agents on a full mailbox. A receipt that tells of a mail that was
// shown or filed is no failure.
func readDisposition(m *mail) *Result {
	body, ok := m.find("message/disposition-notification")
	if !ok {
		return nil
	}
	res := &Result{}
	words := m.notice().text
	for _, g := range fieldGroups(body) {
		address := typedAddress(g["final-recipient"])
		_, done, _ := strings.Cut(g["disposition"], ";")
		done = strings.ToLower(strings.TrimSpace(done))
		if address == "" || done == "" {
			continue
		}
		said := autoRejected.FindStringSubmatch(words)
		if said == nil || !strings.HasPrefix(done, "deleted") && !strings.HasPrefix(done, "failed") && !strings.HasPrefix(done, "denied") {
			res.Recipients = append(res.Recipients, Recipient{Address: address})
			continue
		}
		res.Recipients = append(res.Recipients, judge(address, "failed", "", said[1], 0))
	}
	return res
}
