// Package chart draws figures as SVG: bars of parts and lines over time. Colours
// come from classes of the page's style sheet, since style attributes are not
// allowed under our Content-Security-Policy. Each drawing has a text that says
// what it shows; the numbers stand in a table beside it, which is the page's.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// A Part is a stretch of a bar.
type Part struct {
	Words string // what it is, for the text
	Count int
	Class string // fill-good, fill-bad, …
}

// Bar draws parts of a whole beside each other, as wide as its place. What is
// there at all is seen: a part takes 0.4 % of the width at least.
func Bar(label string, parts []Part) template.HTML {
	total := 0
	for _, p := range parts {
		total += p.Count
	}
	const least = 0.4
	widths, sum := make([]float64, len(parts)), 0.0
	for i, p := range parts {
		if p.Count > 0 {
			widths[i] = max(100*float64(p.Count)/float64(total), least)
			sum += widths[i]
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bar" role="img" aria-label="%s" preserveAspectRatio="none" viewBox="0 0 100 10">`, html.EscapeString(label))
	at := 0.0
	for i, p := range parts {
		if widths[i] == 0 {
			continue
		}
		w := widths[i] * 100 / sum
		fmt.Fprintf(&b, `<rect class="%s" x="%.3f" y="0" width="%.3f" height="10"></rect>`, html.EscapeString(p.Class), at, w)
		at += w
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // all that comes from outside is escaped above
}

// Swatch is the small square of a key.
func Swatch(class string) template.HTML {
	return template.HTML(`<svg aria-hidden="true" viewBox="0 0 10 10"><rect class="` + html.EscapeString(class) + `" width="10" height="10"></rect></svg>`) //nolint:gosec // escaped
}

// A Series is one line: Y over X, X rising. A NaN breaks the line.
type Series struct {
	Words string
	X, Y  []float64
	Class string // stroke-good, earlier, …
}

// Axis is how the values of one direction are written.
type Axis struct {
	Words  string
	Write  func(v float64) string
	Least  float64 // the far end reaches at least so far
	Most   float64 // and at most so far; 0: as far as the values go
	Values int     // marks, about; 0: four
}

// The size of a chart in its own units; it is drawn as wide as its place.
const (
	width, height             = 720, 240
	left, right, top, bottom  = 56, 12, 12, 30
	plotWidth, plotHeight     = width - left - right, height - top - bottom
	labelBelow, labelLeftward = 18, 8
)

// Lines draws series over one pair of axes.
func Lines(label string, x, y Axis, series []Series) template.HTML {
	lowX, highX, highY := math.Inf(1), math.Inf(-1), y.Least
	for _, s := range series {
		for i := range s.X {
			lowX, highX = min(lowX, s.X[i]), max(highX, s.X[i])
			if !math.IsNaN(s.Y[i]) {
				highY = max(highY, s.Y[i])
			}
		}
	}
	if math.IsInf(lowX, 1) {
		lowX, highX = 0, 1
	}
	highX = max(highX, lowX+max(x.Least, 1e-9))
	marks := ticks(highY, y.Values)
	if y.Most > 0 {
		highY = min(highY, y.Most)
	}
	if last := marks[len(marks)-1]; last > highY && (y.Most == 0 || last <= y.Most) {
		highY = last
	}
	atX := func(v float64) float64 { return left + plotWidth*(v-lowX)/(highX-lowX) }
	atY := func(v float64) float64 { return top + plotHeight*(1-v/highY) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" role="img" aria-label="%s" viewBox="0 0 %d %d">`, html.EscapeString(label), width, height)
	for _, m := range marks {
		if m > highY {
			continue
		}
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"></line>`, left, atY(m), width-right, atY(m))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`, left-labelLeftward, atY(m)+4, html.EscapeString(y.Write(m)))
	}
	fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"></line>`, left, height-bottom, width-right, height-bottom)
	for i, anchor := range []string{"start", "middle", "end"} {
		v := lowX + (highX-lowX)*float64(i)/2
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="%s">%s</text>`, atX(v), height-bottom+labelBelow, anchor, html.EscapeString(x.Write(v)))
	}
	for _, s := range series {
		fmt.Fprintf(&b, `<path class="line %s" d="%s"></path>`, html.EscapeString(s.Class), path(s, atX, atY))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // all that comes from outside is escaped above
}

func path(s Series, atX, atY func(float64) float64) string {
	var b strings.Builder
	pen := "M"
	for i := range s.X {
		if math.IsNaN(s.Y[i]) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, atX(s.X[i]), atY(s.Y[i]))
		pen = "L"
	}
	return b.String()
}

// ticks are round values from 0 to high or a little over: steps of 1, 2 or 5
// times a power of ten.
func ticks(high float64, about int) []float64 {
	if about == 0 {
		about = 4
	}
	if high <= 0 {
		high = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(high/float64(about))))
	for _, f := range []float64{1, 2, 5, 10} {
		if high/(step*f) <= float64(about) {
			step *= f
			break
		}
	}
	var out []float64
	for i := 0; ; i++ {
		out = append(out, float64(i)*step)
		if float64(i)*step >= high*(1-1e-9) {
			return out
		}
	}
}
