package pdf

import (
	"fmt"
	"strings"
)

// How a document is set: margins, sizes and the distance of base lines, in points.
const (
	marginX   = 57.0 // 20 mm
	textWidth = A4Width - 2*marginX
	top       = 62.0
	bottom    = A4Height - 68.0
	footY     = A4Height - 36.0
)

// The inks of a document.
var (
	Quiet = Ink{0x59, 0x59, 0x59}
	Rule  = Ink{0xcf, 0xca, 0xc0}
	Good  = Ink{0x1f, 0x5e, 0x3a}
	Wait  = Ink{0x8a, 0x61, 0x00}
	Bad   = Ink{0xa1, 0x12, 0x12}
	Doubt = Ink{0x5b, 0x3a, 0x8e}
	Edge  = Ink{0x76, 0x76, 0x76}
)

// A setting is how text is set.
type setting struct {
	bold          bool
	size, leading float64
	before        float64 // space above, unless it stands first on its page
	ink           Ink
}

var (
	title   = setting{true, 20, 27, 0, Black}
	heading = setting{true, 12.5, 17, 18, Black}
	running = setting{false, 10, 15, 6, Black}
	note    = setting{false, 9, 13.5, 4, Quiet}
	cell    = setting{false, 9, 13, 0, Black}
	head    = setting{true, 8.5, 12, 0, Black}
	figure  = setting{true, 19, 24, 14, Black}
	foot    = setting{false, 8, 11, 0, Quiet}
)

// A Document is set from top to bottom on A4 pages; the foot of each says the title
// and the page.
type Document struct {
	fonts *Fonts
	info  Info
	pages []page
	y     float64 // where the next block begins
}

// A page has marks, or a drawing of its own.
type page struct {
	marks []mark
	draw  func(*Pen)
}

// A mark is a stretch of text, or a rectangle where it has none.
type mark struct {
	x, y          float64
	text          string
	bold          bool
	size          float64
	width, height float64
	ink           Ink
}

// New begins a document, with the fonts that the machine has.
func New(info Info) (*Document, error) {
	fonts, err := Standard()
	if err != nil {
		return nil, err
	}
	d := &Document{fonts: fonts, info: info}
	d.Break()
	return d, nil
}

// Break begins a page.
func (d *Document) Break() { d.pages, d.y = append(d.pages, page{}), top }

// Draw gives a page to a drawing, which has all of it: no foot stands there. What
// follows begins another.
func (d *Document) Draw(draw func(*Pen)) {
	last := len(d.pages) - 1
	if d.fresh() {
		d.pages[last] = page{draw: draw}
	} else {
		d.pages = append(d.pages, page{draw: draw})
	}
	d.y = bottom
}

// fresh reports whether nothing stands on the page yet.
func (d *Document) fresh() bool {
	last := d.pages[len(d.pages)-1]
	return len(last.marks) == 0 && last.draw == nil
}

// need begins a page if there is no room for so much below the space before it.
func (d *Document) need(before, height float64) {
	if !d.fresh() {
		d.y += before
		if d.y+height > bottom {
			d.Break()
		}
	}
}

func (d *Document) put(m ...mark) {
	last := len(d.pages) - 1
	d.pages[last].marks = append(d.pages[last].marks, m...)
}

// line writes a measured line of one setting with its top at y.
func (d *Document) line(x, y float64, l Line, f setting) {
	if len(l) > 0 {
		d.put(mark{x: x, y: y + (f.leading+f.size)/2 - 0.14*f.size, text: l.String(), bold: f.bold, size: f.size, ink: f.ink})
	}
}

func (d *Document) measure(s string, f setting) Line {
	return d.fonts.Measure(s, Style{Bold: f.bold}, f.size)
}

// Title sets the title at the head of the document.
func (d *Document) Title(s string) { d.text(s, title, 0) }

// Heading sets a heading, which stays with what follows.
func (d *Document) Heading(s string) { d.text(s, heading, 60) }

// Text sets a paragraph.
func (d *Document) Text(s string) { d.text(s, running, 0) }

// Note sets a paragraph that is small and quiet.
func (d *Document) Note(s string) { d.text(s, note, 0) }

