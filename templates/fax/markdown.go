package fax

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"clarion/internal/conf"
	"clarion/internal/pdf"
	"clarion/templates"
)

// A kind is what a block of the text is.
type kind uint8

const (
	paragraph kind = iota
	heading1
	heading2
	heading3
	picture
	rule
)

// A block is a piece of the page from top to bottom.
type block struct {
	kind   kind
	indent int    // steps to the right
	quoted bool   // with a bar at its left
	tight  bool   // close to the block above, as the items of a list
	marker string // of a list's item, set before its first line
	runs   []run
	pic    string // picture: file name
	line   int    // in the author's file
}

// A run is text of one style, or a merge field. A hard line break is "\n".
type run struct {
	text  string
	field *templates.Field
	style pdf.Style
}

// fieldBase is where the characters begin that stand for merge fields while
// Markdown is read: private use, which Markdown takes for letters. So a value is
// never read as Markdown.
const fieldBase = 0xF0000

// A reader turns Markdown into blocks.
type reader struct {
	file     string
	source   []byte
	fields   []*templates.Field
	blocks   []block
	problems []conf.Problem
}

// read parses a call's text. Whatever a fax cannot show is a problem, with its
// line, and left out.
func read(t *templates.Text) ([]block, []conf.Problem) {
	rd := &reader{file: t.File()}
	var src strings.Builder
	for _, p := range t.Parts() {
		if p.Field != nil {
			src.WriteRune(rune(fieldBase + len(rd.fields)))
			rd.fields = append(rd.fields, p.Field)
			continue
		}
		src.WriteString(strings.Map(func(r rune) rune {
			if r >= fieldBase {
				return '\uFFFD'
			}
			return r
		}, p.Literal))
	}
	rd.source = []byte(src.String())
	rd.children(goldmark.DefaultParser().Parse(text.NewReader(rd.source)), block{})
	return rd.blocks, rd.problems
}

func (rd *reader) tell(line int, format string, args ...any) {
	rd.problems = append(rd.problems, conf.Problem{File: rd.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// children reads the blocks within n, which look like the pattern in.
func (rd *reader) children(n ast.Node, in block) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		b := in
		b.line = rd.lineOf(c)
		switch c := c.(type) {
		case *ast.Heading:
			b.kind = heading1 + kind(min(c.Level, 3)-1)
			rd.inline(c, b)
		case *ast.Paragraph, *ast.TextBlock:
			rd.inline(c, b)
		case *ast.ThematicBreak:
			b.kind = rule
			rd.add(b)
		case *ast.Blockquote:
			in := in
			in.indent, in.quoted = min(in.indent+1, maxIndent), true
			rd.children(c, in)
		case *ast.List:
			rd.list(c, in)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			var code []byte
			for i := range c.Lines().Len() {
				at := c.Lines().At(i)
				code = append(code, at.Value(rd.source)...)
			}
			b.indent = min(b.indent+1, maxIndent)
			b.runs = rd.split(strings.TrimRight(string(code), "\n"), pdf.Style{})
			rd.add(b)
		case *ast.HTMLBlock:
			rd.tell(b.line, "HTML cannot be shown on a fax: write it in Markdown, or give the fax a text of its own (fax.LANG.md)")
		case *ast.LinkReferenceDefinition:
			// prints nothing
		default:
			rd.tell(b.line, "%s cannot be shown on a fax", c.Kind())
		}
		in.marker = "" // stands before the first block of an item alone
	}
}

func (rd *reader) list(l *ast.List, in block) {
	in.indent = min(in.indent+1, maxIndent)
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		in.tight = item != l.FirstChild() && l.IsTight || item == l.FirstChild() && in.tight
		in.marker = "•"
		if l.IsOrdered() {
			in.marker = fmt.Sprintf("%d%c", number, l.Marker)
			number++
		} else if in.indent > 1 {
			in.marker = "–"
		}
		before := len(rd.blocks)
		rd.children(item, in)
		for i := before + 1; i < len(rd.blocks); i++ {
			rd.blocks[i].tight = rd.blocks[i].tight || l.IsTight
		}
	}
}

// inline adds b with the text within n; a picture ends it and begins it anew.
func (rd *reader) inline(n ast.Node, b block) {
	rd.walk(n, &b, pdf.Style{})
	rd.flush(&b)
}

