package pdf

// A Setting is how a Pen sets text.
type Setting struct {
	Size    float64 // in points
	Bold    bool
	Ink     Ink
	Leading float64 // from base line to base line, 0 for 1.4 times the size
	Lines   int     // at most so many, the last with an ellipsis where text is left; 0 for as many as it takes
	Align   Align
}

// An Align is where a line stands in its width.
type Align uint8

// The aligns.
const (
	Left Align = iota
	Middle
	Right
)

// A Pen draws on a Canvas and keeps the first error, so that a page is drawn without a
// question after each stroke. Texts may be any: it replaces what the fonts cannot draw.
type Pen struct {
	canvas *Canvas // nil where it only measures
	fonts  *Fonts
	err    error
}

// NewPen begins a PDF of A4 pages that a Pen draws.
func NewPen(info Info) (*Pen, error) {
	fonts, err := Standard()
	if err != nil {
		return nil, err
	}
	c, err := NewCanvas(fonts, info, A4Width, A4Height)
	if err != nil {
		return nil, err
	}
	return &Pen{canvas: c, fonts: fonts}, nil
}

// Page begins a page.
func (p *Pen) Page() { p.canvas.Page() }

// Bytes ends the PDF. The error is the first of all that went wrong.
func (p *Pen) Bytes() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.canvas.Bytes()
}

func (f Setting) leading() float64 {
	if f.Leading > 0 {
		return f.Leading
	}
	return 1.4 * f.Size
}

// lines are those of s within width.
func (p *Pen) lines(width float64, s string, f Setting) []Line {
	all := Break(p.fonts.Measure(s, Style{Bold: f.Bold}, f.Size), width)
	if f.Lines > 0 && len(all) > f.Lines {
		last := all[f.Lines-1]
		all = append(all[:f.Lines-1:f.Lines-1], p.cut(last, width, f, true))
	}
	return all
}

// cut shortens a line to a width, an ellipsis with it; more says that text follows.
func (p *Pen) cut(l Line, width float64, f Setting, more bool) Line {
	if !more && l.Wide() <= width {
		return l
	}
	end := p.fonts.Measure("…", Style{Bold: f.Bold}, f.Size)
	for len(l) > 0 && l.Wide()+end.Wide() > width {
		l = l[:len(l)-1]
	}
	l = l.Trim()
	return append(l[:len(l):len(l)], end...)
}

// Height is how high s stands in a width.
func (p *Pen) Height(width float64, s string, f Setting) float64 {
	return float64(len(p.lines(width, s, f))) * f.leading()
}

// Text sets s in lines within a width, with its top at y, and returns where it ends.
func (p *Pen) Text(x, y, width float64, s string, f Setting) float64 {
	for _, l := range p.lines(width, s, f) {
		p.line(x, y, width, l, f)
		y += f.leading()
	}
	return y
}

// Fit sets s in one line within a width: smaller where it must be, down to three
// fifths, and cut where that is not enough.
func (p *Pen) Fit(x, y, width float64, s string, f Setting) {
	small, was := f, f.leading()
	wide := p.fonts.Measure(s, Style{Bold: f.Bold}, f.Size).Wide()
	if wide > width {
		small.Size = f.Size * max(0.6, width/wide*0.999)
	}
	small.Leading = was
	p.line(x, y, width, p.cut(p.fonts.Measure(s, Style{Bold: f.Bold}, small.Size), width, small, false), small)
}

func (p *Pen) line(x, y, width float64, l Line, f Setting) {
	switch f.Align {
	case Middle:
		x += (width - l.Wide()) / 2
	case Right:
		x += width - l.Wide()
	}
	if len(l) > 0 && p.err == nil && p.canvas != nil {
		p.err = p.canvas.Text(x, y+(f.leading()+f.Size)/2-0.14*f.Size, l.String(), f.Bold, f.Size, f.Ink)
	}
}

// Fill draws a rectangle.
func (p *Pen) Fill(x, y, width, height float64, ink Ink) {
	if p.canvas != nil {
		p.canvas.Fill(x, y, width, height, ink)
	}
}

// Frame draws the edge of a rectangle, so thick, within it.
func (p *Pen) Frame(x, y, width, height, thick float64, ink Ink) {
	p.Fill(x, y, width, thick, ink)
	p.Fill(x, y+height-thick, width, thick, ink)
	p.Fill(x, y, thick, height, ink)
	p.Fill(x+width-thick, y, thick, height, ink)
}

// Modules draws a square of so many points whose dark modules are set, row by row: a
// QR code, with the quiet zone around it among its modules.
func (p *Pen) Modules(x, y, size float64, dark [][]bool) {
	const overlap = 0.05 // else printers leave a hair between rows
	one := size / float64(len(dark))
	for i, row := range dark {
		for j := 0; j < len(row); j++ {
			from := j
			for j < len(row) && row[j] {
				j++
			}
			if j > from {
				p.Fill(x+float64(from)*one, y+float64(i)*one, float64(j-from)*one, one+overlap, Black)
			}
		}
	}
}

// Measure lets a drawing find out how high its parts are, on a page that is not kept.
func (d *Document) Measure(draw func(*Pen)) { draw(&Pen{fonts: d.fonts}) }
