package worker

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists/address"
)

// A Row is how a lane of a call stands.
type Row struct {
	Channel   address.Channel
	Lane      string
	Sent      int     // taken, whatever became of it later
	Delivered int     // of those, known to have arrived
	Deferred  int     // to be tried again
	Failed    int     // ended without having arrived
	Waiting   int     // not begun, or on the wire
	Rate      float64 // messages a second of the last seconds, over all machines and calls
	Hold      *Hold   // nil: it is not left alone
}

const ratesKept = 15 * time.Second

// tellRates writes how fast this worker's lanes go, if any moves.
func (w *Worker) tellRates(ctx context.Context) error {
	rates := w.meter.rates(w.clk.Now())
	if len(rates) == 0 {
		return nil
	}
	fields := make([]any, 0, 2*len(rates))
	for what, rate := range rates {
		fields = append(fields, what, strconv.FormatFloat(rate, 'f', 1, 64))
	}
	key := keyRates.Name(w.id)
	pipe := w.rdb.TxPipeline()
	pipe.Del(ctx, key)
	pipe.HSet(ctx, key, fields...)
	pipe.PExpire(ctx, key, ratesKept)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("tell how fast lanes go: %w", err)
	}
	return nil
}

// Board returns how each lane of a call stands, in the order of the counters, and
// what the call's deliveries wait for.
func Board(ctx context.Context, rdb redis.UniversalClient, clk clock.Clock, c *broadcast.Call, n *broadcast.Counters) ([]Row, []Hold, error) {
	holds, err := Holds(ctx, rdb, clk, c, n)
	if err != nil || len(n.Lanes) == 0 {
		return nil, holds, err
	}
	workers, err := rdb.ZRange(ctx, keyLives.Name(), 0, -1).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("read how fast lanes go: %w", err)
	}
	pipe := rdb.Pipeline()
	told := make([]*redis.MapStringStringCmd, len(workers))
	for i, id := range workers {
		told[i] = pipe.HGetAll(ctx, keyRates.Name(id))
	}
	if len(workers) > 0 {
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, nil, fmt.Errorf("read how fast lanes go: %w", err)
		}
	}
	rows := make([]Row, len(n.Lanes))
	for i, lane := range n.Lanes {
		k := lane.Counts
		r := Row{Channel: lane.Channel, Lane: lane.Name, Delivered: k[broadcast.Delivered], Deferred: k[broadcast.Deferred],
			Failed: k[broadcast.Failed] + k[broadcast.Bounced] + k[broadcast.Rejected], Waiting: k[broadcast.Pending] + k[broadcast.Sending]}
		r.Sent = k[broadcast.Sent] + r.Delivered
		for _, t := range told {
			if v, ok := t.Val()[laneLimit(lane.Channel, lane.Name, c.Rehearsal)]; ok {
				rate, err := strconv.ParseFloat(v, 64)
				if err != nil {
					return nil, nil, fmt.Errorf("read how fast lanes go: %w", err)
				}
				r.Rate += rate
			}
		}
		for j := range holds {
			if holds[j].Channel == lane.Channel && holds[j].What == lane.Name {
				r.Hold = &holds[j]
			}
		}
		rows[i] = r
	}
	return rows, holds, nil
}
