package broadcast

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/rkey"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// queue collects what is handed out.
type queue struct {
	mu     sync.Mutex
	leases []Lease
}

func (q *queue) Enqueue(_ context.Context, l Lease, _ address.Channel) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leases = append(q.leases, l)
	return nil
}

type fixture struct {
	*Ledger
	t      *testing.T
	rdb    redis.UniversalClient
	clk    *clock.Manual
	people *lists.Store
	queue  *queue
	id     ID
}

// planned makes a call to n contacts by email, launched and planned.
func planned(t *testing.T, n int) *fixture {
	t.Helper()
	return plannedOn(t, redistest.New(t), n)
}

func plannedOn(t *testing.T, rdb redis.UniversalClient, n int) *fixture {
	t.Helper()
	return plannedBy(t, rdb, n, Sorting{Language: func(l string) string { return l }})
}

func plannedBy(t *testing.T, rdb redis.UniversalClient, n int, sort Sorting) *fixture {
	t.Helper()
	ctx := t.Context()
	f := &fixture{t: t, rdb: rdb, clk: clock.NewManual(time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC)), queue: &queue{}}
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	f.must(err)
	f.people, err = lists.Open(ctx, f.rdb, keys, f.clk)
	f.must(err)
	var csv strings.Builder
	csv.WriteString("name,email,language\n")
	for i := range n {
		fmt.Fprintf(&csv, "Person %d,p%d@%s,%s\n", i, i, []string{"naver.example", "mail.example", fmt.Sprintf("own%d.example", i)}[i%3], []string{"ko", "en"}[i%2])
	}
	table, err := tabular.Open(strings.NewReader(csv.String()))
	f.must(err)
	report, err := f.people.Import(ctx, table, lists.ImportOptions{List: "all"}, func(int64, int) {})
	f.must(err)
	if report.New != n {
		t.Fatalf("imported %d of %d", report.New, n)
	}
	f.Ledger = Open(f.rdb, f.clk)
	f.id, err = f.New(ctx, Call{Name: "launch", Campaign: "Save 9", Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": []byte("x")})
	f.must(err)
	who, err := f.people.Resolve(ctx, lists.Audience{Lists: []string{"all"}, Channels: []address.Channel{address.Email}})
	f.must(err)
	f.must(f.Freeze(ctx, f.id, who))
	_, err = f.Do(ctx, f.id, ActLaunch)
	f.must(err)
	plan := Lease{Call: f.id, Work: PlanWork, Fence: 1, Worker: "planner"}
	f.expect(f.begin(plan), OK)
	f.must(f.Plan(ctx, f.id, f.people, sort, f.queue, func() bool { return true }))
	_, err = f.Finish(ctx, plan, nil)
	f.must(err)
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) expect(got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Fatalf("got %q, want %q", got, want)
	}
}

func (f *fixture) begin(l Lease) string {
	f.t.Helper()
	s, err := f.Begin(f.t.Context(), l)
	f.must(err)
	return s
}

func (f *fixture) claim(l Lease, g Group) (string, []byte) {
	f.t.Helper()
	var c *Turning
	f.must(f.Pipelined(f.t.Context(), func(p redis.Pipeliner) { c = f.QueueTurn(f.t.Context(), p, Outcome{}, l, g, 1) }))
	status, attempts, err := c.Claimed()
	f.must(err)
	return status, attempts
}

func (f *fixture) commit(l Lease, g Group, attempts []byte, results []Result) int {
	f.t.Helper()
	var c *Turning
	f.must(f.Pipelined(f.t.Context(), func(p redis.Pipeliner) {
		c = f.QueueTurn(f.t.Context(), p, Outcome{Group: g, Attempts: attempts, Results: results}, l, Group{}, 0)
	}))
	n, err := c.Committed()
	f.must(err)
	return n
}

// states audits the call and returns the recount.
func (f *fixture) states() Counts {
	f.t.Helper()
	a, err := f.Audit(f.t.Context(), f.id)
	f.must(err)
	if !a.OK() {
		f.t.Fatalf("audit: %s", strings.Join(a.Differences, "\n"))
	}
	return a.States
}

func (f *fixture) want(want Counts) {
	f.t.Helper()
	got := f.states()
	for _, s := range States {
		if got[s] != want[s] {
			f.t.Fatalf("%s: %d, want %d (all: %v)", s, got[s], want[s], got)
		}
	}
}

