package worker

import (
	"context"
	"fmt"
	"time"

	"clarion/broadcast"
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

// heldKept is how long it is told of a gateway or a lane that it was left alone,
// when nobody has tried it again.
const heldKept = 24 * time.Hour

// hold leaves a gateway or a lane alone after it answered e, and returns for how
// long. Where the far side says how long, it begins with that.
func (p *pace) hold(ctx context.Context, what string, e *gateway.Error, b backOff, blame rateBlame) (time.Duration, error) {
	if e.RetryAfter > 0 {
		b.first = e.RetryAfter
	}
	us, err := p.backOff.Run(ctx, p.rdb, []string{keyHold.Name(what), keyHeld.Name()}, p.now(), b.first.Microseconds(), max(b.first, b.most).Microseconds(),
		flag(blame.slow), blame.set, blame.seen, paceRecovery.Microseconds(), e.Kind.String(), e.Reason.String(), e.Code, paceWave.Microseconds(), what, heldKept.Microseconds()).Int64()
	if err != nil {
		return b.first, fmt.Errorf("leave %s alone: %w", what, err)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// release says that what was left alone has taken messages again.
func (p *pace) release(ctx context.Context, what string) error {
	if err := p.calm.Run(ctx, p.rdb, []string{keyHold.Name(what), keyHeld.Name()}, p.now(), what).Err(); err != nil {
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

// A standing is how a gateway or a lane stands.
type standing struct {
	wait   time.Duration // how much longer it is left alone
	uneasy bool          // it has taken nothing since it was left alone
	slowed bool          // a learned rate holds for it
}

// heldNow returns how gateways and lanes stand, in the order asked.
func (p *pace) heldNow(ctx context.Context, what ...string) ([]standing, error) {
	keys := make([]string, len(what))
	for i, w := range what {
		keys[i] = keyHold.Name(w)
	}
	v, err := p.held.Run(ctx, p.rdb, keys, p.now()).Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("read what is left alone: %w", err)
	}
	out := make([]standing, len(what))
	for i := range out {
		out[i] = standing{wait: time.Duration(v[3*i]) * time.Microsecond, uneasy: v[3*i+1] == 1, slowed: v[3*i+2] == 1}
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
