package templates

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// The example's picture is drawn here: nine children who hold hands, in black
// on white, since a fax has no other colours.
func TestExamplePicture(t *testing.T) {
	t.Parallel()
	want := drawNine(1200, 480)
	if *update {
		var b bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&b, want); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("example/picture.png", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := fs.ReadFile(Example(), "picture.png")
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 16<<10 {
		t.Errorf("the picture has %d bytes: every mail carries it", len(data))
	}
	if got.Bounds() != want.Bounds() {
		t.Fatalf("the picture is %v, drawn %v", got.Bounds(), want.Bounds())
	}
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if color.GrayModel.Convert(got.At(x, y)) != color.GrayModel.Convert(want.At(x, y)) {
				t.Fatalf("pixel %d,%d differs from what is drawn", x, y)
			}
		}
	}
}

func drawNine(w, h int) *image.Paletted {
	greys := make(color.Palette, 9)
	for i := range greys {
		greys[i] = color.Gray{Y: uint8(255 - i*235/8)}
	}
	img := image.NewPaletted(image.Rect(0, 0, w, h), greys)
	// Heights in parts of the tallest: children of 15 to 23 years, no two alike.
	heights := [9]float64{0.80, 0.93, 0.72, 0.88, 1, 0.76, 0.96, 0.84, 0.90}
	const ground, tallest, step = 430.0, 330.0, 120.0
	inside := func(x, y float64) bool {
		if y > ground {
			return y < ground+4 && x > 60 && x < float64(w)-60
		}
		for i, part := range heights {
			tall := tallest * part
			cx, top := 120+step*float64(i), ground-tall
			r := tall * 0.105
			if math.Hypot(x-cx, y-top-r) < r { // head
				return true
			}
			shoulder, hem := top+2.55*r, ground-1.2*r
			if y > shoulder-0.2*r && y < hem { // coat, wider at the hem
				half := 0.95*r + (y-shoulder)/(hem-shoulder)*0.75*r
				if y < shoulder+0.6*r { // round shoulders
					drop := (shoulder + 0.6*r - y) / (0.8 * r)
					half -= (1 - math.Sqrt(max(0, 1-drop*drop))) * half
				}
				if math.Abs(x-cx) < half {
					return true
				}
			}
			if y >= hem && (math.Abs(x-cx-0.6*r) < 0.34*r || math.Abs(x-cx+0.6*r) < 0.34*r) { // legs
				return true
			}
			if i+1 < len(heights) { // hands meet half-way
				next := tallest * heights[i+1]
				nx, ny := cx+step, ground-next+3.1*next*0.105
				mx, my := cx+step/2, ground-(tall+next)/2*0.47
				thick := 0.25 * r
				if near(x, y, cx+0.55*r, top+3.1*r, mx, my) < thick || near(x, y, nx-0.55*next*0.105, ny, mx, my) < thick {
					return true
				}
			}
		}
		return false
	}
	for y := range h {
		for x := range w {
			n := 0
			for sy := range 4 {
				for sx := range 4 {
					if inside(float64(x)+(float64(sx)+.5)/4, float64(y)+(float64(sy)+.5)/4) {
						n++
					}
				}
			}
			img.SetColorIndex(x, y, uint8((n+1)/2))
		}
	}
	return img
}

// near is the distance from x,y to the line from ax,ay to bx,by.
func near(x, y, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := min(1, max(0, ((x-ax)*dx+(y-ay)*dy)/(dx*dx+dy*dy)))
	return math.Hypot(x-ax-t*dx, y-ay-t*dy)
}
