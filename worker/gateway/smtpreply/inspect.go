package smtpreply

import "clarion/worker/gateway"

// An Inspection is what `clarion inspect reply` prints of a reply.
type Inspection struct {
	Kind   string `json:"kind"`   // hard, soft, delay, complaint or other; see Hardness
	Status string `json:"status"` // the enhanced status that stands in the text, "" if none
	Reason string `json:"reason"` // a gateway.Reason
}

// Inspect reads a reply for a person: code is 0 when unknown.
func Inspect(code int, text string) Inspection {
	r := read(Unknown, code, text)
	out := Inspection{}
	if r.status != (status{}) {
		out.Status = r.status.String()
	}
	switch {
	case r.code >= 200 && r.code < 400 || r.code == 0 && r.status.class == 2:
		out.Kind = "other" // no refusal at all
		return out
	case says(r.words, []string{"abuse report", "authentication failure report"}):
		out.Kind, out.Reason = "complaint", gateway.Spam.String()
		return out
	}
	e := Reply(code, text)
	out.Reason = e.Reason.String()
	out.Kind = Hardness(e)
	switch e.Reason { // a delay is what has no other reason yet
	case gateway.Network, gateway.Expired, gateway.OtherReason:
		if says(r.words, stillTrying) {
			out.Kind = "delay"
		}
	}
	return out
}

var stillTrying = []string{
	"message still undelivered", "will be retried for", "delay in the delivery", "delivery incomplete", "will retry for", "delivery attempts will continue", "no action is required on your part",
}

// Hardness returns "hard" when the verdict means that mailbox or domain does not
// exist, else "soft".
func Hardness(e *gateway.Error) string {
	if e.Kind == gateway.Dead {
		return "hard"
	}
	return "soft"
}
