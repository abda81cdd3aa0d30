package broadcast

import (
	"slices"
	"testing"
	"time"
)

// What is unclaimed of a work is what a claim would get of it.
func TestUnclaimed(t *testing.T) {
	t.Parallel()
	f := planned(t, 60)
	ctx := t.Context()
	check := func(w *Work, want ...bool) {
		t.Helper()
		got, err := f.Unclaimed(ctx, f.id, w)
		f.must(err)
		if !slices.Equal(got, want) {
			t.Fatalf("unclaimed of batch %d: %v, want %v", w.Number, got, want)
		}
	}
	l := by(f.queue.leases[0], "w1")
	f.expect(f.begin(l), OK)
	w := f.work(l)
	if w.Len() < 3 {
		t.Fatalf("the batch has %d deliveries", w.Len())
	}
	rest := slices.Repeat([]bool{true}, w.Len()-2)
	check(w, append([]bool{true, true}, rest...)...)
	g := Group{f.id, w, 0, 2}
	_, attempts := f.claim(l, g)
	check(w, append([]bool{false, false}, rest...)...) // sending
	at := f.clk.Now().Add(time.Minute)
	f.commit(l, g, attempts, []Result{{State: Sent}, {State: Deferred, Due: at}})
	check(w, append([]bool{false, false}, rest...)...)

	f.clk.Set(at)
	due, err := f.Collect(ctx, f.id, false)
	f.must(err)
	if len(due) != 1 {
		t.Fatalf("%d works are due", len(due))
	}
	again := f.work(due[0])
	check(again, true)
	l = by(due[0], "w1")
	f.expect(f.begin(l), OK)
	g = Group{f.id, again, 0, 1}
	_, attempts = f.claim(l, g)
	f.commit(l, g, attempts, []Result{{State: Deferred, Due: at}})
	check(again, false) // due by a further attempt, which is another work's
}
