package email

import (
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// plainText writes Markdown as a person would type it into a mail without
// formats: links as "text (url)", headings and emphasis as plain text, a
// paragraph to a line, which mail programs wrap to the width of the screen. Sentinels in URLs come marked.
func plainText(doc ast.Node, source []byte, s *sentinels) string {
	p := &plainWriter{source: source, sentinels: s}
	return strings.Trim(p.blocks(doc, "\n\n"), "\n") + "\n"
}

type plainWriter struct {
	source    []byte
	sentinels *sentinels
}

// blocks writes the blocks in n, sep between them.
func (p *plainWriter) blocks(n ast.Node, sep string) string {
	var out []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if s := p.block(c); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, sep)
}

func (p *plainWriter) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Heading:
		s := strings.TrimSpace(p.inline(n))
		if n.PreviousSibling() != nil && s != "" {
			return "\n" + s // two empty lines say that something begins
		}
		return s
	case *ast.Paragraph:
		if link := onlyStrongLink(n); link != nil {
			return p.button(link)
		}
		return strings.TrimSpace(p.inline(n))
	case *ast.TextBlock:
		return strings.TrimSpace(p.inline(n))
	case *ast.Blockquote:
		return indent(p.blocks(n, "\n\n"), "> ", "> ")
	case *ast.List:
		return p.list(n)
	case *ast.ThematicBreak:
		return "* * *"
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		var b strings.Builder
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			b.Write(line.Value(p.source))
		}
		return indent(strings.TrimRight(b.String(), "\n"), "    ", "    ")
	case *ast.HTMLBlock, *ast.LinkReferenceDefinition:
		return ""
	}
	return p.blocks(n, "\n\n")
}

func (p *plainWriter) list(l *ast.List) string {
	sep := "\n\n"
	if l.IsTight {
		sep = "\n"
	}
	var out []string
	number := l.Start
	for c := l.FirstChild(); c != nil; c = c.NextSibling() {
		bullet := "- "
		if l.IsOrdered() {
			bullet = fmt.Sprintf("%d. ", number)
			number++
		}
		out = append(out, indent(p.blocks(c, sep), bullet, strings.Repeat(" ", len(bullet))))
	}
	return strings.Join(out, sep)
}

// indent puts first before the first line of s and rest before the others; an
// empty line gets no blanks.
func indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = first + line
		case line == "":
			lines[i] = strings.TrimRight(rest, " ")
		default:
			lines[i] = rest + line
		}
	}
	return strings.Join(lines, "\n")
}

func (p *plainWriter) inline(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			value := string(c.Segment.Value(p.source))
			if !c.IsRaw() {
				value = unescapeMarkdown(value)
			}
			b.WriteString(value)
			switch {
			case c.HardLineBreak():
				b.WriteByte('\n')
			case c.SoftLineBreak():
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.CodeSpan:
			b.WriteString(p.inline(c))
		case *ast.Link:
			b.WriteString(p.link(p.inline(c), string(c.Destination)))
		case *ast.AutoLink:
			b.WriteString(p.sentinels.markURL(string(c.Label(p.source))))
		case *ast.Image:
			if alt := p.inline(c); alt != "" {
				b.WriteString("[" + alt + "]")
			}
		case *ast.RawHTML:
		case *extast.Strikethrough:
			b.WriteString("~" + p.inline(c) + "~")
		default:
			b.WriteString(p.inline(c))
		}
	}
	return b.String()
}

// button writes what is asked for so that it is not overlooked, and the URL on
// a line of its own, where every program finds all of it.
func (p *plainWriter) button(l *ast.Link) string {
	label := strings.TrimSpace(p.inline(l))
	url := p.sentinels.markURL(string(l.Destination))
	if label == "" || label == url || label == string(l.Destination) {
		return url
	}
	return label + ":\n" + url
}

func (p *plainWriter) link(label, destination string) string {
	shown := strings.TrimPrefix(strings.TrimPrefix(destination, "mailto:"), "tel:")
	url := p.sentinels.markURL(shown)
	if label == shown || label == url || label == "" {
		return url
	}
	return label + " (" + url + ")"
}

// unescapeMarkdown resolves backslashes before punctuation and HTML entities.
func unescapeMarkdown(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && isPunctuation(s[i+1]):
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			end := strings.IndexByte(s[i:], ';')
			if end < 0 {
				b.WriteByte('&')
				continue
			}
			entity := s[i : i+end+1]
			if c := html.UnescapeString(entity); c != entity {
				b.WriteString(c)
				i += end
			} else {
				b.WriteByte('&')
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isPunctuation(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
