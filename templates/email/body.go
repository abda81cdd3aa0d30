package email

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"

	"clarion/internal/conf"
	"clarion/templates"
)

// A body makes the two bodies of a mail, with sentinels, from Markdown.
type body struct {
	call        *templates.Call
	lang        string
	options     Options
	looks       looks
	sentinels   *sentinels
	unsubscribe bool
	pictures    []Picture
	problems    []conf.Problem
}

// fill fills in the fields that the installation knows.
func (b *body) fill(t *templates.Text) *templates.Text {
	return t.Fill(func(name string) (string, bool) {
		return b.options.Organisation, name == "organisation" && b.options.Organisation != ""
	})
}

// source is a text with sentinels at its fields.
func (b *body) source(t *templates.Text) string {
	var s strings.Builder
	for _, p := range t.Parts() {
		if p.Field != nil {
			s.WriteString(b.sentinels.add(*p.Field))
		} else {
			s.WriteString(p.Literal)
		}
	}
	return s.String()
}

// render returns the bodies, their sentinels marked.
func (b *body) render(t, subject *templates.Text) (plain, page string, problems []conf.Problem) {
	t = b.fill(t)
	footer := b.unsubscribe && !slices.ContainsFunc(t.Fields(), func(f templates.Field) bool { return f.Name == "unsubscribe_url" })
	source := []byte(b.source(t))
	md := markdown()
	doc := md.Parser().Parse(gmtext.NewReader(source))
	b.style(t.File(), doc, source)
	var content bytes.Buffer
	if err := md.Renderer().Render(&content, source, doc); err != nil {
		b.tell(t.File(), 0, "turn Markdown into HTML: %v", err)
	}
	// The renderer writes no attributes here, and no text can look like this.
	body := strings.ReplaceAll(content.String(), "<pre><code", `<pre style="`+codeStyle+`"><code`)
	plain = plainText(doc, source, b.sentinels)
	for _, lost := range b.sentinels.missing(body) {
		b.tell(lost.File, lost.Line, "{{ %s }} stands where the mail does not show it", lost.Name)
	}
	title, org := html.EscapeString(b.source(subject)), html.EscapeString(b.options.Organisation)
	if org == "" {
		org = b.sentinels.add(templates.Field{Name: "organisation", Fallback: b.call.Campaign, HasFallback: true})
	}
	if footer {
		w, link := wordsFor(b.lang), b.sentinels.add(templates.Field{Name: "unsubscribe_url"})
		body += b.looks.footer(w, org, link)
		plain += "\n-- \n" + w.footerText(html.UnescapeString(org), b.sentinels.markURL(link))
	}
	plain = b.sentinels.mark(plain, func(string) byte { return slotText })
	page = b.sentinels.markHTML(b.looks.page(b.lang, title, html.EscapeString(preview(doc, source)), org, body))
	for _, f := range b.sentinels.torn {
		b.tell(f.File, f.Line, "{{ %s }} is a URL, and what stands next to it makes another of it: put blanks around it", f.Name)
	}
	return plain, page, conf.Sort(b.problems)
}

// markdown is what texts are written in: CommonMark, bare addresses as links,
// and what is struck out. Raw HTML is off, and links to scripts are: goldmark's
// own defaults.
func markdown() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Linkify, extension.Strikethrough))
}

func (b *body) tell(file string, line int, format string, args ...any) {
	b.problems = append(b.problems, conf.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// style writes the looks of each element into it, since mail programs drop
// style sheets, and points pictures at where they are.
func (b *body) style(file string, doc ast.Node, source []byte) {
	// The walk ends without an error, since its function returns none.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			set(n, headingStyles[min(n.Level, len(headingStyles))-1])
		case *ast.Paragraph:
			set(n, paragraphStyle)
			if link := onlyStrongLink(n); link != nil {
				set(n, askedStyle)
				set(link, b.looks.button())
				link.SetAttributeString("class", []byte("b"))
			}
		case *ast.Link:
			if _, button := n.AttributeString("style"); !button {
				set(n, b.looks.link())
			}
		case *ast.AutoLink:
			set(n, b.looks.link())
		case *ast.List:
			set(n, listStyle)
			if n.Parent().Kind() == ast.KindListItem {
				set(n, nestedStyle)
			}
		case *ast.ListItem:
			set(n, itemStyle)
		case *ast.Blockquote:
			set(n, quoteStyle)
		case *ast.ThematicBreak:
			set(n, ruleStyle)
		case *ast.Image:
			b.image(n, file, source)
		case *ast.RawHTML:
			if n.Segments.Len() > 0 {
				b.noHTML(file, source, n.Segments.At(0).Start)
			}
		case *ast.HTMLBlock:
			if n.Lines().Len() > 0 {
				b.noHTML(file, source, n.Lines().At(0).Start)
			}
		}
		return ast.WalkContinue, nil
	})
}

func set(n ast.Node, style string) { n.SetAttributeString("style", []byte(style)) }

func lineAt(source []byte, at int) int { return 1 + bytes.Count(source[:at], []byte("\n")) }

func (b *body) noHTML(file string, source []byte, at int) {
	b.tell(file, lineAt(source, at), `HTML in a text is not sent: write it in Markdown, or \< for the sign itself`)
}

// onlyStrongLink returns the link of a paragraph that is nothing but a link in
// bold: what is asked for, shown as a button.
func onlyStrongLink(p *ast.Paragraph) *ast.Link {
	strong, ok := p.FirstChild().(*ast.Emphasis)
	if !ok || p.ChildCount() != 1 || strong.Level != 2 || strong.ChildCount() != 1 {
		return nil
	}
	link, _ := strong.FirstChild().(*ast.Link)
	return link
}
