package broadcast

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/lists"
	"clarion/lists/address"
)

// begun has a worker claim the first batch of a call to n contacts.
func begun(t *testing.T, n int) (f *fixture, l Lease, g Group, attempts []byte) {
	t.Helper()
	return begunOn(t, redistest.New(t), n)
}

func begunOn(t *testing.T, rdb redis.UniversalClient, n int) (f *fixture, l Lease, g Group, attempts []byte) {
	t.Helper()
	f = plannedOn(t, rdb, n)
	l = by(f.queue.leases[0], "w1")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	g = Group{f.id, w, 0, w.Len()}
	_, attempts = f.claim(l, g)
	return f, l, g, attempts
}

func (f *fixture) takeover(l Lease, resend time.Time) Lease {
	f.t.Helper()
	next, _, ok, err := f.Takeover(f.t.Context(), l, 1, resend)
	f.must(err)
	if !ok {
		f.t.Fatalf("%v was not taken over", l)
	}
	return next
}

func (f *fixture) callState() CallState {
	f.t.Helper()
	c, err := f.Call(f.t.Context(), f.id)
	f.must(err)
	return c.State
}

// A worker puts back what it did not begin, and never hears that this was done.
// Another claims it, under the same attempt number. The first one's saying so
// again must not take it out of the other's hands.
func TestCommitSaidAgainLeavesAnothersClaimAlone(t *testing.T) {
	t.Parallel()
	f, l, g, attempts := begun(t, 1)
	notBegun := all(g, Result{State: Pending})
	f.commit(l, g, attempts, notBegun)
	next := by(f.takeover(l, time.Time{}), "w2")
	f.expect(f.begin(next), OK)
	_, anew := f.claim(next, g)
	if string(anew) != string(attempts) {
		t.Fatalf("attempts %v, then %v", attempts, anew)
	}
	if n := f.commit(l, g, attempts, notBegun); n != 0 {
		t.Fatal("the first worker took the second one's claim away")
	}
	f.commit(next, g, anew, all(g, Result{State: Sent}))
	f.want(Counts{Sent: 1})
}

// The same, and the second worker dies with it on the wire: it is in doubt, and
// what the first one says of its own attempt, of the same number, does not settle it.
func TestCommitSaidAgainLeavesAnothersDoubtAlone(t *testing.T) {
	t.Parallel()
	f, l, g, attempts := begun(t, 1)
	f.commit(l, g, attempts, all(g, Result{State: Pending}))
	next := by(f.takeover(l, time.Time{}), "w2")
	f.expect(f.begin(next), OK)
	if _, anew := f.claim(next, g); string(anew) != string(attempts) {
		t.Fatalf("attempts %v, then %v", attempts, anew)
	}
	f.takeover(next, time.Time{})
	if n := f.commit(l, g, attempts, all(g, Result{State: Pending, Unsure: true})); n != 0 {
		t.Fatal("the first worker settled the second one's doubt")
	}
	f.want(Counts{InDoubt: 1})
}

// What a late commit says of a call that is over.
func TestLateCommitAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []Action{ActFinish, ActStop} {
		f, l, g, attempts := begun(t, 1)
		ctx := t.Context()
		if end == ActStop {
			_, err := f.Do(ctx, f.id, ActStop)
			f.must(err)
		}
		next := by(f.takeover(l, time.Time{}), "w2")
		if end == ActStop {
			_, err := f.Wind(ctx, f.id)
			f.must(err)
		} else {
			f.expect(f.begin(next), OK)
			_, err := f.Finish(ctx, next, f.work(next))
			f.must(err)
		}
		f.want(Counts{InDoubt: 1})
		f.commit(l, g, attempts, all(g, Result{State: Pending}))
		if end == ActStop {
			f.expect(string(f.callState()), string(Stopped))
			f.want(Counts{Cancelled: 1})
			continue
		}
		// It never went: the call goes on, and it goes.
		f.expect(string(f.callState()), string(Running))
		f.want(Counts{Deferred: 1})
		due, err := f.Collect(ctx, f.id, false)
		f.must(err)
		if len(due) != 1 {
			t.Fatalf("%d works are due", len(due))
		}
	}
}

