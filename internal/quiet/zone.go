package quiet

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine may be without time zones, or with old ones
)

// A Place is where somebody may be: one time zone, or several of which nobody
// knows the right one. It is awake only when all of them are.
type Place []*time.Location

// separator stands between the zones of a place's name.
const separator = ","

// Name names a place by its zones, as Find reads it.
func Name(zones []string) string { return strings.Join(zones, separator) }

// Find returns the place that name says; a zone that is not known, or no name, is
// unknown. The error is for a zone that this program does not know either: it goes
// with the place without it.
func Find(name string, unknown *time.Location) (Place, error) {
	if name == "" {
		return Place{unknown}, nil
	}
	var out Place
	var lost []string
	for zone := range strings.SplitSeq(name, separator) {
		at, err := time.LoadLocation(zone)
		if err != nil || zone == "" {
			lost = append(lost, zone)
			at = unknown
		}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	if lost != nil {
		return out, fmt.Errorf("find the time of a place: there is no time zone %q", lost)
	}
	return out, nil
}

// horizon bounds how far At looks: a day's hours come again each day, and the
// clocks of different zones change by then if ever they do.
const horizon = 8 * 24 * time.Hour

// At says whether quiet hours hold at the place, and until when that stays so: the
// first instant at which all of the place's zones are awake, or at which the first
// of them sleeps. It is zero when that is more than a week away.
func (h Hours) At(t time.Time, p Place) (asleep bool, until time.Time) {
	asleep = h.asleep(t, p)
	for at := t; at.Sub(t) < horizon; {
		if at = h.border(at, p); at.IsZero() {
			break
		}
		if h.asleep(at, p) != asleep {
			return asleep, at
		}
	}
	return asleep, time.Time{}
}

func (h Hours) asleep(t time.Time, p Place) bool {
	return slices.ContainsFunc(p, func(z *time.Location) bool {
		local := t.In(z)
		return h.holds(local.Hour()*60 + local.Minute())
	})
}

// border is the next instant after t at which anything may change: a clock on a
// wall shows the begin or end of a span, or it is put forward or back. It is zero
// when there is none.
func (h Hours) border(t time.Time, p Place) (next time.Time) {
	earlier := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, z := range p {
		local := t.In(z)
		now := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		for _, s := range h {
			if s.None() {
				continue
			}
			for _, b := range [...]TimeOfDay{s.From, s.To} {
				wait := time.Duration(int(b)%day)*time.Minute - now
				if wait <= 0 {
					wait += 24 * time.Hour
				}
				earlier(t.Add(wait))
			}
		}
		if _, end := local.ZoneBounds(); !end.IsZero() && !next.IsZero() {
			earlier(end)
		}
	}
	return next.UTC()
}
