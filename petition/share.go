package petition

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fewest is the smallest group of people of which a number is told.
const Fewest = 5

// Told are the regions of which the number may be told, in the campaign's order, and how
// many have all others together: those where fewer than Fewest signed, and of the rest as
// many of the smallest as it takes for nobody to work out the number of a few people.
// Regions where nobody signed are in neither.
func (t *Tally) Told() (told []Share, together int) {
	sizes := slices.DeleteFunc(slices.Clone(t.Regions), func(s Share) bool { return s.Count == 0 })
	slices.SortStableFunc(sizes, func(a, b Share) int { return cmp.Compare(a.Count, b.Count) })
	hidden := map[string]bool{}
	for _, s := range sizes {
		few := len(hidden) > 0 && (len(hidden) < 2 || together < Fewest)
		if s.Count >= Fewest && !few {
			break
		}
		hidden[s.Region] = true
		together += s.Count
	}
	for _, s := range t.Regions {
		if s.Count > 0 && !hidden[s.Region] {
			told = append(told, s)
		}
	}
	return told, together
}

// A DayTally is how many certain signatures of a way were made on a day.
type DayTally struct {
	Day   string `json:"day"` // as "2013-06-10", where the petition is
	Way   Way    `json:"way"`
	Count int    `json:"count"`
}

// newDays reads the counters of days.
func newDays(counts map[string]string) ([]DayTally, error) {
	var out []DayTally
	for field, text := range counts {
		day, way, _ := strings.Cut(field, " ")
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("read the days: %w", err)
		}
		if n > 0 {
			out = append(out, DayTally{day, Way(way), n})
		}
	}
	sortDays(out)
	return out, nil
}

// sortDays has the first day first, and the ways of a day in their order.
func sortDays(days []DayTally) {
	slices.SortFunc(days, func(a, b DayTally) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(slices.Index(Ways, a.Way), slices.Index(Ways, b.Way)))
	})
}

// WithSheets adds to the days what was counted on sheets, by the lower counts, on the day
// of the first count.
func (c *Campaign) WithSheets(days []DayTally, sheets []Sheet) []DayTally {
	by := map[string]int{}
	for i := range sheets {
		if low, _ := sheets[i].Bounds(); low > 0 {
			by[c.Day(sheets[i].First.At)] += low
		}
	}
	out := append([]DayTally{}, days...)
	for day, n := range by {
		out = append(out, DayTally{day, WaySheet, n})
	}
	sortDays(out)
	return out
}