// text sets a paragraph; stays is how much room there is to be below it.
func (d *Document) text(s string, f setting, stays float64) {
	lines := Break(d.measure(s, f), textWidth)
	for i, l := range lines {
		switch {
		case i == 0:
			d.need(f.before, min(2, float64(len(lines)))*f.leading+stays)
		default:
			d.need(0, f.leading)
		}
		d.line(marginX, d.y, l, f)
		d.y += f.leading
	}
}

// A Figure is a large number with its words.
type Figure struct{ Value, Words string }

// Figures sets numbers beside each other, in as many rows as they take.
func (d *Document) Figures(all []Figure) {
	const gap = 24.0
	x, height := 0.0, figure.leading+note.leading
	for i, f := range all {
		value, words := d.measure(f.Value, figure), d.measure(f.Words, note)
		wide := max(value.Wide(), words.Wide())
		if i == 0 || x+wide > textWidth {
			if i > 0 {
				d.y += height
			}
			d.need(figure.before, height)
			x = 0
		}
		d.line(marginX+x, d.y, value, figure)
		d.line(marginX+x, d.y+figure.leading, words, note)
		x += wide + gap
	}
	if len(all) > 0 {
		d.y += height
	}
}

// A Part is a stretch of a bar.
type Part struct {
	Words string
	Count int
	Ink   Ink
}

// Bar draws parts of a whole beside each other, and under them what each is. What is
// there at all is seen.
func (d *Document) Bar(parts []Part, count func(n int) string) {
	const thick, least, square, gap = 12.0, 1.5, 6.5, 14.0
	total, there := 0, 0
	for _, p := range parts {
		if total += p.Count; p.Count > 0 {
			there++
		}
	}
	if total == 0 {
		return
	}
	d.need(8, thick+4+note.leading)
	x, room := marginX, textWidth-least*float64(there)
	for _, p := range parts {
		if p.Count > 0 {
			wide := least + room*float64(p.Count)/float64(total)
			d.put(mark{x: x, y: d.y, width: wide, height: thick, ink: p.Ink})
			x += wide
		}
	}
	d.y += thick + 4
	x = 0
	for _, p := range parts {
		if p.Count == 0 {
			continue
		}
		words := d.measure(p.Words+" "+count(p.Count), note)
		if x > 0 && x+square+4+words.Wide() > textWidth {
			d.y += note.leading
			d.need(0, note.leading)
			x = 0
		}
		d.put(mark{x: marginX + x, y: d.y + (note.leading-square)/2, width: square, height: square, ink: p.Ink})
		d.line(marginX+x+square+4, d.y, words, note)
		x += square + 4 + words.Wide() + gap
	}
	d.y += note.leading
}

// Bytes ends the document.
func (d *Document) Bytes() ([]byte, error) {
	c, err := NewCanvas(d.fonts, d.info, A4Width, A4Height)
	if err != nil {
		return nil, err
	}
	for i, page := range d.pages {
		c.Page()
		if page.draw != nil {
			pen := &Pen{canvas: c, fonts: d.fonts}
			if page.draw(pen); pen.err != nil {
				return nil, pen.err
			}
			continue
		}
		for _, m := range append(page.marks, d.foot(i+1)...) {
			if m.text == "" {
				c.Fill(m.x, m.y, m.width, m.height, m.ink)
			} else if err := c.Text(m.x, m.y, m.text, m.bold, m.size, m.ink); err != nil {
				return nil, err
			}
		}
	}
	return c.Bytes()
}

// foot is what stands at the foot of a page.
func (d *Document) foot(page int) []mark {
	number := d.measure(fmt.Sprintf("%d / %d", page, len(d.pages)), foot)
	name := Break(d.measure(strings.TrimSpace(d.info.Title), foot), textWidth-number.Wide()-20)
	marks := []mark{{x: marginX, y: footY - 14, width: textWidth, height: 0.5, ink: Rule}}
	if len(name) > 0 {
		marks = append(marks, mark{x: marginX, y: footY, text: name[0].String(), size: foot.size, ink: foot.ink})
	}
	return append(marks, mark{x: marginX + textWidth - number.Wide(), y: footY, text: number.String(), size: foot.size, ink: foot.ink})
}
