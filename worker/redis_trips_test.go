package worker

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
)

// Many batches at once: each gets the answers to its own commands, in their
// order, and hears of its own errors alone.
func TestTrips(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	trips := trips{ledger: broadcast.Open(rdb, clock.System{})}
	if err := rdb.Set(t.Context(), "text", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	const batches, rounds = 16, 50
	var all sync.WaitGroup
	for n := range batches {
		all.Go(func() {
			key := "count:" + strconv.Itoa(n)
			for round := range rounds {
				var first, second *redis.IntCmd
				wrong := n%4 == 3 && round%5 == 0
				err := trips.do(t.Context(), func(tx queueTx) {
					first = tx.Incr(t.Context(), key)
					if wrong {
						tx.LPush(t.Context(), "text", "no list")
					}
					second = tx.Incr(t.Context(), key)
				})
				var answer redis.Error
				if wrong != errors.As(err, &answer) || !wrong && err != nil {
					t.Errorf("batch %d, round %d: %v", n, round, err)
				}
				if want := int64(2*round + 1); first.Val() != want || second.Val() != want+1 {
					t.Errorf("batch %d, round %d: answers %d and %d, want %d and one more", n, round, first.Val(), second.Val(), want)
				}
			}
		})
	}
	all.Wait()
	if trips.flying || len(trips.waiting) != 0 {
		t.Error("a flight is left")
	}
}
