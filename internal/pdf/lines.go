package pdf

import (
	"strings"
	"unicode"
)

// A Char is one character of running text, in its style and measured.
type Char struct {
	Rune      rune
	Style     Style
	Width     float64 // in points
	Mandatory bool    // the line ends here: a hard break, which prints nothing
}

// A Style is how characters look, apart from their size.
type Style struct {
	Bold      bool
	Underline bool
}

// A Line is a stretch of characters without the spaces at its end.
type Line []Char

// Break cuts text into lines no wider than width points, or wider by the
// one character that a line has at least. Korean is kept in words: between
// Hangul a line ends only at spaces, as newspapers and offices set it; among
// Chinese characters and kana anywhere. No line starts with closing or ends with
// opening punctuation (as in JIS X 4051 and KS X ISO/IEC 26300). A word wider
// than a line is cut: addresses on the web after a stroke, others anywhere.
func Break(text []Char, width float64) []Line {
	var lines []Line
	for start := 0; start < len(text); {
		end, next := fit(text[start:], width)
		lines = append(lines, Line(text[start:start+end]).Trim())
		start += next
	}
	return lines
}

// fit returns how many characters of text the next line shows, and where the
// line after it starts.
func fit(text []Char, width float64) (end, next int) {
	used, last := 0.0, 0 // last is where the last permitted break is
	for i, c := range text {
		if c.Mandatory {
			return i, i + 1
		}
		if used += c.Width; used > width && c.Rune != ' ' && i > 0 {
			if last == 0 {
				last = emergency(text, i)
			}
			next = last
			for next < len(text) && text[next].Rune == ' ' {
				next++
			}
			if next < len(text) && text[next].Mandatory { // the hard break is this one
				next++
			}
			return last, next
		}
		if i+1 < len(text) && !text[i+1].Mandatory && mayBreak(text, i) {
			last = i + 1
		}
	}
	return len(text), len(text)
}

// emergency returns where to cut a word of which limit characters fit.
func emergency(text []Char, limit int) int {
	for i := limit; i > limit/2; i-- {
		if strings.ContainsRune("/?&=-_.#:@", text[i-1].Rune) && i < len(text) && !noStart(text[i].Rune) && text[i].Rune != '/' {
			return i
		}
	}
	for i := limit; i > max(1, limit-4); i-- {
		if text[i].Rune != ' ' && !noStart(text[i].Rune) && text[i-1].Rune != ' ' && !noEnd(text[i-1].Rune) {
			return i
		}
	}
	return limit
}

// mayBreak reports whether a line may end after text[i].
func mayBreak(text []Char, i int) bool {
	a, b := text[i].Rune, text[i+1].Rune
	switch {
	case b == ' ':
		return false // the space still belongs to this line
	case a == ' ':
		return !noStart(b) && (i == 0 || !noEnd(text[i-1].Rune))
	case noStart(b), noEnd(a):
		return false
	case unicode.Is(unicode.Hangul, a), unicode.Is(unicode.Hangul, b):
		return false
	case a == '-' || a == '‐' || a == '–' || a == '—':
		return i > 0 && unicode.IsLetter(text[i-1].Rune) && unicode.IsLetter(b) && !inAddress(text, i)
	}
	return ideographic(a) || ideographic(b)
}

// inAddress reports whether the word around text[i] looks like an address on the
// web, which is better not cut.
func inAddress(text []Char, i int) bool {
	start := i
	for start > 0 && text[start-1].Rune != ' ' {
		start--
	}
	for ; start < len(text) && text[start].Rune != ' '; start++ {
		if strings.ContainsRune("/@:", text[start].Rune) {
			return true
		}
	}
	return false
}

func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || 0x3000 <= r && r <= 0x303F
}

// noStart reports whether r may not start a line.
func noStart(r rune) bool {
	return strings.ContainsRune(`)]}.,:;!?%’”»›…‥·ー々、。，．：；！？）］｝〉》」』】〕〗〙〛％℃°ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ`, r)
}

// noEnd reports whether r may not end a line.
func noEnd(r rune) bool {
	return strings.ContainsRune(`([{‘“«‹（［｛〈《「『【〔〖〘〚＄￦$₩￡￥`, r)
}

// Trim is the line without the spaces at its end.
func (l Line) Trim() Line {
	for len(l) > 0 && l[len(l)-1].Rune == ' ' {
		l = l[:len(l)-1]
	}
	return l
}

// Wide returns the width of a line in points.
func (l Line) Wide() float64 {
	w := 0.0
	for _, c := range l {
		w += c.Width
	}
	return w
}

// String is the text of a line.
func (l Line) String() string {
	var b strings.Builder
	for _, c := range l {
		b.WriteRune(c.Rune)
	}
	return b.String()
}
