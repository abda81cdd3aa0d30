package broadcast

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Backlog is what is to be done of a call: the sizes of the sets around its ledger.
type Backlog struct {
	Open  int // works that are not finished
	Owned int // of those, in a worker's hands
	// Owners is in whose hands, by the worker's id.
	Owners map[string]int
	Later  int // of those, waiting for a lane, a gateway or their hour
	Due    int // deliveries to be tried again
	// Next is the time of the first work or delivery that waits for one, which may be
	// past; the zero time when none does.
	Next time.Time
}

// Backlogs reads what is to be done of calls, in one round trip, in the order asked.
func (l *Ledger) Backlogs(ctx context.Context, ids []ID) ([]Backlog, error) {
	type sizes struct {
		open, later, due *redis.IntCmd
		own              *redis.StringSliceCmd
		next             func() (time.Time, error)
	}
	pipe := l.rdb.Pipeline()
	asked := make([]sizes, len(ids))
	for i, id := range ids {
		asked[i] = sizes{pipe.HLen(ctx, keyOpen.Name(id)), pipe.ZCard(ctx, keyLater.Name(id)), pipe.ZCard(ctx, keyDue.Name(id)),
			pipe.HVals(ctx, keyOwn.Name(id)), queueNextDue(ctx, pipe, id)}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("read what is to be done of the calls: %w", err)
	}
	out := make([]Backlog, len(ids))
	for i, a := range asked {
		next, err := a.next()
		if err != nil {
			return nil, err
		}
		out[i] = Backlog{Open: int(a.open.Val()), Owned: len(a.own.Val()), Owners: map[string]int{}, Later: int(a.later.Val()), Due: int(a.due.Val()), Next: next}
		for _, owned := range a.own.Val() {
			_, worker, _ := strings.Cut(owned, "|")
			out[i].Owners[worker]++
		}
	}
	return out, nil
}
