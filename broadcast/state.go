// Package broadcast owns a call's life: its states, whom it reaches, the ledger
// of its deliveries, the counters, and the receipts applied to them. It knows
// neither how a message is made nor how it is sent.
package broadcast

import (
	"fmt"
	"strings"
)

// CallState is where a call stands.
type CallState string

// The states of a call.
const (
	Draft     CallState = "draft"     // written down, audience not fixed
	Planned   CallState = "planned"   // audience fixed, nothing sent
	Scheduled CallState = "scheduled" // will start by the clock
	Running   CallState = "running"   // messages go out
	Paused    CallState = "paused"    // held by a person or by the call's own limits
	Stopping  CallState = "stopping"  // no new message begins; those on the wire are waited for
	Stopped   CallState = "stopped"   // ended by a person
	Done      CallState = "done"      // nothing is pending, sending or deferred
)

// CallStates lists every state of a call.
var CallStates = [...]CallState{Draft, Planned, Scheduled, Running, Paused, Stopping, Stopped, Done}

// Action is what a person, or the call itself, may do to a call.
type Action string

// The actions on a call.
const (
	ActPlan     Action = "plan"
	ActSchedule Action = "schedule"
	ActLaunch   Action = "launch"
	ActPause    Action = "pause"
	ActResume   Action = "resume"
	ActStop     Action = "stop"
	ActFinish   Action = "finish"   // by the ledger itself
	ActReopen   Action = "reopen"   // deliveries in doubt are to be sent again
	ActWithdraw Action = "withdraw" // what gateways still hold is to be taken back
)

// Actions lists every action on a call.
var Actions = [...]Action{ActPlan, ActSchedule, ActLaunch, ActPause, ActResume, ActStop, ActFinish, ActReopen, ActWithdraw}

// callTable is the one table of what may be done to a call, and where it leads.
var callTable = map[Action]map[CallState]CallState{
	ActPlan:     {Draft: Planned},
	ActSchedule: {Planned: Scheduled},
	ActLaunch:   {Planned: Running, Scheduled: Running},
	ActPause:    {Running: Paused},
	ActResume:   {Paused: Running},
	// A draft has no deliveries yet; what is planned is cancelled first, so that its states add up.
	ActStop:   {Draft: Stopped, Planned: Stopping, Scheduled: Stopping, Running: Stopping, Paused: Stopping},
	ActFinish: {Running: Done, Stopping: Stopped},
	ActReopen: {Done: Running},
	// All was handed over, and whoever stops the call wants back what has not gone on.
	ActWithdraw: {Done: Stopping},
}

// verbs says each action as "cannot be ...".
var verbs = map[Action]string{
	ActPlan: "planned", ActSchedule: "scheduled", ActLaunch: "launched", ActPause: "paused", ActResume: "resumed",
	ActStop: "stopped", ActFinish: "finished", ActReopen: "opened again", ActWithdraw: "withdrawn",
}

// A StateError says that an action does not fit the state of a call.
type StateError struct {
	Call   string
	State  CallState
	Action Action
}

// Error is a sentence for the person who asked.
func (e *StateError) Error() string {
	var from []string
	for _, s := range CallStates {
		if _, ok := callTable[e.Action][s]; ok {
			from = append(from, string(s))
		}
	}
	return fmt.Sprintf("call %s is %s and cannot be %s: only a call that is %s can", e.Call, e.State, verbs[e.Action], strings.Join(from, " or "))
}

// Next returns the state that action leads to from s, or a *StateError.
func (s CallState) Next(call string, action Action) (CallState, error) {
	if to, ok := callTable[action][s]; ok {
		return to, nil
	}
	return s, &StateError{Call: call, State: s, Action: action}
}

// State is where one delivery stands. Its number is what the ledger stores.
type State uint8

// The states of a delivery.
const (
	Pending    State = iota // not begun
	Sending                 // claimed by a worker
	Sent                    // taken by the gateway
	Delivered               // arrived
	Deferred                // waits for its next attempt
	Bounced                 // address is dead
	Rejected                // refused: our content, sender or setup
	Suppressed              // the person must not be written to
	Failed                  // did not succeed, and is not tried again
	InDoubt                 // handed over when a worker died: nobody knows
	Cancelled               // the call was stopped first
	stateCount
)

// States lists every state of a delivery.
var States = [...]State{Pending, Sending, Sent, Delivered, Deferred, Bounced, Rejected, Suppressed, Failed, InDoubt, Cancelled}

var stateNames = [...]string{"pending", "sending", "sent", "delivered", "deferred", "bounced", "rejected", "suppressed", "failed", "in_doubt", "cancelled"}

