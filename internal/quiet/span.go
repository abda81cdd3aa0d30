// Package quiet owns the hours at which nobody is to be disturbed: when a place
// sleeps, until when, and by when all of an audience would have been written to.
package quiet

import (
	"fmt"
	"slices"
)

// A TimeOfDay is a time by the clock on the wall, in minutes after midnight; from
// 0 to 1440, which ends a day.
type TimeOfDay int

const day = 24 * 60 // minutes

// UnmarshalText reads "08:00"; the last minute of a day ends at "24:00".
func (d *TimeOfDay) UnmarshalText(text []byte) error {
	s := string(text)
	digits := len(s) == 5 && s[2] == ':'
	for i := range len(s) {
		digits = digits && (i == 2 || s[i] >= '0' && s[i] <= '9')
	}
	if digits {
		hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
		if v := hour*60 + minute; minute < 60 && v <= day {
			*d = TimeOfDay(v)
			return nil
		}
	}
	return fmt.Errorf(`%q is no time of day: "08:00" or "21:30" is right`, s)
}

// MarshalText writes what UnmarshalText reads.
func (d TimeOfDay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the time as clocks show it: "08:00".
func (d TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(d)/60, int(d)%60) }

// A Span is the part of each day that is quiet: from From up to To, past midnight
// when To is the earlier one. Where both are the same nothing is quiet.
type Span struct {
	From TimeOfDay `toml:"from"`
	To   TimeOfDay `toml:"to"`
}

// Law is the span in which nobody is to be texted or called: 21:00 to 08:00 at the
// recipient's place (47 CFR 64.1200(c)(1); Korea: Network Act art. 50(3)).
func Law() Span { return Span{21 * 60, 8 * 60} }

// None reports whether nothing is quiet.
func (s Span) None() bool { return s.From%day == s.To%day && (s.From == s.To || s.To != day) }

// holds reports whether a minute of the day is within the span.
func (s Span) holds(minute int) bool {
	from, to := int(s.From)%day, int(s.To)
	switch {
	case s.None():
		return false
	case from < to:
		return from <= minute && minute < to
	}
	return minute >= from || minute < to
}

// Covers reports whether all that is quiet by other is quiet by s.
func (s Span) Covers(other Span) bool {
	for minute := range day {
		if other.holds(minute) && !s.holds(minute) {
			return false
		}
	}
	return true
}

// String is the span in words: "21:00 to 08:00".
func (s Span) String() string {
	if s.None() {
		return "no quiet hours"
	}
	return s.From.String() + " to " + s.To.String()
}

// Hours are the quiet hours of a day, of one or more spans.
type Hours []Span

// None reports whether nothing is ever quiet.
func (h Hours) None() bool { return !slices.ContainsFunc(h, func(s Span) bool { return !s.None() }) }

// Open reports whether any minute of a day is not quiet.
func (h Hours) Open() bool {
	for minute := range day {
		if !h.holds(minute) {
			return true
		}
	}
	return false
}

func (h Hours) holds(minute int) bool {
	return slices.ContainsFunc(h, func(s Span) bool { return s.holds(minute) })
}
