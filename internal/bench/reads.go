package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
)

const (
	watchers     = 5                      // people who have a call's progress before them
	refreshEvery = 200 * time.Millisecond // as clarion call launch --wait draws it
	standsStill  = 30 * time.Second       // without a message taken
)

// reads has people watch a call to the largest list, as clarion call status shows it.
func reads(ctx context.Context, b *bench) error {
	return b.watched(ctx, "a look at the progress of a call to "+thousands(b.many), 5, func(p *product, id broadcast.ID) (look, func(), error) {
		return func(ctx context.Context) error { return p.look(ctx, id) }, func() {}, nil
	})
}

// A look is one person's, at a call that is under way.
type look func(context.Context) error

// watched has people look while a worker of its own process sends a call to the
// largest list: how long a look takes, and what looking costs the call. They
// watch for a while, and do not for as long, in turns; every second pair is the
// other way round, so that what grows steadily is on both sides. asked is how many
// milliseconds 99 of 100 looks may take.
func (b *bench) watched(ctx context.Context, what string, asked float64, open func(*product, broadcast.ID) (look, func(), error)) error {
	p, err := b.million(ctx)
	if err != nil {
		return err
	}
	w, err := b.worker(ctx, p.dir+"/clarion.toml")
	if err != nil {
		return err
	}
	text := p.text
	if b.short { // or so few are sent to before they were looked at
		if text, err = readCall("call", "[pace]\nemail = 2000\n"); err != nil {
			return errors.Join(err, w.stop())
		}
	}
	id, err := p.launch(ctx, text, lists.Audience{})
	if err != nil {
		return errors.Join(err, w.stop())
	}
	err = until(ctx, 20*time.Millisecond, func() (bool, error) {
		n, err := p.ledger.Counters(ctx, id)
		return err == nil && n.Unplan[address.Email] == 0, err
	})
	if err != nil {
		return errors.Join(err, w.stop())
	}
	at, leave, err := open(p, id)
	if err != nil {
		return errors.Join(err, w.stop())
	}
	defer leave()
	var looks, shares []float64
	for i := range 3 * b.samples {
		var rate [2]float64
		for j := range rate {
			watched := at
			if (i+j)%2 != 0 {
				watched = nil
			}
			r, l, err := p.under(ctx, id, b.window/2, watched)
			if err != nil {
				return errors.Join(err, w.stop())
			}
			looks = append(looks, l...)
			if watched != nil {
				rate[0] = r
			} else {
				rate[1] = r
			}
		}
		shares = append(shares, rate[0]/rate[1])
	}
	b.results.add(figure{Name: what + ": 99 of 100 take at most", Unit: "ms", Asked: asked}, quantile(looks, 0.99))
	b.results.add(figure{Name: what + ": the median", Unit: "ms"}, quantile(looks, 0.5))
	b.results.add(figure{Name: what + fmt.Sprintf(": messages/s while %d people do so ÷ those while none does", watchers), Unit: "×", Asked: 0.98, AtLeast: true}, shares...)
	return errors.Join(p.stop(ctx, id), w.stop())
}

// under returns the rate of a call in a window of time, and, when somebody looks,
// how long each look took in milliseconds.
func (p *product) under(ctx context.Context, id broadcast.ID, window time.Duration, at look) (rate float64, looks []float64, err error) {
	from, began, err := p.sentSoFar(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	tick := time.NewTicker(refreshEvery / watchers)
	defer tick.Stop()
	for time.Since(began) < window {
		select {
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		case <-tick.C:
		}
		if at == nil {
			continue
		}
		asked := time.Now()
		if err := at(ctx); err != nil {
			return 0, nil, err
		}
		looks = append(looks, milliseconds(time.Since(asked)))
	}
	to, ended, err := p.sentSoFar(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	// On a busy machine nothing may go in a short window; the rate is then that of a longer one.
	for err == nil && to == from && ended.Sub(began) < standsStill {
		time.Sleep(refreshEvery / watchers)
		to, ended, err = p.sentSoFar(ctx, id)
	}
	if err != nil {
		return 0, nil, err
	}
	if to == from {
		return 0, nil, fmt.Errorf("call %s stands still", id)
	}
	return float64(to-from) / ended.Sub(began).Seconds(), looks, nil
}

func (p *product) sentSoFar(ctx context.Context, id broadcast.ID) (int, time.Time, error) {
	n, err := p.ledger.Counters(ctx, id)
	if err != nil {
		return 0, time.Time{}, err
	}
	return n.Channels[address.Email][broadcast.Sent], time.Now(), nil
}

// look reads what clarion call status reads.
func (p *product) look(ctx context.Context, id broadcast.ID) error {
	_, err := worker.BoardOf(ctx, p.db.Client(), clock.System{}, p.ledger, id, nil)
	return err
}