// String returns the state in snake case.
func (s State) String() string {
	if s < stateCount {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// Sentence explains the state to a person, in Korean or English.
func (s State) Sentence(lang string) string {
	if s >= stateCount {
		return s.String()
	}
	return inLanguage(stateSentences[s], lang)
}

var stateSentences = [...][2]string{
	Pending:    {"Waits for its turn.", "차례를 기다리고 있습니다."},
	Sending:    {"Is being handed to the gateway now.", "지금 게이트웨이에 넘기고 있습니다."},
	Sent:       {"The gateway has taken it; for email that is the end unless a report says more.", "게이트웨이가 받았습니다. 이메일은 따로 보고가 없으면 이것으로 끝입니다."},
	Delivered:  {"It has arrived.", "도착했습니다."},
	Deferred:   {"Not taken yet; it is tried again later.", "아직 받지 않아 나중에 다시 시도합니다."},
	Bounced:    {"The address is dead; nothing is sent there again.", "없는 주소입니다. 다시 보내지 않습니다."},
	Rejected:   {"Refused for what we sent or how; the person is not at fault.", "내용이나 발신 설정 때문에 거부되었습니다. 받는 분의 문제가 아닙니다."},
	Suppressed: {"Not sent, because this person must not be written to.", "수신거부 등으로 보내지 않았습니다."},
	Failed:     {"Could not be delivered and is not tried again.", "전달하지 못했고 다시 시도하지 않습니다."},
	InDoubt:    {"The line or a machine broke off while it was handed over; nobody knows whether it left.", "넘기는 중에 연결이나 장비가 끊겨 나갔는지 알 수 없습니다."},
	Cancelled:  {"The call was stopped before its turn.", "차례가 오기 전에 발송이 중단되었습니다."},
}

// mask is a set of states, one bit each.
type mask uint16

func maskOf(states ...State) (m mask) {
	for _, s := range states {
		m |= 1 << s
	}
	return m
}

// states lists the set.
func (m mask) states() (out []State) {
	for _, s := range States {
		if m&(1<<s) != 0 {
			out = append(out, s)
		}
	}
	return out
}

// Change is what may happen to a delivery. Each has one row in deliveryTable.
type Change uint8

// The changes of a delivery.
const (
	Claim     Change = iota // a worker takes it up
	Commit                  // the worker says how the attempt ended
	Takeover                // the worker died with it in hand
	Cancel                  // the call was stopped
	SaysGone                // a report: delivered
	SaysDead                // a report: address dead
	SaysFail                // a report: failed, nobody to blame
	SaysNo                  // a report: refused
	Settle                  // a person says of one in doubt that it has gone
	SendAgain               // a person says of one in doubt that it is to go again
	Offer                   // a person says of one that failed by our own fault that it is to go again
	changeCount
)

// deliveryTable is the one table of which states a change may find. What it
// finds elsewhere it leaves alone: a commit never overwrites a receipt that came
// first, and a late report never takes back an arrival.
var deliveryTable = [changeCount]struct {
	name string
	from mask
	to   mask
}{
	Claim:     {"claim", maskOf(Pending, Deferred, InDoubt), maskOf(Sending)},
	Commit:    {"commit", maskOf(Sending, InDoubt), maskOf(Pending, Sent, Delivered, Deferred, Bounced, Rejected, Suppressed, Failed, InDoubt)},
	Takeover:  {"takeover", maskOf(Sending), maskOf(InDoubt)},
	Cancel:    {"cancel", maskOf(Pending, Deferred), maskOf(Cancelled)},
	SaysGone:  {"report delivered", maskOf(Sending, Sent, Deferred, InDoubt, Failed), maskOf(Delivered)},
	SaysDead:  {"report dead", maskOf(Sending, Sent, Deferred, InDoubt, Failed, Delivered), maskOf(Bounced)},
	SaysFail:  {"report failed", maskOf(Sending, Sent, InDoubt), maskOf(Failed)},
	SaysNo:    {"report refused", maskOf(Sending, Sent, InDoubt), maskOf(Rejected)},
	Settle:    {"settle", maskOf(InDoubt), maskOf(Sent)},
	SendAgain: {"send again", maskOf(InDoubt), maskOf(Deferred)},
	Offer:     {"offer again", maskOf(Bounced, Rejected, Failed), maskOf(Deferred)},
}

// String is the change in a word or two.
func (c Change) String() string {
	if c < changeCount {
		return deliveryTable[c].name
	}
	return fmt.Sprintf("change(%d)", uint8(c))
}

// A Move is what one change does: the states that it may find, and those that it
// may lead to.
type Move struct {
	Change   Change
	From, To []State
}

// Moves lists the changes of a delivery, as the ledger allows them.
func Moves() []Move {
	out := make([]Move, changeCount)
	for c := range changeCount {
		out[c] = Move{c, deliveryTable[c].from.states(), deliveryTable[c].to.states()}
	}
	return out
}

// Flags beside the state, in the high bits of its byte.
const (
	flagReplied    = 0x10
	flagComplained = 0x20
	flagOptedOut   = 0x40
	flagDoubted    = 0x80
	stateBits      = 0x0f
)
