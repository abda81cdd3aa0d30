package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/worker/gateway"
)

var (
	errDraining = errors.New("this worker is ending; another takes the batch")
	errAsleep   = errors.New("this worker has given no sign of life lately; it begins nothing")
)

// handlePlan makes the batches of a call.
func (w *Worker) handlePlan(ctx context.Context, t *asynq.Task) error {
	lease, err := w.lease(t)
	if err != nil {
		return err
	}
	if !w.hands.take(lease) {
		return nil
	}
	defer w.hands.drop(lease)
	status, err := w.ledger.Begin(ctx, lease)
	if err != nil || status != broadcast.OK {
		return err
	}
	c, err := w.calls.get(ctx, lease.Call)
	if err == nil {
		going := func() bool { return w.alive() && !w.draining.Load() }
		err = w.ledger.Plan(ctx, lease.Call, w.people, w.sorting(c), w.queue, going)
	}
	if errors.Is(err, broadcast.ErrCanary) {
		return w.ledger.Park(ctx, lease)
	}
	if errors.Is(err, broadcast.ErrStopped) {
		err = nil
		if _, _, rerr := w.ledger.Release(ctx, lease, time.Time{}); rerr != nil {
			return rerr
		}
		return nil
	}
	if err != nil {
		// Put back at once: what is planned stays planned, and the rest goes on from there.
		if _, mine, rerr := w.ledger.Release(context.WithoutCancel(ctx), lease, w.clk.Now().Add(w.cfg.Sweep)); rerr != nil || !mine {
			w.log.Warn("planning is left to the sweep", "call", lease.Call)
		}
		w.log.Warn("planning goes on later", "call", lease.Call, "error", err)
		return nil
	}
	_, err = w.ledger.Finish(ctx, lease, nil)
	return err
}

func (w *Worker) lease(t *asynq.Task) (broadcast.Lease, error) {
	var p leaseTask
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return broadcast.Lease{}, fmt.Errorf("read a task: %w", asynq.SkipRetry)
	}
	return broadcast.Lease{Call: p.Call, Work: p.Work, Fence: p.Fence, Worker: w.id}, nil
}

// handleBatch sends the deliveries of a work: a group is claimed, sent and
// committed at a time, and the commit of one travels with the claim of the next.
func (w *Worker) handleBatch(ctx context.Context, t *asynq.Task) error {
	lease, err := w.lease(t)
	if err != nil {
		return err
	}
	if !w.hands.take(lease) {
		return nil
	}
	b, err := w.begin(ctx, lease)
	if b == nil {
		w.hands.drop(lease)
		return err
	}
	b.proceed(ctx)
	return nil
}

// begin takes a work into this worker's hands, and a connection for it; nil when
// there is nothing to do or it cannot be had.
func (w *Worker) begin(ctx context.Context, lease broadcast.Lease) (b *batch, err error) {
	if w.draining.Load() {
		return nil, errDraining
	}
	if !w.alive() {
		return nil, errAsleep
	}
	c, err := w.calls.get(ctx, lease.Call)
	if err != nil {
		return nil, err
	}
	work, err := w.ledger.Work(ctx, lease.Call, lease.Work)
	if err != nil {
		return nil, err
	}
	b = &batch{w: w, lease: lease, call: c, work: work, turn: w.lineage.Turns()}
	chosen, err := w.enter(ctx, c, work.Channel, work.Len())
	if err != nil {
		return nil, err
	}
	b.gate, b.number = chosen.gate, chosen.number
	status := ""
	if err = errDraining; !w.draining.Load() {
		status, err = w.ledger.Begin(ctx, lease)
	}
	if err != nil || status != broadcast.OK {
		b.gate.leave()
		return nil, err
	}
	return b, nil
}

// proceed sends what is left of the batch. Where it must wait for its slots it
// does so apart, and leaves its connection to others.
func (b *batch) proceed(ctx context.Context) {
	wait, err := b.run(ctx)
	if err != nil || wait == 0 {
		b.leaveLane(ctx)
	}
	b.gate.leave()
	if err == nil && wait > 0 {
		b.w.apart.Go(func() {
			err := sleep(ctx, wait)
			if err == nil {
				err = b.gate.enter(ctx)
			}
			if err != nil {
				b.leaveToSweep(ctx, err)
				return
			}
			b.proceed(ctx)
		})
		return
	}
	if err != nil {
		b.leaveToSweep(ctx, err)
		return
	}
	b.w.hands.drop(b.lease)
}

// leaveToSweep ends a batch with an error: this process is ending, or Redis
// refuses something. The sweep takes the batch over, from this worker too, and
// what is not committed by then is in doubt.
func (b *batch) leaveToSweep(ctx context.Context, err error) {
	b.lastWords(ctx)
	b.leaveLane(ctx)
	b.w.log.Warn("a batch is left to the sweep", "call", b.lease.Call, "batch", b.lease.Work, "error", err)
	b.w.hands.drop(b.lease)
}

