package worker

import (
	"context"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// silentFor is how long a gateway that gives no answer is not asked again.
const silentFor = 30 * time.Second

// pollLoop asks one gateway for reports at every tick.
func (w *Worker) pollLoop(ctx context.Context, g *gate) {
	tick := time.NewTicker(w.cfg.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.draining.Load() {
			return
		}
		if err := w.poll(ctx, g); err != nil && ctx.Err() == nil {
			w.log.Warn("a gateway could not be asked for reports", "gateway", g.Name, "again_in", silentFor, "error", gateway.Classify(err, false))
			if sleep(ctx, silentFor) != nil {
				return
			}
		}
	}
}

// doubtEvery is how often gateways are asked about deliveries in doubt.
const doubtEvery = 10 * time.Second

// doubtLoop asks gateways that can answer what became of deliveries in doubt, of
// calls that are under way and of those that have ended.
func (w *Worker) doubtLoop(ctx context.Context) {
	tick := time.NewTicker(min(doubtEvery, w.cfg.Grace))
	defer tick.Stop()
	seen := map[broadcast.ID]map[broadcast.Ref]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		active, err := w.ledger.Active(ctx)
		if err != nil {
			continue // the sweep says so
		}
		now := map[broadcast.ID]map[broadcast.Ref]time.Time{}
		for _, id := range active {
			if now[id], err = w.findDoubt(ctx, id, seen[id]); err != nil && ctx.Err() == nil {
				w.log.Warn("gateways could not be asked about deliveries in doubt", "call", id, "error", err)
			}
		}
		seen = now
	}
}

// findDoubt asks about a call's deliveries in doubt, once they have been so for
// the grace time: what is on its way still, the gateway does not know yet. since
// is when each was first seen in doubt; what it returns is that for the next time.
func (w *Worker) findDoubt(ctx context.Context, id broadcast.ID, since map[broadcast.Ref]time.Time) (map[broadcast.Ref]time.Time, error) {
	counters, err := w.ledger.Counters(ctx, id)
	if err != nil {
		return since, err
	}
	doubt := 0
	for ch, n := range counters.Channels {
		if ch != address.Email {
			doubt += n[broadcast.InDoubt]
		}
	}
	if doubt == 0 {
		return nil, nil
	}
	c, err := w.ledger.Call(ctx, id)
	if err != nil || c.State != broadcast.Running && c.State != broadcast.Done {
		return since, err
	}
	now := map[broadcast.Ref]time.Time{}
	err = w.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		if e.State != broadcast.InDoubt || e.Work.Channel == address.Email || int(e.Gateway) >= len(c.Gateways) {
			return nil
		}
		g := w.gates[c.Gateways[e.Gateway]]
		if g == nil {
			return nil
		}
		finder, ok := g.Gateway.(gateway.Finder)
		if !ok {
			return nil
		}
		first, ok := since[e.Ref]
		if !ok {
			first = time.Now()
		}
		if now[e.Ref] = first; time.Since(first) < w.cfg.Grace {
			return nil
		}
		return w.findOne(ctx, id, finder, e)
	})
	return now, err
}
