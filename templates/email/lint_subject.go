package email

import (
	"regexp"
	"strings"
	"unicode"

	"clarion/templates"
)

// maxColumns is what programs on desks show of a subject.
const maxColumns = 80

var (
	manyMarks   = regexp.MustCompile(`[!！?？]{2,}|[$￥₩€]{2,}`)
	asIfReplied = regexp.MustCompile(`(?i)^\s*((re|fwd?|aw|sv|답장|회신|전달)\s*[:：])`)
)

// subject holds a subject as people get it of whom nothing is known.
func (l *linter) subject(s string, line int) {
	tell := func(c Code, operands ...any) { l.broken(c, templates.CallFile, line, operands...) }
	if strings.TrimSpace(s) == "" {
		tell(SubjectEmpty)
		return
	}
	if n := columns(s); n > maxColumns {
		tell(SubjectLong, n, maxColumns)
	}
	if capitals(s) {
		tell(SubjectCapitals)
	}
	if marks := manyMarks.FindString(s); marks != "" {
		tell(SubjectMarks, marks)
	}
	if m := asIfReplied.FindStringSubmatch(s); m != nil {
		tell(SubjectReply, m[1])
	}
	if l.call.Class == templates.Fundraising && korean(l.lang) && !strings.HasPrefix(s, "(광고)") {
		tell(SubjectLabel)
	}
}

// columns counts the width of a text, Hangul and Chinese characters as two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		if n++; unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			n++
		}
	}
	return n
}

// capitals says whether two words or more are written in capitals and none is
// not; what has no capitals, such as Hangul, has no say.
func capitals(s string) bool {
	words := 0
	for word := range strings.FieldsSeq(s) {
		letters := 0
		for _, r := range word {
			if unicode.IsLower(r) {
				return false
			}
			if unicode.IsUpper(r) {
				letters++
			}
		}
		if letters > 2 {
			words++
		}
	}
	return words >= 2
}
