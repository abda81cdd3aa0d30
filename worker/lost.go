package worker

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clarion/broadcast"
)

// lostAtOnce bounds how many open works one look asks the queue for.
const lostAtOnce = 64

// lost hands out open works that are in nobody's hands and in no queue: their
// planner, collector or worker died between two steps, or a resume met a task
// that was just ending. A task that is queued already keeps its place. Each look
// goes on after the last one's end, so that works which wait for a worker of
// their channel hide no others.
func (s *sweeper) lost(ctx context.Context, id broadcast.ID, seen *looked) error {
	w := s.w
	idle, err := w.ledger.Idle(ctx, id)
	if err != nil {
		return err
	}
	still := make(map[string]bool, len(idle))
	for _, l := range idle {
		still[leaseID(l)] = true
	}
	for lease := range seen.idle {
		if !still[lease] {
			delete(seen.idle, lease)
		}
	}
	slices.SortFunc(idle, func(a, b broadcast.Lease) int { return cmp.Compare(a.Work, b.Work) })
	next := slices.IndexFunc(idle, func(l broadcast.Lease) bool { return l.Work > seen.from })
	idle = append(idle[max(next, 0):], idle[:max(next, 0)]...)
	for _, l := range idle[:min(len(idle), lostAtOnce)] {
		seen.from = l.Work
		queue := queueControl
		if l.Work != broadcast.PlanWork {
			work, err := w.ledger.Work(ctx, l.Call, l.Work)
			if err != nil {
				return err
			}
			queue = queueOf(work.Channel, l.Fence > 1)
		}
		if w.queue.stuck(l, queue) {
			// asynq says that somebody has it, the ledger that nobody has begun. That is
			// a moment's matter, or the holder died: asynq would wait for a minute and more.
			first, ok := seen.idle[leaseID(l)]
			if !ok {
				seen.idle[leaseID(l)] = time.Now()
			}
			if !ok || time.Since(first) < w.cfg.Liveness {
				continue
			}
			if l, ok, err = w.ledger.Refence(ctx, l); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		if err := w.handOut(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
