package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// sweepLoop looks, at every tick, for what no task will do by itself: works of
// dead workers, deliveries that are due, waiting works, scheduled and stopping
// calls, calls past their limits. Every worker sweeps: each step is done once
// however many do it. It asks Redis alone, since what waits for a gateway would
// keep dead workers' batches waiting.
func (w *Worker) sweepLoop(ctx context.Context) {
	tick := time.NewTicker(w.cfg.Sweep)
	defer tick.Stop()
	s := sweeper{w: w, signs: map[string]sign{}, calls: map[broadcast.ID]*looked{}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if w.draining.Load() {
				return
			}
			if err := errors.Join(w.settleJournals(ctx), s.sweep(ctx)); err != nil && ctx.Err() == nil {
				w.log.Warn("a sweep was not complete", "error", err)
			}
		}
	}
}

type sweeper struct {
	w         *Worker
	notBefore time.Time // nobody is taken for dead before
	signs     map[string]sign
	hour      int64 // whose housekeeping is queued
	calls     map[broadcast.ID]*looked
}

// looked is what a sweeper remembers of a call from one look to the next. All
// times are of the monotonic clock.
type looked struct {
	idle  map[string]time.Time // leases whose task asynq holds for somebody who has not begun, since when
	from  uint32               // the last work of the look for lost ones
	ended time.Time            // the last look at a call that is done
}

// sweep looks through all active calls. An error ends only the step that it is of:
// a call that cannot go on must not keep others from it.
func (s *sweeper) sweep(ctx context.Context) error {
	w := s.w
	var active []broadcast.ID
	if err := s.ask(func() (err error) { active, err = w.ledger.Active(ctx); return err }); err != nil {
		return err
	}
	for id := range s.calls {
		if !slices.Contains(active, id) {
			delete(s.calls, id)
		}
	}
	errs := []error{s.keepHouse(ctx), w.tellRates(ctx)}
	for _, id := range active {
		if s.calls[id] == nil {
			s.calls[id] = &looked{idle: map[string]time.Time{}}
		}
		if err := s.call(ctx, id, s.calls[id]); err != nil {
			errs = append(errs, fmt.Errorf("sweep call %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// ask asks Redis what tells the living from the dead. When it does not answer, or
// late, every worker may look dead: each gets the time to give a sign before
// anyone is taken for dead.
func (s *sweeper) ask(do func() error) error {
	began := time.Now()
	err := do()
	if err != nil || time.Since(began) > s.w.cfg.Liveness/2 {
		s.notBefore = time.Now().Add(s.w.cfg.Liveness)
	}
	return err
}

func (s *sweeper) call(ctx context.Context, id broadcast.ID, seen *looked) error {
	w := s.w
	c, err := w.ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	// Before anything that ends the sight of it: what has happened to a call must not get lost.
	if w.watcher != nil {
		if err := w.watcher.Look(ctx, c); err != nil {
			if c.State == broadcast.Done || c.State == broadcast.Stopped {
				return err
			}
			w.log.Warn("what has happened to a call is not told yet", "call", id, "error", err)
		}
	}
	switch c.State {
	case broadcast.Scheduled:
		if !w.clk.Now().Before(c.Start) {
			return Begin(ctx, w.ledger, w.queue, id)
		}
		return nil
	case broadcast.Planned, broadcast.Draft, broadcast.Paused:
		return s.takeover(ctx, c)
	case broadcast.Done:
		return s.done(ctx, c, seen)
	case broadcast.Stopped:
		return w.ledger.Retire(ctx, id)
	case broadcast.Stopping:
		err := s.takeover(ctx, c)
		_, werr := w.ledger.Wind(ctx, id)
		return errors.Join(err, werr)
	}
	errs := []error{s.takeover(ctx, c), s.watchLimits(ctx, c), s.canary(ctx, c)}
	due, err := w.ledger.Collect(ctx, id, false)
	errs = append(errs, err)
	waited, err := w.ledger.Waiting(ctx, id)
	errs = append(errs, err)
	for _, l := range append(due, waited...) {
		errs = append(errs, w.handOut(ctx, l))
	}
	errs = append(errs, s.lost(ctx, id, seen))
	_, err = w.ledger.Settle(ctx, id)
	return errors.Join(append(errs, err)...)
}

// doubtKept is how long a call that is done stays among the active ones for the
// sake of deliveries in doubt: a gateway may know more of them, a worker that was
// taken for dead may wake and say that they never went.
const doubtKept = 24 * time.Hour

func (s *sweeper) done(ctx context.Context, c *broadcast.Call, seen *looked) error {
	if time.Since(seen.ended) < doubtEvery {
		return nil
	}
	seen.ended = time.Now()
	counters, err := s.w.ledger.Counters(ctx, c.ID)
	if err != nil {
		return err
	}
	doubt := 0
	for _, n := range counters.Channels {
		doubt += n[broadcast.InDoubt]
	}
	if doubt == 0 || s.w.clk.Now().Sub(c.Finished) > doubtKept {
		return s.w.ledger.Retire(ctx, c.ID)
	}
	return nil
}

// handOut queues a work, whatever it is.
func (w *Worker) handOut(ctx context.Context, l broadcast.Lease) error {
	if l.Work == broadcast.PlanWork {
		return w.queue.enqueuePlan(ctx, l)
	}
	work, err := w.ledger.Work(ctx, l.Call, l.Work)
	if err != nil {
		return err
	}
	return w.queue.Enqueue(ctx, l, work.Channel)
}

// takeover frees the works that nobody has in hand any more, and hands them out.
func (s *sweeper) takeover(ctx context.Context, c *broadcast.Call) error {
	w := s.w
	if !w.alive() {
		// Whatever kept this worker from giving a sign may have kept the others too.
		s.notBefore = time.Now().Add(w.cfg.Liveness)
	}
	if time.Now().Before(s.notBefore) {
		return nil
	}
	var owners []broadcast.Lease
	living := map[string]bool{}
	if err := s.ask(func() (err error) {
		if owners, err = w.ledger.Owners(ctx, c.ID); err != nil {
			return err
		}
		for _, l := range owners {
			living[l.Worker] = false
		}
		return w.living(ctx, living, s.signs)
	}); err != nil || time.Now().Before(s.notBefore) {
		return err
	}
	for _, l := range owners {
		if l.Worker != w.id && living[l.Worker] {
			continue
		}
		if err := s.free(ctx, c, l); err != nil {
			return err
		}
	}
	return nil
}

// free takes over one work: a dead worker's, or one that is this worker's own by
// the ledger and in nobody's hands here, since an error ended it or the answer to
// its beginning was lost.
func (s *sweeper) free(ctx context.Context, c *broadcast.Call, l broadcast.Lease) error {
	w := s.w
	if l.Worker == w.id {
		if !w.hands.take(l) {
			return nil
		}
		defer w.hands.drop(l)
	}
	var resend time.Time
	if l.Work != broadcast.PlanWork && !c.Hold {
		work, err := w.ledger.Work(ctx, l.Call, l.Work)
		if err != nil {
			return err
		}
		if work.Channel == address.Email {
			resend = w.clk.Now().Add(w.cfg.Grace)
		}
	}
	next, doubt, ours, err := w.ledger.Takeover(ctx, l, uint8(gateway.Network), resend)
	if err != nil || !ours {
		return err
	}
	w.log.Warn("took over a batch that its worker gave no more sign of", "call", l.Call, "batch", l.Work, "worker", l.Worker, "in_doubt", doubt)
	if c.State == broadcast.Running {
		return w.handOut(ctx, next)
	}
	return nil
}
