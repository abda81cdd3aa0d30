package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Board is where a call stands, as people watch it.
type Board struct {
	*broadcast.Progress
	Rows  []Row  // of its lanes, in the order of the counters
	Holds []Hold // the gateways and lanes that its deliveries wait for
}

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
	InUse     int     // connections to it, over all machines and calls, where they are limited
	Bears     int     // how many it bears at a time; 0: they are not limited
}

// BoardOf reads where a call stands, in one round trip: while calls run Redis syncs
// its file before it answers, and whoever watches waits for that once. In a Cluster
// the node of the call and that of the pace are asked side by side. What is read
// does not grow with the audience or with time. Where lanes limit connections to
// systems of the call, their use is a second look.
func BoardOf(ctx context.Context, rdb redis.UniversalClient, clk clock.Clock, ledger *broadcast.Ledger, id broadcast.ID, lanes Lanes) (*Board, error) {
	pipe := rdb.Pipeline()
	board := QueueBoard(ctx, pipe, clk, ledger, id)
	_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	return board(ctx, rdb, lanes)
}

// QueueBoard adds what BoardOf reads to pipe; the answer is there once pipe has run.
func QueueBoard(ctx context.Context, pipe redis.Pipeliner, clk clock.Clock, ledger *broadcast.Ledger, id broadcast.ID) func(context.Context, redis.UniversalClient, Lanes) (*Board, error) {
	progress, shared := ledger.QueueProgress(ctx, pipe, id), queueShared(ctx, pipe, clk)
	return func(ctx context.Context, rdb redis.UniversalClient, lanes Lanes) (*Board, error) {
		p, err := progress()
		if err != nil {
			return nil, err
		}
		s, err := shared()
		if err != nil {
			return nil, err
		}
		b := s.board(p)
		return b, b.countConnections(ctx, rdb, lanes, s.now)
	}
}

// countConnections adds which of the connections that lanes limit are in use.
func (b *Board) countConnections(ctx context.Context, rdb redis.UniversalClient, lanes Lanes, now time.Time) error {
	pipe := rdb.Pipeline()
	counts := map[int]*redis.IntCmd{} // by row
	for i := range b.Rows {
		r := &b.Rows[i]
		if r.Bears = lanes.Of(r.Channel, r.Lane, r.Lane == OtherLane).Connections; r.Bears > 0 {
			counts[i] = pipe.ZCount(ctx, keyPlaces.Name(laneLimit(r.Channel, r.Lane, b.Rehearsal)), "("+strconv.FormatInt(now.UnixMicro(), 10), "+inf")
		}
	}
	if len(counts) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("count the connections to lanes: %w", err)
	}
	for i, n := range counts {
		b.Rows[i].InUse = int(n.Val())
	}
	return nil
}

// shared is what all calls share: what is left alone, and how fast each lane goes,
// by the name of the limit.
type shared struct {
	now   time.Time // by which the scripts count
	held  map[string]Hold
	rates map[string]float64
}

// queueShared adds what is read of it to pipe; the answer is there once pipe has run.
func queueShared(ctx context.Context, pipe redis.Pipeliner, clk clock.Clock) func() (shared, error) {
	at, held, rates := pipe.Time(ctx), pipe.HGetAll(ctx, keyHeld.Name()), pipe.HGetAll(ctx, keyRates.Name())
	return func() (s shared, err error) {
		fail := func(err error) (shared, error) {
			return shared{}, fmt.Errorf("read what is left alone, and how fast lanes go: %w", err)
		}
		for _, cmd := range []redis.Cmder{at, held, rates} {
			if cmd.Err() != nil {
				return fail(cmd.Err())
			}
		}
		now := clk.Now()
		if _, real := clk.(clock.System); real {
			now = at.Val()
		}
		s = shared{now, map[string]Hold{}, map[string]float64{}}
		for name, text := range held.Val() {
			f := strings.SplitN(text, "|", 5)
			if len(f) != 5 {
				return fail(fmt.Errorf("%s stands as %q", name, text))
			}
			till, err := strconv.ParseInt(f[0], 10, 64)
			if err != nil {
				return fail(err)
			}
			since, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return fail(err)
			}
			left := time.UnixMicro(till).Sub(now)
			if left < -heldKept {
				continue // nobody has tried it again
			}
			h := Hold{Kind: gateway.ParseKind(f[2]), Reason: gateway.ParseReason(f[3]), Code: f[4], Since: time.UnixMicro(since).UTC()}
			if left > 0 {
				h.Till = clk.Now().Add(left)
			}
			s.held[name] = h
		}
		for _, text := range rates.Val() {
			at, rates, _ := strings.Cut(text, " ")
			us, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return fail(err)
			}
			if now.Sub(time.UnixMicro(us)) > ratesKept {
				continue // that worker is gone
			}
			var of map[string]float64
			if err := json.Unmarshal([]byte(rates), &of); err != nil {
				return fail(err)
			}
			for name, rate := range of {
				s.rates[name] += rate
			}
		}
		return s, nil
	}
}

// board sets a call beside what all calls share.
func (s shared) board(p *broadcast.Progress) *Board {
	b := &Board{Progress: p}
	for _, name := range p.Call.Gateways {
		if h, ok := s.held[gateLimit(name)]; ok {
			h.What = name
			b.Holds = append(b.Holds, h)
		}
	}
	for _, lane := range p.Lanes {
		k, name := lane.Counts, laneLimit(lane.Channel, lane.Name, p.Rehearsal)
		r := Row{Channel: lane.Channel, Lane: lane.Name, Delivered: k[broadcast.Delivered], Deferred: k[broadcast.Deferred],
			Failed: k[broadcast.Failed] + k[broadcast.Bounced] + k[broadcast.Rejected], Waiting: k[broadcast.Pending] + k[broadcast.Sending], Rate: s.rates[name]}
		r.Sent = k[broadcast.Sent] + r.Delivered
		if h, ok := s.held[name]; ok {
			h.What, h.Channel, h.Waiting = lane.Name, lane.Channel, k[broadcast.Pending]+k[broadcast.Deferred]
			r.Hold = &h
			b.Holds = append(b.Holds, h)
		}
		b.Rows = append(b.Rows, r)
	}
	return b
}

const ratesKept = 15 * time.Second

// tellRates writes how fast this worker's lanes go, if any moves.
func (w *Worker) tellRates(ctx context.Context) error {
	rates := w.meter.rates(w.clk.Now())
	if len(rates) == 0 {
		return nil
	}
	text, err := json.Marshal(rates)
	if err == nil {
		err = w.pace.rates.Run(ctx, w.rdb, []string{keyRates.Name()}, w.pace.now(), w.id, text, ratesKept.Microseconds()).Err()
	}
	if err != nil {
		return fmt.Errorf("tell how fast lanes go: %w", err)
	}
	return nil
}

// Speeds returns how many messages a second all workers sent lately on each
// channel; those of rehearsals are not counted.
func Speeds(ctx context.Context, rdb redis.UniversalClient, clk clock.Clock) (map[address.Channel]float64, error) {
	pipe := rdb.Pipeline()
	read := queueShared(ctx, pipe, clk)
	_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	s, err := read()
	if err != nil {
		return nil, err
	}
	out := map[address.Channel]float64{}
	for what, rate := range s.rates {
		for _, ch := range address.Channels {
			if strings.HasPrefix(what, laneLimit(ch, "", false)) {
				out[ch] += rate
			}
		}
	}
	return out, nil
}
