package quiet

import (
	"math"
	"time"
)

// A Share is the part of an audience that is at one place.
type Share struct {
	Place Place
	Count float64 // messages
}

// farthest bounds an estimate.
const farthest = 366 * 24 * time.Hour

// Finish estimates when the last message leaves when the first may leave at start
// and all of them at rate a second, whoever is awake; a rate that is infinite is as
// fast as can be. It is zero when somebody never wakes, or after more than a year.
func (h Hours) Finish(start time.Time, rate float64, audience []Share) time.Time {
	left := make([]float64, len(audience))
	for i, s := range audience {
		left[i] = s.Count
	}
	for t := start; t.Sub(start) < farthest; {
		awake, next := 0.0, time.Time{}
		waiting := false
		asleep := make([]bool, len(audience))
		for i, s := range audience {
			if left[i] <= 0 {
				continue
			}
			waiting = true
			until := time.Time{}
			if asleep[i], until = h.At(t, s.Place); !asleep[i] {
				awake += left[i]
			}
			if !until.IsZero() && (next.IsZero() || until.Before(next)) {
				next = until
			}
		}
		if !waiting {
			return t
		}
		// Whoever is awake gets a share of the rate that is as large as the part is.
		span := time.Duration(math.MaxInt64)
		if seconds := awake / rate; seconds < span.Seconds() {
			span = time.Duration(seconds * float64(time.Second))
		}
		part := 1.0
		if awake == 0 && next.IsZero() {
			return time.Time{}
		}
		if !next.IsZero() && (awake == 0 || next.Sub(t) < span) {
			part = next.Sub(t).Seconds() * rate / awake
			span = next.Sub(t)
		}
		for i := range left {
			if left[i] <= 0 || asleep[i] {
				continue
			}
			if left[i] -= left[i] * part; part >= 1 {
				left[i] = 0
			}
		}
		t = t.Add(span)
	}
	return time.Time{}
}
