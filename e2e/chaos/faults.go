package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// faults are all that may happen to a call, with how often each does: of 1,000
// rounds about eight for each unit of weight.
func faults() []*fault {
	all := []*fault{
		{name: "none", weight: 2, alone: true},
		{name: "suppression", weight: 5, strike: suppress},
	}
	all = append(all, workerFaults()...)
	all = append(all, planFaults()...)
	all = append(all, receiptFaults()...)
	all = append(all, redisFaults()...)
	all = append(all, clockFaults()...)
	return append(all, mailFaults()...)
}

// lossyFaults happen to a Redis that answers before it has synced. They are
// counted apart.
func lossyFaults() []*fault {
	out := []*fault{
		{name: "redis killed", weight: 1, alone: true, strike: killRedis(false)},
		{name: "power lost", weight: 3, alone: true, strike: losePower},
	}
	for _, f := range out {
		f.ready = func(r *round) error { r.sink.slow(100 * time.Millisecond); return nil }
	}
	return out
}

// second are the faults that may come on top of another.
func seconds(all []*fault) (out []*fault) {
	for _, f := range all {
		if !f.alone && !f.slow && !f.early && !f.small && !f.way.serve && !f.way.jumping && !f.way.tapped && !f.way.patient && !strings.HasPrefix(f.name, "SMTP") {
			out = append(out, f)
		}
	}
	return out
}

func mailFaults() []*fault {
	out := []*fault{
		{name: "all SMTP cut", weight: 4, strike: func(r *round) (proof, error) { return struck(r.sink.cut() > 0), nil }},
		{name: "server hangs 1.2 s", weight: 3, strike: hang(1200 * time.Millisecond)},
		{name: "server hangs 5 s, longer than the session waits", weight: 1, slow: true, strike: hang(5 * time.Second)},
	}
	for _, step := range steps {
		f := &fault{name: "SMTP " + step, weight: 3}
		switch step {
		case "banner", "EHLO", "421", "421 after the body":
			f.slow, f.weight = true, 1 // a held gateway or lane
		case "4xx":
			f.name = "SMTP 4xx storm"
		case "dot":
			f.weight = 6
		}
		f.strike = func(r *round) (proof, error) {
			n := 1 + r.rnd.IntN(4)
			switch step {
			case "4xx", "4xx after the body":
				n = 40 + r.rnd.IntN(200)
			case "421", "421 after the body":
				n = 1 + r.rnd.IntN(2)
			}
			r.sink.fail(step, n)
			if step == "banner" || step == "EHLO" {
				r.sink.cut() // standing sessions would never come there
			}
			return func() (bool, error) { return r.sink.struck() > 0, nil }, nil
		}
		out = append(out, f)
	}
	return out
}

func hang(d time.Duration) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		r.sink.hang(d)
		return func() (bool, error) { return r.sink.waited() > 0, nil }, nil
	}
}

// suppress enters eight who have got nothing yet, while the call goes out.
func suppress(r *round) (proof, error) {
	got := map[string]bool{}
	for _, m := range r.sink.taken() {
		got[m.to] = true
	}
	args := []string{"suppress", "add"}
	for _, i := range r.rnd.Perm(recipients) {
		a := addressOf(i)
		if _, old := r.suppressed[a]; !old && !got[a] && len(args) < 10 {
			args = append(args, a)
		}
	}
	if len(args) == 2 {
		return struck(false), nil
	}
	if err := r.fleet.run(nil, args...); err != nil {
		return nil, err
	}
	now := time.Now()
	for _, a := range args[2:] {
		r.suppressed[a] = now
	}
	return func() (bool, error) {
		status, err := r.ledger.Counters(context.Background(), r.id)
		if err != nil {
			return false, err
		}
		n := 0
		for _, c := range status.Channels {
			for s, k := range c {
				if s.String() == "suppressed" {
					n += k
				}
			}
		}
		return n > 0, nil
	}, nil
}

func clockFaults() []*fault {
	return []*fault{
		{name: "a worker's clock jumps", weight: 2, way: way{jumping: true}, stalls: true, strike: jumpWorker},
		{name: "Redis's clock jumps an hour ahead", weight: 3, stalls: true, ready: unshift, strike: shiftRedis(time.Hour)},
		{name: "Redis's clock jumps an hour back", weight: 3, stalls: true, ready: unshift, strike: shiftRedis(-time.Hour)},
	}
}

// jumpWorker sets a worker's clock 2 to 12 s off, one way or the other.
func jumpWorker(r *round) (proof, error) {
	r.spent = true
	w := r.living()[0]
	seconds := 2 + r.rnd.IntN(10)
	if r.rnd.IntN(2) == 0 {
		seconds = -seconds
	}
	hit := owned(r.owners(), w.PID()) > 0
	return struck(hit), w.jump(seconds)
}

// unshift sets the clock right. What this round leaves in Redis has times of a
// clock that was wrong: no other round is played on it.
func unshift(r *round) error {
	r.spent = true
	return r.redis.shift(0)
}

func shiftRedis(d time.Duration) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		running := len(r.owners()) > 0
		if err := r.redis.shift(int64(d.Seconds())); err != nil {
			return nil, err
		}
		off := r.redis.ahead()
		if (off - d).Abs() > time.Minute {
			return nil, fmt.Errorf("the clock of Redis is %v off, not %v", off, d)
		}
		return struck(running), nil
	}
}