func TestDoubtIsLeftToAPersonInTheEnd(t *testing.T) {
	t.Parallel()
	f, l, _, _ := begun(t, 1)
	ctx := t.Context()
	for attempt := 1; attempt <= DoubtAttempts+1; attempt++ {
		f.takeover(l, f.clk.Now())
		due, err := f.Collect(ctx, f.id, false)
		f.must(err)
		if len(due) == 0 {
			if attempt != DoubtAttempts {
				t.Errorf("left to a person after %d attempts", attempt)
			}
			break
		}
		l = by(due[0], "w1")
		f.expect(f.begin(l), OK)
		w := f.work(l)
		f.claim(l, Group{f.id, w, 0, w.Len()})
	}
	f.want(Counts{InDoubt: 1})
}

// A second collector works between a first one's look and its taking.
func TestTwoCollectorsMakeNoTwins(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t, "--appendonly", "no")
	f, l, g, attempts := begunOn(t, server.Client(), 4)
	ctx := t.Context()
	now, later := f.clk.Now(), f.clk.Now().Add(time.Minute)
	f.commit(l, g, attempts, []Result{{State: Deferred, Due: now}, {State: Deferred, Due: later}})
	trip := &tripwire{}
	own, err := redisdb.Connect(server.URL())
	f.must(err)
	t.Cleanup(func() { own.Close() })
	f.must(own.Ping(ctx).Err()) // a connection's own first commands do not count
	own.AddHook(trip)
	var second []Lease
	trip.after, trip.then = 1, func() {
		f.clk.Set(later)
		second, err = f.Collect(ctx, f.id, false)
		f.must(err)
	}
	first, err := Open(own, f.clk).Collect(ctx, f.id, false)
	f.must(err)
	if len(first) != 0 || len(second) != 1 || f.work(second[0]).Len() != 2 {
		t.Errorf("the first made works %v, the second %v", first, second)
	}
	f.states()
}

// A person sends again what a work has already, waiting for its lane.
func TestSentAgainStandsInOneWork(t *testing.T) {
	t.Parallel()
	f, l, _, _ := begun(t, 1)
	ctx := t.Context()
	f.takeover(l, f.clk.Now())
	collect := func() (Lease, Group) {
		due, err := f.Collect(ctx, f.id, false)
		f.must(err)
		if len(due) != 1 {
			t.Fatalf("%d works are due", len(due))
		}
		w := f.work(due[0])
		return due[0], Group{f.id, w, 0, w.Len()}
	}
	first, g1 := collect()
	a, err := f.Apply(ctx, f.id, g1.Work.Ref(0), Says{Change: SendAgain, Due: f.clk.Now()})
	f.must(err)
	if !a.Moved {
		t.Fatal("not sent again")
	}
	second, g2 := collect()
	first, second = by(first, "w1"), by(second, "w2")
	f.expect(f.begin(first), OK)
	f.expect(f.begin(second), OK)
	if _, got := f.claim(second, g2); got[0] == 0 {
		t.Error("the second work does not get it")
	}
	if _, got := f.claim(first, g1); got[0] != 0 {
		t.Error("both works get it")
	}
	f.states()
}

// A Redis that lost what it had answered shows as open what its worker has sent:
// the batch must not be closed over it.
func TestNothingOpenIsFinished(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f, l, g, attempts := begun(t, 12)
	last := g.Len() - 1
	if last < 1 {
		t.Fatalf("a batch of %d", g.Len())
	}
	if _, err := f.Finish(ctx, l, g.Work); !errors.Is(err, ErrOpen) {
		t.Fatalf("finished with deliveries that are sending: %v", err)
	}
	// Some end, and one is deferred and sent anew by another work meanwhile.
	results := all(g, Result{State: Sent})
	results[0] = Result{State: Deferred, Due: f.clk.Now()}
	results[last] = Result{State: Pending}
	f.commit(l, g, attempts, results)
	if _, err := f.Finish(ctx, l, g.Work); !errors.Is(err, ErrOpen) {
		t.Fatalf("finished with a delivery that is pending: %v", err)
	}
	rest := Group{f.id, g.Work, last, last + 1}
	_, attempts = f.claim(l, rest)
	f.commit(l, rest, attempts, all(rest, Result{State: Sent}))
	due, err := f.Collect(ctx, f.id, false)
	f.must(err)
	again := by(due[0], "w2")
	f.expect(f.begin(again), OK)
	w := f.work(again)
	further := Group{f.id, w, 0, w.Len()}
	_, attempts = f.claim(again, further)
	state, err := f.Finish(ctx, l, g.Work)
	f.must(err)
	f.expect(string(state), string(Running))
	if _, err := f.Finish(ctx, again, w); !errors.Is(err, ErrOpen) {
		t.Fatalf("finished with a further attempt that is sending: %v", err)
	}
	f.commit(again, further, attempts, all(further, Result{State: Sent}))
	_, err = f.Finish(ctx, again, w)
	f.must(err)
	if idle, err := f.Idle(ctx, f.id); err != nil || slices.ContainsFunc(idle, func(i Lease) bool { return i.Work == l.Work || i.Work == again.Work }) {
		t.Fatalf("what is finished is open: %v, %v", idle, err)
	}
}

