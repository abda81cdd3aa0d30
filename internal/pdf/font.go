package pdf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// DefaultFontDir is where Debian's package fonts-nanum puts its fonts.
const DefaultFontDir = "/usr/share/fonts/truetype/nanum"

// The files read. NanumSquare of the same package will not do: it maps rarer
// syllables, Hanja and accented letters to glyphs that draw nothing.
const (
	regularFile = "NanumGothic.ttf"
	boldFile    = "NanumGothicBold.ttf"
)

// Substitute is printed in place of a character that the fonts cannot draw.
const Substitute = '□'

// Fonts holds the two faces, read and parsed once. It may be used from several
// goroutines, and by any number of documents.
type Fonts struct {
	container *gopdf.FontContainer
	faces     [2]*face // regular, bold
}

// Standard returns the fonts of DefaultFontDir, read and parsed once by the process:
// that takes a moment. Fonts that are not there may be installed later, so an error
// is not kept.
func Standard() (*Fonts, error) {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.fonts == nil {
		fonts, err := LoadFonts(DefaultFontDir)
		if err != nil {
			return nil, err
		}
		standard.fonts = fonts
	}
	return standard.fonts, nil
}

var standard struct {
	mu    sync.Mutex
	fonts *Fonts
}

// LoadFonts reads the fonts from dir.
func LoadFonts(dir string) (*Fonts, error) {
	f := &Fonts{container: &gopdf.FontContainer{}}
	for i, file := range [...]string{regularFile, boldFile} {
		path := filepath.Join(dir, file)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read font for print: %s is missing; install the package fonts-nanum (apt-get install fonts-nanum), or name the folder that has it", path)
		} else if err != nil {
			return nil, fmt.Errorf("read font for print: %w", err)
		}
		parsed, err := sfnt.Parse(data)
		if err == nil {
			err = f.container.AddTTFFontData(familyOf(i == 1), data)
		}
		if err != nil {
			return nil, fmt.Errorf("parse font %s: %w", path, err)
		}
		f.faces[i] = &face{font: parsed, glyphs: map[rune]glyph{}}
		for _, r := range "□펲뷁中é" {
			if !f.faces[i].glyph(r).ink {
				return nil, fmt.Errorf("font %s draws nothing for %c: use NanumGothic of the package fonts-nanum", path, r)
			}
		}
	}
	return f, nil
}

// familyOf names a face within a PDF.
func familyOf(bold bool) string {
	if bold {
		return "NanumGothicBold"
	}
	return "NanumGothic"
}

func (f *Fonts) face(bold bool) *face {
	if bold {
		return f.faces[1]
	}
	return f.faces[0]
}

// Printable reports whether both faces draw r, or need not since it is a space.
func (f *Fonts) Printable(r rune) bool {
	if r > 0xFFFF { // the PDF's text map has room for four hex digits
		return false
	}
	a, b := f.faces[0].glyph(r), f.faces[1].glyph(r)
	return a.ink && b.ink || unicode.IsSpace(r) && a.known && b.known
}

// Measure returns s composed, without what prints nothing, and with a square in
// place of what the fonts cannot draw.
func (f *Fonts) Measure(s string, st Style, size float64) Line {
	var l Line
	face := f.face(st.Bold)
	for _, r := range printing(s) {
		if !f.Printable(r) {
			r = Substitute
		}
		l = append(l, Char{Rune: r, Style: st, Width: face.glyph(r).width * size})
	}
	return l
}

// Missing returns the characters of s that the fonts cannot draw.
func (f *Fonts) Missing(s string) []rune {
	var out []rune
	for _, r := range printing(s) {
		if !f.Printable(r) {
			out = append(out, r)
		}
	}
	return out
}

// printing returns the characters of s that are to be printed: letters composed,
// all spaces alike, and nothing of what only steers screens.
func printing(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")))
}

// A face measures the characters of one font.
type face struct {
	font *sfnt.Font

	mu     sync.RWMutex
	buffer sfnt.Buffer
	glyphs map[rune]glyph
}

// A glyph is what a face has for a character.
type glyph struct {
	width float64 // of the em, 1 for as wide as high
	known bool
	ink   bool // it has an outline; some fonts have glyphs without
}

func (f *face) glyph(r rune) glyph {
	f.mu.RLock()
	g, ok := f.glyphs[r]
	f.mu.RUnlock()
	if ok {
		return g
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	em := fixed.Int26_6(f.font.UnitsPerEm())
	if index, err := f.font.GlyphIndex(&f.buffer, r); err == nil && index != 0 {
		// gopdf reckons in whole thousandths of the em, so we do too.
		if advance, err := f.font.GlyphAdvance(&f.buffer, index, em, font.HintingNone); err == nil {
			g = glyph{width: float64(int(advance)*1000/int(em)) / 1000, known: true}
		}
		if outline, err := f.font.LoadGlyph(&f.buffer, index, em, nil); err == nil {
			g.ink = len(outline) > 0
		}
	}
	f.glyphs[r] = g
	return g
}
