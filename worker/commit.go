package worker

import (
	"context"
	"errors"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
)

// commit enters the results of the group that was sent, if there is one.
func (b *batch) commit(ctx context.Context) error {
	if b.sent.Work == nil {
		return nil
	}
	return b.commitWith(ctx, func(context.Context, queueTx) {})
}

// finish commits what was sent last and says, in the same round trip, that nothing
// of the batch is open any more.
func (b *batch) finish(ctx context.Context) error {
	var finishing *broadcast.Finishing
	if err := b.commitWith(ctx, func(ctx context.Context, tx queueTx) {
		finishing = b.w.ledger.QueueFinish(ctx, tx, b.lease, b.work)
	}); err != nil {
		return err
	}
	_, err := finishing.State()
	return err
}

// commitWith commits the group that was sent, if there is one, and lets more go
// after it.
func (b *batch) commitWith(ctx context.Context, more func(context.Context, queueTx)) error {
	if b.sent.Work != nil {
		b.page.committing()
		b.w.deeds.ended(b.deed, b.sent.Results)
	}
	err := b.w.persist(ctx, func(ctx context.Context) error {
		b.try()
		return b.w.trips.do(ctx, func(tx queueTx) {
			if b.sent.Work != nil {
				b.w.ledger.QueueTurn(ctx, tx, b.sent, b.lease, broadcast.Group{}, 0)
			}
			more(ctx, tx)
		})
	})
	if err == nil && b.sent.Work != nil {
		b.sent, b.deed, b.tried = broadcast.Outcome{}, nil, false
		b.page.committed()
	}
	return err
}

// try begins to commit what was sent. When that was tried before, what was not
// begun may have been given back by then, and be another's by now.
func (b *batch) try() {
	if b.tried {
		for i := range b.sent.Results {
			b.sent.Results[i].Unsure = b.sent.Results[i].State == broadcast.Pending
		}
	}
	b.tried = b.sent.Work != nil
}

// lastWordsWait is how long a batch that ends in an error tries to enter what it
// sent, though its context may have ended.
const lastWordsWait = 2 * time.Second

// lastWords commits what was sent, so that it is not in doubt.
func (b *batch) lastWords(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordsWait)
	defer cancel()
	if err := b.commit(ctx); err != nil {
		b.w.log.Warn("what was sent could not be entered; it will be in doubt", "call", b.lease.Call, "batch", b.lease.Work, "error", err)
	}
}

// giveBack commits what was sent and puts the batch back: for anyone at once,
// or not before a while. While its call is held nobody needs to be told; the
// resume hands it out.
func (b *batch) giveBack(ctx context.Context, why back) error {
	if err := b.commit(ctx); err != nil {
		return err
	}
	if b.slots.n > 0 {
		b.giveSlotsBack(ctx, 0)
	}
	if !why.asleep.IsZero() {
		return b.sleep(ctx, why.asleep)
	}
	w := b.w
	var when time.Time
	if why.wait > 0 {
		when = w.clk.Now().Add(why.wait)
	}
	b.heldUp = why.wait > 0
	return w.persist(ctx, func(ctx context.Context) error {
		state, mine, err := w.ledger.Release(ctx, b.lease, when)
		switch {
		case err != nil || !mine || state != broadcast.Running:
			return err
		case why.inLine:
			return b.calledEarly(ctx)
		case !when.IsZero():
			return nil
		}
		return w.queue.Enqueue(ctx, b.lease.Next(), b.work.Channel)
	})
}

// persist repeats do until it succeeds: Redis may be away for a while, and what
// was sent must still be entered. It gives up when ctx ends.
func (w *Worker) persist(ctx context.Context, do func(context.Context) error) error {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := do(ctx)
		if err == nil || permanent(err) {
			return err
		}
		if errors.Is(err, redisdb.ErrFewReplicas) && w.fewSaid.turn(fewEvery) {
			w.log.Warn("sending waits until enough replicas of Redis have what was claimed", "error", err)
		}
		if serr := sleep(ctx, wait); serr != nil {
			return errors.Join(err, serr)
		}
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
