package email

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestContrast(t *testing.T) {
	t.Parallel()
	for accent, want := range map[string]float64{"#000000": 21, "#ffffff": 1, "#777777": 4.48, "#767676": 4.54, "#0000ff": 8.59, "#FF0000": 4.0} {
		if got := Contrast(accent); math.Abs(got-want) > 0.01 {
			t.Errorf("white on %s has %.2f to 1, want %.2f", accent, got, want)
		}
	}
	for _, c := range []struct{ ink, paper colour }{{dayInk, dayPaper}, {dayMuted, dayPaper}, {nightInk, nightPaper}, {nightMuted, nightPaper}, {dayPaper, parseColour(DefaultAccent)}} {
		if got := contrast(c.ink, c.paper); got < 6 {
			t.Errorf("%v on %v has %.2f to 1", c.ink, c.paper, got)
		}
	}
}

// Whatever colour a call chooses, its links are read by night.
func TestByNight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		c := colour{rapid.Byte().Draw(r, "red"), rapid.Byte().Draw(r, "green"), rapid.Byte().Draw(r, "blue")}
		if got := contrast(c.byNight(), nightPaper); got < 7 {
			t.Fatalf("%v becomes %v, which has %.2f to 1", c, c.byNight(), got)
		}
		if parseColour(c.String()) != c {
			t.Fatalf("%v is read as %v", c, parseColour(c.String()))
		}
	})
	for _, s := range []string{"", "#", "#12345", "#1234567", "0b5394", "#zzzzzz", "red"} {
		if parseColour(s) != parseColour(DefaultAccent) {
			t.Errorf("%q is a colour", s)
		}
	}
}
