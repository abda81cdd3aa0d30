package incoming

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"os"
	"testing"

	"clarion/petition"
)

// file is the example, or one of testdata: the same form, stored as other fax servers do.
func file(t testing.TB, name string) []byte {
	t.Helper()
	if name == "form.tif" {
		return bytes.Clone(Example)
	}
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// drawn is a page of a fax.
func drawn(t *testing.T, fax []byte, number int) image.Image {
	t.Helper()
	data, err := Picture(fax, number)
	if err != nil {
		t.Fatalf("page %d: %v", number, err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// ink is how many of a thousand dots of a rectangle, in per cent of a page, are black.
func ink(p image.Image, left, top, right, bottom int) int {
	b := p.Bounds()
	black, all := 0, 0
	for y := b.Dy() * top / 100; y < b.Dy()*bottom/100; y++ {
		for x := b.Dx() * left / 100; x < b.Dx()*right/100; x++ {
			all++
			if r, _, _, _ := p.At(x, y).RGBA(); r < 0x8000 {
				black++
			}
		}
	}
	return 1000 * black / all
}

// Each page is drawn upright, as high as it was, whatever its resolution: the code of the
// form stands at its right upper corner.
func TestPages(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]int{"form.tif": 2, "g3.tif": 1} {
		for n := range pages {
			p := drawn(t, file(t, name), n+1)
			if b := p.Bounds(); b.Dx() != 1728 || b.Dy() < 2280 || b.Dy() > 2300 {
				t.Errorf("page %d of %s has %v dots", n+1, name, b)
			}
			if code, below := ink(p, 79, 5, 92, 14), ink(p, 10, 60, 90, 95); code < 300 || code > 600 || below > 5 {
				t.Errorf("page %d of %s: %d of 1,000 dots are black where its code is, and %d where nothing is", n+1, name, code, below)
			}
		}
	}
	for _, n := range []int{0, 3, -1} {
		if _, err := Picture(file(t, "form.tif"), n); !errors.Is(err, petition.ErrNoWaiting) {
			t.Errorf("page %d: %v", n, err)
		}
	}
}

// What is no fax, or is too much of one, is refused with what to do.
func TestWhatIsNoFax(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	form := file(t, "form.tif")
	ring := bytes.Clone(form) // the second page names the first as the next
	first := binary.LittleEndian.Uint32(ring[4:])
	entries := uint32(binary.LittleEndian.Uint16(ring[first:]))
	second := binary.LittleEndian.Uint32(ring[first+2+12*entries:])
	entries = uint32(binary.LittleEndian.Uint16(ring[second:]))
	binary.LittleEndian.PutUint32(ring[second+2+12*entries:], first)
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":         {nil, ErrNoFax},
		"a PDF":           {[]byte("%PDF-1.4 and more"), ErrNoFax},
		"a TIFF cut off":  {form[:len(form)/2], ErrNoFax},
		"a photograph":    {bytes.Repeat([]byte{0xff}, MaxFax+1), ErrLargeFax},
		"pages in a ring": {ring, ErrLargeFax},
		"two dimensions":  {file(t, "mr.tif"), ErrFaxCode},
	} {
		if _, _, err := TakeFax(t.Context(), d.Roll, c.file, ""); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := d.Roll.CountWaiting(t.Context()); err != nil || n != 0 {
		t.Errorf("what was refused waits: %d, %v", n, err)
	}
}

// A fax is taken once, with its pages.
func TestTakeFax(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	id, fresh, err := TakeFax(t.Context(), d.Roll, file(t, "form.tif"), "02-6200-0010")
	if err != nil || !fresh {
		t.Fatalf("a fax is taken: %v, %v", fresh, err)
	}
	again, fresh, err := TakeFax(t.Context(), d.Roll, file(t, "form.tif"), "")
	if err != nil || fresh || again != id {
		t.Errorf("it is taken again as %s, %v, %v", again, fresh, err)
	}
	w, err := d.Roll.Waiting(t.Context(), id)
	if err != nil || w.Pages != 2 || w.Number != "02-6200-0010" {
		t.Errorf("what waits is %+v, %v", w, err)
	}
	kept, err := d.Roll.Fax(t.Context(), id)
	if err != nil || !bytes.Equal(kept, file(t, "form.tif")) {
		t.Errorf("kept are %d bytes, %v", len(kept), err)
	}
}

// Whatever a file is, it is a fax or refused, in bounded memory and time.
func FuzzPages(f *testing.F) {
	for _, name := range []string{"form.tif", "g3.tif", "mr.tif"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pages, err := pagesOf(data)
		if err != nil {
			return
		}
		for _, p := range pages {
			if p.width < 1 || p.height < 1 || p.width*p.height > maxDots {
				t.Fatalf("a page of %d by %d", p.width, p.height)
			}
			picture, err := p.decode(data)
			if err == nil && p.square(picture).Bounds().Dx() != p.width {
				t.Fatal("a page is drawn wider than it says")
			}
		}
	})
}
