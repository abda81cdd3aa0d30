package worker

import (
	"context"
	"slices"
	"time"

	"clarion/broadcast"
	"clarion/worker/gateway"
)

// How long a gateway or a lane is left alone when the far side does not say.
var (
	unreached     = backOff{15 * time.Second, 15 * time.Second} // a gateway that cannot be reached
	misconfigured = backOff{time.Minute, time.Minute}           // one that does not let us in
	tooFast       = backOff{time.Minute, 30 * time.Minute}      // we are too fast
	refusing      = backOff{5 * time.Minute, time.Hour}         // it refuses what we send
)

const (
	refusals   = 4                // of a group, and at least half of it, that hold the lane
	noGateWait = 15 * time.Second // for a gateway that this process does not have
)

// pacing is how far a batch has come, and what holds it back.
type pacing struct {
	groups []broadcast.Group // still to be sent; nil: not cut yet
	slots  grant             // of the first of groups; n = 0: not reserved
	limits []limit
	uneasy []string // gateway and lane, where they have taken nothing since they were left alone
}

// ready brings the next group to where it may be claimed: a sign of life, nothing
// left alone on its way, one of its lane's connections, its gateway's, and its slots in every limit. It answers
// with a back when that would take too long to keep the batch.
func (b *batch) ready(ctx context.Context, g broadcast.Group) (*back, error) {
	w := b.w
	if w.draining.Load() {
		return &back{}, nil
	}
	for !w.alive() {
		// What is sent is committed first: late is better than in doubt.
		if err := b.commit(ctx); err != nil {
			return nil, err
		}
		if err := sleep(ctx, w.cfg.Liveness/20); err != nil {
			return nil, err
		}
	}
	if b.turn != w.lineage.Turns() {
		return &back{}, nil // whose the work is, and what of it is open, another Redis may see otherwise
	}
	if asleep, until := b.quiet.at(w.clk.Now()); asleep {
		return &back{asleep: until}, nil
	}
	if b.slots.n == 0 && (b.limits == nil || b.session == nil) {
		if why, err := b.look(ctx); err != nil || why != nil {
			return why, err
		}
	}
	if why, err := b.enterLane(ctx); err != nil || why != nil {
		return why, err
	}
	if b.session == nil {
		var err error
		if b.session, b.line, err = b.gate.session(ctx, b.place != nil); err != nil {
			return &back{wait: b.holdGate(ctx, gateway.Classify(err, false))}, nil
		}
	}
	if b.slots.n > 0 {
		return nil, nil
	}
	return b.reserve(ctx, g)
}

// look asks whether the gateway or the lane is left alone, and notes the limits
// that hold. It answers with a back when one is.
func (b *batch) look(ctx context.Context) (*back, error) {
	w := b.w
	gate, lane := gateLimit(b.gate.Name), b.laneLimit()
	var now []standing
	if err := w.persist(ctx, func(ctx context.Context) (err error) {
		now, err = w.pace.heldNow(ctx, gate, lane)
		return err
	}); err != nil {
		return nil, err
	}
	b.uneasy = nil
	for i, name := range []string{gate, lane} {
		if now[i].uneasy {
			b.uneasy = append(b.uneasy, name)
		}
	}
	bears := b.bears()
	b.limits = []limit{}
	for _, l := range []struct {
		limit
		slowed bool
	}{
		{limit{name: callLimit(b.call.ID, b.work.Channel), rate: b.call.text.Pace[b.work.Channel]}, false},
		{limit{gate, b.gate.Rate, b.gate.Warmup}, now[0].slowed},
		{limit{lane, bears.Rate, bears.Warmup}, now[1].slowed},
	} {
		if l.rate > 0 || l.warmup.Days > 0 || l.slowed {
			b.limits = append(b.limits, l.limit)
		}
	}
	if away := now[0].wait; away > 0 {
		return &back{wait: max(b.orElsewhere(ctx, away), now[1].wait)}, nil
	}
	if now[1].wait > 0 {
		return &back{wait: now[1].wait}, nil
	}
	return nil, nil
}

func (b *batch) laneLimit() string {
	return laneLimit(b.work.Channel, b.work.Lane, b.gate.Rehearsal)
}

// bears returns the limits of the batch's lane. A rehearsal keeps its rate, and
// need not be warmed up.
func (b *batch) bears() Lane {
	l := b.w.cfg.Lanes.Of(b.work.Channel, b.work.Lane, b.work.Lane == broadcast.OtherLane)
	if b.gate.Rehearsal {
		l.Warmup = Warmup{}
	}
	return l
}

