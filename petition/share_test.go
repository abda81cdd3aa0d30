package petition

import (
	"testing"

	"pgregory.net/rapid"
)

// Of no region with a few people the number is told, nor can it be worked out; and
// together all regions are told of.
func TestToldHidesFew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 8), rapid.IntRange(0, 3000)), 1, 18).Draw(t, "counts")
		tally, all, some := &Tally{}, 0, 0
		for i, n := range counts {
			tally.Regions = append(tally.Regions, Share{provinces[i].ID, n})
			all += n
			if n > 0 {
				some++
			}
		}
		told, together := tally.Told()
		sum := together
		for _, s := range told {
			if sum += s.Count; s.Count < Fewest {
				t.Fatalf("%d people of %s are told", s.Count, s.Region)
			}
		}
		if sum != all {
			t.Fatalf("told are %d of %d", sum, all)
		}
		if hidden := some - len(told); len(told) > 0 && hidden > 0 && (hidden < 2 || together < Fewest) {
			t.Fatalf("%d people in %d regions can be worked out", together, hidden)
		}
		if hidden := some - len(told); hidden == 0 && together != 0 || len(told) == 0 && together != all {
			t.Fatalf("together are %d of %d in %d regions", together, all, hidden)
		}
	})
}
