package desk

import (
	"fmt"
	"strings"
	"testing"

	"clarion/petition"
)

// Generations of few are not told, nor what would tell them beside the total.
func TestGenerationsTellNoFew(t *testing.T) {
	t.Parallel()
	for counts, want := range map[[4]int]string{
		{12, 7, 5, 3}:  "12 7 8",
		{12, 7, 3, 1}:  "12 withheld few",
		{12, 0, 0, 0}:  "12 0 0",
		{18, 0, 3, 0}:  "withheld withheld few",
		{9, 3, 2, 0}:   "9 few few",
		{9, 2, 2, 0}:   "withheld few few",
		{2, 1, 0, 0}:   "",
		{0, 40, 20, 4}: "0 40 24",
	} {
		came := petition.Came{Generations: [petition.Furthest]int{counts[0], counts[1], counts[2], counts[3]}}
		for _, n := range counts {
			came.Total += n
		}
		var got []string
		for _, g := range generationsOf(came) {
			switch {
			case g.Few:
				got = append(got, "few")
			case g.Withheld:
				got = append(got, "withheld")
			default:
				got = append(got, fmt.Sprint(*g.Total))
			}
			if (g.Few || g.Withheld) != (g.Total == nil) {
				t.Errorf("%v: %+v tells what it must not", counts, g)
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%v is told as %q, want %q", counts, got, want)
		}
	}
}