func (f *fixture) work(l Lease) *Work {
	f.t.Helper()
	w, err := f.Work(f.t.Context(), l.Call, l.Work)
	f.must(err)
	return w
}

// all returns a result for each delivery of a group.
func all(g Group, r Result) []Result { return slices.Repeat([]Result{r}, g.Len()) }

// by is a handed-out lease in a worker's hands.
func by(l Lease, worker string) Lease {
	l.Worker = worker
	return l
}

func TestPlanCoversAudienceOnce(t *testing.T) {
	t.Parallel()
	f := planned(t, 700)
	f.want(Counts{Pending: 700})
	lanes := map[string]int{}
	for _, l := range f.queue.leases {
		w := f.work(l)
		if w.Len() > BatchSize {
			t.Errorf("batch %d holds %d", w.Number, w.Len())
		}
		lanes[w.Lane] += w.Len()
	}
	if lanes["naver.example"] != 234 || lanes["other"] != 233 || len(lanes) != 3 {
		t.Errorf("lanes %v: a one-person domain must stand under other", lanes)
	}
	// Planned again, nothing is added: the bits are gone.
	n := len(f.queue.leases)
	f.must(f.Plan(t.Context(), f.id, f.people, Sorting{Language: func(l string) string { return l }}, f.queue, func() bool { return true }))
	if len(f.queue.leases) != n {
		t.Error("planning twice made more batches")
	}
	redistest.Undeclared(t, f.rdb, append(append([]rkey.Key{}, Keys()...), lists.Keys()...))
}

// A lane that has limits has batches of its own, and its domain stands in no
// counter while fewer than 20 people share it.
func TestALimitedLaneIsALaneHoweverSmall(t *testing.T) {
	t.Parallel()
	f := plannedBy(t, redistest.New(t), 90, Sorting{
		Language: func(string) string { return "ko" },
		Limited: func(ch address.Channel, lane string) bool {
			return ch == address.Email && (lane == "own2.example" || lane == "naver.example")
		},
	})
	small := 0
	for _, l := range f.queue.leases {
		w := f.work(l)
		if w.Lane == "naver.example" && (w.Small || w.Len() != 30) {
			t.Errorf("a lane of 30: %+v", w)
		}
		if w.Lane != "own2.example" {
			continue
		}
		small += w.Len()
		if !w.Small || w.Len() != 1 {
			t.Errorf("a lane of one: %+v", w)
		}
		// It is counted with the others when it is sent, too.
		l = by(l, "w1")
		f.expect(f.begin(l), OK)
		g := Group{Call: f.id, Work: w, To: 1}
		status, attempts := f.claim(l, g)
		f.expect(status, OK)
		f.commit(l, g, attempts, all(g, Result{State: Deferred, Due: f.clk.Now()}))
	}
	if small != 1 {
		t.Fatalf("%d deliveries in the small lane", small)
	}
	again, err := f.Collect(t.Context(), f.id, false)
	f.must(err)
	if len(again) != 1 || !f.work(again[0]).Small || f.work(again[0]).Lane != "own2.example" {
		t.Errorf("its further attempt: %v", again)
	}
	counters, err := f.Counters(t.Context(), f.id)
	f.must(err)
	names := map[string]int{}
	for _, lane := range counters.Lanes {
		names[lane.Name] = lane.Counts.Sum()
	}
	if !maps.Equal(names, map[string]int{"naver.example": 30, "mail.example": 30, OtherLane: 30}) {
		t.Errorf("counted lanes: %v", names)
	}
	audit, err := f.Audit(t.Context(), f.id)
	f.must(err)
	if !audit.OK() {
		t.Error(audit.Differences)
	}
}

