package main

import (
	"bytes"
	"slices"
	"sync"
	"syscall"
	"time"
)

func receiptFaults() []*fault {
	return []*fault{
		{name: "the inbox killed while mail comes back", weight: 3, slow: true, alone: true, way: way{serve: true}, ready: mailComesBack, strike: endInbox(syscall.SIGKILL)},
		{name: "the inbox terminated while mail comes back", weight: 3, alone: true, way: way{serve: true}, ready: mailComesBack, strike: endInbox(syscall.SIGTERM)},
		{name: "killed with a report in hand", weight: 1, slow: true, alone: true, way: way{serve: true, tapped: true}, ready: mailComesBack, strike: killHandler},
	}
}

// mailComesBack has one mail in five returned to the inbox.
func mailComesBack(r *round) error {
	r.post = newPostman(&r.inbox)
	r.sink.returns(r.post.bring)
	return nil
}

// endInbox ends the process that takes returned mail while some comes in.
func endInbox(sig syscall.Signal) func(*round) (proof, error) {
	return func(r *round) (proof, error) {
		w := r.living()[0]
		if err := await(10*time.Second, "returned mail", func() bool { taken, waiting, _ := r.post.state(); return taken > 5 && waiting > 0 }); err != nil {
			return struck(false), nil
		}
		_, _, before := r.post.state()
		var err error
		if sig == syscall.SIGKILL {
			_, err = r.end9(w)
		} else {
			_, err = r.end15(w)
		}
		return func() (bool, error) { _, _, after := r.post.state(); return after > before, nil }, err
	}
}

// killHandler kills a worker as asynq gives it a report to enter.
func killHandler(r *round) (proof, error) {
	var mu sync.Mutex
	var dead *worker
	left := 1 + r.rnd.IntN(20)
	at := map[int]*worker{}
	for _, w := range r.living() {
		at[w.slot] = w
	}
	for slot, t := range r.taps {
		t.watch(func(asked bool, piece []byte) {
			if asked || !bytes.Contains(piece, []byte(`{"g":"inbox"`)) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if left--; left <= 0 && dead == nil && at[slot] != nil {
				dead = at[slot]
				dead.Signal(syscall.SIGKILL)
			}
		})
	}
	err := await(20*time.Second, "a report to be handed out", func() bool { mu.Lock(); defer mu.Unlock(); return dead != nil })
	for _, t := range r.taps {
		t.watch(nil)
	}
	if err != nil {
		return struck(false), nil
	}
	<-dead.Done()
	r.killed = append(r.killed, dead)
	held := r.redis.inHand("control")
	if err := r.replace(dead); err != nil {
		return nil, err
	}
	// Those that others had were entered since.
	time.Sleep(500 * time.Millisecond)
	still := r.redis.inHand("control")
	hit := slices.ContainsFunc(held, func(id string) bool { return isReceipt(id) && slices.Contains(still, id) })
	return struck(hit), nil
}
