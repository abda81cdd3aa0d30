package fax

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
)

func TestBitmapSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		w, h           int
		wide, high     float64 // at most, in points
		wantW, wantPct float64 // width, and height in percent of it
	}{
		{"a small one is enlarged a little", 100, 50, textWidth, maxPicture, 100 * enlargement / pelsX, 50},
		{"a large one fills the line", 4000, 1000, textWidth, maxPicture, textWidth, 25},
		{"a high one is as high as allowed", 500, 4000, textWidth, maxPicture, maxPicture / 8, 800},
		{"within a list", 4000, 1000, 300, maxPicture, 300, 25},
		{"a single pixel", 1, 1, textWidth, maxPicture, 1 / pelsX, 100},
	} {
		b, err := newBitmap(gradient(t, c.w, c.h), c.wide)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if b.width() > c.wide+0.01 || b.height() > c.high+0.01 {
			t.Errorf("%s: %.1f by %.1f points", c.name, b.width(), b.height())
		}
		// A pel is about a third of a point; what is given has whole pels.
		if d := b.width() - c.wantW; d > 0.5 || d < -0.5 {
			t.Errorf("%s: width %.1f, want %.1f", c.name, b.width(), c.wantW)
		}
		if d := b.height() - c.wantW*c.wantPct/100; d > 0.8 || d < -0.8 {
			t.Errorf("%s: height %.1f, want %.1f: squeezed", c.name, b.height(), c.wantW*c.wantPct/100)
		}
	}
}

// onPaper reads the pels of a picture: 0 white, 1 black.
func onPaper(t *testing.T, b *bitmap) *image.Paletted {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b.png))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*image.Paletted)
}

// A picture is drawn once, whoever looks at it how often; another, or another
// width, is another.
func TestPicturesAreDrawnOnce(t *testing.T) {
	t.Parallel()
	one := gradient(t, 90, 30)
	first, err := draft(one, textWidth)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data  []byte
		width float64
		same  bool
	}{{slices.Clone(one), textWidth, true}, {one, 20, false}, {gradient(t, 30, 90), textWidth, false}} {
		b, err := draft(c.data, c.width)
		if err != nil || (b == first) != c.same || (b.pels == first.pels) != c.same {
			t.Errorf("%v wide: %v, %v; the same %v", c.width, b, err, c.same)
		}
	}
	for range 2 {
		if b, err := draft([]byte("no picture"), textWidth); err == nil || b != nil {
			t.Errorf("what is no picture is drawn: %v", b)
		}
	}
}

func TestGreysBecomeShares(t *testing.T) {
	t.Parallel()
	b, err := newBitmap(gradient(t, 800, 400), textWidth)
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(b.png))
	if palette, ok := config.ColorModel.(color.Palette); err != nil || !ok || len(palette) != 2 {
		t.Errorf("the picture is no bitmap: %v, %v", config.ColorModel, err)
	}
	pels := onPaper(t, b)
	w, h := b.pels.X, b.pels.Y
	share := func(from, to int) float64 {
		black := 0
		for y := range h {
			for x := from; x < to; x++ {
				black += int(pels.Pix[y*pels.Stride+x])
			}
		}
		return float64(black) / float64((to-from)*h)
	}
	last := 2.0
	for i := range 8 { // from black at the left to white at the right
		s := share(i*w/8, (i+1)*w/8)
		if s >= last {
			t.Errorf("eighth %d is %.2f black, the one before %.2f", i+1, s, last)
		}
		last = s
	}
	if dark, light := share(0, w/8), share(7*w/8, w); dark < 0.9 || light > 0.2 {
		t.Errorf("black is %.2f, white %.2f", dark, light)
	}
}

func TestDrawingsKeepTheirEdges(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 300, 300)) // dark blue on nothing
	for y := 100; y < 200; y++ {
		for x := 100; x < 200; x++ {
			m.Set(x, y, color.NRGBA{10, 10, 60, 255})
		}
	}
	var data bytes.Buffer
	if err := png.Encode(&data, m); err != nil {
		t.Fatal(err)
	}
	b, err := newBitmap(data.Bytes(), textWidth)
	if err != nil {
		t.Fatal(err)
	}
	w, pels := b.pels.X, onPaper(t, b)
	if b.width() > 106*enlargement/pelsX {
		t.Errorf("the white border is %.0f points wide still", b.width()-100*enlargement/pelsX)
	}
	for y := range b.pels.Y {
		changes := 0
		for x := 1; x < w; x++ {
			if pels.Pix[y*pels.Stride+x] != pels.Pix[y*pels.Stride+x-1] {
				changes++
			}
		}
		if changes != 0 && changes != 2 {
			t.Fatalf("line %d changes colour %d times: dots at an edge", y, changes)
		}
	}
	if pels.Pix[0] != 0 || pels.Pix[b.pels.Y/2*pels.Stride+w/2] != 1 {
		t.Error("what shows through is white, the square is black")
	}
}

func TestPictureIsUpright(t *testing.T) {
	t.Parallel()
	// Upright, the picture's left half is black. Each way of holding the camera
	// stores it so that the tag turns it back (Exif 2.3 §4.6.4).
	for tag, black := range [...]image.Rectangle{
		1: image.Rect(0, 0, 20, 40), 2: image.Rect(20, 0, 40, 40), 3: image.Rect(20, 0, 40, 40), 4: image.Rect(0, 0, 20, 40),
		5: image.Rect(0, 0, 40, 20), 6: image.Rect(0, 20, 40, 40), 7: image.Rect(0, 20, 40, 40), 8: image.Rect(0, 0, 40, 20),
	} {
		if tag == 0 {
			continue
		}
		m := image.NewGray(image.Rect(0, 0, 40, 40))
		for y := range 40 {
			for x := range 40 {
				if !(image.Point{x, y}).In(black) {
					m.SetGray(x, y, color.Gray{200}) // white would be cut off
				}
			}
		}
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			b, err := newBitmap(photograph(t, m, order, tag), textWidth)
			if err != nil {
				t.Fatal(err)
			}
			pels := onPaper(t, b)
			w, middle := b.pels.X, b.pels.Y/2*pels.Stride
			if pels.Pix[middle+w/4] != 1 || pels.Pix[middle+3*w/4] != 0 {
				t.Errorf("orientation %d: the left half is not black", tag)
			}
		}
	}
}

// photograph returns m as a JPEG with an orientation tag.
func photograph(t *testing.T, m image.Image, order binary.AppendByteOrder, tag int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		exif = append(exif, "II"...)
	} else {
		exif = append(exif, "MM"...)
	}
	exif = order.AppendUint16(exif, 42)
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 1)
	exif = order.AppendUint16(exif, 0x0112)
	exif = order.AppendUint16(exif, 3) // SHORT
	exif = order.AppendUint32(exif, 1)
	exif = order.AppendUint16(exif, uint16(tag))
	exif = append(exif, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(append(b.Bytes()[:2:2], segment...), exif...), b.Bytes()[2:]...)
}

func TestPictureTooLarge(t *testing.T) {
	t.Parallel()
	data := gradient(t, 2, 2)
	binary.BigEndian.PutUint32(data[16:], 100_000) // IHDR: width
	binary.BigEndian.PutUint32(data[20:], 100_000)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	if _, err := newBitmap(data, textWidth); err == nil || !strings.Contains(err.Error(), "100000 by 100000 pixels") {
		t.Errorf("a picture of ten billion pixels: %v", err)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	f.Add([]byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xe1\x00\x08Exif\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
