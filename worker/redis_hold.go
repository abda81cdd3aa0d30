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
	"clarion/worker/gateway"
)

// A backOff says how long something is left alone: first, and twice as long each
// time in a row, up to most.
type backOff struct{ first, most time.Duration }

// A rateBlame says which rate was too much: the one that is set, or where none is,
// the one that was seen; 0 is none. Unless slow, the rate is not to blame.
type rateBlame struct {
	slow      bool
	set, seen float64
}

// hold leaves a gateway or a lane alone after it answered e, and returns for how
// long. Where the far side says how long, it begins with that.
func (p *pace) hold(ctx context.Context, what string, e *gateway.Error, b backOff, blame rateBlame) (time.Duration, error) {
	if e.RetryAfter > 0 {
		b.first = e.RetryAfter
	}
	us, err := p.backOff.Run(ctx, p.rdb, []string{keyHold.Name(what)}, p.now(), b.first.Microseconds(), max(b.first, b.most).Microseconds(),
		flag(blame.slow), blame.set, blame.seen, paceRecovery.Microseconds(), e.Kind.String(), e.Reason.String(), e.Code, paceWave.Microseconds()).Int64()
	if err != nil {
		return b.first, fmt.Errorf("leave %s alone: %w", what, err)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// release says that what was left alone has taken messages again.
func (p *pace) release(ctx context.Context, what string) error {
	if err := p.calm.Run(ctx, p.rdb, []string{keyHold.Name(what)}, p.now()).Err(); err != nil {
		return fmt.Errorf("end the wait of %s: %w", what, err)
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A standing is what held tells of one gateway or lane.
type standing struct {
	Hold
	wait   time.Duration // how much longer it is left alone
	slowed bool          // a learned rate holds for it
}

// heldNow returns how gateways and lanes stand, in the order asked.
func (p *pace) heldNow(ctx context.Context, what ...string) ([]standing, error) {
	keys := make([]string, len(what))
	for i, w := range what {
		keys[i] = keyHold.Name(w)
	}
	v, err := p.held.Run(ctx, p.rdb, keys, p.now()).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("read what is left alone: %w", err)
	}
	out := make([]standing, len(what))
	for i := range out {
		f := v[6*i : 6*i+6]
		s := &out[i]
		if us, err := strconv.ParseInt(f[0], 10, 64); err == nil && us > 0 {
			s.wait = time.Duration(us) * time.Microsecond
			s.Till = p.clk.Now().Add(s.wait)
		}
		if us, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			s.Since = time.UnixMicro(us).UTC()
		}
		s.slowed, s.Code = f[2] != "", f[5]
		s.Kind, s.Reason = gateway.ParseKind(f[3]), gateway.ParseReason(f[4])
	}
	return out, nil
}

// Holds lists the gateways and lanes that a call's deliveries wait for.
func Holds(ctx context.Context, rdb redis.UniversalClient, clk clock.Clock, c *broadcast.Call, n *broadcast.Counters) ([]Hold, error) {
	var names []string
	var all []Hold
	for _, name := range c.Gateways {
		if name != "" {
			names, all = append(names, gateLimit(name)), append(all, Hold{What: name})
		}
	}
	for _, lane := range n.Lanes {
		waiting := lane.Counts[broadcast.Pending] + lane.Counts[broadcast.Deferred]
		names, all = append(names, laneLimit(lane.Channel, lane.Name, c.Rehearsal)), append(all, Hold{What: lane.Name, Channel: lane.Channel, Waiting: waiting})
	}
	if len(names) == 0 {
		return nil, nil
	}
	found, err := newPace(rdb, clk, time.UTC).heldNow(ctx, names...)
	if err != nil {
		return nil, err
	}
	var out []Hold
	for i, s := range found {
		if !s.Since.IsZero() {
			s.What, s.Channel, s.Waiting = all[i].What, all[i].Channel, all[i].Waiting
			out = append(out, s.Hold)
		}
	}
	return out, nil
}

func gateLimit(name string) string { return "gateway:" + name }

// laneLimit names a lane. A rehearsal's are its own: it must neither slow a real
// call down nor use up what a warm-up allows.
func laneLimit(ch address.Channel, lane string, rehearsal bool) string {
	if rehearsal {
		return "rehearsal:" + ch.String() + ":" + lane
	}
	return "lane:" + ch.String() + ":" + lane
}

func callLimit(id broadcast.ID, ch address.Channel) string {
	return "call:" + string(id) + ":" + ch.String()
}
