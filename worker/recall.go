package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// When a replica has taken the place of Redis, it may not know of claims that the
// old master had answered, and messages that have left are pending. Their worker
// knows: it keeps what it did lately, and enters it again.

const (
	// deedsKept is how long it is kept: longer than a replica is behind, and than an
	// old master goes on beside a new one.
	deedsKept = 10 * time.Second
	// recalledTogether bounds one round trip.
	recalledTogether = 64
)

// turnWait is how long nothing is begun once another Redis was met: a sign of life
// may hang for the liveness time on the one that is gone, and after the next every
// worker that lives has entered what it knows.
func (w *Worker) turnWait() time.Duration { return 2 * w.cfg.Liveness }

// A deed is a group that this process claimed, and how it ended.
type deed struct {
	group    broadcast.Group
	attempts []byte
	lease    broadcast.Lease
	gateway  uint8
	turn     int64         // under which it is entered
	first    time.Duration // until what is deferred is tried again
	grace    time.Duration // until what is in doubt is sent again, 0 where that is left to a person

	states, reasons []byte // nil while it is in hand
	at              time.Time
}

// deeds are what this process did lately.
type deeds struct {
	mu   sync.Mutex
	all  []*deed
	room int
}

// add keeps a deed that begins, and forgets those that are long over.
func (d *deeds) add(one *deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) >= d.room {
		d.all = slices.DeleteFunc(d.all, func(o *deed) bool { return o.states != nil && time.Since(o.at) > deedsKept })
		d.room = max(2*len(d.all), 256)
	}
	d.all = append(d.all, one)
}

// ended notes how a deed ended.
func (d *deeds) ended(one *deed, results []broadcast.Result) {
	if one == nil {
		return
	}
	bytes := make([]byte, 2*len(results))
	states, reasons := bytes[:len(results)], bytes[len(results):]
	for i, r := range results {
		states[i], reasons[i] = byte(r.State), r.Reason
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	one.states, one.reasons, one.at = states, reasons, time.Now()
}

// before lists the deeds that were not entered under a turn, and copies of them;
// with those in hand, or without.
func (d *deeds) before(turn int64, inHand bool) (old []*deed, now []deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.all {
		if o.turn < turn && (inHand || o.states != nil) {
			old, now = append(old, o), append(now, *o)
		}
	}
	return old, now
}

// entered notes that deeds stand in the ledger as they were when they were copied.
func (d *deeds) entered(old []*deed, as []deed, turn int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, o := range old {
		if as[i].states != nil { // one in hand is entered again, as it ends
			o.turn = turn
		}
	}
}

// doing keeps what a claim has brought, where another Redis could forget it.
func (b *batch) doing(g broadcast.Group, attempts []byte) {
	if !b.w.lineage.Replicated() {
		return
	}
	b.deed = &deed{group: g, attempts: slices.Clone(attempts), lease: b.lease, gateway: b.number, turn: b.turn, first: b.retry().First}
	if b.work.Channel == address.Email && !b.call.Hold {
		b.deed.grace = b.grace()
	}
	b.w.deeds.add(b.deed)
}

// recall enters what this process did under another Redis than there is now. What
// stays in hand for long is in doubt until it ends.
func (w *Worker) recall(ctx context.Context) error {
	turn := w.lineage.Turns()
	if w.recalled == turn && w.lineage.Stood(w.turnWait()) {
		return nil
	}
	old, now := w.deeds.before(turn, w.lineage.Stood(w.cfg.Liveness))
	homes := homes{w.ledger, map[home]*broadcast.Work{}}
	entered, unknown := 0, 0
	for from := 0; from < len(old); from += recalledTogether {
		to := min(from+recalledTogether, len(old))
		var fills []func(queueTx)
		turnings := make([]*broadcast.Turning, to-from)
		for i, d := range now[from:to] {
			sent, lost, err := w.outcome(ctx, homes, d)
			if err != nil {
				return err
			}
			unknown += lost
			fills = append(fills, func(tx queueTx) {
				turnings[i] = w.ledger.QueueTurn(ctx, tx, sent, d.lease, broadcast.Group{}, d.gateway)
			})
		}
		for _, err := range w.ledger.PipelinedTogether(redisdb.Kept(ctx), fills) {
			if err != nil {
				return err
			}
		}
		for _, t := range turnings {
			n, err := t.Committed()
			if err != nil {
				return err
			}
			entered += n
		}
		w.deeds.entered(old[from:to], now[from:to], turn)
	}
	if w.recalled != turn || entered > 0 {
		w.log.Warn("another Redis has taken the place of the one before; what this worker did lately was entered again", "deliveries", entered, "of_unknown_batches", unknown)
	}
	w.recalled = turn
	return nil
}

// outcome is what is known of a deed. lost counts deliveries that went out of a
// batch which Redis does not know, or knows as another: nothing can be entered.
func (w *Worker) outcome(ctx context.Context, homes homes, d deed) (sent broadcast.Outcome, lost int, err error) {
	sent = broadcast.Outcome{Group: d.group, Attempts: slices.Clone(d.attempts), Results: make([]broadcast.Result, d.group.Len()), Recalled: true}
	for i, attempt := range d.attempts {
		if attempt == 0 {
			continue
		}
		at, work := d.group.From+i, d.group.Work
		known, err := homes.have(ctx, d.group.Call, work.Ref(at), work.Contacts[at])
		if err != nil {
			return sent, 0, err
		}
		if !known {
			sent.Attempts[i] = 0
			lost++
			continue
		}
		r := &sent.Results[i]
		*r = broadcast.Result{State: broadcast.InDoubt, Reason: uint8(gateway.Network), Unsure: true}
		if d.states != nil {
			*r = broadcast.Result{State: broadcast.State(d.states[i]), Reason: d.reasons[i]}
		}
		switch {
		case r.State == broadcast.Pending:
			r.Unsure = true
		case r.State == broadcast.Deferred: // when exactly is not kept
			r.Due = w.clk.Now().Add(d.first)
		case r.State == broadcast.InDoubt && d.grace > 0 && attempt < broadcast.DoubtAttempts:
			r.Due = w.clk.Now().Add(d.grace)
		}
	}
	return sent, lost, nil
}

// homes are the batches that deliveries were planned in, as Redis knows them now.
type homes struct {
	ledger *broadcast.Ledger
	works  map[home]*broadcast.Work // nil: there is none
}

type home struct {
	call  broadcast.ID
	batch uint32
}

// have reports whether a delivery is the one that it was: the batch may have been
// planned anew, and otherwise.
func (h homes) have(ctx context.Context, call broadcast.ID, r broadcast.Ref, contact uint32) (bool, error) {
	at := home{call, r.Batch}
	w, ok := h.works[at]
	if !ok {
		var err error
		if w, err = h.ledger.Work(ctx, call, r.Batch); err != nil && !errors.Is(err, broadcast.ErrNoWork) {
			return false, err
		}
		h.works[at] = w
	}
	return w != nil && int(r.Index) < w.Len() && w.Contacts[r.Index] == contact, nil
}
