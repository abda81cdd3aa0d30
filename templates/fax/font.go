package fax

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"unicode"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// DefaultFontDir is where Debian's package fonts-nanum puts its fonts.
const DefaultFontDir = "/usr/share/fonts/truetype/nanum"

// The files read. NanumSquare of the same package will not do: it maps rarer
// syllables, Hanja and accented letters to glyphs that draw nothing.
const (
	regularFile = "NanumGothic.ttf"
	boldFile    = "NanumGothicBold.ttf"
)

// substitute is printed in place of a character that the fonts cannot draw.
const substitute = '□'

// Fonts holds the two faces, read and parsed once. It may be used from several
// goroutines, and by any number of documents.
type Fonts struct {
	container *gopdf.FontContainer
	faces     [2]*face // regular, bold
}

// standard are the fonts of DefaultFontDir. Reading them takes a moment, which an
// editor that shows a fax at each look would take each time.
var standard sharedFonts

type sharedFonts struct {
	mu    sync.Mutex
	fonts *Fonts
}

// get reads the fonts once. Fonts that are not there may be installed later, so an
// error is not kept.
func (s *sharedFonts) get() (*Fonts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fonts == nil {
		fonts, err := LoadFonts("")
		if err != nil {
			return nil, err
		}
		s.fonts = fonts
	}
	return s.fonts, nil
}

// LoadFonts reads the fonts from dir, DefaultFontDir if it is "".
func LoadFonts(dir string) (*Fonts, error) {
	if dir == "" {
		dir = DefaultFontDir
	}
	f := &Fonts{container: &gopdf.FontContainer{}}
	for i, file := range [...]string{regularFile, boldFile} {
		path := filepath.Join(dir, file)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read font for faxes: %s is missing; install the package fonts-nanum (apt-get install fonts-nanum), or name the folder that has it", path)
		} else if err != nil {
			return nil, fmt.Errorf("read font for faxes: %w", err)
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

// printable reports whether both faces draw r, or need not since it is a space.
func (f *Fonts) printable(r rune) bool {
	if r > 0xFFFF { // the PDF's text map has room for four hex digits
		return false
	}
	a, b := f.faces[0].glyph(r), f.faces[1].glyph(r)
	return a.ink && b.ink || unicode.IsSpace(r) && a.known && b.known
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
