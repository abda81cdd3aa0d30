package broadcast

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redistest"
)

// recall says again, through gateway 1, how a group ended whose claim Redis may have forgotten.
func (f *fixture) recall(l Lease, g Group, attempts []byte, r Result) int {
	f.t.Helper()
	var c *Turning
	f.must(f.Pipelined(f.t.Context(), func(p redis.Pipeliner) {
		c = f.QueueTurn(f.t.Context(), p, Outcome{Group: g, Attempts: attempts, Results: all(g, r), Recalled: true}, l, Group{}, 1)
	}))
	n, err := c.Committed()
	f.must(err)
	return n
}

// Where Redis has forgotten a claim, what its worker says is entered once; where it
// knows better, nothing is.
func TestForgottenClaims(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := plannedOn(t, redistest.New(t), 3)
	l := by(f.queue.leases[0], "w1")
	w := f.work(l)
	g := Group{f.id, w, 0, w.Len()}
	n := w.Len()
	once := func(what string, attempts []byte, r Result, want int) {
		t.Helper()
		if got := f.recall(l, g, attempts, r); got != want {
			t.Errorf("%s: %d entered, want %d", what, got, want)
		}
		if got := f.recall(l, g, attempts, r); got != 0 {
			t.Errorf("%s, said again: %d entered", what, got)
		}
		f.states()
	}
	first, second := make([]byte, n), make([]byte, n)
	for i := range n {
		first[i], second[i] = 1, 2
	}
	once("what was not begun", first, Result{State: Pending, Unsure: true}, 0)
	once("deferred", first, Result{State: Deferred, Due: f.clk.Now()}, n)
	// It is due, and was claimed for a second attempt, which is forgotten too.
	once("in hand", second, Result{State: InDoubt, Unsure: true}, n)
	if due := f.rdb.ZCard(ctx, keyDue.Name(f.id)).Val(); due != 0 {
		t.Errorf("%d are still due", due)
	}
	once("ended after all", second, Result{State: Sent}, n)
	once("an old attempt", first, Result{State: Failed}, 0)

	// Another has claimed it, under an attempt of the same number.
	f, l, g, attempts := begun(t, 1)
	if n := f.recall(by(l, "w2"), g, attempts, Result{State: Sent}); n != 0 {
		t.Error("it was taken out of another's hands")
	}
	if n := f.recall(l, g, attempts, Result{State: InDoubt, Unsure: true}); n != 0 {
		t.Error("what is in hand, and known to be, was put in doubt")
	}
	f.want(Counts{Sending: 1})
	next := by(f.takeover(l, time.Time{}), "w3")
	f.expect(f.begin(next), OK)
	if n := f.recall(l, g, attempts, Result{State: Sent}); n != 1 {
		t.Error("a claim that stands was not settled")
	}
	f.want(Counts{Sent: 1})
	c, err := f.Counters(ctx, f.id)
	f.must(err)
	if len(c.Gateways) != 1 || c.Gateways[0].Counts[Sent] != 1 {
		t.Errorf("gateways: %+v", c.Gateways)
	}
}
