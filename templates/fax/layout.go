package fax

import (
	"strings"

	"clarion/internal/pdf"
)

// A fax page is A4, which a group 3 machine scans in 1,728 pels a line
// (ITU-T T.4 §2.1) and, in fine mode, 7.7 lines a millimetre, 2,292 in all. As
// a PDF page it is Ghostscript's and HylaFAX's A4, and they spread its width
// over the 1,728 pels at 209.10 of them an inch. Lengths are in points.
const (
	pageWidth, pageHeight = pdf.A4Width, pdf.A4Height
	pelsX, pelsY          = 209.10 / 72, 196.0 / 72 // a point
	widthPels, lines      = 1728, 2292

	marginX     = 57.0 // 20 mm
	textWidth   = pageWidth - 2*marginX
	headerY     = 43.0 // base line of the header line
	headerRuleY = 50.0
	top         = 72.0
	bottom      = pageHeight - 54.0
	indentStep  = 22.0
	maxIndent   = 8
)

// A face of type: size and the distance of the base lines. The smallest is 11
// points: below, the strokes of a full syllable run together at 204 pels an inch.
type typeface struct {
	size, leading float64
	before        float64 // space above a block, unless it stands first on the page
}

var faces = [...]typeface{
	paragraph: {12, 19, 9},
	heading1:  {21, 29, 20},
	heading2:  {16, 23, 17},
	heading3:  {13, 20, 13},
	picture:   {0, 0, 12},
	rule:      {0, 0, 12},
}

const small, smallLeading = 11.0, 16.0 // header line and notice

// A row is one line of the page, or a picture or rule: what cannot be cut.
type row struct {
	before, height float64
	keep           bool // must stand on the page of the row above
	items          []item
}

// An item is something printed, at points from the left and from the row's top
// (from the page's, once paged).
type item struct {
	x, y  float64
	text  string // with y at the base line
	style pdf.Style
	size  float64
	w, h  float64 // without text: a black bar, or pic
	pic   *bitmap
}

// A spacing stretches the distances of lines and of blocks; type keeps its size.
type spacing struct{ line, block float64 }

// How a fax is set, and how if that saves a page: each costs a call some forty
// seconds of a line, and two lines on a sheet of their own look forgotten.
const (
	normalLine, normalBlock = 1, 1
	tightLine, tightBlock   = 0.92, 0.62
)

// rows lays the blocks out for one person.
func (d *Document) rows(lookup func(string) (string, bool), sp spacing) []row {
	var rows []row
	quotedBefore := false
	for i, b := range d.blocks {
		from := len(rows)
		switch b.kind {
		case rule:
			rows = append(rows, row{before: faces[rule].before, height: 1.2,
				items: []item{{x: marginX + float64(b.indent)*indentStep, w: textWidth - float64(b.indent)*indentStep, h: 1.2}}})
		case picture:
			if pic := d.pictures[b.pic]; pic != nil {
				rows = append(rows, pictureRow(pic, b.indent))
			}
		default:
			rows = append(rows, d.paragraph(b, lookup, sp)...)
		}
		if from == len(rows) {
			continue
		}
		rows[from].before *= sp.block
		if b.tight {
			rows[from].before = 2
		}
		if i > 0 && isHeading(d.blocks[i-1].kind) && from > 0 {
			rows[from].keep = true // a heading stays with what it heads
			if b.kind != picture {
				rows[from].before = min(rows[from].before, 7)
			}
		}
		if b.quoted {
			for j := from; j < len(rows); j++ {
				above := 0.0
				if j > from || quotedBefore {
					above = rows[j].before
				}
				rows[j].items = append(rows[j].items, item{x: marginX + float64(b.indent-1)*indentStep + 4, y: -above, w: 2.4, h: rows[j].height + above})
			}
		}
		quotedBefore = b.quoted
	}
	return rows
}

func isHeading(k kind) bool { return k == heading1 || k == heading2 || k == heading3 }

// paragraph lays out a block of text. Of a paragraph at least two lines stand
// together, at the foot of a page as at the head of the next; a heading is never
// cut.
func (d *Document) paragraph(b block, lookup func(string) (string, bool), sp spacing) []row {
	f := faces[b.kind]
	f.leading *= sp.line
	left := marginX + float64(b.indent)*indentStep
	marker := d.fonts.Measure(b.marker, pdf.Style{}, f.size)
	if marker.Wide()+6 > left-marginX { // the number has no room beside the text
		b.runs = append([]run{{text: b.marker + " "}}, b.runs...)
		marker = nil
	}
	cut := pdf.Break(d.chars(b.runs, f.size, lookup), pageWidth-marginX-left)
	rows := make([]row, 0, len(cut))
	for i, l := range cut {
		r := row{height: f.leading, keep: i == 1 || i > 0 && (i == len(cut)-1 || isHeading(b.kind))}
		if i == 0 {
			r.before = f.before
			r.items = append(r.items, set(marker, left-6-marker.Wide(), baseline(f), f.size)...)
		}
		r.items = append(r.items, set(l, left, baseline(f), f.size)...)
		rows = append(rows, r)
	}
	return rows
}

// baseline returns how far below a line's top its characters stand.
func baseline(f typeface) float64 { return (f.leading+f.size)/2 - 0.14*f.size }

// set makes items of a line: one for each stretch of one style.
func set(l pdf.Line, x, y, size float64) []item {
	var items []item
	for len(l) > 0 {
		n := 1
		for n < len(l) && l[n].Style == l[0].Style {
			n++
		}
		stretch := l[:n]
		items = append(items, item{x: x, y: y, text: stretch.String(), style: l[0].Style, size: size})
		if l[0].Style.Underline {
			items = append(items, item{x: x, y: y + 0.18*size, w: stretch.Wide(), h: 0.9})
		}
		x += stretch.Wide()
		l = l[n:]
	}
	return items
}

// chars fills in the fields and measures. A value is text and nothing else: its
// line ends become spaces.
func (d *Document) chars(runs []run, size float64, lookup func(string) (string, bool)) []pdf.Char {
	var chars []pdf.Char
	for _, r := range runs {
		s := r.text
		if r.field != nil {
			s = strings.Join(strings.Fields(r.field.Value(lookup)), " ")
		}
		for i, part := range strings.Split(s, "\n") {
			if i > 0 {
				chars = append(chars, pdf.Char{Rune: '\n', Mandatory: true})
			}
			if len(chars) == 0 || chars[len(chars)-1].Mandatory {
				part = strings.TrimLeft(part, " ")
			}
			chars = append(chars, d.fonts.Measure(part, r.style, size)...)
		}
	}
	return chars
}

// pictureRow centres a picture on the pels of the fax, so that its dots arrive
// as they were set.
func pictureRow(pic *bitmap, indent int) row {
	left := marginX + float64(indent)*indentStep
	x := left + (pageWidth-marginX-left-pic.width())/2
	return row{before: faces[picture].before, height: pic.height() + 4,
		items: []item{{x: float64(int(x*pelsX)) / pelsX, w: pic.width(), h: pic.height(), pic: pic}}}
}
