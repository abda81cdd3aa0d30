// Package worker owns the work: it is the only door to the queue, takes batches
// from it, claims, sends and commits their deliveries, decides what follows from
// a failure, keeps the pace, takes over what dead workers left, and applies what
// comes back.
package worker

import (
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A verdict is what follows from a kind of failure.
type verdict struct {
	state    broadcast.State  // where the delivery goes
	retry    bool             // deferred, to be tried again; state is for when no try is left
	suppress lists.Reason     // why the address is written to no more if the reason says so too (consequence), 0 if it is
	holdLane bool             // the whole lane waits a while
	holdGate bool             // the gateway waits until it is mended; the delivery counts as not begun
	report   broadcast.Change // the same failure told later by a report
	sentence [2]string        // for the operator: English, Korean
}

// verdicts is the one table from a kind of failure to its consequence.
var verdicts = map[gateway.Kind]verdict{
	gateway.Temporary: {state: broadcast.Failed, retry: true, report: broadcast.SaysFail,
		sentence: [2]string{"The far side asked to come back later; it is tried again.", "상대 쪽이 나중에 다시 오라고 했습니다. 다시 시도합니다."}},
	gateway.Throttled: {state: broadcast.Failed, retry: true, holdLane: true, report: broadcast.SaysFail,
		sentence: [2]string{"We are too fast for this system; its lane waits and goes on.", "이 시스템에 너무 빨리 보냈습니다. 잠시 기다렸다가 계속합니다."}},
	gateway.Dead: {state: broadcast.Bounced, suppress: lists.Bounced, report: broadcast.SaysDead,
		sentence: [2]string{"There is no such mailbox or number; it is not written to again.", "없는 메일함 또는 번호입니다. 다시 보내지 않습니다."}},
	gateway.OptedOut: {state: broadcast.Suppressed, suppress: lists.OptedOut, report: broadcast.SaysFail,
		sentence: [2]string{"The provider knows that this person said stop; it is not written to again.", "수신을 거부한 분입니다. 다시 보내지 않습니다."}},
	gateway.Refused: {state: broadcast.Rejected, holdLane: true, report: broadcast.SaysNo,
		sentence: [2]string{"The system refuses what we send or how we send it; look at text, sender and DNS, the person is not at fault.", "내용이나 발신 설정 때문에 거부되었습니다. 문안, 발신자, DNS를 확인하십시오."}},
	gateway.Failed: {state: broadcast.Failed, report: broadcast.SaysFail,
		sentence: [2]string{"It could not be delivered this time; the address stays on the list.", "이번에는 전달하지 못했습니다. 주소는 명단에 남습니다."}},
	gateway.Misconfigured: {state: broadcast.Failed, retry: true, holdGate: true, report: broadcast.SaysFail,
		sentence: [2]string{"The gateway does not let us in; check its address, login and sender, then it goes on by itself.", "게이트웨이가 접속을 거부합니다. 주소, 계정, 발신번호를 확인하십시오."}},
	gateway.Indeterminate: {state: broadcast.InDoubt, report: broadcast.SaysFail,
		sentence: [2]string{"The connection broke while it was handed over; nobody knows whether it left.", "넘기는 중에 연결이 끊겨 나갔는지 알 수 없습니다."}},
}

// A Weight is how much a failure for a reason says of whether anybody is there.
type Weight uint8

// The weights.
const (
	Nothing Weight = iota // it is about us, the message, the line or the hour: it suppresses nobody, however often
	InRun                 // met in call after call it shows that nobody is there
	AtOnce                // where it is proven (gateway.Dead) it shows so at once, else in a run
)

// weights are the reasons that say something of the person. That a mail expired
// may be our own line's fault, and what nobody can read may be said to a whole
// system at once.
var weights = map[gateway.Reason]Weight{
	gateway.MailboxUnknown: AtOnce, gateway.DomainUnknown: AtOnce, gateway.Moved: AtOnce,
	gateway.MailboxFull: InRun, gateway.MailboxDisabled: InRun,
}

// WeightOf returns how much a failure for a reason counts.
func WeightOf(r gateway.Reason) Weight { return weights[r] }

// consequence says what a final failure does to the address: why it is suppressed
// at once (0 if it is not), or whether it counts towards a run. It goes by the
// reason; the kind only tells what is proven. That the person said stop, the
// provider knows whatever else it says.
func consequence(k gateway.Kind, r gateway.Reason) (suppress lists.Reason, run bool) {
	switch reason := verdicts[k].suppress; {
	case reason == 0:
		return 0, weights[r] != Nothing
	case reason != lists.Bounced:
		return reason, false
	case weights[r] == AtOnce || r == 0: // a gateway that has but one way to be dead names no reason
		return reason, false
	}
	return 0, weights[r] == InRun
}

// Sentence says to the operator what follows from a kind of failure, in "ko" or "en".
func Sentence(k gateway.Kind, lang string) string {
	if lang == "ko" {
		return verdicts[k].sentence[1]
	}
	return verdicts[k].sentence[0]
}

// A Consequence is one row of the table: what follows when a gateway answers
// with a kind of failure.
type Consequence struct {
	Kind        gateway.Kind
	State       broadcast.State  // where the delivery goes; with Retry, once no try is left
	Retry       bool             // it is tried again
	Suppress    lists.Reason     // why the address is written to no more, 0 if it is
	HoldLane    bool             // the receiving system is left alone for a while
	HoldGateway bool             // the gateway is, and the delivery counts as not begun
	Report      broadcast.Change // what the same failure does when it is reported later
}

// Consequences lists the table, in the order of gateway.Kinds.
func Consequences() []Consequence {
	out := make([]Consequence, len(gateway.Kinds))
	for i, k := range gateway.Kinds {
		v := verdicts[k]
		out[i] = Consequence{k, v.state, v.retry, v.suppress, v.holdLane, v.holdGate, v.report}
	}
	return out
}

// Retry says when a deferred delivery is tried again: First after the first
// attempt, twice as long after each further one up to Most, at most Attempts in
// all. RFC 5321 §4.5.4.1 asks for 30 minutes between tries at one destination;
// greylisting and a relay's own back-pressure pass sooner, so the first are shorter.
type Retry struct {
	First    time.Duration
	Most     time.Duration
	Attempts int
}

// DefaultRetry is how each channel tries again unless set otherwise. Fax lines
// are dialled again by the fax server itself.
var defaultRetry = [...]Retry{
	address.Email: {5 * time.Minute, 4 * time.Hour, 30},
	address.SMS:   {1 * time.Minute, 1 * time.Hour, 10},
	address.Fax:   {5 * time.Minute, 1 * time.Hour, 6},
}

// next returns when to try again after attempts so far, or false when no try is left.
func (r Retry) next(now time.Time, attempts int, asked time.Duration, ends time.Time) (time.Time, bool) {
	if attempts >= r.Attempts {
		return time.Time{}, false
	}
	wait := r.First
	for range attempts - 1 {
		if wait *= 2; wait >= r.Most {
			wait = r.Most
			break
		}
	}
	at := now.Add(max(wait, asked))
	if !ends.IsZero() && at.After(ends) {
		return time.Time{}, false
	}
	return at, true
}
