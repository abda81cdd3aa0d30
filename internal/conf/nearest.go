package conf

import "strings"

// Nearest returns the word of known that word was most likely meant to be: the
// one fewest edits away, if that is at most a third of word's length (one edit
// for short words, two at least from four letters on). A swap of neighbours is
// one edit; case and the choice of '-' or '_' are none.
func Nearest(word string, known []string) (string, bool) {
	w := fold(word)
	limit := len(w) / 3
	if len(w) >= 4 {
		limit = max(limit, 2)
	}
	limit = max(limit, 1)
	best, found := "", false
	for _, k := range known {
		if d := distance(w, fold(k)); d <= limit && len(k) > d {
			best, found, limit = k, true, d-1
		}
	}
	return best, found
}

func fold(s string) []rune {
	return []rune(strings.ReplaceAll(strings.ToLower(s), "-", "_"))
}

// distance is the optimal string alignment distance: insertions, deletions,
// replacements, and swaps of neighbours.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
