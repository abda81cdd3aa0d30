package worker

import (
	"log/slog"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
)

// liveWorker is a worker that gives signs of life when told to.
func liveWorker(rdb Redis, id string, liveness time.Duration) *Worker {
	w := &Worker{id: id, rdb: rdb, clk: clock.System{}, log: slog.New(slog.DiscardHandler), born: time.Now()}
	w.cfg = Config{Liveness: liveness}.withDefaults()
	return w
}

// Who lives is told by new words alone: Redis's clock, which may jump, ends no
// worker and keeps none.
func TestLivingGoesByNewWords(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.Server(t, "--appendonly", "no").Client()
	a, b := liveWorker(rdb, "a", time.Hour), liveWorker(rdb, "b", time.Hour)
	lives := func(signs map[string]sign) bool {
		t.Helper()
		ids := map[string]bool{"b": false}
		if err := a.living(ctx, ids, signs); err != nil {
			t.Fatal(err)
		}
		return ids["b"]
	}
	signs := map[string]sign{}
	if lives(signs) {
		t.Error("a worker that never was lives")
	}
	if err := b.beat(ctx); err != nil {
		t.Fatal(err)
	}
	if signs = map[string]sign{}; !lives(signs) {
		t.Error("a worker that gave a sign is dead")
	}
	silent := func() { signs["b"] = sign{signs["b"].word, time.Now().Add(-2 * time.Hour)} }
	silent()
	if lives(signs) {
		t.Error("a worker that said nothing new for twice the liveness lives, since Redis has its last word")
	}
	if err := b.beat(ctx); err != nil {
		t.Fatal(err)
	}
	if !lives(signs) {
		t.Error("a worker that said something new is dead")
	}
	// Redis's clock jumps ahead, and the word is gone.
	rdb.Del(ctx, keyLive.Name("b"))
	if !lives(signs) {
		t.Error("a worker is dead because Redis dropped its word")
	}
	silent()
	if lives(signs) {
		t.Error("a worker without a word for twice the liveness lives")
	}
	if err := b.beat(ctx); err != nil {
		t.Fatal(err)
	}
	if !lives(signs) {
		t.Error("a worker that speaks again is dead")
	}
	b.goodbye(ctx, "b")
	if lives(signs) {
		t.Error("a worker that signed off lives")
	}
}

func TestLongDeadWorkersAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.Server(t, "--appendonly", "no").Client()
	a, b := liveWorker(rdb, "a", time.Hour), liveWorker(rdb, "b", time.Hour)
	b.clk = clock.NewManual(time.Now().Add(-25 * time.Hour))
	for _, w := range []*Worker{a, b} {
		if err := w.beat(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.forget(ctx); err != nil {
		t.Fatal(err)
	}
	if ids := rdb.ZRange(ctx, keyLives.Name(), 0, -1).Val(); len(ids) != 1 || ids[0] != "a" {
		t.Errorf("known: %v", ids)
	}
}

// A worker that ended without a word is told of as silent, one that signed off is not.
func TestWorkersTellWhoIsSilent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.Server(t, "--appendonly", "no").Client()
	a, b, c := liveWorker(rdb, "a", time.Hour), liveWorker(rdb, "b", time.Hour), liveWorker(rdb, "c", time.Hour)
	for _, w := range []*Worker{a, b, c} {
		if err := w.beat(ctx); err != nil {
			t.Fatal(err)
		}
	}
	rdb.Del(ctx, keyLive.Name("b")) // as when its time runs out
	c.goodbye(ctx, "c")
	all, err := Workers(ctx, rdb)
	if err != nil || len(all) != 2 {
		t.Fatalf("workers %+v, %v, want a and b", all, err)
	}
	for _, w := range all {
		if alive := w.ID == "a"; w.Alive != alive || len(w.Channels) == 3 != alive || w.Sign.IsZero() {
			t.Errorf("worker %+v, want it alive: %v", w, alive)
		}
	}
}
