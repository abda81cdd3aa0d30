package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
)

// A fault is something that is broken while a call runs.
type fault struct {
	name   string
	weight int  // how often of all, against the others
	slow   bool // it takes half a minute or more
	early  bool // it strikes the launch, not a call under way
	alone  bool // no second fault
	small  bool // Redis stands on a small file system
	stalls bool // somebody sleeps through it: what he had begun may come later than by rule
	three  bool // three workers, never two
	way    way
	ready  func(*round) error          // before the launch
	strike func(*round) (proof, error) // breaks something, and mends it
}

// A proof says, when the call has ended, whether the fault has struck.
type proof func() (bool, error)

func struck(yes bool) proof { return func() (bool, error) { return yes, nil } }

// A round is one call with a fault or two.
type round struct {
	*fleet
	rnd        *rand.Rand
	faults     []*fault
	hold       bool // what is in doubt is left to a person
	gone       bool // who is killed leaves no journal
	lossy      bool // Redis may lose what it has answered
	known      []broadcast.ID
	id         broadcast.ID
	audience   int
	killed     []*worker
	begins     time.Time // of a scheduled call
	post       *postman  // nil when no mail comes back
	suppressed map[string]time.Time
	lost       int64         // bytes of the append-only file
	noticed    time.Duration // how long a dead worker went unnoticed
}

// A result is what one round showed.
type result struct {
	Round       int
	Fault       string
	Second      string // "": none
	Struck      bool   // the first has struck
	SecondHit   bool   // and the second
	Doubted     int    // deliveries that were in doubt, then or at the end
	Window      int    // the most in doubt after one kill
	Gone        bool   // without a journal
	Again       int    // copies beyond the first, all explained
	Left        int    // in doubt at the end
	Undelivered int    // of these, not at the sink
	Failure     string // "": none
	Took        time.Duration
	Noticed     time.Duration // until a dead worker's first batch was taken over, where that was looked at
	Lost        losses        // of a Redis that may lose
}

// A losses is what a Redis that lost answered writes has led to.
type losses struct{ Bytes, Doubled, Missing, Open int }

// play plays a round of a seed: drawn by its number and the try.
func (f *fleet) play(seed uint64, n, try int, first *fault, seconds []*fault) (res result) {
	began := time.Now()
	r := &round{fleet: f, rnd: rand.New(rand.NewPCG(seed, uint64(n)<<8|uint64(try))), faults: []*fault{first}, suppressed: f.suppressed, lossy: f.redis.sync != "always"}
	res = result{Round: n, Fault: first.name}
	if len(seconds) > 0 && !first.alone && r.rnd.IntN(3) == 0 {
		if second := seconds[r.rnd.IntN(len(seconds))]; second != first {
			r.faults = append(r.faults, second)
			res.Second = second.name
		}
	}
	r.hold, r.gone = r.rnd.IntN(2) == 0, r.rnd.IntN(2) == 0
	f.rounds++
	if err := r.run(&res); err != nil {
		res.Failure = fmt.Sprintf("round %d, try %d (%s", n, try, first.name)
		if res.Second != "" {
			res.Failure += " + " + res.Second
		}
		res.Failure += fmt.Sprintf(", hold %v, journal %v): %v", r.hold, !r.gone, err)
	}
	res.Took, res.Noticed, res.Gone = time.Since(began), r.noticed, r.gone
	return res
}