func (rd *reader) flush(b *block) {
	if slices.ContainsFunc(b.runs, func(r run) bool { return r.field != nil || strings.TrimSpace(r.text) != "" }) {
		for _, r := range b.runs {
			if strings.Contains(r.text, "**") {
				rd.tell(b.line, "** stands in the text as it is: Markdown takes it for bold only next to a letter or figure; set a space outside, or the punctuation outside of the bold words")
				break
			}
		}
		rd.add(*b)
		b.marker = ""
	}
	b.runs = nil
}

func (rd *reader) add(b block) { rd.blocks = append(rd.blocks, b) }

func (rd *reader) walk(n ast.Node, b *block, s pdf.Style) {
	if b.kind == heading1 || b.kind == heading2 || b.kind == heading3 {
		s.Bold = true
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.runs = append(b.runs, rd.split(unescape(c.Value(rd.source)), s)...)
			if c.HardLineBreak() {
				b.runs = append(b.runs, run{text: "\n"})
			} else if c.SoftLineBreak() {
				b.runs = append(b.runs, run{text: " ", style: s})
			}
		case *ast.String:
			b.runs = append(b.runs, rd.split(string(c.Value), s)...)
		case *ast.CodeSpan:
			for t := c.FirstChild(); t != nil; t = t.NextSibling() {
				if t, ok := t.(*ast.Text); ok {
					b.runs = append(b.runs, rd.split(string(bytes.ReplaceAll(t.Value(rd.source), []byte("\n"), []byte(" "))), s)...)
				}
			}
		case *ast.Emphasis: // Hangul has no italics: what is leaned elsewhere is underlined
			inner := s
			if c.Level >= 2 {
				inner.Bold = true
			} else {
				inner.Underline = true
			}
			rd.walk(c, b, inner)
		case *ast.Link:
			rd.link(c, b, s)
		case *ast.AutoLink:
			b.runs = append(b.runs, rd.split(string(c.Label(rd.source)), s)...)
		case *ast.Image:
			rd.flush(b)
			rd.add(block{kind: picture, indent: b.indent, pic: string(c.Destination), line: b.line})
		case *ast.RawHTML:
			rd.tell(b.line, "HTML cannot be shown on a fax: write it in Markdown, or give the fax a text of its own (fax.LANG.md)")
		default:
			rd.walk(c, b, s)
		}
	}
}

// link prints a link's text and, unless it says the same, its address, since
// nobody can click on paper.
func (rd *reader) link(l *ast.Link, b *block, s pdf.Style) {
	start := len(b.runs)
	rd.walk(l, b, s)
	shown := ""
	for _, r := range b.runs[start:] {
		shown += r.text
	}
	url := string(l.Destination)
	for _, scheme := range []string{"mailto:", "tel:"} {
		url = strings.TrimPrefix(url, scheme)
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://"), "/")
	if url == "" || strings.Contains(shown, bare) && bare != "" {
		return
	}
	b.runs = append(b.runs, run{text: " (", style: s})
	b.runs = append(b.runs, rd.split(url, s)...)
	b.runs = append(b.runs, run{text: ")", style: s})
}

// split puts the merge fields back into s.
func (rd *reader) split(s string, st pdf.Style) []run {
	var runs []run
	start := 0
	for i, r := range s {
		if r < fieldBase || int(r-fieldBase) >= len(rd.fields) {
			continue
		}
		if i > start {
			runs = append(runs, run{text: s[start:i], style: st})
		}
		runs = append(runs, run{field: rd.fields[r-fieldBase], style: st})
		start = i + 4 // its length in UTF-8
	}
	if start < len(s) {
		runs = append(runs, run{text: s[start:], style: st})
	}
	return runs
}

// unescape resolves what Markdown leaves in a text: backslashes and entities.
func unescape(b []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(b))))
}

// lineOf returns the line of the file that n begins on, 1 if it is unknown.
func (rd *reader) lineOf(n ast.Node) int {
	at := -1
	for m := n; m != nil && at < 0; m = m.FirstChild() {
		if t, ok := m.(*ast.Text); ok {
			at = t.Segment.Start
		} else if m.Type() == ast.TypeBlock && m.Lines().Len() > 0 {
			at = m.Lines().At(0).Start
		}
	}
	if at < 0 {
		return 1
	}
	return 1 + bytes.Count(rd.source[:min(at, len(rd.source))], []byte("\n"))
}
