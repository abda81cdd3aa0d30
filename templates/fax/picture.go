package fax

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // formats that a picture may have
	_ "image/jpeg" //
	"image/png"
	"math"
	"sync"

	"golang.org/x/image/draw"
)

const (
	maxPicture    = 240.0      // height in points, 85 mm
	maxPels       = 60_000_000 // of a picture as given; a camera's have 12 to 50 million
	enlargement   = 1.6        // at most, of a picture's pixels to the fax's pels
	lineArt       = 0.92       // share of black and white pels from which a picture is a drawing
	blackPoint    = 0.005      // share of a photograph's pels that become solid
	toneExponent  = 1.8        // light falls with the 2.2th power of a value; printed dots spread, so less
	sharpenAmount = 0.5
)

// A bitmap is a picture as the fax sends it.
type bitmap struct {
	pels image.Point
	png  []byte // a bit a pel
}

func (b *bitmap) width() float64  { return float64(b.pels.X) / pelsX }
func (b *bitmap) height() float64 { return float64(b.pels.Y) / pelsY }

// drawn keeps the pictures that were drawn last: an editor asks for the same ones
// at each look, and one takes as long as all the rest of its page.
var drawn struct {
	sync.Mutex
	kept [8]sketch
	next int // the oldest
}

// A sketch is a bitmap, and what it was made of.
type sketch struct {
	of     [sha256.Size]byte
	width  float64
	bitmap *bitmap
}

// draft returns newBitmap's picture, perhaps one that was drawn before.
func draft(data []byte, width float64) (*bitmap, error) {
	of := sha256.Sum256(data)
	drawn.Lock()
	defer drawn.Unlock() // one at a time: two who open the same call draw it once
	for _, s := range drawn.kept {
		if s.bitmap != nil && s.of == of && s.width == width {
			return s.bitmap, nil
		}
	}
	b, err := newBitmap(data, width)
	if err == nil {
		drawn.kept[drawn.next] = sketch{of, width, b}
		drawn.next = (drawn.next + 1) % len(drawn.kept)
	}
	return b, err
}

// newBitmap makes a fax picture, at most width points wide. A fax has black and
// white alone, and left to themselves converters screen a photograph coarsely:
// so it is scaled to the fax's own pels, sharpened a little, and its greys are
// spread by error diffusion (Floyd and Steinberg, 1976). Drawings and lettering
// are cut at the middle grey instead, which keeps their edges clean.
func newBitmap(data []byte, width float64) (*bitmap, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width*config.Height > maxPels {
		return nil, fmt.Errorf("read picture: %d by %d pixels; up to %d million in all will do", config.Width, config.Height, maxPels/1_000_000)
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	src = upright(src, orientation(data))
	size := inked(src)
	w := min(width, float64(size.Dx())*enlargement/pelsX)
	h := w * float64(size.Dy()) / float64(size.Dx())
	if h > maxPicture {
		w, h = w*maxPicture/h, maxPicture
	}
	target := image.Rect(0, 0, max(1, int(w*pelsX)), max(1, int(h*pelsY)))
	sheet := image.NewRGBA(target)
	draw.Draw(sheet, target, image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(sheet, target, src, size, draw.Over, nil)

	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, bits(luminance(sheet), target)); err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return &bitmap{target.Size(), out.Bytes()}, nil
}

// inked returns the part of a picture within its white border, which paper has
// of itself. It looks at a small copy, so a little of the border may stay.
func inked(src image.Image) image.Rectangle {
	const side = 256
	full := src.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, min(side, full.Dx()), min(side, full.Dy())))
	draw.Draw(small, small.Rect, image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(small, small.Rect, src, full, draw.Over, nil)
	w, h := small.Rect.Dx(), small.Rect.Dy()
	ink := image.Rectangle{}
	for i, v := range luminance(small) {
		if v < 0.98 {
			ink = ink.Union(image.Rect(i%w-1, i/w-1, i%w+2, i/w+2))
		}
	}
	if ink = ink.Intersect(small.Rect); ink.Empty() {
		return full
	}
	return image.Rect(full.Min.X+ink.Min.X*full.Dx()/w, full.Min.Y+ink.Min.Y*full.Dy()/h,
		full.Min.X+(ink.Max.X*full.Dx()+w-1)/w, full.Min.Y+(ink.Max.Y*full.Dy()+h-1)/h)
}

// luminance returns the pels of an opaque picture from 0, black, to 1.
func luminance(m *image.RGBA) []float64 {
	v := make([]float64, 0, m.Rect.Dx()*m.Rect.Dy())
	for i := 0; i < len(m.Pix); i += 4 {
		v = append(v, (0.2126*float64(m.Pix[i])+0.7152*float64(m.Pix[i+1])+0.0722*float64(m.Pix[i+2]))/255)
	}
	return v
}

// bits makes black and white of grey.
func bits(v []float64, r image.Rectangle) *image.Paletted {
	out := image.NewPaletted(r, color.Palette{color.White, color.Black})
	plain := 0
	for _, x := range v {
		if x < 0.1 || x > 0.9 {
			plain++
		}
	}
	if float64(plain) >= lineArt*float64(len(v)) {
		for i, x := range v {
			if x < 0.5 {
				out.Pix[i] = 1
			}
		}
		return out
	}
	stretch(v)
	v = sharpen(v, r.Dx(), r.Dy())
	for i, x := range v {
		v[i] = math.Pow(min(max(x, 0), 1), toneExponent)
	}
	diffuse(v, r.Dx(), r.Dy(), out.Pix)
	return out
}

// stretch lets the darkest and lightest parts be black and white.
func stretch(v []float64) {
	var histogram [256]int
	for _, x := range v {
		histogram[int(min(max(x, 0), 1)*255)]++
	}
	share := int(blackPoint * float64(len(v)))
	low, high := 0, 255
	for n := histogram[0]; n <= share && low < 254; n += histogram[low] {
		low++
	}
	for n := histogram[255]; n <= share && high > low+1; n += histogram[high] {
		high--
	}
	for i := range v {
		v[i] = (v[i]*255 - float64(low)) / float64(high-low)
	}
}

// sharpen takes from each pel part of what its neighbours have.
func sharpen(v []float64, w, h int) []float64 {
	out := make([]float64, len(v))
	at := func(x, y int) float64 { return v[min(max(y, 0), h-1)*w+min(max(x, 0), w-1)] }
	for y := range h {
		for x := range w {
			mean := (at(x-1, y) + at(x+1, y) + at(x, y-1) + at(x, y+1)) / 4
			out[y*w+x] = v[y*w+x] + sharpenAmount*(v[y*w+x]-mean)
		}
	}
	return out
}

// diffuse sets each pel to black or white and hands what is left over to those
// to come, from left to right and back by turns, so that no grain shows.
func diffuse(v []float64, w, h int, pix []uint8) {
	for y := range h {
		step, x := 1, 0
		if y%2 == 1 {
			step, x = -1, w-1
		}
		for range w {
			i := y*w + x
			rest := v[i]
			if rest < 0.5 {
				pix[i] = 1
			} else {
				rest--
			}
			for _, to := range [...]struct {
				x, y  int
				share float64
			}{{x + step, y, 7}, {x - step, y + 1, 3}, {x, y + 1, 5}, {x + step, y + 1, 1}} {
				if to.x >= 0 && to.x < w && to.y < h {
					v[to.y*w+to.x] += rest * to.share / 16
				}
			}
			x += step
		}
	}
}
