package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"clarion/broadcast"
)

func workerFaults() []*fault {
	return []*fault{
		{name: "worker killed", weight: 8, strike: func(r *round) (proof, error) { return r.end9(r.busy()) }},
		{name: "worker killed, settings as delivered", weight: 1, alone: true, way: way{patient: true}, strike: killAndWait},
		{name: "worker terminated", weight: 5, strike: func(r *round) (proof, error) { return r.end15(r.busy()) }},
		{name: "worker stopped 2 s", weight: 5, stalls: true, strike: stopWorker},
		{name: "all workers stopped 2 s", weight: 3, stalls: true, strike: stopAll},
		{name: "worker cut off from Redis 2 s", weight: 5, strike: cutWorker},
		{name: "killed while it takes over from one killed", weight: 3, three: true, strike: killSweeper},
		{name: "two take over from one killed", weight: 3, three: true, alone: true, way: way{tapped: true}, strike: raceSweepers},
	}
}

// busy finds a worker that has works of the call in hand, nil when there is none.
func (r *round) busy() *worker {
	var w *worker
	err := await(5*time.Second, "a busy worker", func() bool {
		owners := r.owners()
		if len(owners) > 0 {
			w = r.worker(pidOf(owners[r.rnd.IntN(len(owners))].Worker))
		}
		return w != nil && !w.ended() || r.state() == broadcast.Done
	})
	if err != nil || r.state() == broadcast.Done {
		return nil
	}
	return w
}

// replace starts another in the slot of one that has ended.
func (r *round) replace(w *worker) error {
	_, err := r.startWorker(w.slot, w.way)
	return err
}

// end9 kills a worker with works in hand.
func (r *round) end9(w *worker) (proof, error) {
	if w == nil {
		return struck(false), nil
	}
	if err := w.kill(); err != nil {
		return nil, err
	}
	r.killed = append(r.killed, w)
	hit := owned(r.owners(), w.PID()) > 0 // what a dead worker owns, it had in hand
	return struck(hit), r.replace(w)
}

// end15 asks a worker with works in hand to end, which it must do well and in its time.
func (r *round) end15(w *worker) (proof, error) {
	if w == nil {
		return struck(false), nil
	}
	hit := owned(r.owners(), w.PID()) > 0
	if err := w.Signal(syscall.SIGTERM); err != nil {
		return nil, err
	}
	select {
	case <-w.Done():
	case <-time.After(20 * time.Second):
		return nil, fmt.Errorf("a worker did not end in four times its drain time")
	}
	if err := w.Err(); err != nil {
		return nil, fmt.Errorf("a worker that was told to end: %w: %s", err, w.log)
	}
	if left := owned(r.owners(), w.PID()); left > 0 {
		return nil, fmt.Errorf("a worker that was told to end left %d batches owned: %s", left, w.log)
	}
	return struck(hit), r.replace(w)
}

// killAndWait kills a worker and notes how long it takes until its first batch is
// taken over.
func killAndWait(r *round) (proof, error) {
	w := r.busy()
	began := time.Now()
	p, err := r.end9(w)
	if err != nil || w == nil {
		return p, err
	}
	of := func() bool {
		return slices.ContainsFunc(r.takeovers(), func(t takeover) bool { return t.of == w.PID() })
	}
	if err := await(time.Minute, "a takeover", func() bool { return of() || r.state() == broadcast.Done }); err != nil {
		return nil, err
	}
	r.noticed = time.Since(began)
	hit := of()
	return func() (bool, error) { yes, err := p(); return yes && hit, err }, nil
}

func stopWorker(r *round) (proof, error) {
	w := r.busy()
	if w == nil {
		return struck(false), nil
	}
	w.Signal(syscall.SIGSTOP)
	time.Sleep(2 * liveness)
	return func() (bool, error) {
		for _, t := range r.takeovers() {
			if t.of == w.PID() {
				return true, nil
			}
		}
		return false, nil
	}, w.Signal(syscall.SIGCONT)
}

