package pdf

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a pen fits into a width is no wider, and what it sets in lines neither; the last
// of too many lines says that more follows.
func TestPenKeepsWithinTheWidth(t *testing.T) {
	t.Parallel()
	fonts, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	pen := &Pen{fonts: fonts}
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"아홉", "사람을", "nine", "people", strings.Repeat("가", 40)}), 1, 40)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(words.Draw(t, "words"), " ")
		width := rapid.Float64Range(60, 400).Draw(t, "width")
		f := Setting{Size: rapid.Float64Range(8, 24).Draw(t, "size"), Lines: rapid.IntRange(1, 3).Draw(t, "lines")}
		lines := pen.lines(width, s, f)
		for _, l := range lines {
			if l.Wide() > width {
				t.Fatalf("%q is %.1f wide in %.1f", l, l.Wide(), width)
			}
		}
		all := Break(fonts.Measure(s, Style{}, f.Size), width)
		if last := lines[len(lines)-1].String(); len(lines) > f.Lines || strings.HasSuffix(last, "…") != (len(all) > f.Lines) {
			t.Fatalf("%d lines of %d, the last %q", len(lines), len(all), last)
		}
		if l := pen.cut(fonts.Measure(s, Style{}, f.Size), width, f, false); l.Wide() > width {
			t.Fatalf("what was cut, %q, is %.1f wide in %.1f", l, l.Wide(), width)
		}
	})
}

// A page that is drawn stands among those that are set, without a foot.
func TestDrawnPages(t *testing.T) {
	t.Parallel()
	d := begin(t)
	d.Title("first")
	for i := range 2 {
		d.Draw(func(p *Pen) {
			p.Text(40, 40, 200, fmt.Sprintf("drawn %d □ \U0001F600", i), Setting{Size: 12, Align: Middle})
			p.Frame(40, 80, 50, 50, 1, Black)
			p.Modules(100, 80, 50, [][]bool{{true, false}, {false, true}})
			p.Fit(40, 200, 60, strings.Repeat("long ", 20), Setting{Size: 12, Align: Right})
		})
	}
	d.Text("after")
	pages := read(t, d)
	if len(pages) != 4 {
		t.Fatalf("there are %d pages", len(pages))
	}
	for i, want := range []string{"1/4", "drawn 0", "drawn 1", "4/4"} {
		if !strings.Contains(pages[i], want) || strings.Contains(pages[i], "/4") != (i == 0 || i == 3) {
			t.Errorf("page %d is\n%s", i+1, pages[i])
		}
	}
	if !strings.Contains(pages[1], "…") || !strings.Contains(pages[3], "after") {
		t.Errorf("the pages are %q", pages)
	}
}
