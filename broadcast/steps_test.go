package broadcast

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"clarion/lists"
)

func (w *world) plain() map[string]func(*rapid.T) {
	ctx := context.Background()
	workers := []string{"w1", "w2", "w3"}
	do := func(a Action) func(*rapid.T) {
		return func(*rapid.T) {
			to, err := w.Do(ctx, w.id, a)
			want, wantErr := w.state.Next(string(w.id), a)
			if (err == nil) != (wantErr == nil) || to != want {
				w.t.Fatalf("%s a call that is %s: %s, %v", a, w.state, to, err)
			}
			w.state = to
		}
	}
	sender := func() Lease { return rather(w.t, "lease", only(w.held, w.owns), w.held) }
	return map[string]func(*rapid.T){
		"launch": do(ActLaunch), "pause": do(ActPause), "reopen": do(ActReopen),
		"resume": func(t *rapid.T) {
			do(ActResume)(t)
			idle, err := w.Idle(ctx, w.id)
			w.ok(err)
			w.handOut(idle...)
		},
		"plan": func(t *rapid.T) {
			if w.open[PlanWork] == nil {
				t.Skip("all is planned")
			}
			lease := Lease{w.id, PlanWork, w.open[PlanWork].fence, pick(t, "worker", workers)}
			if w.chance("two planners") {
				other := Lease{w.id, PlanWork, lease.Fence, "rival"}
				w.trip.after, w.trip.then = rapid.IntRange(1, 30).Draw(t, "after commands"), func() {
					// The first planner only seems dead.
					next, _, ours, err := w.second.Takeover(ctx, lease, 0, time.Time{})
					w.ok(err)
					if ours {
						other.Fence = next.Fence
						w.plan(w.second, other)
					}
				}
			}
			w.plan(w.Ledger, lease)
			w.trip.then = nil
			w.follow()
		},
		"begin": func(t *rapid.T) {
			w.beginOne(by(rather(t, "task", only(w.tasks, w.free), w.tasks), pick(t, "worker", workers)))
		},
		"turn": func(t *rapid.T) {
			l := sender()
			work := w.workOf(l.Work)
			from := rapid.IntRange(0, work.Len()-1).Draw(t, "from")
			w.turnOne(l, Group{w.id, work, from, rapid.IntRange(from+1, work.Len()).Draw(t, "to")})
		},
		"commit": func(t *rapid.T) {
			l := pick(t, "sent", slices.SortedFunc(maps.Keys(w.sent), func(a, b Lease) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }))
			w.commitOne(l)
		},
		"commit again": func(t *rapid.T) {
			p := pick(t, "committed", w.past)
			if w.sent[p.lease] != nil {
				t.Skip("it has its answer, since it went on")
			}
			w.model.commit(p.lease, p.outcome, w.clk.Now())
			w.turn(p.outcome, p.lease, Group{})
		},
		"finish": func(t *rapid.T) {
			l := sender()
			if w.owns(l) && (w.sent[l] != nil || w.unfinished(l.Work)) {
				t.Skip("not finished")
			}
			w.finishOne(l)
		},
		"release": func(t *rapid.T) {
			l := sender()
			mine := w.owns(l)
			if mine && w.sent[l] != nil {
				t.Skip("not committed")
			}
			var when time.Time
			if w.chance("later") {
				when = w.clk.Now().Add(time.Minute)
			}
			if mine {
				*w.open[l.Work] = modelWork{l.Fence + 1, "", when}
			}
			state, got, err := w.Release(ctx, l, when)
			w.ok(err)
			if state != w.state || got != mine {
				t.Fatalf("release %v: %s, %v", l, state, got)
			}
			if mine && when.IsZero() {
				w.handOut(Lease{Call: w.id, Work: l.Work, Fence: l.Fence + 1})
			}
		},
		"takeover": func(t *rapid.T) {
			l := sender()
			mine := w.owns(l)
			var resend time.Time
			if !w.hold {
				resend = w.clk.Now().Add(time.Minute)
			}
			doubt := 0
			if mine {
				*w.open[l.Work] = modelWork{fence: l.Fence + 1}
				for _, d := range w.deliveries {
					if d.state == Sending && d.work == l.Work {
						doubt++
						d.state, d.doubted = InDoubt, true
						if !resend.IsZero() && d.attempt < DoubtAttempts {
							d.place, d.due = inDue, resend
						}
					}
				}
			}
			next, n, ok, err := w.Takeover(ctx, l, 1, resend)
			w.ok(err)
			if ok != mine || n != doubt {
				t.Fatalf("take over %v: %v, %d in doubt; want %v, %d", l, ok, n, mine, doubt)
			}
			if ok {
				w.handOut(next)
			}
		},
		"take over the planner": func(t *rapid.T) {
			plan := w.open[PlanWork]
			if plan == nil || plan.owner == "" {
				t.Skip("no planner")
			}
			_, _, ok, err := w.Takeover(ctx, Lease{w.id, PlanWork, plan.fence, plan.owner}, 1, time.Time{})
			w.ok(err)
			if !ok {
				t.Fatal("the planner was not taken over")
			}
			plan.owner = ""
			plan.fence++
		},
		"collect": func(t *rapid.T) {
			if w.state != Running {
				t.Skip("not running")
			}
			w.collectAll(w.chance("two collectors"), func(l *Ledger) ([]Lease, error) { return l.Collect(ctx, w.id, false) }, false)
		},
		"waiting": func(t *rapid.T) {
			got, err := w.Waiting(ctx, w.id)
			w.ok(err)
			n := 0
			for _, work := range w.open {
				if !work.later.IsZero() && !work.later.After(w.clk.Now()) {
					work.later = time.Time{}
					n++
				}
			}
			if len(got) != n {
				t.Fatalf("%d works have waited long enough, want %d", len(got), n)
			}
			w.handOut(got...)
		},
		"take up": func(t *rapid.T) {
			number := pick(t, "work", slices.Sorted(maps.Keys(w.open)))
			work := w.open[number]
			lease := Lease{Call: w.id, Work: number, Fence: work.fence}
			if w.chance("an old fence") {
				lease.Fence--
			}
			want := w.state == Running && lease.Fence == work.fence && !work.later.IsZero()
			got, err := w.TakeUp(ctx, lease)
			w.ok(err)
			if got != want {
				t.Fatalf("take up %v: %v", lease, got)
			}
			if got {
				work.later = time.Time{}
				w.handOut(lease)
			}
		},
		"hand out what was lost": func(t *rapid.T) {
			idle, err := w.Idle(ctx, w.id)
			w.ok(err)
			want := 0
			for _, work := range w.open {
				if work.owner == "" && work.later.IsZero() {
					want++
				}
			}
			if len(idle) != want {
				t.Fatalf("%d works are idle, want %d", len(idle), want)
			}
			for _, l := range idle {
				if l.Work != PlanWork && w.chance("anew") {
					next, ok, err := w.Refence(ctx, l)
					w.ok(err)
					if !ok {
						t.Fatalf("%v is idle and cannot be handed out anew", l)
					}
					w.open[l.Work].fence++
					l = next
				}
				w.handOut(l)
			}
		},
		"receipt": func(t *rapid.T) {
			d := rather(t, "delivery", only(w.deliveries, func(d *modelDelivery) bool { return d.state == InDoubt }),
				only(w.deliveries, func(d *modelDelivery) bool { return d.place != unplanned }))
			change := pick(t, "change", []Change{SaysGone, SaysDead, SaysFail, SaysNo, Settle, SendAgain, SendAgain, SendAgain, Offer, Offer})
			again := change == SendAgain || change == Offer
			says := Says{Change: change, Reason: 2, Detail: "x", Flag: pick(t, "flag", []Flag{0, Replied, Complained, OptedOut})}
			if again {
				says.Due = w.clk.Now()
			}
			for range 2 { // said again, it does nothing
				want := Applied{Found: d.state, Moved: slices.Contains(mayFind[change], d.state)}
				if again && (w.state == Stopping || w.state == Stopped) {
					want.Moved = false // nobody would send it
				}
				got, err := w.Apply(ctx, w.id, d.ref, says)
				w.ok(err)
				if got.Moved != want.Moved || got.Found != want.Found {
					t.Fatalf("receipt %d for %s: %+v, want %+v", change, d.ref, got, want)
				}
				if !want.Moved {
					continue
				}
				if again {
					w.goesAgain(d, says.Due, true)
				} else {
					d.state, d.place = leadsTo[change], nowhere
				}
			}
		},
		"settle": func(t *rapid.T) {
			w.model.settle()
			got, err := w.Settle(ctx, w.id)
			w.ok(err)
			if got != w.state {
				t.Fatalf("settled, the call is %s, want %s", got, w.state)
			}
		},
		"stop": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
				t.Skip("most calls are not stopped")
			}
			do(ActStop)(t)
		},
		"withdraw": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
				t.Skip("most calls are not withdrawn")
			}
			do(ActWithdraw)(t)
		},
		"fix the audience again": func(t *rapid.T) {
			var refused *StateError
			if err := w.Freeze(ctx, w.id, lists.Resolved{}); !errors.As(err, &refused) {
				t.Fatalf("the audience of a call that is %s was fixed again: %v", w.state, err)
			}
		},
		"refence": func(t *rapid.T) {
			l := pick(t, "task", w.tasks)
			work := w.open[l.Work]
			want := work != nil && work.owner == "" && work.fence == l.Fence
			_, got, err := w.Refence(ctx, l)
			w.ok(err)
			if got != want {
				t.Fatalf("handed out %v anew: %v, want %v", l, got, want)
			}
			if got {
				work.fence++
			}
		},
		"send a work": func(t *rapid.T) { w.send(by(pick(t, "free task", only(w.tasks, w.free)), "w1")) },
		"wind": func(t *rapid.T) {
			if w.state != Stopping {
				t.Skip("not stopping")
			}
			w.wind(w.chance("two at once"))
		},
		"clock": func(t *rapid.T) {
			w.clk.Advance(time.Duration(rapid.IntRange(-2, 4).Draw(t, "minutes")) * time.Minute)
		},
	}
}

