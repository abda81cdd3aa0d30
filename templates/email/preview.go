package email

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// maxPreview is in characters: about what mail programs show beside a subject.
const maxPreview = 140

// preview returns what programs show of a mail before it is opened: the first
// paragraph that is more than a greeting, cut between words. Without it they
// would show the organisation, and who the picture is of.
func preview(doc ast.Node, source []byte) string {
	first := ""
	for c := doc.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Kind() != ast.KindParagraph {
			continue
		}
		s := strings.Join(strings.Fields(wording(c, source)), " ")
		if len([]rune(s)) >= 40 {
			return cutWords(s, maxPreview)
		}
		if first == "" {
			first = s
		}
	}
	return first
}

// cutWords cuts s after a word, so that it has about n characters.
func cutWords(s string, n int) string {
	end := 0
	for at := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' }) {
		if count := len([]rune(at)); end > 0 && n < count {
			return s[:end-1] + "…"
		} else {
			n -= count + 1
		}
		end += len(at) + 1
	}
	return s
}

// wording is what n says, without pictures and without where links lead.
func wording(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			value := string(c.Segment.Value(source))
			if !c.IsRaw() {
				value = unescapeMarkdown(value)
			}
			b.WriteString(value)
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(source))
		case *ast.Image, *ast.RawHTML:
		default:
			b.WriteString(wording(c, source))
		}
	}
	return b.String()
}
