package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A line of a panel.
type line struct {
	name, colour string
	of           func(point) float64
}

// chart draws how time and memory grow with a call, as SVG: a panel for each
// unit, sizes by powers of ten from left to right, every axis from nothing.
func chart(points []point) string {
	const width, height, panel = 760, 300, 380
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img" aria-label="Time and memory of a call by its recipients">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for i, p := range []struct {
		title string
		lines []line
	}{
		{"µs a recipient", []line{
			{"whole", "#1f5fa8", func(p point) float64 { return p.Time }},
			{"processor, worker", "#b4531a", func(p point) float64 { return p.Worker }},
			{"processor, Redis", "#4d7a2a", func(p point) float64 { return p.Redis }},
		}},
		{"memory", []line{
			{"worker's process, MB", "#b4531a", func(p point) float64 { return p.Memory }},
			{"ledger, bytes a recipient", "#4d7a2a", func(p point) float64 { return p.Ledger }},
		}},
	} {
		drawPanel(&b, i*panel, p.title, p.lines, points)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func drawPanel(b *strings.Builder, x0 int, title string, lines []line, points []point) {
	const left, right, top, bottom = 50, 350, 70, 260
	most := 0.0
	for _, l := range lines {
		for _, p := range points {
			most = max(most, l.of(p))
		}
	}
	step := tickStep(most)
	most = max(math.Ceil(most/step), 1) * step
	first, last := math.Log10(float64(points[0].Recipients)), math.Log10(float64(points[len(points)-1].Recipients))
	x := func(n int) float64 {
		return float64(x0+left) + 10 + (math.Log10(float64(n))-first)/max(last-first, 1e-9)*(right-left-20)
	}
	y := func(v float64) float64 { return bottom - v/most*(bottom-top) }
	fmt.Fprintf(b, `<text x="%d" y="18" font-weight="bold">%s</text>`+"\n", x0+left, title)
	for v := 0.0; v <= most+step/2; v += step {
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", x0+left, y(v), x0+right, x0+left-6, y(v)+4, strconv.FormatFloat(v, 'g', 4, 64))
	}
	for _, p := range points {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(p.Recipients), bottom+18, thousands(p.Recipients))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">recipients</text>`+"\n", x0+(left+right)/2, bottom+34)
	for i, l := range lines {
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", x0+left, 34+i*15, l.colour, l.name)
		var path strings.Builder
		for j, p := range points {
			move := "L"
			if j == 0 {
				move = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", move, x(p.Recipients), y(l.of(p)))
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x(p.Recipients), y(l.of(p)), l.colour)
		}
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), l.colour)
	}
}

// tickStep is a round step that divides up to most in at most six.
func tickStep(most float64) float64 {
	if most <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most))) / 10
	for _, k := range []float64{1, 2, 5, 10, 20} {
		if most/(step*k) <= 6 {
			return step * k
		}
	}
	return step * 50
}
