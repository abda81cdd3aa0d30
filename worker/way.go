package worker

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"clarion/lists/address"
)

// A way is a gateway that a call may go through, and its number in the call.
type way struct {
	gate   *gate
	number uint8
}

// ways are the gateways of a call that serve a channel in this process.
func (w *Worker) ways(c *Compiled, ch address.Channel) []way {
	var out []way
	for i, name := range c.Gateways {
		if g := w.gates[name]; g != nil && g.Channel == ch {
			out = append(out, way{g, uint8(i)})
		}
	}
	return out
}

// patience is how long a work waits for a place at the gateway whose turn it is,
// before it goes through another that has one: a gateway that hangs does not
// hold up the rest.
const patience = 2 * time.Second

// enter chooses the gateway that a work of n deliveries goes through, and takes a
// place there. The gate is nil when there is none in this process. What is left
// alone is not chosen, nor a standby while another will do.
func (w *Worker) enter(ctx context.Context, c *Compiled, ch address.Channel, n int) (way, error) {
	all := w.ways(c, ch)
	if len(all) == 0 {
		return way{}, nil
	}
	if len(all) == 1 {
		return all[0], all[0].gate.enter(ctx)
	}
	waits, err := w.away(ctx, all)
	if err != nil {
		return way{}, err
	}
	order := w.shares.order(all, waits)
	for i, next := range order {
		took := false
		if i == 0 {
			took, err = next.gate.enterWithin(ctx, patience)
		} else {
			took, err = next.gate.enterWithin(ctx, 0)
		}
		if took || err != nil {
			w.shares.charge(next.gate, n)
			return next, err
		}
	}
	w.shares.charge(order[0].gate, n)
	return order[0], order[0].gate.enter(ctx)
}

// orElsewhere is how long the batch stands back from its gateway, which is left
// alone for wait: not at all where another of the call would take it.
func (b *batch) orElsewhere(ctx context.Context, wait time.Duration) time.Duration {
	others := slices.DeleteFunc(b.w.ways(b.call, b.work.Channel), func(o way) bool { return o.gate == b.gate })
	if len(others) == 0 {
		return wait
	}
	waits, err := b.w.away(ctx, others)
	if err != nil {
		return wait
	}
	return min(wait, slices.Min(waits))
}

// away returns how long each gateway is still left alone, 0 when it is not.
func (w *Worker) away(ctx context.Context, ways []way) ([]time.Duration, error) {
	names := make([]string, len(ways))
	for i, o := range ways {
		names[i] = gateLimit(o.gate.Name)
	}
	now, err := w.pace.heldNow(ctx, names...)
	if err != nil {
		return nil, err
	}
	out := make([]time.Duration, len(ways))
	for i := range out {
		out[i] = now[i].wait
	}
	return out, nil
}

// shares divide work among gateways by their weights: stride scheduling, in which
// each gateway has come as far as what it took divided by its weight, and the one
// that is least far is next.
type shares struct {
	mu   sync.Mutex
	come map[*gate]float64
	now  float64 // how far the last one that was chosen had come
}

// order sorts gateways by whose turn it is. Those that are left alone (waits) come
// last, the first to return before the others, standbys before them.
func (s *shares) order(all []way, waits []time.Duration) []way {
	s.mu.Lock()
	defer s.mu.Unlock()
	type place struct {
		way
		wait    time.Duration
		standby int
		come    float64
	}
	places := make([]place, len(all))
	for i, w := range all {
		places[i] = place{way: w, wait: waits[i], come: max(s.come[w.gate], s.now)} // who was away is owed nothing
		if w.gate.Standby {
			places[i].standby = 1
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.wait, b.wait), a.standby-b.standby, cmp.Compare(a.come, b.come))
	})
	// Only those that will do now are there to fall back on, and of them no standby beside others.
	usable := 1
	for usable < len(places) && places[usable].wait == places[0].wait && places[usable].standby == places[0].standby {
		usable++
	}
	out := make([]way, usable)
	for i := range out {
		out[i] = places[i].way
	}
	return out
}

// charge notes that n deliveries go through g.
func (s *shares) charge(g *gate, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.come == nil {
		s.come = map[*gate]float64{}
	}
	s.now = max(s.come[g], s.now)
	weight := g.Weight
	if weight <= 0 {
		weight = 1
	}
	s.come[g] = s.now + float64(n)/weight
}