func TestSentAgainOnlyWhereItGoes(t *testing.T) {
	t.Parallel()
	f, l, g, _ := begun(t, 1)
	ctx := t.Context()
	next := by(f.takeover(l, time.Time{}), "w2")
	again := Says{Change: SendAgain, Due: f.clk.Now()}
	f.expect(f.begin(next), OK)
	state, err := f.Finish(ctx, next, f.work(next))
	f.must(err)
	f.expect(string(state), string(Done))
	f.must(f.Retire(ctx, f.id))
	if a, err := f.Apply(ctx, f.id, g.Work.Ref(0), again); err != nil || !a.Moved {
		t.Fatalf("%+v, %v", a, err)
	}
	f.expect(string(f.callState()), string(Running))
	if active, err := f.Active(ctx); err != nil || len(active) != 1 {
		t.Fatalf("active are %v, %v: nobody would look at the call", active, err)
	}
	// Stopped, it goes nowhere.
	f, l, g, _ = begun(t, 1)
	_, err = f.Do(ctx, f.id, ActStop)
	f.must(err)
	f.takeover(l, time.Time{})
	_, err = f.Wind(ctx, f.id)
	f.must(err)
	if a, err := f.Apply(ctx, f.id, g.Work.Ref(0), again); err != nil || a.Moved {
		t.Fatalf("%+v, %v", a, err)
	}
	f.want(Counts{InDoubt: 1})
}

// A sweep looks at a call that is done, its late owner says that the last of what was
// in doubt never went, which opens the call again, and then the sweep sees that
// nothing is in doubt: the call stays among those that somebody looks at.
func TestWhatWasOpenedAgainIsNotRetired(t *testing.T) {
	t.Parallel()
	f, l, g, attempts := begun(t, 1)
	ctx := t.Context()
	next := by(f.takeover(l, time.Time{}), "w2")
	f.expect(f.begin(next), OK)
	state, err := f.Finish(ctx, next, f.work(next))
	f.must(err)
	f.expect(string(state), string(Done))
	f.commit(l, g, attempts, all(g, Result{State: Pending}))
	f.expect(string(f.callState()), string(Running))
	f.must(f.Retire(ctx, f.id))
	if active, err := f.Active(ctx); err != nil || len(active) != 1 {
		t.Fatalf("active are %v, %v: nobody would look at the call", active, err)
	}
	due, err := f.Collect(ctx, f.id, true)
	f.must(err)
	again := by(due[0], "w2")
	f.expect(f.begin(again), OK)
	further := Group{f.id, f.work(again), 0, 1}
	_, attempts = f.claim(again, further)
	f.commit(again, further, attempts, all(further, Result{State: Sent}))
	state, err = f.Finish(ctx, again, f.work(again))
	f.must(err)
	f.expect(string(state), string(Done))
	f.must(f.Retire(ctx, f.id))
	if active, err := f.Active(ctx); err != nil || len(active) != 0 {
		t.Fatalf("active are %v, %v, and all has ended", active, err)
	}
}