func TestSendCommitFinish(t *testing.T) {
	t.Parallel()
	f := planned(t, 60)
	var state CallState
	for _, l := range f.queue.leases {
		l = by(l, "w1")
		f.expect(f.begin(l), OK)
		f.expect(f.begin(by(l, "w2")), Owned)
		w := f.work(l)
		for from := 0; from < w.Len(); from += 16 {
			g := Group{f.id, w, from, min(from+16, w.Len())}
			status, attempts := f.claim(l, g)
			f.expect(status, OK)
			again, same := f.claim(l, g) // the answer was lost: the owner asks anew
			f.expect(again, OK)
			if string(same) != string(attempts) {
				t.Fatalf("asked anew: %v, not %v", same, attempts)
			}
			if n := f.commit(l, g, attempts, all(g, Result{State: Sent})); n != g.Len() {
				t.Fatalf("%d committed", n)
			}
			if n := f.commit(l, g, attempts, all(g, Result{State: Failed})); n != 0 {
				t.Fatal("committed twice")
			}
		}
		var err error
		state, err = f.Finish(t.Context(), l, w)
		f.must(err)
		f.expect(f.begin(l), Over)
	}
	f.expect(string(state), string(Done))
	f.want(Counts{Sent: 60})
}

func TestTakeover(t *testing.T) {
	t.Parallel()
	f := planned(t, 30)
	l := by(f.queue.leases[0], "dead")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	g := Group{f.id, w, 0, min(8, w.Len())}
	_, attempts := f.claim(l, g)
	next, doubt, ok, err := f.Takeover(t.Context(), l, 0, f.clk.Now().Add(time.Minute))
	f.must(err)
	if !ok || doubt != g.Len() {
		t.Fatalf("took over %d, %v", doubt, ok)
	}
	if _, _, ok, _ := f.Takeover(t.Context(), l, 0, time.Time{}); ok {
		t.Fatal("taken over twice")
	}
	f.want(Counts{Pending: 30 - g.Len(), InDoubt: g.Len()})
	// The late twin is fenced; its late commit settles what is in doubt.
	status, _ := f.claim(l, g)
	f.expect(status, Fenced)
	results := all(g, Result{State: Sent})
	results[1] = Result{State: Pending} // never begun
	if n := f.commit(l, g, attempts, results); n != g.Len() {
		t.Fatalf("late commit settled %d", n)
	}
	f.want(Counts{Pending: 30 - g.Len(), Sent: g.Len() - 1, Deferred: 1})
	// What is due: the one never begun, at once; those settled are no longer tried.
	due, err := f.Collect(t.Context(), f.id, false)
	f.must(err)
	if len(due) != 1 || f.work(due[0]).Len() != 1 || f.work(due[0]).Refs[0] != (Ref{w.Number, 1}) {
		t.Fatalf("due: %v", due)
	}
	f.clk.Advance(2 * time.Minute)
	if more, err := f.Collect(t.Context(), f.id, false); err != nil || len(more) != 0 {
		t.Fatalf("settled deliveries are due again: %v, %v", more, err)
	}
	// The new owner gets the rest of the batch, the retry its one.
	next.Worker = "w2"
	f.expect(f.begin(next), OK)
	_, attempts = f.claim(next, Group{f.id, w, 0, w.Len()})
	if string(attempts[:g.Len()]) != strings.Repeat("\x00", g.Len()) {
		t.Errorf("sent deliveries were claimed again: %v", attempts)
	}
	retry := by(due[0], "w2")
	f.expect(f.begin(retry), OK)
	_, attempts = f.claim(retry, Group{f.id, f.work(retry), 0, 1})
	if attempts[0] != 2 {
		t.Errorf("second attempt is number %d", attempts[0])
	}
	f.states()
}

func TestLateCommitChangesNothingClaimedAnew(t *testing.T) {
	t.Parallel()
	f := planned(t, 3)
	l := by(f.queue.leases[0], "slow")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	g := Group{f.id, w, 0, w.Len()}
	_, old := f.claim(l, g)
	_, _, _, err := f.Takeover(t.Context(), l, 0, f.clk.Now())
	f.must(err)
	due, err := f.Collect(t.Context(), f.id, false)
	f.must(err)
	retry := by(due[0], "w2")
	f.expect(f.begin(retry), OK)
	rw := f.work(retry)
	rg := Group{f.id, rw, 0, rw.Len()}
	_, anew := f.claim(retry, rg)
	if n := f.commit(l, g, old, all(g, Result{State: Failed})); n != 0 {
		t.Fatalf("the old owner changed %d deliveries that were claimed anew", n)
	}
	if n := f.commit(retry, rg, anew, all(rg, Result{State: Sent})); n != rw.Len() {
		t.Fatalf("the new owner committed %d", n)
	}
	f.states()
}

