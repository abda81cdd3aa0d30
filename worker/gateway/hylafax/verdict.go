package hylafax

import (
	"errors"
	"strings"

	"clarion/worker/gateway"
)

// verdicts are HylaFAX's words for what went wrong, by their beginning (the texts
// of faxsend and faxq 6.0.7). Its status code is 333 for nearly all of them, so
// that only the text tells them apart. The first that fits counts.
var verdicts = [...]struct {
	status string
	kind   gateway.Kind
	reason gateway.Reason
	code   string
	say    string
}{
	{"Busy signal detected", gateway.Failed, gateway.Busy, "busy", "the line was busy at each dial"},

	{"No answer from remote", gateway.Failed, gateway.NoAnswer, "no_answer", "nobody answered"},
	{"No answer or ring back", gateway.Failed, gateway.NoAnswer, "no_answer", "nobody answered"},
	{"No answer (T.30 T1 timeout)", gateway.Failed, gateway.NoAnswer, "no_answer", "nobody answered"},
	{"Ringback detected, no answer", gateway.Failed, gateway.NoAnswer, "no_answer", "nobody answered"},

	{"No carrier", gateway.Failed, gateway.PersonAnswered, "no_carrier", "the call was answered, but not by a fax"},
	{"No receiver protocol", gateway.Failed, gateway.PersonAnswered, "no_receiver_protocol", "the call was answered, but not by a fax"},

	{"No local dialtone", gateway.Misconfigured, gateway.OtherReason, "no_dial_tone", "our line has no dial tone: check the cable and the exchange"},
	{"No dial tone", gateway.Misconfigured, gateway.OtherReason, "no_dial_tone", "our line has no dial tone: check the cable and the exchange"},
	{"No loop current", gateway.Misconfigured, gateway.OtherReason, "no_loop_current", "our line is dead: check the cable and the exchange"},
	{"Invalid dialing command", gateway.Misconfigured, gateway.OtherReason, "invalid_dial", "the modem does not take the dialled number: check country and prefixes"},
	{"Unable to setup modem", gateway.Misconfigured, gateway.OtherReason, "modem", "HylaFAX cannot use its modem"},
	{"Unable to configure modem", gateway.Misconfigured, gateway.OtherReason, "modem", "HylaFAX cannot use its modem"},
	{"REJECT: Too many pages", gateway.Refused, gateway.TooLarge, "too_many_pages", "HylaFAX is set to refuse so many pages"},
	{"REJECT", gateway.Misconfigured, gateway.OtherReason, "rejected", "HylaFAX refuses the job: see its log"},

	{"Kill time expired", gateway.Failed, gateway.Expired, "expired", "the time for this fax ran out"},
	{aborted, gateway.Failed, gateway.OtherReason, "aborted", "the job was stopped at the fax server"},
	{"Call aborted by user", gateway.Failed, gateway.OtherReason, "aborted", "the call was stopped at the fax server"},
	{"Send aborted due to operator", gateway.Failed, gateway.OtherReason, "aborted", "the call was stopped at the fax server"},

	{"Document preparation failed", gateway.Refused, gateway.Content, "document", "HylaFAX cannot make a fax of the document"},
	{"Document conversion", gateway.Refused, gateway.Content, "document", "HylaFAX cannot make a fax of the document"},
	{"Converted document", gateway.Refused, gateway.Content, "document", "HylaFAX cannot make a fax of the document"},
	{"Job contains no documents", gateway.Refused, gateway.Content, "document", "HylaFAX found no document in the job"},
	{"Can not open document file", gateway.Refused, gateway.Content, "document", "HylaFAX found no document in the job"},

	{"Remote has no T.4 receiver", gateway.Failed, gateway.OtherReason, "cannot_receive", "the machine there cannot receive faxes"},
	{"Remote cannot receive", gateway.Failed, gateway.OtherReason, "cannot_receive", "the machine there cannot receive faxes"},
	{"Remote station cannot receive", gateway.Failed, gateway.OtherReason, "cannot_receive", "the machine there cannot receive faxes"},
	{"Client does not support document", gateway.Failed, gateway.OtherReason, "page_size", "the machine there does not take pages of this size"},
}

// personAnswered says whether a voice answered, or anything that is no fax.
func personAnswered(status string) bool {
	v := judge(status)
	return v != nil && v.Reason == gateway.PersonAnswered
}

// judge returns what a status means by itself, nil if it is none of the table's.
func judge(status string) *gateway.Error {
	for _, v := range verdicts {
		if strings.HasPrefix(status, v.status) {
			return &gateway.Error{Kind: v.kind, Reason: v.reason, Code: v.code, Err: errors.New(v.say)}
		}
	}
	return nil
}

// verdict judges a failed job.
func (j job) verdict() *gateway.Error {
	if e := judge(j.status); e != nil {
		return e
	}
	// The rest are calls that broke off. If that was after the last page, nobody
	// knows whether the machine there has printed it.
	if j.total > 0 && (j.pages >= j.total || j.pages == j.total-1 && afterPage(j.status)) {
		return &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network, Code: "broken_off_at_end",
			Err: errors.New("the call broke off after the last page, before the machine there said that it has it")}
	}
	return &gateway.Error{Kind: gateway.Failed, Reason: gateway.Network, Code: "broken_off", Err: errors.New("the call got through, but broke off before all pages were there")}
}

// afterPage says whether a page had been sent and its receipt was missing: the
// answers to MPS, EOP, EOM (ITU-T T.30 §5.3.6.1.6) and, with error correction,
// PPS, PPM, RR and EOR (Annex A).
func afterPage(status string) bool {
	for _, s := range [...]string{"No response to ", "Invalid response to ", "COMREC invalid response received to ", "Modem protocol error (unknown post-page response)"} {
		if strings.HasPrefix(status, s) {
			return true
		}
	}
	return false
}
