package templates

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"clarion/internal/conf"
)

// A Text is a parsed template: literal text and merge fields. A field is written
// {{ name }}, or {{ name | friend }} with what to say where a contact has none;
// {{ name | }} says nothing then. Quotes keep spaces: {{ name | " friend" }}.
// \{{ stands for two braces.
type Text struct {
	file  string
	parts []Part
}

// A Part is a stretch of literal text, or a field if Field is not nil.
type Part struct {
	Literal string
	Field   *Field
}

// A Field is one use of a merge field.
type Field struct {
	Name        string // as written: lower-case letters, digits, _ - and .
	Fallback    string // what stands there when the contact has no such field
	HasFallback bool   // false: no "|" was written, Fallback is ""
	File        string
	Line        int // from 1
}

// ParseText parses src, with problems at their lines. The Text is never nil and
// holds whatever could be read.
func ParseText(file string, src []byte) (*Text, []conf.Problem) {
	s := strings.TrimPrefix(string(src), "\ufeff")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	t := &Text{file: file}
	var problems []conf.Problem
	line := 1
	tell := func(format string, args ...any) {
		problems = append(problems, conf.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	if i := badByte(s); i >= 0 {
		line = 1 + strings.Count(s[:i], "\n")
		tell("the text is not UTF-8, or holds a control character: save it as UTF-8")
		line = 1
		s = clean(s)
	}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t.parts = append(t.parts, Part{Literal: lit.String()})
			lit.Reset()
		}
	}
	for s != "" {
		i := strings.Index(s, "{{")
		if i < 0 {
			lit.WriteString(s)
			break
		}
		if i > 0 && s[i-1] == '\\' {
			lit.WriteString(s[:i-1])
			lit.WriteString("{{")
			line += strings.Count(s[:i], "\n")
			s = s[i+2:]
			continue
		}
		lit.WriteString(s[:i])
		line += strings.Count(s[:i], "\n")
		s = s[i+2:]
		end := strings.Index(s, "}}")
		if stop := strings.IndexByte(s, '\n'); end < 0 || stop >= 0 && stop < end || strings.Contains(s[:end], "{{") {
			tell(`"{{" is not closed on its line: write {{ name }}, or \{{ for the braces themselves`)
			lit.WriteString("{{")
			continue
		}
		f, err := parseField(s[:end])
		if err != nil {
			tell("%v", err)
		} else {
			f.File, f.Line = file, line
			flush()
			t.parts = append(t.parts, Part{Field: f})
		}
		s = s[end+2:]
	}
	flush()
	return t, problems
}

func parseField(s string) (*Field, error) {
	name, fallback, has := strings.Cut(s, "|")
	name, fallback = strings.TrimSpace(name), strings.TrimSpace(fallback)
	if len(fallback) >= 2 && fallback[0] == '"' && fallback[len(fallback)-1] == '"' {
		fallback = fallback[1 : len(fallback)-1]
	}
	if name == "" {
		return nil, fmt.Errorf("a merge field has no name: write {{ name }}")
	}
	if !validName(name) {
		return nil, fmt.Errorf(`%q is no name of a field: letters, digits, "_", "-" and "." may stand in it, and "|" before the fall-back`, name)
	}
	return &Field{Name: name, Fallback: fallback, HasFallback: has}, nil
}

func validName(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.' {
			return false
		}
	}
	return s != ""
}

// badByte returns where s is no UTF-8 or holds a control character other than
// tab and line feed, or -1.
func badByte(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return i
		}
	}
	return -1
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// File returns the name of the file that the text stands in.
func (t *Text) File() string { return t.file }

// Parts returns the text's parts in order; no two literals follow each other.
func (t *Text) Parts() []Part { return t.parts }

// Fields returns every use of a field, in order.
func (t *Text) Fields() []Field {
	var fs []Field
	for _, p := range t.parts {
		if p.Field != nil {
			fs = append(fs, *p.Field)
		}
	}
	return fs
}

// Value returns what stands at f: what lookup has, or the fall-back when lookup
// has nothing or an empty text.
func (f *Field) Value(lookup func(string) (string, bool)) string {
	if v, ok := lookup(f.Name); ok && v != "" {
		return v
	}
	return f.Fallback
}

// Execute returns the text with every field filled by lookup, or its fall-back.
// Values go in as they are: escaping for HTML and the like is the renderer's.
func (t *Text) Execute(lookup func(name string) (string, bool)) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.Field != nil {
			b.WriteString(p.Field.Value(lookup))
		} else {
			b.WriteString(p.Literal)
		}
	}
	return b.String()
}

// Fill returns the text with those fields filled in that value has, as literal
// text; the others stay.
func (t *Text) Fill(value func(name string) (string, bool)) *Text {
	out := &Text{file: t.file}
	for _, part := range t.parts {
		if part.Field != nil {
			if v, ok := value(part.Field.Name); ok {
				part = Part{Literal: v}
			}
		}
		last := len(out.parts) - 1
		switch {
		case part.Field != nil:
			out.parts = append(out.parts, part)
		case part.Literal == "":
		case last >= 0 && out.parts[last].Field == nil:
			out.parts[last].Literal += part.Literal
		default:
			out.parts = append(out.parts, part)
		}
	}
	return out
}