func TestReceiptBeforeCommit(t *testing.T) {
	t.Parallel()
	f := planned(t, 4)
	l := by(f.queue.leases[0], "w1")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	g := Group{f.id, w, 0, w.Len()}
	_, attempts := f.claim(l, g)
	ctx := t.Context()
	first, err := f.Apply(ctx, f.id, w.Ref(0), Says{Change: SaysGone})
	f.must(err)
	again, err := f.Apply(ctx, f.id, w.Ref(0), Says{Change: SaysGone})
	f.must(err)
	if !first.Moved || again.Moved {
		t.Fatalf("receipt applied %v, then %v", first, again)
	}
	if n := f.commit(l, g, attempts, all(g, Result{State: Sent})); n != g.Len()-1 {
		t.Fatalf("commit changed %d", n)
	}
	_, err = f.Apply(ctx, f.id, Ref{9999, 0}, Says{Change: SaysGone})
	if !errors.Is(err, ErrNoDelivery) {
		t.Fatalf("a receipt for nothing: %v", err)
	}
	flagged, err := f.Apply(ctx, f.id, w.Ref(0), Says{NoChange: true, Flag: Complained})
	f.must(err)
	if !flagged.Flagged {
		t.Error("the complaint was not noted")
	}
	// A late failure does not take back an arrival; a dead address does count.
	if a, err := f.Apply(ctx, f.id, w.Ref(0), Says{Change: SaysFail}); err != nil || a.Moved {
		t.Errorf("late failure: %v, %v", a, err)
	}
	if g.Len() > 1 {
		if a, err := f.Apply(ctx, f.id, w.Ref(1), Says{Change: SaysDead, Reason: 1}); err != nil || !a.Moved {
			t.Errorf("bounce: %v, %v", a, err)
		}
	}
	f.states()
}

func TestDeferredIsDueAgain(t *testing.T) {
	t.Parallel()
	f := planned(t, 5)
	ctx := t.Context()
	at := f.clk.Now().Add(5 * time.Minute)
	for _, l := range f.queue.leases {
		l = by(l, "w1")
		f.expect(f.begin(l), OK)
		w := f.work(l)
		g := Group{f.id, w, 0, w.Len()}
		_, attempts := f.claim(l, g)
		f.commit(l, g, attempts, all(g, Result{State: Deferred, Reason: 11, Due: at, Detail: "4.3.0"}))
		state, err := f.Finish(ctx, l, w)
		f.must(err)
		f.expect(string(state), string(Running))
	}
	f.want(Counts{Deferred: 5})
	if due, err := f.NextDue(ctx, f.id); err != nil || !due.Equal(at) {
		t.Fatalf("next due %v, %v", due, err)
	}
	if p, err := f.Progress(ctx, f.id); err != nil || !p.NextDue.Equal(at) || p.State != Running || p.Channels[address.Email][Deferred] != 5 {
		t.Fatalf("progress %+v, %v", p, err)
	}
	if _, err := f.Progress(ctx, "c9"); !errors.Is(err, ErrNoCall) {
		t.Fatalf("progress of no call: %v", err)
	}
	if due, err := f.Collect(ctx, f.id, false); err != nil || len(due) != 0 {
		t.Fatalf("due before its time: %v, %v", due, err)
	}
	f.clk.Set(at)
	due, err := f.Collect(ctx, f.id, false)
	f.must(err)
	if twice, err := f.Collect(ctx, f.id, false); err != nil || len(twice) != 0 {
		t.Fatalf("collected twice: %v, %v", twice, err)
	}
	f.want(Counts{Deferred: 5})
	for _, l := range due {
		l = by(l, "w1")
		f.expect(f.begin(l), OK)
		w := f.work(l)
		g := Group{f.id, w, 0, w.Len()}
		_, attempts := f.claim(l, g)
		f.commit(l, g, attempts, all(g, Result{State: Sent}))
		_, err := f.Finish(ctx, l, w)
		f.must(err)
	}
	f.want(Counts{Sent: 5})
	state, err := f.Settle(ctx, f.id)
	f.must(err)
	f.expect(string(state), string(Done))
}

