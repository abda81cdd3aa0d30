package incoming

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/tiff"

	"clarion/petition"
)

// Example is a received fax: a form that somebody filled in, once in standard and once in
// fine resolution.
//
//go:embed example/form.tif
var Example []byte

// Bounds of a received fax. A page in fine resolution has some 60 kB, a photograph 400.
const (
	MaxFax  = 4 << 20 // bytes of the file
	maxPage = 30      // pages
	maxDots = 2432 * 8000
)

// Why a file is not taken. Each says what to do.
var (
	ErrNoFax    = errors.New("this is no TIFF of a fax: give the file that the fax server received, such as recvq/fax000000012.tif")
	ErrLargeFax = fmt.Errorf("a fax of more than %d MB or %d pages is not taken: split it, tiffsplit does that", MaxFax>>20, maxPage)
	ErrFaxCode  = errors.New("a page cannot be read: it is coded in a way of Group 3 that is not read here, or damaged. Convert it: tiffcp -c g4 FILE.tif NEW.tif")
)

// TakeFax keeps a received fax for a person to look at, once however often the file is
// given. Number is whom the line says it came from, "" for nobody. It returns the id
// under which it waits, and whether it is new. The error is one of those above, or a
// *petition.Refusal.
func TakeFax(ctx context.Context, r *petition.Roll, file []byte, number string) (id string, fresh bool, err error) {
	if len(file) > MaxFax {
		return "", false, ErrLargeFax
	}
	pages, err := pagesOf(file)
	if err != nil {
		return "", false, err
	}
	for _, p := range pages {
		if _, err := p.decode(file); err != nil {
			return "", false, err
		}
	}
	id = r.WaitingID(petition.WayFax, file)
	fresh, err = r.Keep(ctx, petition.Waiting{ID: id, Way: petition.WayFax, Number: number, Pages: len(pages)}, file)
	return id, fresh, err
}

// Picture is a page of a fax, from 1, as a PNG. The error is petition.ErrNoWaiting where
// there is no such page.
func Picture(file []byte, number int) ([]byte, error) {
	pages, err := pagesOf(file)
	if err != nil {
		return nil, err
	}
	if number < 1 || number > len(pages) {
		return nil, petition.ErrNoWaiting
	}
	picture, err := pages[number-1].decode(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, pages[number-1].square(picture)); err != nil {
		return nil, fmt.Errorf("draw a page of a fax: %w", err)
	}
	return out.Bytes(), nil
}

// A page is one image of a TIFF (TIFF 6.0, section 2).
type page struct {
	at            uint32 // where its directory begins
	width, height int
	x, y          float64 // dots an inch, or a centimetre
	code, options int     // Compression, T4Options
}

// Tags of a TIFF that are looked at here (TIFF 6.0, section 8).
const (
	tagWidth   = 256
	tagHeight  = 257
	tagCode    = 259
	tagX       = 282
	tagY       = 283
	tagOptions = 292

	codeG3    = 3 // ITU-T T.4, of which option bit 0 means two dimensions (MR)
	codeG4    = 4 // ITU-T T.6
	optionTwo = 1
)

// order is how a TIFF writes numbers.
func order(file []byte) (binary.ByteOrder, bool) {
	switch {
	case len(file) < 8:
		return nil, false
	case bytes.HasPrefix(file, []byte("II*\x00")):
		return binary.LittleEndian, true
	case bytes.HasPrefix(file, []byte("MM\x00*")):
		return binary.BigEndian, true
	}
	return nil, false
}

// pagesOf finds the pages, each of which names where the next one is.
func pagesOf(file []byte) (pages []page, err error) {
	bits, ok := order(file)
	if !ok {
		return nil, ErrNoFax
	}
	for at := bits.Uint32(file[4:]); at != 0; {
		if len(pages) == maxPage {
			return nil, ErrLargeFax
		}
		p := page{at: at}
		if at, ok = p.read(file, bits); !ok {
			return nil, ErrNoFax
		}
		switch {
		case p.code != codeG3 && p.code != codeG4:
			return nil, ErrNoFax
		case p.width*p.height > maxDots:
			return nil, ErrLargeFax
		}
		pages = append(pages, p)
	}
	if len(pages) == 0 {
		return nil, ErrNoFax
	}
	return pages, nil
}

// read reads a page's directory, and returns where the next one begins, 0 for nowhere.
func (p *page) read(file []byte, bits binary.ByteOrder) (next uint32, ok bool) {
	start := uint64(p.at)
	if start+2 > uint64(len(file)) {
		return 0, false
	}
	const entry = 12
	end := start + 2 + entry*uint64(bits.Uint16(file[start:]))
	if end+4 > uint64(len(file)) {
		return 0, false
	}
	for e := start + 2; e < end; e += entry {
		value := bits.Uint32(file[e+8:])
		short := int(bits.Uint16(file[e+8:]))
		if bits.Uint16(file[e+2:]) != 3 { // no SHORT, but a LONG
			short = int(min(value, math.MaxInt32))
		}
		switch bits.Uint16(file[e:]) {
		case tagWidth:
			p.width = short
		case tagHeight:
			p.height = short
		case tagCode:
			p.code = short
		case tagOptions:
			p.options = short
		case tagX:
			p.x = ratio(file, bits, value)
		case tagY:
			p.y = ratio(file, bits, value)
		}
	}
	return bits.Uint32(file[end:]), p.width > 0 && p.height > 0 && p.width <= 1<<14 && p.height <= 1<<16
}

// ratio is a RATIONAL, 0 for none.
func ratio(file []byte, bits binary.ByteOrder, at uint32) float64 {
	if uint64(at)+8 > uint64(len(file)) || bits.Uint32(file[at+4:]) == 0 {
		return 0
	}
	return float64(bits.Uint32(file[at:])) / float64(bits.Uint32(file[at+4:]))
}

// decode draws a page. The decoder knows the first page alone: so it is given the file
// with this page as the first.
func (p *page) decode(file []byte) (image.Image, error) {
	if p.code == codeG3 && p.options&optionTwo != 0 {
		return nil, ErrFaxCode
	}
	bits, _ := order(file)
	first := bytes.Clone(file)
	bits.PutUint32(first[4:], p.at)
	picture, err := tiff.Decode(bytes.NewReader(first))
	if err != nil {
		return nil, ErrFaxCode // what the decoder says is for who knows its code
	}
	return picture, nil
}

// square is a page with dots as high as they are wide: those of a fax in standard
// resolution are twice as high (ITU-T T.4: 204 by 98 an inch). It has two colours.
func (p *page) square(from image.Image) image.Image {
	times := 1
	if p.x > 0 && p.y > 0 {
		times = max(1, min(4, int(math.Round(p.x/p.y))))
	}
	b := from.Bounds()
	gray := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(gray, gray.Rect, from, b.Min, draw.Src)
	to := image.NewPaletted(image.Rect(0, 0, b.Dx(), b.Dy()*times), color.Palette{color.White, color.Black})
	for y := range b.Dy() {
		line := to.Pix[y*times*to.Stride : (y*times+1)*to.Stride]
		for x, dot := range gray.Pix[y*gray.Stride : y*gray.Stride+b.Dx()] {
			if dot < 128 {
				line[x] = 1
			}
		}
		for again := 1; again < times; again++ {
			copy(to.Pix[(y*times+again)*to.Stride:], line)
		}
	}
	return to
}
