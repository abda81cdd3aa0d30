package broadcast

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"clarion/lists/address"
)

// A world is a ledger with its model, and the workers that use it.
type world struct {
	model
	*fixture
	t       *rapid.T
	second  *Ledger // the same one, seen by another process
	trip    *tripwire
	tasks   []Lease            // every hand-out that reached the queue
	held    []Lease            // every work that a worker ever began, its own still or not
	sent    map[Lease]*Outcome // handed to a gateway, not committed yet
	past    []past             // committed before, and said again when the answer was lost
	planned int                // numbers of works looked at
}

type past struct {
	lease   Lease
	outcome Outcome
}

// A tripwire lets something else happen between two commands of one process.
type tripwire struct {
	after int // commands
	then  func()
}

func (w *tripwire) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *tripwire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { w.step(); return next(ctx, cmd) }
}

func (w *tripwire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { w.step(); return next(ctx, cmds) }
}

func (w *tripwire) step() {
	if w.then == nil {
		return
	}
	if w.after--; w.after < 0 {
		then := w.then
		w.then = nil
		then()
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func pick[T any](t *rapid.T, label string, from []T) T {
	if len(from) == 0 {
		t.Skip("no " + label)
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(t, label)]
}

// rather picks from some, three times out of four if there are any, else from all.
func rather[T any](t *rapid.T, label string, some, all []T) T {
	if len(some) > 0 && rapid.IntRange(0, 3).Draw(t, "likely "+label) > 0 {
		return pick(t, label, some)
	}
	return pick(t, label, all)
}

func only[T any](all []T, is func(T) bool) (some []T) {
	for _, v := range all {
		if is(v) {
			some = append(some, v)
		}
	}
	return some
}

func (w *world) chance(label string) bool { return rapid.Bool().Draw(w.t, label) }

// handOut gives works to the queue, unless the process dies just before.
func (w *world) handOut(leases ...Lease) {
	for _, l := range leases {
		if rapid.IntRange(0, 3).Draw(w.t, "hand-out lost") > 0 {
			w.tasks = append(w.tasks, l)
		}
	}
}

func (w *world) turn(o Outcome, l Lease, g Group) (string, []byte) {
	w.t.Helper()
	ctx := context.Background()
	var turning *Turning
	w.ok(w.Pipelined(ctx, func(p redis.Pipeliner) { turning = w.QueueTurn(ctx, p, o, l, g, 1) }))
	if g.Work == nil {
		_, err := turning.Committed()
		w.ok(err)
		return "", nil
	}
	status, attempts, err := turning.Claimed()
	w.ok(err)
	return status, attempts
}

func (w *world) workOf(number uint32) *Work {
	work, err := w.Work(context.Background(), w.id, number)
	w.ok(err)
	return work
}

func (w *world) results(o *Outcome) {
	for range o.Attempts {
		r := Result{State: pick(w.t, "result", []State{Sent, Sent, Pending, Pending, Deferred, Deferred, InDoubt, InDoubt, Delivered, Bounced, Rejected, Suppressed, Failed})}
		if r.State == Deferred || r.State == InDoubt && w.chance("sent again by itself") {
			r.Due = w.clk.Now().Add(time.Duration(rapid.IntRange(0, 3).Draw(w.t, "due in")) * time.Minute)
		}
		r.Unsure = r.State == Pending && w.chance("unsure")
		if r.State > Delivered {
			r.Reason, r.Detail = uint8(rapid.IntRange(0, 3).Draw(w.t, "reason")), "4.0.0"
		}
		o.Results = append(o.Results, r)
	}
}

// learn enters into the model what the planners added.
func (w *world) learn() {
	ctx := context.Background()
	n, err := w.rdb.HGet(ctx, keyCall.Name(w.id), "works").Int()
	w.ok(err)
	for ; w.planned < n; w.planned++ {
		work, err := w.Work(ctx, w.id, uint32(w.planned+1))
		if errors.Is(err, ErrNoWork) {
			continue
		}
		w.ok(err)
		if work.Again() {
			w.t.Fatalf("a planner made work %d of what is due", work.Number)
		}
		w.open[work.Number] = &modelWork{fence: 1}
		for i, contact := range work.Contacts {
			j := slices.IndexFunc(w.deliveries, func(d *modelDelivery) bool { return d.channel == work.Channel && d.contact == contact })
			if j < 0 || w.deliveries[j].place != unplanned {
				w.t.Fatalf("batch %d plans contact %d, who is planned already or in no audience", work.Number, contact)
			}
			d := w.deliveries[j]
			d.ref, d.place, d.work, d.lang = work.Ref(i), inBatch, work.Number, work.Lang
		}
	}
}

// plan is a planner that may die after any batch.
func (w *world) plan(l *Ledger, lease Lease) {
	ctx := context.Background()
	status, err := l.Begin(ctx, lease)
	w.ok(err)
	if status != OK {
		return
	}
	// Batches are queued several at a time, in no order: which of them dies goes by its number.
	dies := uint32(w.planned + rapid.IntRange(0, 8).Draw(w.t, "planner dies after"))
	var several sync.Mutex
	died := false
	var queued []Lease
	err = l.Plan(ctx, w.id, w.people, Sorting{Language: func(of string) string { return of }}, enqueuer(func(l Lease) error {
		several.Lock()
		defer several.Unlock()
		if l.Work > dies {
			died = true
			return errors.New("the planner died")
		}
		queued = append(queued, l)
		return nil
	}), func() bool { return true })
	slices.SortFunc(queued, func(a, b Lease) int { return int(a.Work) - int(b.Work) })
	w.tasks = append(w.tasks, queued...)
	if died && w.chance("without a word") {
		return
	}
	if err == nil {
		_, err = l.Finish(ctx, lease, nil)
	} else {
		_, _, err = l.Release(ctx, lease, time.Time{})
	}
	w.ok(err)
}

type enqueuer func(Lease) error

func (f enqueuer) Enqueue(_ context.Context, l Lease, _ address.Channel) error { return f(l) }

// follow brings the model's plan work to where the ledger has it.
func (w *world) follow() {
	ctx := context.Background()
	w.learn()
	fence, err := w.rdb.HGet(ctx, keyOpen.Name(w.id), "0").Int64()
	owner := w.rdb.HGet(ctx, keyOwn.Name(w.id), "0").Val()
	switch {
	case errors.Is(err, redis.Nil):
		for _, d := range w.deliveries {
			if d.place == unplanned && w.state != Stopping && w.state != Stopped {
				w.t.Fatalf("planning is finished without contact %d on %s", d.contact, d.channel)
			}
		}
		delete(w.open, PlanWork)
	default:
		w.ok(err)
		_, worker, _ := strings.Cut(owner, "|")
		w.open[PlanWork].fence, w.open[PlanWork].owner = fence, worker
	}
	w.model.settle()
}

// collected enters what one or several collectors took up.
func (w *world) collected(leases []Lease, all bool) {
	for _, l := range leases {
		w.open[l.Work] = &modelWork{fence: l.Fence}
		work := w.workOf(l.Work)
		for i := range work.Len() {
			d := w.model.at(work.Ref(i))
			if d.place != inDue || d.due.After(w.clk.Now()) && !all {
				w.t.Fatalf("work %d takes up delivery %s, which is not due", l.Work, d.ref)
			}
			d.place, d.work = inWork, l.Work
		}
		w.planned = max(w.planned, int(l.Work))
	}
}

// free reports whether a worker may begin a task now.
func (w *world) free(l Lease) bool {
	work := w.open[l.Work]
	return work != nil && work.owner == "" && work.fence == l.Fence
}

func (w *world) beginOne(l Lease) (begun bool) {
	work := w.open[l.Work]
	want := OK
	switch {
	case work == nil || work.fence != l.Fence:
		want = Over
	case work.owner != "":
		want = Owned
	case w.state != Running:
		want = string(w.state)
	}
	got, err := w.Begin(context.Background(), l)
	w.ok(err)
	if got != want {
		w.t.Fatalf("begin %v: %s, want %s", l, got, want)
	}
	if got != OK {
		return false
	}
	work.owner = l.Worker
	if l.Work != PlanWork {
		w.held = append(w.held, l)
	}
	return true
}

// turnOne commits what a worker sent and claims what is next. When the answer is
// lost it does both again.
func (w *world) turnOne(l Lease, next Group) {
	var o Outcome
	if sent := w.sent[l]; sent != nil {
		w.results(sent)
		o = *sent
		w.past = append(w.past, past{l, o})
		delete(w.sent, l)
	}
	for range 1 + rapid.IntRange(0, 1).Draw(w.t, "answers lost") {
		if o.Work != nil {
			w.model.commit(l, o, w.clk.Now())
		}
		want, wantAttempts := w.model.claim(l, next)
		status, attempts := w.turn(o, l, next)
		if status != want || string(attempts) != string(wantAttempts) {
			w.t.Fatalf("claim %v [%d,%d): %s %v, want %s %v", l, next.From, next.To, status, attempts, want, wantAttempts)
		}
		if status == OK {
			w.sent[l] = &Outcome{Group: next, Attempts: attempts}
		}
	}
}

func (w *world) commitOne(l Lease) {
	o := w.sent[l]
	w.results(o)
	delete(w.sent, l)
	w.past = append(w.past, past{l, *o})
	w.model.commit(l, *o, w.clk.Now())
	w.turn(*o, l, Group{})
}

// send is a worker that does a work as it should be done.
func (w *world) send(l Lease) {
	if l.Work == PlanWork || !w.beginOne(l) {
		return
	}
	work, group := w.workOf(l.Work), rapid.IntRange(1, 4).Draw(w.t, "group")
	for from := 0; from < work.Len(); from += group {
		w.turnOne(l, Group{w.id, work, from, min(from+group, work.Len())})
	}
	w.commitOne(l)
	if !w.unfinished(l.Work) {
		w.finishOne(l)
	}
}

func (w *world) finishOne(l Lease) {
	if w.owns(l) {
		delete(w.open, l.Work)
	}
	w.model.settle()
	var work *Work
	if l.Work != PlanWork {
		work = w.workOf(l.Work)
	}
	state, err := w.Finish(context.Background(), l, work)
	w.ok(err)
	if state != w.state {
		w.t.Fatalf("finish %v: the call is %s, want %s", l, state, w.state)
	}
}
