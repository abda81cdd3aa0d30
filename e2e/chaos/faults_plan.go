package main

import (
	"syscall"
	"time"

	"clarion/broadcast"
)

// planLag makes planning last long enough to be met.
const planLag = 25 * time.Millisecond

func planFaults() []*fault {
	lagging := func(r *round) error { _, err := r.slowly(planLag); return err }
	return []*fault{
		{name: "planner killed", weight: 7, early: true, ready: lagging, strike: endPlanner(syscall.SIGKILL)},
		{name: "planner terminated", weight: 3, early: true, ready: lagging, strike: endPlanner(syscall.SIGTERM)},
		{name: "two plan at once", weight: 5, early: true, stalls: true, ready: lagging, strike: racePlanners},
		{name: "all begin a scheduled call at once", weight: 3, early: true, alone: true, stalls: true, three: true,
			ready: func(r *round) error { r.begins = time.Now().Add(5 * time.Second); return nil }, strike: raceSchedulers},
	}
}

// planner is the process that plans the call by the ledger, 0 if none does.
func (r *round) planner() int {
	for _, l := range r.owners() {
		if l.Work == broadcast.PlanWork {
			return pidOf(l.Worker)
		}
	}
	return 0
}

// fast ends the lag of every line.
func (r *round) fast() error {
	for _, l := range r.lines {
		if err := l.slow(0); err != nil {
			return err
		}
	}
	return nil
}

// planning waits for a process to plan, and lets it for a while.
func (r *round) planning() *worker {
	if err := await(10*time.Second, "planning", func() bool { return r.planner() != 0 }); err != nil {
		return nil
	}
	time.Sleep(time.Duration(r.rnd.IntN(200)) * time.Millisecond)
	return r.worker(r.planner())
}

func endPlanner(sig syscall.Signal) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		w := r.planning()
		if w == nil {
			return struck(false), r.fast()
		}
		var p proof
		var err error
		if sig == syscall.SIGKILL {
			r.killed = append(r.killed, w)
			if err := w.kill(); err != nil {
				return nil, err
			}
			p = struck(r.planner() == w.PID()) // a dead process plans
			err = r.replace(w)
		} else {
			hit := r.planner() == w.PID()
			if _, err = r.end15(w); err == nil {
				p = struck(hit)
			}
		}
		if err != nil {
			return nil, err
		}
		return p, r.fast()
	}
}

// racePlanners stops the process that plans until another plans, and lets both go on.
func racePlanners(r *round) (proof, error) {
	w := r.planning()
	if w == nil {
		return struck(false), r.fast()
	}
	w.Signal(syscall.SIGSTOP)
	var other int
	err := await(10*time.Second, "another planner", func() bool {
		other = r.planner()
		return other != 0 && other != w.PID() || r.state() == broadcast.Done
	})
	hit := err == nil && r.planner() == other && other != w.PID() && other != 0
	w.Signal(syscall.SIGCONT)
	if err != nil {
		// It was stopped with its planning done and entered: nobody plans any more.
		return struck(false), r.fast()
	}
	return struck(hit), r.fast()
}

// raceSchedulers lets a call's time come while all workers sleep, and wakes them
// at once.
func raceSchedulers(r *round) (proof, error) {
	if err := await(5*time.Second, "the call to be scheduled", func() bool { return r.state() == broadcast.Scheduled }); err != nil {
		return struck(false), nil
	}
	for _, w := range r.living() {
		w.Signal(syscall.SIGSTOP)
	}
	time.Sleep(time.Until(r.begins) + 100*time.Millisecond)
	hit := r.state() == broadcast.Scheduled
	for _, w := range r.living() {
		w.Signal(syscall.SIGCONT)
	}
	return struck(hit), nil
}
