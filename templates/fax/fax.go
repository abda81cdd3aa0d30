// Package fax owns how a call's text becomes a fax: A4 pages in black and white,
// set so that they are still clear after a group 3 machine, with the header line
// and the opt-out notice that the law asks for. Sending the pages belongs to the
// gateways.
package fax

import (
	"fmt"
	"slices"
	"time"

	"clarion/internal/conf"
	"clarion/internal/pdf"
	"clarion/lists/address"
	"clarion/templates"
)

// Options is what a fax takes from outside the call.
type Options struct {
	OptOutURL string // page that takes opt-outs free of charge, printed in the notice; "" if there is none
}

// A Document is a call's fax in one language, read and with its pictures ready,
// to be filled for one person after the other. It does not change and may be
// used from several goroutines.
type Document struct {
	lang      string
	title     string
	fax       templates.Fax
	optOut    bool // with a notice
	optOutURL string
	fonts     *pdf.Fonts
	blocks    []block
	pictures  map[string]*bitmap
}

// A Person is whom a fax is made for.
type Person struct {
	Lookup func(field string) (string, bool) // the person's merge fields; nil: none, so every fall-back
	At     time.Time                         // when it is sent, printed in At's zone
}

func (p *Person) value(field string) (string, bool) {
	if p.Lookup == nil {
		return "", false
	}
	return p.Lookup(field)
}

// Compile reads the call's text and pictures. The problems stand at their line
// of the file: what a fax cannot show, characters that the fonts lack, missing
// fonts. Without fonts or text the document is nil.
func Compile(c *templates.Call, lang string, o Options) (*Document, []conf.Problem) {
	t := c.Text(address.Fax, lang)
	if t == nil {
		return nil, []conf.Problem{{File: templates.CallFile, Message: fmt.Sprintf("the call has no text for fax in %q", lang)}}
	}
	fonts, err := pdf.Standard()
	if err != nil {
		return nil, []conf.Problem{{File: t.File(), Message: err.Error()}}
	}
	d := &Document{lang: lang, title: c.Campaign, fax: c.Fax, optOut: c.Class != templates.Service, optOutURL: o.OptOutURL, fonts: fonts}
	if d.fax.OptOutFax == "" {
		d.fax.OptOutFax = d.fax.From
	}
	var problems []conf.Problem
	d.blocks, problems = read(t)
	shown := func(b block) bool { return b.kind == picture && b.pic == c.Fax.Picture }
	if c.Fax.Picture != "" && !slices.ContainsFunc(d.blocks, shown) {
		d.blocks = append([]block{{kind: picture, pic: c.Fax.Picture}}, d.blocks...)
	}
	problems = append(problems, d.load(c, t.File())...)
	problems = append(problems, d.unprintable(t.File())...)
	return d, conf.Sort(problems)
}

// load makes the pictures that the blocks show.
func (d *Document) load(c *templates.Call, file string) []conf.Problem {
	d.pictures = map[string]*bitmap{}
	var problems []conf.Problem
	for _, b := range d.blocks {
		if _, done := d.pictures[b.pic]; b.kind != picture || done {
			continue
		}
		data, ok := c.File(b.pic)
		if !ok {
			problems = append(problems, conf.Problem{File: file, Line: b.line, Message: fmt.Sprintf("the picture %s is not in the call's folder", b.pic)})
			continue
		}
		pic, err := draft(data, textWidth-float64(b.indent)*indentStep)
		if err != nil {
			problems = append(problems, conf.Problem{File: file, Line: b.line, Message: fmt.Sprintf("the picture %s does not show: %v", b.pic, err)})
		}
		d.pictures[b.pic] = pic
	}
	return problems
}

// unprintable names the characters of the text that the fonts cannot draw.
func (d *Document) unprintable(file string) []conf.Problem {
	var problems []conf.Problem
	for _, b := range d.blocks {
		for _, r := range b.runs {
			s, line := r.text, b.line
			if r.field != nil {
				s, line = r.field.Fallback, r.field.Line
			}
			for _, c := range d.fonts.Missing(s) {
				problems = append(problems, conf.Problem{File: file, Line: line, Message: fmt.Sprintf("%q cannot be printed on a fax; %c stands in its place", c, pdf.Substitute)})
			}
		}
	}
	return problems
}

// Missing returns the characters of the person's own values that cannot be
// printed; a square stands in their place.
func (d *Document) Missing(p *Person) []rune {
	var out []rune
	for _, b := range d.blocks {
		for _, r := range b.runs {
			if r.field != nil {
				out = append(out, d.fonts.Missing(r.field.Value(p.value))...)
			}
		}
	}
	return out
}

// Pages returns how many pages the person's fax has, at least 1.
func (d *Document) Pages(p *Person) int { return len(d.pages(p)) }

func (d *Document) pages(p *Person) []page {
	notice, height := d.notice()
	first := bottom
	if height > 0 {
		first -= height + 14
	}
	pages := paginate(d.rows(p.value, spacing{normalLine, normalBlock}), first)
	if len(pages) > 1 {
		if tight := paginate(d.rows(p.value, spacing{tightLine, tightBlock}), first); len(tight) < len(pages) {
			pages = tight
		}
	}
	y := bottom - height
	for _, r := range notice {
		y += r.before
		for _, it := range r.items {
			it.y += y
			pages[0] = append(pages[0], it)
		}
		y += r.height
	}
	for i := range pages {
		pages[i] = append(d.header(p.At, i+1, len(pages)), pages[i]...)
	}
	return pages
}

// PDF returns the person's fax. The same person at the same time gets the same
// bytes.
func (d *Document) PDF(p *Person) ([]byte, error) {
	paper, err := pdf.NewCanvas(d.fonts, pdf.Info{Title: d.title, Author: d.fax.Station, At: p.At}, pageWidth, pageHeight)
	if err != nil {
		return nil, fmt.Errorf("print fax: %w", err)
	}
	for _, pg := range d.pages(p) {
		paper.Page()
		for _, it := range pg {
			if err := place(paper, it); err != nil {
				return nil, fmt.Errorf("print fax: %w", err)
			}
		}
	}
	return paper.Bytes()
}

// place puts an item on the page that is open.
func place(paper *pdf.Canvas, it item) error {
	switch {
	case it.pic != nil:
		return paper.Image(it.x, it.y, it.w, it.h, it.pic.png)
	case it.text == "":
		if it.h > 0 {
			paper.Fill(it.x, it.y, it.w, it.h, pdf.Black)
		}
		return nil
	}
	return paper.Text(it.x, it.y, it.text, it.style.Bold, it.size, pdf.Black)
}
