package tabular

import (
	"slices"
	"strings"
)

// dialect is how a file separates its cells and lines.
type dialect struct {
	delimiter byte
	loneCR    bool // lines end in CR alone, as old Macs wrote them
	declared  bool // the first line is Excel's "sep=;" and no row
}

// Delimiters in the order in which they win a tie.
var delimiters = [...]byte{',', '\t', ';', '|'}

// findDialect tries each delimiter on the beginning of a file. The one under
// which most rows have the same number of cells wins; of equals, the one that
// makes more cells.
func findDialect(text string, whole bool) dialect {
	d := dialect{delimiter: ',', loneCR: hasLoneCR(text)}
	first, _, _ := strings.Cut(text, "\n")
	if sep, ok := strings.CutPrefix(strings.TrimRight(first, "\r"), "sep="); ok && len(sep) == 1 && slices.Contains(delimiters[:], sep[0]) {
		d.delimiter, d.declared = sep[0], true
		return d
	}
	var best fit
	for _, c := range delimiters {
		try := d
		try.delimiter = c
		if f := measure(text, try, whole); f.better(best) {
			best, d = f, try
		}
	}
	return d
}

// fit says how well a delimiter suits: the share of rows that agree, in
// thousandths, and on how many cells.
type fit struct{ agree, cells int }

func (f fit) better(than fit) bool {
	return f.agree > than.agree || f.agree == than.agree && f.cells > than.cells
}

func measure(text string, d dialect, whole bool) fit {
	widths := map[int]int{}
	rows, split := 0, 0
	eachSample(text, d, whole, func(row Row, stray bool) {
		rows++
		if stray {
			return
		}
		if len(row.Cells) > 1 {
			split++
		}
		widths[len(row.Cells)]++
	})
	if split == 0 {
		return fit{}
	}
	var f fit
	for cells, n := range widths {
		if w := (fit{n * 1000 / rows, cells}); cells > 1 && w.better(f) {
			f = w
		}
	}
	return f
}

// sampleOf returns the first rows of text, at most sampleRows.
func sampleOf(text string, d dialect, whole bool) []Row {
	var out []Row
	eachSample(text, d, whole, func(row Row, _ bool) { out = append(out, row) })
	return out
}

func eachSample(text string, d dialect, whole bool, do func(row Row, stray bool)) {
	r := newRowReader(strings.NewReader(text), d)
	var held Row
	var heldStray bool
	n := 0
	for ; n < sampleRows; n++ {
		row, err := r.next()
		if err != nil {
			break
		}
		if n > 0 {
			do(held, heldStray)
		}
		held, heldStray = row, r.stray
	}
	// The last row of a beginning is cut anywhere, unless more than enough came before.
	if n > 0 && (whole || n == sampleRows) {
		do(held, heldStray)
	}
}

// hasLoneCR reports whether CR alone ends lines: there is one outside of quotes,
// and no LF is.
func hasLoneCR(text string) bool {
	quoted, cr := false, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return false
		case c == '\r':
			cr = true
		}
	}
	return cr
}