func (r *round) run(res *result) error {
	r.sink.reset()
	for a := range r.suppressed {
		r.suppressed[a] = time.Time{}
	}
	before := len(r.suppressed)
	defer r.stopWorkers()
	how := way{gone: r.gone}
	count := 2 + r.rnd.IntN(workers-1)
	for _, f := range r.faults {
		how.serve, how.tapped, how.jumping = how.serve || f.way.serve, how.tapped || f.way.tapped, how.jumping || f.way.jumping
		how.patient = how.patient || f.way.patient
		if f.three {
			count = workers
		}
	}
	for slot := range count {
		one := how
		one.serve = how.serve && slot == 0 // one inbox
		if _, err := r.startWorker(slot, one); err != nil {
			return err
		}
	}
	for _, f := range r.faults {
		if f.ready != nil {
			if err := f.ready(r); err != nil {
				return fmt.Errorf("prepare %s: %w", f.name, err)
			}
		}
	}
	var err error
	if r.known, err = r.ledger.Calls(context.Background()); err != nil {
		return err
	}
	dir, err := r.call(r.hold, r.begins)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var launched struct {
		ID       broadcast.ID
		Audience int
	}
	launch := make(chan error, 1)
	go func() { launch <- r.fleet.run(&launched, "call", "launch", dir, "--yes") }()
	proofs := make([]proof, len(r.faults))
	for i, f := range r.faults {
		if f.early {
			err := r.appears()
			if err == nil {
				proofs[i], err = f.strike(r)
			}
			if err != nil {
				return errors.Join(fmt.Errorf("%s: %w", f.name, err), <-launch)
			}
		}
	}
	if err := <-launch; err != nil {
		return err
	}
	if r.id, r.audience = launched.ID, launched.Audience; r.audience != recipients-before {
		return fmt.Errorf("launched to %d, not %d", r.audience, recipients-before)
	}
	for i, f := range r.faults {
		if f.early || f.strike == nil {
			continue
		}
		at := r.rnd.IntN(r.audience / 2)
		if err := await(patience, "some messages", func() bool { return r.sink.count() >= at }); err != nil {
			return err
		}
		if proofs[i], err = f.strike(r); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err := r.end(); err != nil {
		return err
	}
	hits := []*bool{&res.Struck, &res.SecondHit}
	for i, p := range proofs {
		*hits[i] = true
		if p != nil {
			if *hits[i], err = p(); err != nil {
				return fmt.Errorf("%s: %w", r.faults[i].name, err)
			}
		}
	}
	return r.judge(res)
}

// appears waits until the call that is being launched is there, and knows it then.
func (r *round) appears() error {
	return await(patience, "the call", func() bool {
		ids, err := r.ledger.Calls(context.Background())
		if err != nil {
			return false
		}
		for _, id := range ids {
			if !slices.Contains(r.known, id) {
				r.id = id
				return true
			}
		}
		return false
	})
}

// state is where the call stands, "" when Redis does not say.
func (r *round) state() broadcast.CallState {
	c, err := r.ledger.Call(context.Background(), r.id)
	if err != nil {
		return ""
	}
	return c.State
}

func (r *round) owners() []broadcast.Lease {
	owners, err := r.ledger.Owners(context.Background(), r.id)
	if err != nil {
		return nil
	}
	return owners
}

// patience is how long a call may take: a busy machine may sync its disks for a
// minute and more.
const patience = 5 * time.Minute

// standing says where a call stands that does not end, and ends its workers: each says
// where all of its goroutines are, in a file of its own.
func (r *round) standing() string {
	ctx := context.Background()
	idle, err1 := r.ledger.Idle(ctx, r.id)
	due, err2 := r.ledger.NextDue(ctx, r.id)
	counters, err3 := r.ledger.Counters(ctx, r.id)
	var log strings.Builder
	for _, w := range r.living() {
		text := w.log.String()
		fmt.Fprintf(&log, "\n%d: %s", w.PID(), text[max(0, len(text)-1500):])
		fmt.Fprintf(&log, "\n%d stood as in %s", w.PID(), w.dump())
	}
	return fmt.Sprintf("it is %q, owned by %v, idle %v, next due in %v, %+v, the queues %s, %v%s", r.state(), r.owners(), idle, time.Until(due), counters, r.redis.queues(),
		errors.Join(err1, err2, err3), log.String())
}

// end waits for the call's end, and that what came back is kept and entered.
func (r *round) end() error {
	done := func() bool { time.Sleep(10 * time.Millisecond); return r.state() == broadcast.Done }
	if err := await(patience, "the call's end", done); err != nil {
		return fmt.Errorf("%w: %s", err, r.standing())
	}
	// Who slept and woke may say yet that something never went, which opens the call again.
	for quiet := time.Now(); r.stalled() && time.Since(quiet) < liveness; time.Sleep(10 * time.Millisecond) {
		if !done() {
			if err := await(patience, "the call's end", done); err != nil {
				return err
			}
			quiet = time.Now()
		}
	}
	if r.post == nil {
		return nil
	}
	if err := r.post.settled(patience); err != nil {
		return err
	}
	// asynq gives a task of a dead worker out again when its lease has been over for
	// 30 s and somebody looks, which a worker does as it starts and then once a minute.
	fresh := time.Now().Add(62 * time.Second)
	queued := func() bool {
		return r.redis.waiting("control") == 0 && !slices.ContainsFunc(r.redis.inHand("control"), isReceipt)
	}
	var since time.Time // when the queue was first seen empty, and was ever after: a task may move between two looks
	err := await(patience, "reports to be entered", func() bool {
		if time.Now().After(fresh) {
			fresh = fresh.Add(time.Hour)
			if w := r.living(); len(w) > 0 {
				if err := w[len(w)-1].Signal(15); err == nil {
					<-w[len(w)-1].Done()
					r.startWorker(w[len(w)-1].slot, way{})
				}
			}
		}
		if !queued() {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > 500*time.Millisecond
	})
	if err != nil {
		return err
	}
	return await(patience, "the call's end", done)
}