// stopAll stops all workers for longer than they are believed to live, so that
// each takes the others for dead when all go on at once.
func stopAll(r *round) (proof, error) {
	hit := len(r.owners()) > 0
	for _, w := range r.living() {
		w.Signal(syscall.SIGSTOP)
	}
	time.Sleep(2 * liveness)
	for _, w := range r.living() {
		w.Signal(syscall.SIGCONT)
	}
	return struck(hit), nil
}

func cutWorker(r *round) (proof, error) {
	w := r.busy()
	if w == nil {
		return struck(false), nil
	}
	r.lines[w.slot].cut()
	hit := owned(r.owners(), w.PID()) > 0
	time.Sleep(2 * liveness)
	return struck(hit), r.lines[w.slot].mend()
}

// slowly makes every line slow, and returns what ends that.
func (r *round) slowly(lag time.Duration) (func() error, error) {
	for _, l := range r.lines {
		if err := l.slow(lag); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, l := range r.lines {
			if err := l.slow(0); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// killSweeper kills a worker, and then the one that takes over from it, between
// the takeover and the handing out.
func killSweeper(r *round) (proof, error) {
	dead := r.busy()
	if dead == nil {
		return struck(false), nil
	}
	if err := dead.kill(); err != nil {
		return nil, err
	}
	r.killed = append(r.killed, dead)
	fast, err := r.slowly(40 * time.Millisecond)
	if err != nil {
		return nil, err
	}
	var first takeover
	err = await(10*time.Second, "a takeover", func() bool {
		for _, t := range r.takeovers() {
			if t.of == dead.PID() {
				first = t
				return true
			}
		}
		return r.state() == broadcast.Done
	})
	if err != nil || first.by == 0 {
		return struck(false), fast()
	}
	sweeper := r.worker(first.by)
	if err := sweeper.kill(); err != nil {
		return nil, err
	}
	r.killed = append(r.killed, sweeper)
	idle, err := r.ledger.Idle(context.Background(), r.id)
	if err != nil {
		return nil, err
	}
	hit := false
	for _, l := range idle {
		hit = hit || int(l.Work) == first.work
	}
	if err := fast(); err != nil {
		return nil, err
	}
	if err := r.replace(sweeper); err != nil {
		return nil, err
	}
	return struck(hit), r.replace(dead)
}

// raceSweepers kills a worker while the lines are slow, so that the others find
// its works at the same time.
func raceSweepers(r *round) (proof, error) {
	dead := r.busy()
	if dead == nil {
		return struck(false), nil
	}
	if err := dead.kill(); err != nil {
		return nil, err
	}
	r.killed = append(r.killed, dead)
	name := ""
	for _, l := range r.owners() {
		if pidOf(l.Worker) == dead.PID() {
			name = l.Worker
		}
	}
	if name == "" {
		return struck(false), r.replace(dead)
	}
	var mu sync.Mutex
	tried := map[int]bool{}
	for slot, t := range r.taps {
		t.watch(func(asked bool, piece []byte) {
			// The owner as the ledger has it, fence|worker, is asked after by a takeover alone.
			if asked && slot != dead.slot && bytes.Contains(piece, []byte("|"+name)) {
				mu.Lock()
				tried[slot] = true
				mu.Unlock()
			}
		})
	}
	fast, err := r.slowly(80 * time.Millisecond)
	if err != nil {
		return nil, err
	}
	err = await(10*time.Second, "the takeovers", func() bool { return r.state() == broadcast.Done || owned(r.owners(), dead.PID()) == 0 })
	for _, t := range r.taps {
		t.watch(nil)
	}
	if err != nil {
		return nil, err
	}
	mu.Lock()
	hit := len(tried) > 1
	mu.Unlock()
	if err := fast(); err != nil {
		return nil, err
	}
	return struck(hit), r.replace(dead)
}
