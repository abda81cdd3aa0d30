package broadcast

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"clarion/lists"
	"clarion/lists/address"
)

var errDied = errors.New("the planner died")

func TestQuotas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 3000), 1, 120).Draw(t, "sizes")
		total := 0
		for _, s := range sizes {
			total += s
		}
		n := rapid.IntRange(1, total).Draw(t, "n")
		got, sum := quotas(sizes, n), 0
		for i, q := range got {
			sum += q
			part := float64(n) * float64(sizes[i]) / float64(total)
			if q > sizes[i] || q < 0 || n >= len(sizes) && q == 0 {
				t.Fatalf("%d of %d chosen from a part of %d, %d in all", q, n, sizes[i], total)
			}
			// Who has at least one where the part is smaller takes it from the large ones.
			if n < len(sizes) && math.Abs(float64(q)-part) > 1 {
				t.Fatalf("%d chosen where %.2f are its part", q, part)
			}
		}
		if sum != n {
			t.Fatalf("%d chosen, not %d", sum, n)
		}
	})
}

// A planner that is killed wherever it may be and comes back chooses the same people
// once, plans them and nobody else, and all of the others when the canary has passed.
func TestCanaryOfADyingPlanner(t *testing.T) {
	t.Parallel()
	canaried(t, planned(t, 300), 300)
}

// canaried plays that with calls to the n people of a fixture.
func canaried(t *testing.T, f *fixture, n int) {
	t.Helper()
	who, err := f.people.Resolve(t.Context(), lists.Audience{Lists: []string{"all"}, Channels: []address.Channel{address.Email}})
	f.must(err)
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		size := rapid.IntRange(1, n-1).Draw(t, "size")
		id, err := f.New(ctx, Call{Name: "launch", Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": []byte("x")})
		must(err)
		must(f.Freeze(ctx, id, who))
		_, err = f.Do(ctx, id, ActLaunch)
		must(err)
		planned := map[uint32]bool{}
		sort := Sorting{Language: func(of string) string { return of }, Canary: func(address.Channel, int) int { return size }}
		plan := func() {
			for died := true; died; {
				var lives atomic.Int64 // batches are queued several at a time
				lives.Store(rapid.Int64Range(0, 12).Draw(t, "lives for"))
				err := f.Plan(ctx, id, f.people, sort, enqueuer(func(lease Lease) error {
					if lives.Add(-1) < 0 {
						return errDied
					}
					return nil
				}), func() bool { return lives.Add(-1) >= 0 })
				died = errors.Is(err, errDied) || errors.Is(err, context.Canceled)
				if !died && !errors.Is(err, ErrCanary) {
					must(err)
				}
			}
			works, err := f.works(ctx, id)
			must(err)
			clear(planned)
			for _, w := range works {
				for _, c := range w.Contacts {
					if planned[c] {
						t.Fatalf("contact %d is planned twice", c)
					}
					planned[c] = true
				}
			}
		}
		plan()
		if len(planned) != size {
			t.Fatalf("%d are planned, not %d", len(planned), size)
		}
		first := fmt.Sprint(slices.Sorted(maps.Keys(planned)))
		plan()
		if again := fmt.Sprint(slices.Sorted(maps.Keys(planned))); again != first {
			t.Fatalf("another time others are chosen")
		}
		ok, err := f.PassCanaries(ctx, id)
		must(err)
		if !ok {
			t.Fatal("there is no canary")
		}
		plan()
		if len(planned) != n {
			t.Fatalf("%d of %d are planned in the end", len(planned), n)
		}
	})
}
