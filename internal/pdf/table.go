package pdf

// A Table has a row of heads, which stands again on each page that it reaches.
type Table struct {
	Heads   []string
	Numbers []bool // the column holds numbers, which stand at its right edge
	Rows    [][]string
	Even    bool // what is left of the width goes to all columns of text alike, and not to the last of them
}

const (
	cellGap = 10.0 // between columns
	cellPad = 2.5  // above and below the text of a row
)

// Table sets a table. Columns are as wide as what they hold; where that is too much,
// the text in the widest is broken. A row stands on one page, unless it is higher.
func (d *Document) Table(t Table) {
	if len(t.Heads) == 0 {
		return
	}
	widths := d.columns(t)
	heads := d.cells(t.Heads, widths, head)
	headed := func() {
		d.row(heads, widths, t.Numbers, head)
		d.put(mark{x: marginX, y: d.y - 0.4, width: textWidth, height: 0.8, ink: Edge})
	}
	first := heightOf(heads, head)
	if len(t.Rows) > 0 {
		first += min(heightOf(d.cells(t.Rows[0], widths, cell), cell), bottom-top-first)
	}
	d.need(6, first)
	headed()
	for _, r := range t.Rows {
		cells := d.cells(r, widths, cell)
		for len(cells) > 0 {
			height := heightOf(cells, cell)
			if d.y+height > bottom {
				d.Break()
				headed()
			}
			var rest [][]Line
			if room := bottom - d.y; height > room {
				cells, rest = cut(cells, max(1, int((room-2*cellPad)/cell.leading)))
			}
			d.row(cells, widths, t.Numbers, cell)
			if cells = rest; rest == nil {
				d.put(mark{x: marginX, y: d.y - 0.2, width: textWidth, height: 0.4, ink: Rule})
			}
		}
	}
}

// columns shares the width out.
func (d *Document) columns(t Table) []float64 {
	widths := make([]float64, len(t.Heads))
	for i, h := range t.Heads {
		widths[i] = d.measure(h, head).Wide()
		for _, r := range t.Rows {
			if i < len(r) {
				widths[i] = max(widths[i], d.measure(r[i], cell).Wide())
			}
		}
		widths[i] += 0.5 // so that what fits is not broken by rounding
	}
	room := textWidth - cellGap*float64(len(widths)-1)
	over := -room
	for _, w := range widths {
		over += w
	}
	for over > 0 { // the widest gives way, down to the next one
		widest, next := 0, 0.0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		for i, w := range widths {
			if i != widest {
				next = max(next, w)
			}
		}
		give := min(over, max(widths[widest]-next, 1))
		widths[widest] -= give
		over -= give
	}
	if over < 0 { // what is left
		var wide []int // the columns that it goes to
		for i := range widths {
			if i >= len(t.Numbers) || !t.Numbers[i] {
				wide = append(wide, i)
			}
		}
		if len(wide) == 0 {
			wide = append(wide, len(widths)-1)
		}
		if !t.Even {
			wide = wide[len(wide)-1:]
		}
		for _, i := range wide {
			widths[i] -= over / float64(len(wide))
		}
	}
	return widths
}

// cells breaks the texts of a row.
func (d *Document) cells(row []string, widths []float64, f setting) [][]Line {
	out := make([][]Line, len(widths))
	for i, s := range row[:min(len(row), len(widths))] {
		out[i] = Break(d.measure(s, f), widths[i])
	}
	return out
}

func heightOf(cells [][]Line, f setting) float64 {
	lines := 1
	for _, c := range cells {
		lines = max(lines, len(c))
	}
	return float64(lines)*f.leading + 2*cellPad
}

// cut parts a row after so many lines.
func cut(cells [][]Line, lines int) (above, below [][]Line) {
	above, below = make([][]Line, len(cells)), make([][]Line, len(cells))
	for i, c := range cells {
		n := min(lines, len(c))
		above[i], below[i] = c[:n], c[n:]
	}
	return above, below
}

// row sets a row that is known to fit.
func (d *Document) row(cells [][]Line, widths []float64, numbers []bool, f setting) {
	x := marginX
	for i, lines := range cells {
		for j, l := range lines {
			at := x
			if i < len(numbers) && numbers[i] {
				at += widths[i] - l.Wide()
			}
			d.line(at, d.y+cellPad+float64(j)*f.leading, l, f)
		}
		x += widths[i] + cellGap
	}
	d.y += heightOf(cells, f)
}