// A batch is a work in this process's hands.
type batch struct {
	w       *Worker
	lease   broadcast.Lease
	call    *Compiled
	work    *broadcast.Work
	gate    *gate
	number  uint8 // the gate's number in the call
	session gateway.Session
	line    bool   // the session is the batch's own, and one of the connections that its lane bears
	place   *place // that connection, or the right to one; nil: none, or they are not counted
	heldUp  bool   // the batch was put back for a while
	quiet   *night
	pacing

	// The group that is sent but not committed yet.
	sent  broadcast.Outcome
	tried bool // committing it was tried
	deed  *deed
	turn  int64 // of Redis's lineage, under which the work was begun

	*scratch
	page   *page // of the journal
	breaks int   // sessions that broke
}

// back says why a batch goes back before it is finished.
type back struct {
	wait   time.Duration // not before; 0: at once
	inLine bool          // it is called before that, once its lane has a connection for it
	asleep time.Time     // its contacts sleep until then
}

// run sends group by group. A wait above 0 says that the next group has its slots
// then, and that the batch is to be run again.
func (b *batch) run(ctx context.Context) (wait time.Duration, err error) {
	w := b.w
	if b.gate == nil {
		w.log.Error("no gateway of the call serves the channel in this process; the batch waits", "call", b.lease.Call, "channel", b.work.Channel)
		return 0, b.giveBack(ctx, back{wait: noGateWait})
	}
	defer func() {
		if !b.line { // that one goes with its place
			b.gate.keep(b.session)
			b.session = nil
		}
	}()
	b.scratch = w.scratch()
	defer func() { w.scratches.Put(b.scratch) }()
	b.page = w.journal.take()
	defer func() { b.page.drop(b.sent.Work == nil) }()
	b.quiet = b.night()
	if b.groups == nil {
		if err := b.cut(ctx); err != nil {
			return 0, err
		}
	}
	for len(b.groups) > 0 {
		why, err := b.ready(ctx, b.groups[0])
		if err != nil {
			return 0, err
		}
		if why != nil {
			return 0, b.giveBack(ctx, *why)
		}
		if b.slots.wait > 0 {
			wait, b.slots.wait = b.slots.wait, 0
			return wait, nil
		}
		g := b.next()
		status, err := b.claim(ctx, g)
		if err != nil {
			return 0, err
		}
		if status != broadcast.OK {
			b.giveSlotsBack(ctx, 0)
			if status == broadcast.Fenced {
				return 0, nil
			}
			return 0, b.giveBack(ctx, back{})
		}
		if why := b.send(ctx, g); why != nil {
			return 0, b.giveBack(ctx, *why)
		}
	}
	return 0, b.finish(ctx)
}

// claim commits what was sent, claims the group, and reads its contacts and who
// of them may still be written to: one round trip, in this order.
func (b *batch) claim(ctx context.Context, g broadcast.Group) (status string, err error) {
	w := b.w
	var turning *broadcast.Turning
	var read *lists.Read
	var may *lists.Eligible
	numbers := g.Work.Contacts[g.From:g.To]
	b.page.claiming(b.lease, g)
	b.page.committing()
	w.deeds.ended(b.deed, b.sent.Results)
	err = w.persist(ctx, func(ctx context.Context) error {
		b.try()
		return w.trips.do(ctx, func(tx queueTx) {
			turning = w.ledger.QueueTurn(ctx, tx, b.sent, b.lease, g, b.number)
			read = w.people.QueueRead(ctx, tx, numbers)
			may = w.people.QueueEligible(ctx, tx, g.Work.Channel, numbers)
		})
	})
	if err != nil {
		return "", err
	}
	results := b.sent.Results[:0]
	b.sent, b.deed, b.tried = broadcast.Outcome{}, nil, false
	status, attempts, err := turning.Claimed()
	b.page.claimed(attempts)
	if err != nil || status != broadcast.OK {
		return status, err
	}
	if b.contacts, err = read.Recipients(b.contacts); err != nil {
		return "", b.unclaim(ctx, g, attempts, err)
	}
	if err := may.Err(); err != nil {
		return "", b.unclaim(ctx, g, attempts, err)
	}
	b.doing(g, attempts)
	b.sent = broadcast.Outcome{Group: g, Attempts: attempts, Results: append(results, make([]broadcast.Result, g.Len())...)}
	for i := range b.sent.Results {
		if !may.At(i) || b.contacts[i].Number == 0 {
			b.end(i, broadcast.Result{State: broadcast.Suppressed})
		}
	}
	return broadcast.OK, nil
}

// unclaim gives a group back unsent when it could not be prepared.
func (b *batch) unclaim(ctx context.Context, g broadcast.Group, attempts []byte, cause error) error {
	b.sent = broadcast.Outcome{Group: g, Attempts: attempts, Results: make([]broadcast.Result, g.Len())}
	return errors.Join(cause, b.commit(ctx))
}