// A person has the messages of a done call taken back while a sweep takes it off the
// active ones: between whichever of their commands, the call is looked at afterwards.
func TestWhatIsWithdrawnIsNotRetired(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t, "--appendonly", "no")
	for after := range 5 {
		for _, first := range []string{"retire", "withdraw"} {
			f, l, g, attempts := begunOn(t, server.Client(), 1)
			ctx := t.Context()
			f.commit(l, g, attempts, all(g, Result{State: Sent}))
			state, err := f.Finish(ctx, l, f.work(l))
			f.must(err)
			f.expect(string(state), string(Done))
			own, err := redisdb.Connect(server.URL())
			f.must(err)
			t.Cleanup(func() { own.Close() })
			f.must(own.Ping(ctx).Err())
			trip := &tripwire{}
			own.AddHook(trip)
			a, b := Open(own, f.clk), f.Ledger
			retire := func(of *Ledger) { f.must(of.Retire(ctx, f.id)) }
			withdraw := func(of *Ledger) {
				_, err := of.Do(ctx, f.id, ActWithdraw)
				f.must(err)
			}
			trip.after = after
			if first == "retire" {
				trip.then = func() { withdraw(b) }
				retire(a)
			} else {
				trip.then = func() { retire(b) }
				withdraw(a)
			}
			if trip.then != nil { // it has no more commands
				trip.then()
			}
			active, err := f.Active(ctx)
			f.must(err)
			if state := f.callState(); state != Stopping || !slices.Contains(active, f.id) {
				t.Errorf("%s first, the other after %d commands: the call is %s, active are %v", first, after, state, active)
			}
			f.must(server.Client().FlushAll(ctx).Err())
		}
	}
}

// What was in doubt may have gone, whatever becomes of it: a correction goes there too.
func TestCorrectionReachesWhatMayHaveGone(t *testing.T) {
	t.Parallel()
	f, l, _, _ := begun(t, 1)
	ctx := t.Context()
	f.takeover(l, f.clk.Now())
	due, err := f.Collect(ctx, f.id, false)
	f.must(err)
	l = by(due[0], "w2")
	f.expect(f.begin(l), OK)
	g := Group{f.id, f.work(l), 0, 1}
	_, attempts := f.claim(l, g)
	f.commit(l, g, attempts, all(g, Result{State: Pending}))
	_, _, err = f.Release(ctx, l, time.Time{})
	f.must(err)
	_, err = f.Do(ctx, f.id, ActStop)
	f.must(err)
	_, err = f.Wind(ctx, f.id)
	f.must(err)
	f.want(Counts{Cancelled: 1})
	who, err := f.Reached(ctx, f.id)
	f.must(err)
	if who.Contacts != 1 || who.Channel[address.Email] != 1 {
		t.Errorf("the correction reaches %+v", who.Counts)
	}
}

// An audience of nobody, and one whose second channel has nobody.
func TestEmptyAudience(t *testing.T) {
	t.Parallel()
	f := planned(t, 1)
	ctx := t.Context()
	for _, channels := range [][]address.Channel{{address.SMS}, {address.Email, address.SMS}} {
		var err error
		f.id, err = f.New(ctx, Call{Name: "call"}, map[string][]byte{"call.toml": nil})
		f.must(err)
		who, err := f.people.Resolve(ctx, lists.Audience{Lists: []string{"all"}, Channels: channels})
		f.must(err)
		f.must(f.Freeze(ctx, f.id, who))
		var refused *StateError
		if err := f.Freeze(ctx, f.id, who); !errors.As(err, &refused) {
			t.Errorf("the audience was fixed twice: %v", err)
		}
		_, err = f.Do(ctx, f.id, ActLaunch)
		f.must(err)
		plan := Lease{Call: f.id, Work: PlanWork, Fence: 1, Worker: "planner"}
		f.expect(f.begin(plan), OK)
		f.queue.leases = nil
		f.must(f.Plan(ctx, f.id, f.people, Sorting{Language: func(l string) string { return l }}, f.queue, func() bool { return true }))
		_, err = f.Finish(ctx, plan, nil)
		f.must(err)
		for _, l := range f.queue.leases {
			l = by(l, "w1")
			f.expect(f.begin(l), OK)
			w := f.work(l)
			g := Group{f.id, w, 0, w.Len()}
			_, attempts := f.claim(l, g)
			f.commit(l, g, attempts, all(g, Result{State: Sent}))
			_, err = f.Finish(ctx, l, w)
			f.must(err)
		}
		f.expect(string(f.callState()), string(Done))
		f.want(Counts{Sent: len(channels) - 1})
	}
}
