package worker

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/redisdb"
)

// queueTx takes the commands of one round trip.
type queueTx = redis.Pipeliner

// trips join the round trips of batches that meet: one is under way at a time, and
// what is ready meanwhile travels together in the next. Redis then reads, writes
// and syncs its append-only file once for all of them.
type trips struct {
	ledger  *broadcast.Ledger
	mu      sync.Mutex
	flying  bool
	waiting []*trip
}

// A trip is one batch's part of a round trip.
type trip struct {
	fill func(queueTx)
	err  error
	lead chan bool // told once: it leads the next flight, or false: another has taken it along
}

// do runs fill's commands, in their order, in one round trip, perhaps with those
// of others. Each is told of its own commands' errors alone.
func (t *trips) do(ctx context.Context, fill func(queueTx)) error {
	own := &trip{fill: fill, lead: make(chan bool, 1)}
	t.mu.Lock()
	if t.flying {
		t.waiting = append(t.waiting, own)
	} else {
		t.flying = true
		own.lead <- true
	}
	t.mu.Unlock()
	if <-own.lead {
		t.fly(ctx, own)
	}
	return own.err
}

// fly takes all that wait along with own, and passes the lead on. Should ctx end,
// all of them fail, and those whose own goes on try again.
func (t *trips) fly(ctx context.Context, own *trip) {
	t.mu.Lock()
	aboard := append([]*trip{own}, t.waiting...)
	t.waiting = nil
	t.mu.Unlock()
	fills := make([]func(queueTx), len(aboard))
	for i, a := range aboard {
		fills[i] = a.fill
	}
	// A claim is on the replicas before anyone sends by it, and all that led to it, on the same node, before it.
	errs := t.ledger.PipelinedTogether(redisdb.Kept(ctx), fills)
	own.err = errs[0]
	for i, a := range aboard[1:] {
		a.err = errs[i+1]
		a.lead <- false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.flying = false
		return
	}
	next := t.waiting[0]
	t.waiting = t.waiting[1:]
	next.lead <- true
}
