package broadcast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
)

// check sets the ledger beside its model.
func (w *world) check(t *rapid.T) {
	ctx := context.Background()
	audit, err := w.Audit(ctx, w.id)
	w.ok(err)
	if !audit.OK() {
		t.Fatalf("audit of a call that is %s:\n%s", audit.Call.State, strings.Join(audit.Differences, "\n"))
	}
	if audit.Call.State != w.state {
		t.Fatalf("the call is %s, want %s", audit.Call.State, w.state)
	}
	if n := audit.States.Sum(); n != len(w.deliveries) {
		t.Fatalf("%d deliveries, want %d", n, len(w.deliveries))
	}
	seen := 0
	w.ok(w.Entries(ctx, w.id, func(e Entry) error {
		seen++
		d := w.model.at(e.Ref)
		if d == nil || d.contact != e.Contact || d.state != e.State || d.attempt != e.Attempt || d.doubted != (e.Flags&Doubted != 0) {
			t.Fatalf("delivery %s is %s with attempt %d, want %+v", e.Ref, e.State, e.Attempt, d)
		}
		return nil
	}))
	due, ended := map[string]float64{}, true
	for _, d := range w.deliveries {
		if d.place != unplanned {
			seen--
		}
		if d.place == inDue {
			due[d.ref.String()] = float64(d.due.UnixMilli())
		}
		ended = ended && d.place == nowhere && d.state != Sending && d.state != Pending && d.state != Deferred
	}
	if seen != 0 {
		t.Fatalf("%d deliveries more than planned", seen)
	}
	if n := len(only(w.deliveries, func(d *modelDelivery) bool { return d.place == unplanned && d.state == Cancelled })); n != audit.Call.Unplanned {
		t.Fatalf("%d were cancelled before they were planned, want %d", audit.Call.Unplanned, n)
	}
	if !ended && w.state == Done {
		t.Fatal("the call is done, and something is to be done")
	}
	got := map[string]float64{}
	zs, err := w.rdb.ZRangeWithScores(ctx, keyDue.Name(w.id), 0, -1).Result()
	w.ok(err)
	for _, z := range zs {
		got[z.Member.(string)] = z.Score
	}
	if !maps.Equal(got, due) {
		t.Fatalf("due are %v, want %v", got, due)
	}
	open, owners, later := map[string]string{}, map[string]string{}, 0
	for number, work := range w.open {
		name := strconv.FormatUint(uint64(number), 10)
		open[name] = strconv.FormatInt(work.fence, 10)
		if work.owner != "" {
			owners[name] = open[name] + "|" + work.owner
		}
		if !work.later.IsZero() {
			later++
		}
	}
	if got, err := w.rdb.HGetAll(ctx, keyOpen.Name(w.id)).Result(); err != nil || !maps.Equal(got, open) {
		t.Fatalf("open are %v, want %v; %v", got, open, err)
	}
	if got, err := w.rdb.HGetAll(ctx, keyOwn.Name(w.id)).Result(); err != nil || !maps.Equal(got, owners) {
		t.Fatalf("owners are %v, want %v; %v", got, owners, err)
	}
	if got, err := w.rdb.ZCard(ctx, keyLater.Name(w.id)).Result(); err != nil || int(got) != later {
		t.Fatalf("%d works wait, want %d; %v", got, later, err)
	}
}

// end lets every worker die and an honest one do what is left.
func (w *world) end() {
	ctx := context.Background()
	switch w.state {
	case Planned:
		_, err := w.Do(ctx, w.id, ActLaunch)
		w.ok(err)
	case Paused:
		_, err := w.Do(ctx, w.id, ActResume)
		w.ok(err)
	}
	owners, err := w.Owners(ctx, w.id)
	w.ok(err)
	for _, l := range owners {
		_, _, _, err := w.Takeover(ctx, l, 1, w.clk.Now())
		w.ok(err)
	}
	for range 200 {
		w.clk.Advance(10 * time.Minute)
		call, err := w.Call(ctx, w.id)
		w.ok(err)
		switch call.State {
		case Done, Stopped:
			audit, err := w.Audit(ctx, w.id)
			w.ok(err)
			if s := audit.States; !audit.OK() || s[Pending]+s[Sending]+s[Deferred] > 0 || call.State == Done && s[Cancelled] > 0 {
				w.t.Fatalf("the call is %s, and its deliveries are %v; %v", call.State, s, audit.Differences)
			}
			return
		case Stopping:
			_, err := w.Wind(ctx, w.id)
			w.ok(err)
			continue
		}
		_, err = w.Collect(ctx, w.id, false)
		w.ok(err)
		_, err = w.Waiting(ctx, w.id)
		w.ok(err)
		idle, err := w.Idle(ctx, w.id)
		w.ok(err)
		for _, l := range idle {
			w.honest(by(l, "honest"))
		}
		_, err = w.Settle(ctx, w.id)
		w.ok(err)
	}
	w.t.Fatal("honest workers do not end the call")
}

// honest does a work from its beginning to its end.
func (w *world) honest(l Lease) {
	ctx := context.Background()
	status, err := w.Begin(ctx, l)
	w.ok(err)
	if status != OK {
		w.t.Fatalf("begin the idle work %v: %s", l, status)
	}
	var work *Work
	if l.Work == PlanWork {
		w.ok(w.Plan(ctx, w.id, w.people, Sorting{Language: func(of string) string { return of }}, w.queue, func() bool { return true }))
	} else {
		work = w.workOf(l.Work)
		g := Group{w.id, work, 0, work.Len()}
		status, attempts := w.turn(Outcome{}, l, g)
		if status != OK {
			w.t.Fatalf("claim %v: %s", l, status)
		}
		w.turn(Outcome{Group: g, Attempts: attempts, Results: all(g, Result{State: Sent})}, l, Group{})
	}
	_, err = w.Finish(ctx, l, work)
	w.ok(err)
}

