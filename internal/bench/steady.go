package main

import (
	"context"
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
)

// A fleet is workers of their own processes, and a call that they send.
type fleet struct {
	workers     int
	connections int     // of each
	port        int     // of the relay
	rate        float64 // of the gateway, messages a second; 0 for no limit
	text        *templates.Call
}

// steady sends a call with a fleet and returns its rate, messages a second, in
// windows of time while all connections are at work, or as many as a limit needs:
// neither the launch nor the last batches are in it. The call is stopped after.
func (b *bench) steady(ctx context.Context, p *product, f fleet, server *counter, windows int) (rates []float64, err error) {
	config, err := p.config("fleet", f.port, f.connections, f.rate)
	if err != nil {
		return nil, err
	}
	var workers []*running
	defer func() {
		for _, w := range workers {
			if serr := w.stop(); err == nil {
				err = serr
			}
		}
	}()
	for range f.workers {
		w, err := b.worker(ctx, config)
		if err != nil {
			return nil, err
		}
		workers = append(workers, w)
	}
	before := server.taken.Load()
	id, err := p.launch(ctx, f.text, lists.Audience{})
	if err != nil {
		return nil, err
	}
	// Under a limit a few connections may carry all of it.
	all := int64(f.workers * f.connections)
	limited := f.rate > 0 || f.text.Pace[address.Email] > 0
	if err := until(ctx, 5*time.Millisecond, func() (bool, error) {
		if taken := server.taken.Load() - before; taken < 4*all || !limited && server.busy.Load() < all {
			c, err := p.ledger.Call(ctx, id)
			if err == nil && c.State != broadcast.Running {
				err = fmt.Errorf("the call is %s before %d connections are at work: it needs more recipients", c.State, all)
			}
			return false, err
		}
		return true, nil
	}); err != nil {
		return nil, err
	}
	for range windows {
		from, began := server.taken.Load(), time.Now()
		if err := wait(ctx, b.window); err != nil {
			return nil, err
		}
		rates = append(rates, float64(server.taken.Load()-from)/time.Since(began).Seconds())
	}
	return rates, p.stop(ctx, id)
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
