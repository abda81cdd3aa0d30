package rehearsal

import (
	"cmp"
	"slices"
	"strings"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Case is an address that decides its own outcome.
type Case struct {
	Channel address.Channel
	Mark    string // email: what follows "+" in the local part; sms, fax: the number's last four digits
	Meaning string // what happens, for the documentation

	answer gateway.Error // Kind 0: accepted
	once   bool          // answer comes to the first try only, the next is accepted
	slow   bool          // the answer takes Config.Slow
	gone   bool          // the message was taken, whatever answer says
	reply  string        // a text that the person sends back
	report []report      // what is reported later; nil: EventDelivered, but nothing for email
}

// report is one later report. late stands for a multiple of Config.ReportAfter.
type report struct {
	event gateway.Event
	late  int
	err   gateway.Error // of EventFailed and EventDelayed
}

func fails(kind gateway.Kind, reason gateway.Reason, code string) []report {
	return []report{{event: gateway.EventFailed, late: 1, err: gateway.Error{Kind: kind, Reason: reason, Code: code}}}
}

// silence is what is reported of a message of which nothing is heard again.
var silence = []report{}

var cases = [...]Case{
	{Channel: address.Email, Mark: "unknown", Meaning: "refused at once: no such mailbox",
		answer: gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "5.1.1"}},
	{Channel: address.Email, Mark: "bounce", Meaning: "accepted; later a bounce: no such mailbox",
		report: fails(gateway.Dead, gateway.MailboxUnknown, "5.1.1")},
	{Channel: address.Email, Mark: "full", Meaning: "refused: the mailbox is full",
		answer: gateway.Error{Kind: gateway.Failed, Reason: gateway.MailboxFull, Code: "5.2.2"}},
	{Channel: address.Email, Mark: "disabled", Meaning: "refused: the mailbox is switched off",
		answer: gateway.Error{Kind: gateway.Failed, Reason: gateway.MailboxDisabled, Code: "5.2.1"}},
	{Channel: address.Email, Mark: "greylist", Meaning: "put off at the first try, accepted at the next", once: true,
		answer: gateway.Error{Kind: gateway.Temporary, Reason: gateway.Greylisted, Code: "4.7.1"}},
	{Channel: address.Email, Mark: "defer", Meaning: "put off at every try",
		answer: gateway.Error{Kind: gateway.Temporary, Reason: gateway.OtherReason, Code: "4.3.0"}},
	{Channel: address.Email, Mark: "throttle", Meaning: "too fast at the first try, accepted at the next", once: true,
		answer: gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28"}},
	{Channel: address.Email, Mark: "policy", Meaning: "the content is refused",
		answer: gateway.Error{Kind: gateway.Refused, Reason: gateway.Policy, Code: "5.7.1"}},
	{Channel: address.Email, Mark: "slow", Meaning: "accepted after a while", slow: true},
	{Channel: address.Email, Mark: "complain", Meaning: "accepted; later a complaint",
		report: []report{{event: gateway.EventComplaint, late: 1}}},
	{Channel: address.Email, Mark: "optout", Meaning: "accepted; later the person opts out",
		report: []report{{event: gateway.EventOptOut, late: 1}}},
	{Channel: address.Email, Mark: "reply", Meaning: "accepted; later the person writes back", reply: "잘 받았습니다. Thank you, I have signed."},
	{Channel: address.Email, Mark: "doubt", Meaning: "taken, but the line breaks before the answer: in doubt", gone: true,
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},
	{Channel: address.Email, Mark: "lost", Meaning: "not taken, and the line breaks before the answer: in doubt",
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},

	{Channel: address.SMS, Mark: "0001", Meaning: "refused at once: no such number",
		answer: gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "0x0000000b"}},
	{Channel: address.SMS, Mark: "0002", Meaning: "too fast at the first try, accepted at the next", once: true,
		answer: gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "0x00000058"}},
	{Channel: address.SMS, Mark: "0003", Meaning: "accepted; later not delivered",
		report: fails(gateway.Failed, gateway.OtherReason, "UNDELIV/001")},
	{Channel: address.SMS, Mark: "0004", Meaning: "accepted; later expired: the phone was off",
		report: fails(gateway.Failed, gateway.Expired, "EXPIRED/002")},
	{Channel: address.SMS, Mark: "0005", Meaning: "accepted; later refused by the carrier",
		report: fails(gateway.Refused, gateway.Policy, "REJECTD/003")},
	{Channel: address.SMS, Mark: "0006", Meaning: "accepted; nothing is ever reported", report: silence},
	{Channel: address.SMS, Mark: "0007", Meaning: "accepted; reported as on its way, and delivered much later",
		report: []report{{event: gateway.EventAccepted, late: 1}, {event: gateway.EventDelivered, late: 4}}},
	{Channel: address.SMS, Mark: "0008", Meaning: "delivered; the person answers STOP", reply: "STOP"},
	{Channel: address.SMS, Mark: "0009", Meaning: "delivered; the person answers 수신거부", reply: "수신거부"},
	{Channel: address.SMS, Mark: "0010", Meaning: "the provider knows that this person opted out",
		answer: gateway.Error{Kind: gateway.OptedOut, Reason: gateway.OptOut, Code: "21610"}},
	{Channel: address.SMS, Mark: "0011", Meaning: "taken, but the line breaks before the answer: in doubt", gone: true,
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},
	{Channel: address.SMS, Mark: "0012", Meaning: "not taken, and the line breaks before the answer: in doubt",
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},
	{Channel: address.SMS, Mark: "0013", Meaning: "delivered after a slow answer", slow: true},

	{Channel: address.Fax, Mark: "0001", Meaning: "accepted; busy to the end",
		report: fails(gateway.Failed, gateway.Busy, "busy")},
	{Channel: address.Fax, Mark: "0002", Meaning: "accepted; nobody answers",
		report: fails(gateway.Failed, gateway.NoAnswer, "no_answer")},
	{Channel: address.Fax, Mark: "0003", Meaning: "accepted; our own line has no dial tone",
		report: fails(gateway.Temporary, gateway.Network, "no_dial_tone")},
	{Channel: address.Fax, Mark: "0004", Meaning: "accepted; a person answers: not dialled again in this call",
		report: fails(gateway.Failed, gateway.PersonAnswered, "voice")},
	{Channel: address.Fax, Mark: "0005", Meaning: "refused at once: no such number",
		answer: gateway.Error{Kind: gateway.Dead, Reason: gateway.MailboxUnknown, Code: "rejected"}},
	{Channel: address.Fax, Mark: "0006", Meaning: "accepted; nothing is ever reported", report: silence},
	{Channel: address.Fax, Mark: "0011", Meaning: "taken, but the line breaks before the answer: in doubt", gone: true,
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},
	{Channel: address.Fax, Mark: "0012", Meaning: "not taken, and the line breaks before the answer: in doubt",
		answer: gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}},
}

// Cases returns the addresses that decide their own outcome, by channel.
func Cases() []Case {
	return slices.SortedStableFunc(slices.Values(cases[:]), func(a, b Case) int { return cmp.Compare(a.Channel, b.Channel) })
}

// caseOf finds the case of an address.
func caseOf(a address.Address) (Case, bool) {
	mark := a.Reveal()
	if a.Channel() == address.Email {
		local, _, _ := strings.Cut(mark, "@")
		_, mark, _ = strings.Cut(local, "+")
		mark = strings.ToLower(mark)
	} else {
		mark = mark[max(0, len(mark)-4):]
	}
	for _, c := range cases {
		if c.Channel == a.Channel() && c.Mark == mark {
			return c, true
		}
	}
	return Case{}, false
}
