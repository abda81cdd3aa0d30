package email

import (
	"fmt"
	"math"
	"strconv"
)

// A colour is red, green and blue of sRGB.
type colour [3]uint8

// The paper and ink of a mail, by day and by night. Muted is what is smaller in
// weight than the text, not in size.
var (
	dayPaper, dayInk, dayMuted       = colour{0xff, 0xff, 0xff}, colour{0x1c, 0x1c, 0x1c}, colour{0x59, 0x59, 0x59}
	nightPaper, nightInk, nightMuted = colour{0x16, 0x18, 0x1b}, colour{0xe8, 0xe6, 0xe3}, colour{0xb4, 0xb1, 0xac}
)

// DefaultAccent is the colour of links and buttons where a call names none.
const DefaultAccent = "#0b5394"

// MinContrast is what text needs against what is behind it (WCAG 2.2 §1.4.3).
const MinContrast = 4.5

// parseColour reads "#rrggbb"; anything else is the default.
func parseColour(s string) colour {
	if n, err := strconv.ParseUint(s[min(1, len(s)):], 16, 32); err == nil && len(s) == 7 && s[0] == '#' {
		return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
	}
	return parseColour(DefaultAccent)
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance (WCAG 2.2, glossary).
func (c colour) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the ratio of two colours, from 1 to 21 (WCAG 2.2, glossary).
func contrast(a, b colour) float64 {
	high, low := a.luminance(), b.luminance()
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

// Contrast is how well white stands on an accent colour, and the accent on white.
func Contrast(accent string) float64 { return contrast(parseColour(accent), dayPaper) }

// byNight is the colour made lighter until it reads well on dark paper.
func (c colour) byNight() colour {
	for contrast(c, nightPaper) < 7 {
		for i := range c {
			c[i] = uint8(min(255, int(c[i])+(255-int(c[i]))/16+1))
		}
	}
	return c
}
