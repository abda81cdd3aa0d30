package main

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// tries is how often a round whose fault does not strike is played.
const tries = 5

// perFleet is how many rounds share a Redis.
const perFleet = 10

// A plan says which fault each round gets: every fault as often as its weight
// says, shuffled by the seed.
type plan struct {
	seed  uint64
	all   []*fault
	cycle int // rounds after which all have had their share
}

func newPlan(seed uint64, all []*fault) *plan {
	p := &plan{seed: seed, all: all}
	for _, f := range all {
		p.cycle += f.weight
	}
	return p
}

func (p *plan) fault(n int) *fault {
	var order []*fault
	for _, f := range p.all {
		for range f.weight {
			order = append(order, f)
		}
	}
	rnd := rand.New(rand.NewPCG(p.seed, uint64(n/p.cycle)))
	rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order[n%p.cycle]
}

// each has every fault once, the slow ones first so that others pass beside them.
func each(all []*fault) []*fault {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b *fault) int {
		slow := map[bool]int{true: 0, false: 1}
		return cmp.Compare(slow[a.slow], slow[b.slow])
	})
	return out
}

// A campaign plays rounds, several at a time, and enters each in the record.
type campaign struct {
	kit    *kit
	record *record
	lanes  int    // rounds at a time
	sync   string // appendfsync
	fault  func(n int) *fault
	second []*fault
	until  time.Time
	tell   func(result, int) // of each round, with the tries before

	mu   sync.Mutex
	next int
}

// play plays the rounds from next up to end, and returns what kept it from that.
func (c *campaign) play(end int) error {
	began := time.Now()
	earlier := c.record.Stretches[len(c.record.Stretches)-1].Minutes
	of := c.record.Faults
	if c.sync != "always" {
		of = c.record.Lossy
	}
	var all sync.WaitGroup
	var broken error
	for range c.lanes {
		all.Go(func() {
			var f *fleet
			defer func() {
				if f != nil {
					f.close()
				}
			}()
			for {
				c.mu.Lock()
				n := c.next
				if n >= end || time.Now().After(c.until) || broken != nil {
					c.mu.Unlock()
					return
				}
				c.next++
				c.mu.Unlock()
				var x result
				var try int
				var err error
				for try = range tries {
					if f, x, err = c.round(f, n, try); err != nil || x.Struck || x.Failure != "" {
						break
					}
				}
				c.mu.Lock()
				if err != nil {
					broken = err
				} else {
					c.record.add(of, x, try)
					c.record.Stretches[len(c.record.Stretches)-1].Minutes = earlier + time.Since(began).Minutes()
					c.tell(x, try)
				}
				c.mu.Unlock()
			}
		})
	}
	all.Wait()
	return broken
}

// round plays one try on a fleet that fits, a new one if need be. What a failed
// round leaves behind is not carried into the next.
func (c *campaign) round(f *fleet, n, try int) (*fleet, result, error) {
	fault := c.fault(n)
	if f != nil && (f.spent || f.rounds >= perFleet || f.small != fault.small) {
		f.close()
		f = nil
	}
	if f == nil {
		var err error
		f, err = newFleet(c.kit, fault.small, c.sync)
		if fault.small && errors.Is(err, syscall.EPERM) {
			return nil, result{Round: n, Fault: fault.name}, nil // only root mounts: it does not strike
		} else if err != nil {
			return nil, result{}, err
		}
	}
	x := f.play(c.record.Seed, n, try, fault, c.second)
	if x.Failure != "" {
		f.close()
		f = nil
	}
	return f, x, nil
}