// collectAll runs one collector, or a second one in the middle of the first.
func (w *world) collectAll(two bool, collect func(*Ledger) ([]Lease, error), all bool) {
	var others []Lease
	if two {
		w.trip.after, w.trip.then = rapid.IntRange(0, 6).Draw(w.t, "after commands"), func() {
			if w.chance("a late commit too") && len(w.past) > 0 {
				p := w.past[len(w.past)-1]
				if w.sent[p.lease] == nil {
					w.model.commit(p.lease, p.outcome, w.clk.Now())
					w.turn(p.outcome, p.lease, Group{})
				}
			}
			var err error
			others, err = collect(w.second)
			w.ok(err)
			w.collected(others, all)
		}
	}
	leases, err := collect(w.Ledger)
	w.trip.then = nil
	w.ok(err)
	w.collected(leases, all)
	w.handOut(append(leases, others...)...)
}

// wind ends what nobody holds.
func (w *world) wind(two bool) {
	ctx := context.Background()
	if two {
		w.trip.after, w.trip.then = rapid.IntRange(0, 10).Draw(w.t, "after commands"), func() {
			_, err := w.second.Wind(ctx, w.id)
			w.ok(err)
		}
	}
	got, err := w.Wind(ctx, w.id)
	w.trip.then = nil
	w.ok(err)
	for number, work := range w.open {
		work.later = time.Time{}
		if work.owner == "" {
			delete(w.open, number)
			for _, d := range w.deliveries {
				waits := number == PlanWork && d.place == unplanned || d.work == number && (d.place == inBatch || d.place == inWork)
				if waits && d.state != InDoubt {
					d.state = Cancelled
				}
				if waits && number != PlanWork {
					d.place = nowhere
				}
			}
		}
	}
	for _, d := range w.deliveries {
		if d.place == inDue {
			if d.place = nowhere; d.state == Deferred {
				d.state = Cancelled
			}
		}
	}
	w.model.settle()
	if got != w.state {
		w.t.Fatalf("wound up, the call is %s, want %s", got, w.state)
	}
	n, err := w.rdb.HGet(ctx, keyCall.Name(w.id), "works").Int()
	w.ok(err)
	w.planned = n
}
