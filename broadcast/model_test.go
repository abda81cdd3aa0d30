package broadcast

import (
	"slices"
	"time"

	"clarion/lists/address"
)

// The model says in the plainest way what the ledger is to do: every delivery
// is one struct that stands in one place.
type model struct {
	state      CallState
	hold       bool
	deliveries []*modelDelivery
	open       map[uint32]*modelWork
}

type modelDelivery struct {
	channel address.Channel
	contact uint32
	ref     Ref
	lang    string
	state   State
	attempt uint8
	place   place
	work    uint32    // of inBatch, inWork, and of the claim when Sending
	due     time.Time // of inDue
	holder  Lease     // whose claim, when Sending
	doubted bool      // was in doubt once
}

// A place is where a delivery waits.
type place int

const (
	nowhere   place = iota
	unplanned       // in the frozen audience
	inBatch         // in the batch it was planned in
	inDue           // in the due set
	inWork          // in a work of further attempts
)

type modelWork struct {
	fence int64
	owner string    // a worker, "" for nobody
	later time.Time // waits until then, zero if it does not
}

// mayFind is, told anew, which states each change may find.
var mayFind = map[Change][]State{
	SaysGone: {Sending, Sent, Deferred, InDoubt, Failed}, SaysDead: {Sending, Sent, Deferred, InDoubt, Failed, Delivered},
	SaysFail: {Sending, Sent, InDoubt}, SaysNo: {Sending, Sent, InDoubt}, Settle: {InDoubt}, SendAgain: {InDoubt},
	Offer: {Bounced, Rejected, Failed},
}

var leadsTo = map[Change]State{SaysGone: Delivered, SaysDead: Bounced, SaysFail: Failed, SaysNo: Rejected, Settle: Sent, SendAgain: Deferred, Offer: Deferred}

func (m *model) owns(l Lease) bool {
	w := m.open[l.Work]
	return w != nil && w.owner == l.Worker && w.fence == l.Fence && l.Worker != ""
}

func (m *model) at(r Ref) *modelDelivery {
	for _, d := range m.deliveries {
		if d.place != unplanned && d.ref == r {
			return d
		}
	}
	return nil
}

// settle ends a call in which nobody has anything to do or to wait for.
func (m *model) settle() {
	busy := len(m.open) > 0
	for _, d := range m.deliveries {
		busy = busy || d.place == inDue
	}
	switch {
	case busy:
	case m.state == Running:
		m.state = Done
	case m.state == Stopping:
		m.state = Stopped
	}
}

// goesAgain puts a delivery into the due set. A work that has it already must
// not send it too, and knows it by its attempt.
func (m *model) goesAgain(d *modelDelivery, due time.Time, late bool) {
	if late && d.place != inDue {
		d.attempt++
	}
	d.state, d.place, d.due, d.work = Deferred, inDue, due, 0
	if late && m.state == Done {
		m.state = Running
	}
}

func (m *model) commit(l Lease, o Outcome, now time.Time) {
	for i, r := range o.Results {
		d := m.at(o.Work.Ref(o.From + i))
		if o.Attempts[i] == 0 || d.attempt != o.Attempts[i] {
			continue
		}
		late := d.state == InDoubt
		if !late && (d.state != Sending || !m.owns(l)) || late && r.Unsure {
			continue
		}
		switch {
		case r.State == InDoubt && late:
		case (r.State == Pending || r.State == Deferred) && late && m.state == Stopped:
			d.state, d.place = Cancelled, nowhere
		case r.State == Pending && late:
			m.goesAgain(d, now, true)
		case r.State == Pending:
			d.attempt--
			if d.state = Deferred; d.attempt == 0 {
				d.state = Pending
			}
			d.place = inWork
			if !o.Work.Again() {
				d.place = inBatch
			}
		case r.State == Deferred:
			m.goesAgain(d, r.Due, late)
		case r.State == InDoubt && !r.Due.IsZero():
			d.state, d.place, d.due, d.doubted = InDoubt, inDue, r.Due, true
		default:
			d.state, d.place, d.doubted = r.State, nowhere, d.doubted || r.State == InDoubt
		}
	}
}

// claim says what a claim must answer.
func (m *model) claim(l Lease, g Group) (status string, attempts []byte) {
	if !m.owns(l) {
		return Fenced, nil
	}
	if m.state != Running {
		return string(m.state), nil
	}
	for i := range g.Len() {
		d := m.at(g.Work.Ref(g.From + i))
		mine := d.state == Sending && d.holder == l
		if (d.place == inBatch || d.place == inWork) && d.work == l.Work {
			d.state, d.attempt, d.place, d.work, d.holder = Sending, d.attempt+1, nowhere, l.Work, l
			mine = true
		}
		if !mine {
			attempts = append(attempts, 0)
			continue
		}
		attempts = append(attempts, d.attempt)
	}
	return OK, attempts
}

// unfinished reports whether a work holds what is not ended.
func (m *model) unfinished(number uint32) bool {
	return slices.ContainsFunc(m.deliveries, func(d *modelDelivery) bool {
		return d.work == number && (d.place == inBatch || d.place == inWork || d.state == Sending)
	})
}