func TestLedgerIsTheModel(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t, "--appendonly", "no")
	other, err := redisdb.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	checkModel(t, server.Client(), other)
}

// Every script has its keys in one slot.
func TestLedgerIsTheModelOnCluster(t *testing.T) {
	t.Parallel()
	g := redistest.Cluster(t, 0)
	rdb, other := g.Client(), g.Client()
	redistest.EveryScript(t, rdb, "lua")
	checkModel(t, rdb, other)
	if err := redistest.Flush(t.Context(), rdb); err != nil {
		t.Fatal(err)
	}
	f := plannedOn(t, rdb, 3)
	f.must(f.RollUp(t.Context(), f.id))
	l := Lease{f.id, 1, 1, "w1"}
	f.expect(f.begin(l), OK)
	_, _, err := f.Release(t.Context(), l, time.Time{})
	f.must(err)
	l.Fence++
	f.expect(f.begin(l), OK)
	work, err := f.Work(t.Context(), f.id, 1)
	f.must(err)
	f.must(f.Sleep(t.Context(), l, work, Sleep{Channel: work.Channel, Place: "Asia/Seoul", Until: f.clk.Now().Add(time.Hour)}))
	canaried(t, f, 3)
}

// checkModel runs the ledger beside its model; other is the Redis of rdb as another
// process sees it.
func checkModel(t *testing.T, rdb, other redis.UniversalClient) {
	t.Helper()
	ctx := t.Context()
	trip := &tripwire{}
	rdb.AddHook(trip)
	clk := clock.NewManual(time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC))
	people, numbers := modelPeople(t, rdb, clk)
	rapid.Check(t, func(t *rapid.T) {
		if err := forgetCalls(ctx, other); err != nil {
			t.Fatal(err)
		}
		trip.then = nil
		w := &world{t: t, trip: trip, second: Open(other, clk), sent: map[Lease]*Outcome{},
			fixture: &fixture{Ledger: Open(rdb, clk), rdb: other, clk: clk, people: people, queue: &queue{}}}
		w.model = model{state: Planned, hold: rapid.Bool().Draw(t, "hold"), open: map[uint32]*modelWork{PlanWork: {fence: 1}}}
		var who lists.Resolved
		who.Bitmaps, who.Channel = map[address.Channel][]byte{}, map[address.Channel]int{}
		for _, ch := range []address.Channel{address.Email, address.SMS} {
			bits := make([]byte, slices.Max(numbers)/8+1)
			for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom(numbers), 0, rapid.SampledFrom([]int{1, 2, 7}).Draw(t, "most"), rapid.ID[uint32]).Draw(t, ch.String()) {
				bits[n/8] |= 0x80 >> (n % 8)
				who.Channel[ch]++
				w.deliveries = append(w.deliveries, &modelDelivery{channel: ch, contact: n, place: unplanned})
			}
			who.Bitmaps[ch] = bits
		}
		var err error
		w.id, err = w.New(ctx, Call{Name: "launch", Hold: w.hold, Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": nil})
		w.ok(err)
		w.ok(w.Freeze(ctx, w.id, who))
		actions := w.plain()
		for name, weight := range map[string]int{"begin": 4, "turn": 5, "commit": 2, "takeover": 2, "collect": 4, "receipt": 4, "clock": 2, "send a work": 4, "wind": 2, "finish": 2, "commit again": 2} {
			for i := range weight {
				actions[name+" "+strconv.Itoa(i)] = actions[name]
			}
		}
		for name, do := range actions {
			actions[name] = func(t *rapid.T) { w.t = t; do(t) }
		}
		if rapid.IntRange(0, 3).Draw(t, "begins planned") > 0 {
			actions["launch"](t)
			w.plan(w.Ledger, Lease{w.id, PlanWork, 1, "w1"})
			w.follow()
		}
		actions[""] = w.check
		t.Repeat(actions)
		w.t = t
		w.end()
	})
}

// forgetCalls removes the keys of all calls; those of the people stay.
func forgetCalls(ctx context.Context, rdb redis.UniversalClient) error {
	forget := func(ctx context.Context, node *redis.Client) error {
		keys, err := node.Keys(ctx, "*call*").Result()
		for _, key := range keys {
			if err == nil {
				err = node.Del(ctx, key).Err()
			}
		}
		return err
	}
	if nodes, ok := rdb.(*redis.ClusterClient); ok {
		return nodes.ForEachMaster(ctx, forget)
	}
	return forget(ctx, rdb.(*redis.Client))
}

// modelPeople are some contacts of three languages, for all runs.
func modelPeople(t *testing.T, rdb redis.UniversalClient, clk clock.Clock) (*lists.Store, []uint32) {
	t.Helper()
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	people, err := lists.Open(t.Context(), rdb, keys, clk)
	if err != nil {
		t.Fatal(err)
	}
	var csv strings.Builder
	csv.WriteString("name,email,mobile,language\n")
	for i := range 12 {
		fmt.Fprintf(&csv, "P %d,p%d@mail.example,010-2000-%04d,%s\n", i, i, i, []string{"ko", "en", "ja"}[i%3])
	}
	table, err := tabular.Open(strings.NewReader(csv.String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Import(t.Context(), table, lists.ImportOptions{List: "all", Region: "KR"}, func(int64, int) {}); err != nil {
		t.Fatal(err)
	}
	var numbers []uint32
	if err := people.Each(t.Context(), "all", func(cs []lists.Contact) error {
		for _, c := range cs {
			numbers = append(numbers, c.Number)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return people, numbers
}
