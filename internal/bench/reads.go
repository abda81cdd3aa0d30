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
	watchers     = 5 // people who have a call's progress before them
	fivePeople   = "5 people do so"
	refreshEvery = 200 * time.Millisecond // as clarion call launch --wait draws it
	standsStill  = 30 * time.Second       // without a message taken
)

// reads has people watch a call to the largest list, as clarion call status shows it.
func reads(ctx context.Context, b *bench) error {
	return b.watched(ctx, watch{"a look at the progress of a call to " + thousands(b.many), fivePeople, 5, 0.98, 0, refreshEvery / watchers,
		func(p *product, id broadcast.ID) (look, func(), error) {
			return func(ctx context.Context) error { return p.look(ctx, id) }, func() {}, nil
		}})
}

// A watch is what people do while a call goes out.
type watch struct {
	what   string
	doing  string        // how the cost of it names them
	asked  float64       // how many milliseconds 99 of 100 looks may take
	kept   float64       // which part of its rate the call must keep, 0: nothing is asked
	least  float64       // how many a minute must be done, 0: nothing is asked
	every  time.Duration // from one look to the next
	begins func(*product, broadcast.ID) (at look, leave func(), err error)
}

// A look is one person's, at a call that is under way.
type look func(context.Context) error

// watched has people look while a worker of its own process sends a call to the
// largest list: how long a look takes, and what looking costs the call. They
// watch for a while, and do not for as long, in turns; every second pair is the
// other way round, so that what grows steadily is on both sides.
func (b *bench) watched(ctx context.Context, w watch) error {
	p, err := b.million(ctx)
	if err != nil {
		return err
	}
	sends, err := b.worker(ctx, p.dir+"/clarion.toml")
	if err != nil {
		return err
	}
	text := p.text
	if b.short { // or so few are sent to before they were looked at
		if text, err = readCall("call", "[pace]\nemail = 2000\n"); err != nil {
			return errors.Join(err, sends.stop())
		}
	}
	id, err := p.launch(ctx, text, lists.Audience{})
	if err != nil {
		return errors.Join(err, sends.stop())
	}
	err = until(ctx, 20*time.Millisecond, func() (bool, error) {
		n, err := p.ledger.Counters(ctx, id)
		return err == nil && n.Unplan[address.Email] == 0, err
	})
	if err != nil {
		return errors.Join(err, sends.stop())
	}
	at, leave, err := w.begins(p, id)
	if err != nil {
		return errors.Join(err, sends.stop())
	}
	defer leave()
	var looks, shares []float64
	var spent time.Duration
	for i := range 5 * b.samples {
		var rate [2]float64
		for j := range rate {
			watched := at
			if (i+j)%2 != 0 {
				watched = nil
			}
			u, err := p.under(ctx, id, b.window/2, w.every, watched)
			if err != nil {
				return errors.Join(err, sends.stop())
			}
			looks = append(looks, u.looks...)
			if watched != nil {
				rate[0] = u.rate
				spent += u.took
			} else {
				rate[1] = u.rate
			}
		}
		shares = append(shares, rate[0]/rate[1])
	}
	b.results.add(figure{Name: w.what + ": 99 of 100 take at most", Unit: "ms", Asked: w.asked}, quantile(looks, 0.99))
	b.results.add(figure{Name: w.what + ": the median", Unit: "ms"}, quantile(looks, 0.5))
	b.results.add(figure{Name: w.what + ": messages/s while " + w.doing + " ÷ those while nobody does", Unit: "×", Asked: w.kept, AtLeast: true}, shares...)
	if w.least > 0 {
		b.results.add(figure{Name: w.what + ": so many a minute", Unit: "/min", Asked: w.least, AtLeast: true}, float64(len(looks))/spent.Minutes())
	}
	return errors.Join(p.stop(ctx, id), sends.stop())
}

// An interval is what happened in a window of time.
type interval struct {
	rate  float64   // of the call, in messages a second
	looks []float64 // how long each took, in milliseconds
	took  time.Duration
}

// under is what happens to a call in a window of time, while somebody looks, or, at being
// nil, nobody.
func (p *product) under(ctx context.Context, id broadcast.ID, window, every time.Duration, at look) (interval, error) {
	var in interval
	from, began, err := p.sentSoFar(ctx, id)
	if err != nil {
		return in, err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for time.Since(began) < window {
		select {
		case <-ctx.Done():
			return in, ctx.Err()
		case <-tick.C:
		}
		if at == nil {
			continue
		}
		asked := time.Now()
		if err := at(ctx); err != nil {
			return in, err
		}
		in.looks = append(in.looks, milliseconds(time.Since(asked)))
	}
	to, ended, err := p.sentSoFar(ctx, id)
	if err != nil {
		return in, err
	}
	in.took = ended.Sub(began)
	// On a busy machine nothing may go in a short window; the rate is then that of a longer one.
	for err == nil && to == from && ended.Sub(began) < standsStill {
		time.Sleep(every)
		to, ended, err = p.sentSoFar(ctx, id)
	}
	if err != nil {
		return in, err
	}
	if to == from {
		return in, fmt.Errorf("call %s stands still", id)
	}
	in.rate = float64(to-from) / ended.Sub(began).Seconds()
	return in, nil
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