// reserve takes slots for the group, or for its first part. A wait of a moment is
// sat out here, a longer one apart (see run), and a long one at home.
func (b *batch) reserve(ctx context.Context, g broadcast.Group) (*back, error) {
	if len(b.limits) == 0 {
		b.slots = grant{n: g.Len()}
		return nil, nil
	}
	if err := b.commit(ctx); err != nil {
		return nil, err
	}
	left := 0
	for _, g := range b.groups {
		left += g.Len()
	}
	if err := b.w.persist(ctx, func(ctx context.Context) (err error) {
		b.slots, err = b.w.pace.take(ctx, b.limits, g.Len(), left)
		return err
	}); err != nil {
		return nil, err
	}
	if b.slots.n == 0 {
		return &back{wait: max(b.slots.wait-paceAhead/2, time.Millisecond)}, nil
	}
	if b.slots.wait > aMoment && !b.w.draining.Load() {
		return nil, nil
	}
	err := sleep(ctx, b.slots.wait)
	b.slots.wait = 0
	// A group that waited for its slots past the border of the night is not begun after it.
	if asleep, until := b.quiet.at(b.w.clk.Now()); err == nil && asleep {
		return &back{asleep: until}, nil
	}
	return nil, err
}

// aMoment is the longest wait for which a batch keeps its connection.
const aMoment = 10 * time.Millisecond

// next takes the next group, so far as it has slots.
func (b *batch) next() broadcast.Group {
	g := b.groups[0]
	if b.slots.n < g.Len() {
		g.To = g.From + b.slots.n
		b.groups[0].From = g.To
	} else {
		b.groups = b.groups[1:]
	}
	return g
}

// went says how many messages of the group went, and how many of them were
// taken: slots that none used are given back.
func (b *batch) went(ctx context.Context, n, taken int) {
	w := b.w
	now := w.clk.Now()
	w.meter.add(b.laneLimit(), n, now)
	w.meter.add(gateLimit(b.gate.Name), n, now)
	b.giveSlotsBack(ctx, n)
	if taken == 0 {
		return
	}
	for _, what := range b.uneasy {
		if err := w.pace.release(ctx, what); err != nil {
			w.log.Warn("that it takes messages again could not be noted", "what", what, "error", err)
		}
	}
	b.uneasy = nil
}

// giveSlotsBack ends a reservation of which went messages were used.
func (b *batch) giveSlotsBack(ctx context.Context, went int) {
	if err := b.w.pace.unused(ctx, b.slots, went); err != nil {
		b.w.log.Warn("slots that were not used are lost", "error", err)
	}
	b.slots = grant{}
}

// holdGate makes everyone leave the gateway alone for a while, and returns how long
// the batch waits for one that takes it.
func (b *batch) holdGate(ctx context.Context, e *gateway.Error) time.Duration {
	how := unreached
	switch {
	case pushesBack(e):
		how = tooFast
	case e.Kind == gateway.Misconfigured:
		how = misconfigured
	}
	return b.orElsewhere(ctx, b.hold(ctx, gateLimit(b.gate.Name), e, how, b.gate.Rate))
}

// holdLane does so with the batch's lane.
func (b *batch) holdLane(ctx context.Context, e *gateway.Error, how backOff) time.Duration {
	return b.hold(ctx, b.laneLimit(), e, how, b.bears().Rate)
}

func (b *batch) hold(ctx context.Context, what string, e *gateway.Error, how backOff, set float64) time.Duration {
	w := b.w
	// What a rehearsal makes up teaches no rate: it would be as slow as a real one that learned.
	blame := rateBlame{set: set, seen: w.meter.rate(what, w.clk.Now()), slow: how == tooFast && !b.gate.Rehearsal}
	wait, err := w.pace.hold(ctx, what, e, how, blame)
	if err != nil {
		w.log.Warn("the wait could not be noted", "what", what, "error", err)
	}
	w.log.Warn("left alone for a while", "what", what, "for", wait, "error", e)
	return wait
}

// A tally counts the answers to a group that may hold its lane, or its gateway.
type tally struct {
	taken, refused, slowed int
	slow, refusal          *gateway.Error // the answers that say so most clearly
	gate                   *gateway.Error // the gateway says of itself that we are too fast
}

func (t *tally) add(e *gateway.Error) {
	switch {
	case e == nil:
		t.taken++
	case pushesBack(e) && e.OfGateway:
		t.gate = e
	case pushesBack(e):
		t.slowed++
		if t.slow == nil || e.Kind == gateway.Throttled {
			t.slow = e
		}
	case e.Kind == gateway.Refused:
		t.refused++
		t.refusal = e
	}
}

// verdict says how the lane of a group of n is to be left alone, and for which
// answer; nil when it is not. One answer that plainly says "too fast" is heeded,
// if the lane is one system; of others it takes half of the group.
func (t *tally) verdict(n int, lane string) (*gateway.Error, backOff) {
	plain := t.slow != nil && (t.slow.Kind == gateway.Throttled || t.slow.Code == "421") && lane != broadcast.OtherLane
	switch {
	case plain, t.slowed >= refusals && t.slowed*2 >= n, t.slowed > 0 && t.slowed == n:
		return t.slow, tooFast
	case t.refused >= refusals && t.refused*2 >= n:
		return t.refusal, refusing
	}
	return nil, backOff{}
}

// again puts a group back among those that are still to be sent.
func (b *batch) again(g broadcast.Group) { b.groups = append(slices.Clip(b.groups), g) }
