package fax

import (
	"strings"
	"unicode"
)

// A char is one character of running text, in its style and measured.
type char struct {
	r         rune
	style     style
	width     float64 // in points
	mandatory bool    // the line ends here: a hard break, which prints nothing
}

// A style is how characters look, apart from their size.
type style struct {
	bold      bool
	underline bool
}

// A line is a stretch of characters without the spaces at its end.
type line []char

// breakLines cuts text into lines no wider than width points, or wider by the
// one character that a line has at least. Korean is kept in words: between
// Hangul a line ends only at spaces, as newspapers and offices set it; among
// Chinese characters and kana anywhere. No line starts with closing or ends with
// opening punctuation (as in JIS X 4051 and KS X ISO/IEC 26300). A word wider
// than a line is cut: addresses on the web after a stroke, others anywhere.
func breakLines(text []char, width float64) []line {
	var lines []line
	for start := 0; start < len(text); {
		end, next := fit(text[start:], width)
		lines = append(lines, trim(text[start:start+end]))
		start += next
	}
	return lines
}

// fit returns how many characters of text the next line shows, and where the
// line after it starts.
func fit(text []char, width float64) (end, next int) {
	used, last := 0.0, 0 // last is where the last permitted break is
	for i, c := range text {
		if c.mandatory {
			return i, i + 1
		}
		if used += c.width; used > width && c.r != ' ' && i > 0 {
			if last == 0 {
				last = emergency(text, i)
			}
			next = last
			for next < len(text) && text[next].r == ' ' {
				next++
			}
			if next < len(text) && text[next].mandatory { // the hard break is this one
				next++
			}
			return last, next
		}
		if i+1 < len(text) && !text[i+1].mandatory && mayBreak(text, i) {
			last = i + 1
		}
	}
	return len(text), len(text)
}

// emergency returns where to cut a word of which limit characters fit.
func emergency(text []char, limit int) int {
	for i := limit; i > limit/2; i-- {
		if strings.ContainsRune("/?&=-_.#:@", text[i-1].r) && i < len(text) && !noStart(text[i].r) && text[i].r != '/' {
			return i
		}
	}
	for i := limit; i > max(1, limit-4); i-- {
		if text[i].r != ' ' && !noStart(text[i].r) && text[i-1].r != ' ' && !noEnd(text[i-1].r) {
			return i
		}
	}
	return limit
}

// mayBreak reports whether a line may end after text[i].
func mayBreak(text []char, i int) bool {
	a, b := text[i].r, text[i+1].r
	switch {
	case b == ' ':
		return false // the space still belongs to this line
	case a == ' ':
		return !noStart(b) && (i == 0 || !noEnd(text[i-1].r))
	case noStart(b), noEnd(a):
		return false
	case unicode.Is(unicode.Hangul, a), unicode.Is(unicode.Hangul, b):
		return false
	case a == '-' || a == '‐' || a == '–' || a == '—':
		return i > 0 && unicode.IsLetter(text[i-1].r) && unicode.IsLetter(b) && !inAddress(text, i)
	}
	return ideographic(a) || ideographic(b)
}

// inAddress reports whether the word around text[i] looks like an address on the
// web, which is better not cut.
func inAddress(text []char, i int) bool {
	start := i
	for start > 0 && text[start-1].r != ' ' {
		start--
	}
	for ; start < len(text) && text[start].r != ' '; start++ {
		if strings.ContainsRune("/@:", text[start].r) {
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

func trim(l line) line {
	for len(l) > 0 && l[len(l)-1].r == ' ' {
		l = l[:len(l)-1]
	}
	return l
}

// wide returns the width of a line in points.
func (l line) wide() float64 {
	w := 0.0
	for _, c := range l {
		w += c.width
	}
	return w
}