func TestPauseAndStop(t *testing.T) {
	t.Parallel()
	f := planned(t, 40)
	ctx := t.Context()
	l := by(f.queue.leases[0], "w1")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	g := Group{f.id, w, 0, 2}
	_, attempts := f.claim(l, g)
	_, err := f.Do(ctx, f.id, ActPause)
	f.must(err)
	status, _ := f.claim(l, Group{f.id, w, 2, 4})
	f.expect(status, string(Paused))
	if _, err := f.Do(ctx, f.id, ActPause); err == nil || !strings.Contains(err.Error(), "cannot be paused") {
		t.Fatalf("paused twice: %v", err)
	}
	_, err = f.Do(ctx, f.id, ActStop)
	f.must(err)
	state, err := f.Wind(ctx, f.id)
	f.must(err)
	f.expect(string(state), string(Stopping)) // two are on the wire
	f.commit(l, g, attempts, []Result{{State: Sent}, {State: Deferred, Due: f.clk.Now().Add(time.Hour)}})
	if _, mine, err := f.Release(ctx, l, time.Time{}); err != nil || !mine {
		t.Fatalf("release: %v, %v", mine, err)
	}
	state, err = f.Wind(ctx, f.id)
	f.must(err)
	f.expect(string(state), string(Stopped))
	f.want(Counts{Sent: 1, Cancelled: 39})
}

func TestStopBeforePlanned(t *testing.T) {
	t.Parallel()
	f := planned(t, 4)
	ctx := t.Context()
	id, err := f.New(ctx, Call{Name: "second"}, map[string][]byte{"call.toml": nil})
	f.must(err)
	who, err := f.people.Resolve(ctx, lists.Audience{Lists: []string{"all"}, Channels: []address.Channel{address.Email}})
	f.must(err)
	f.must(f.Freeze(ctx, id, who))
	_, err = f.Do(ctx, id, ActLaunch)
	f.must(err)
	_, err = f.Do(ctx, id, ActStop)
	f.must(err)
	state, err := f.Wind(ctx, id)
	f.must(err)
	f.expect(string(state), string(Stopped))
	f.id = id
	f.want(Counts{Cancelled: 4})
}

func TestCallTableIsTotal(t *testing.T) {
	t.Parallel()
	for _, s := range CallStates {
		for _, a := range Actions {
			to, err := s.Next("c1", a)
			if err == nil && !slices.Contains(CallStates[:], to) {
				t.Errorf("%s %s leads to %q", a, s, to)
			}
			var refused *StateError
			if err != nil && (!errors.As(err, &refused) || !strings.Contains(err.Error(), "only a call that is ")) {
				t.Errorf("%s %s: %v", a, s, err)
			}
		}
	}
	for _, s := range States {
		for _, lang := range []string{"ko", "en"} {
			if s.Sentence(lang) == "" {
				t.Errorf("%s has no sentence in %s", s, lang)
			}
		}
	}
	for c, row := range deliveryTable {
		if row.name == "" || row.from == 0 || row.to == 0 {
			t.Errorf("change %d is not described", c)
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	d := Delivery{"c4294967295", Ref{4294967295, 255}, address.Fax, lists.AddressKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	tok := d.Token(keys, seal.Bounce)
	if len("b+"+tok) > 64 {
		t.Errorf("%d octets in the local part", len("b+"+tok))
	}
	got, err := OpenToken(keys, seal.Bounce, strings.ToUpper(tok))
	if err != nil || got != d {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := OpenToken(keys, seal.Unsubscribe, tok); err == nil {
		t.Error("a bounce token unsubscribes")
	}
}

func FuzzDecodeWork(f *testing.F) {
	f.Add((&Work{Channel: address.Email, Lang: "ko", Lane: "naver.com", Contacts: []uint32{1, 5, 9}}).encode())
	f.Add((&Work{Channel: address.Email, Lane: "tiny.example", Small: true, Contacts: []uint32{7}}).encode())
	f.Add((&Work{Channel: address.SMS, Contacts: []uint32{9, 2}, Refs: []Ref{{3, 1}, {1, 255}}, Attempts: []uint8{1, 2}}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := decodeWork(1, b)
		if err != nil {
			return
		}
		back, err := decodeWork(1, w.encode())
		if err != nil || fmt.Sprint(back) != fmt.Sprint(w) {
			t.Fatalf("%v became %v, %v", w, back, err)
		}
	})
}
