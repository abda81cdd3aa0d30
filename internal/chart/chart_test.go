package chart

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// widths reads the rectangles of a bar back.
func widths(t rapidOrT, svg string) (out []float64) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if token == nil {
			if err != nil && err.Error() != "EOF" {
				t.Fatalf("not well-formed: %v in %s", err, svg)
			}
			return out
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			for _, a := range e.Attr {
				if a.Name.Local == "width" {
					w, err := strconv.ParseFloat(a.Value, 64)
					if err != nil {
						t.Fatalf("width %q: %v", a.Value, err)
					}
					out = append(out, w)
				}
			}
		}
	}
}

type rapidOrT interface{ Fatalf(string, ...any) }

func TestBarShowsAllThatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1_000_000), 1, 11).Draw(t, "counts")
		var parts []Part
		there := 0
		for _, n := range counts {
			parts = append(parts, Part{"x", n, "fill-good"})
			if n > 0 {
				there++
			}
		}
		got := widths(t, string(Bar(`"<script>&`, parts)))
		if len(got) != there {
			t.Fatalf("%d parts are there, %d are drawn", there, len(got))
		}
		sum := 0.0
		for _, w := range got {
			if w < 0.3 {
				t.Fatalf("a part is %f %% wide: nobody sees it", w)
			}
			sum += w
		}
		if there > 0 && math.Abs(sum-100) > 0.1 {
			t.Fatalf("the parts are %f %% together", sum)
		}
	})
}

func TestLinesAreWellFormedAndInside(t *testing.T) {
	write := func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) + " <" }
	rapid.Check(t, func(t *rapid.T) {
		ys := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 50).Draw(t, "ys")
		s := Series{Words: "now", Class: "stroke-good"}
		for i, y := range ys {
			s.X, s.Y = append(s.X, float64(i)), append(s.Y, y)
		}
		svg := string(Lines("rate & more", Axis{Write: write}, Axis{Write: write}, []Series{s}))
		widths(t, svg)
		d := svg[strings.Index(svg, ` d="`)+4:]
		for _, point := range strings.FieldsFunc(d[:strings.Index(d, `"`)], func(r rune) bool { return r == 'M' || r == 'L' }) {
			x, y, _ := strings.Cut(point, " ")
			fx, _ := strconv.ParseFloat(x, 64)
			fy, _ := strconv.ParseFloat(y, 64)
			if fx < left-0.1 || fx > width-right+0.1 || fy < top-0.1 || fy > height-bottom+0.1 {
				t.Fatalf("the point %s lies outside", point)
			}
		}
	})
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		high float64
		want []float64
	}{{100, []float64{0, 50, 100}}, {7, []float64{0, 2, 4, 6, 8}}, {0, []float64{0, 0.5, 1}}, {1234, []float64{0, 500, 1000, 1500}}} {
		got := ticks(c.high, 0)
		if len(got) != len(c.want) {
			t.Errorf("ticks(%v) = %v, want %v", c.high, got, c.want)
			continue
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-9 {
				t.Errorf("ticks(%v) = %v, want %v", c.high, got, c.want)
				break
			}
		}
	}
}
