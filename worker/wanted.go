package worker

import (
	"context"
	"sync"
	"time"

	"clarion/broadcast"
	"clarion/worker/gateway"
)

// wishes say whether a delivery that a gateway holds is to go out still: it is not
// once somebody has stopped its call. They remember the states of calls for as long
// as a sweep, since a gateway may hold many deliveries of one.
type wishes struct {
	w       *Worker
	gate    *gate
	mu      sync.Mutex
	stopped map[broadcast.ID]bool
	since   time.Time
}

// wanted is false only for what is known to be unwanted: when Redis cannot be
// asked, what is held goes out as it was asked for.
func (s *wishes) wanted(ctx context.Context, delivery string) bool {
	d, err := broadcast.OpenToken(s.w.keys, purposeOf(s.gate.Channel), delivery)
	if err != nil || d.Call == broadcast.TestCall {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.since) > s.w.cfg.Sweep {
		s.stopped, s.since = map[broadcast.ID]bool{}, time.Now()
	}
	stopped, known := s.stopped[d.Call]
	if !known {
		c, err := s.w.ledger.Call(ctx, d.Call)
		if err != nil {
			return true
		}
		stopped = c.State == broadcast.Stopping || c.State == broadcast.Stopped
		s.stopped[d.Call] = stopped
	}
	return !stopped
}

// withdraws has a gateway that can take back what it holds ask whether it should.
func (w *Worker) withdraws(g *gate) {
	if one, ok := g.Gateway.(gateway.Withdrawer); ok {
		one.WithdrawUnless((&wishes{w: w, gate: g}).wanted)
	}
}
