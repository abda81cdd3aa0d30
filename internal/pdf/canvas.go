// Package pdf owns paper: PDF pages in Korean and English, set with fonts of which
// only the characters used are embedded. A Canvas is drawn on by points; a Document
// is set from top to bottom. It is the only door to the module that writes PDF.
package pdf

import (
	"bytes"
	"fmt"
	"time"

	"github.com/signintech/gopdf"
)

// A4 in points.
const (
	A4Width  = 595.0
	A4Height = 842.0
)

// Info is what a PDF says of itself.
type Info struct {
	Title, Author string
	Language      string    // BCP 47, "" for none
	At            time.Time // when it was made: the same content at the same time is the same bytes
}

// An Ink is a colour: red, green, blue.
type Ink [3]uint8

// Black is the zero Ink.
var Black Ink

// A Canvas is a PDF while it is drawn, page by page. Lengths are in points, from the
// upper left corner.
type Canvas struct {
	pdf  *gopdf.GoPdf
	info Info
}

// NewCanvas begins a PDF with pages of that size.
func NewCanvas(fonts *Fonts, info Info, width, height float64) (*Canvas, error) {
	c := &Canvas{&gopdf.GoPdf{}, info}
	c.pdf.Start(gopdf.Config{PageSize: gopdf.Rect{W: width, H: height}})
	c.pdf.SetInfo(gopdf.PdfInfo{Title: info.Title, Author: info.Author, Creator: "Clarion", CreationDate: info.At})
	for _, bold := range []bool{false, true} {
		if err := c.pdf.AddTTFFontFromFontContainer(familyOf(bold), fonts.container); err != nil {
			return nil, fmt.Errorf("add a font to a PDF: %w", err)
		}
	}
	return c, nil
}

// Page begins a page.
func (c *Canvas) Page() { c.pdf.AddPage() }

// Text writes s with its base line at y. What the fonts cannot draw is not to be in
// it: Fonts.Measure replaces that.
func (c *Canvas) Text(x, y float64, s string, bold bool, size float64, ink Ink) error {
	if err := c.pdf.SetFont(familyOf(bold), "", size); err != nil {
		return fmt.Errorf("write in a PDF: %w", err)
	}
	c.pdf.SetTextColor(ink[0], ink[1], ink[2])
	c.pdf.SetXY(x, y)
	if err := c.pdf.Text(s); err != nil {
		return fmt.Errorf("write in a PDF: %w", err)
	}
	return nil
}

// Fill draws a rectangle.
func (c *Canvas) Fill(x, y, width, height float64, ink Ink) {
	c.pdf.SetFillColor(ink[0], ink[1], ink[2])
	c.pdf.RectFromUpperLeftWithStyle(x, y, width, height, "F")
}

// Image draws a PNG.
func (c *Canvas) Image(x, y, width, height float64, png []byte) error {
	holder, err := gopdf.ImageHolderByBytes(png)
	if err == nil {
		err = c.pdf.ImageByHolder(holder, x, y, &gopdf.Rect{W: width, H: height})
	}
	if err != nil {
		return fmt.Errorf("draw in a PDF: %w", err)
	}
	return nil
}

// Bytes ends the PDF.
func (c *Canvas) Bytes() ([]byte, error) {
	var out bytes.Buffer
	if _, err := c.pdf.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write a PDF: %w", err)
	}
	if c.info.Language == "" {
		return out.Bytes(), nil
	}
	return inLanguage(out.Bytes(), c.info.Language)
}

// inLanguage adds to a PDF which language it is in, for whoever has it read aloud,
// and that its title is to stand above it. gopdf has no place for that in its
// catalogue, so another catalogue is appended that takes its place (ISO 32000-1
// §7.5.6).
func inLanguage(pdf []byte, lang string) ([]byte, error) {
	_, tail, ok := bytes.Cut(pdf, []byte("\ntrailer\n<<\n"))
	trailer, start, ok2 := bytes.Cut(tail, []byte(">>\nstartxref\n"))
	var xref int
	if _, err := fmt.Sscanf(string(start), "%d", &xref); err != nil || !ok || !ok2 {
		return nil, fmt.Errorf("write a PDF: it has no trailer where one is to be")
	}
	b := bytes.NewBuffer(pdf)
	catalogue := b.Len()
	fmt.Fprintf(b, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Lang (%s) /ViewerPreferences << /DisplayDocTitle true >> >>\nendobj\n", lang)
	again := b.Len()
	fmt.Fprintf(b, "xref\n0 1\n0000000000 65535 f \n1 1\n%010d 00000 n \ntrailer\n<<\n%s/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n", catalogue, trailer, xref, again)
	return b.Bytes(), nil
}
