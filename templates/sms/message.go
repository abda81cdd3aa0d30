package sms

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
)

// A Message is a call's text in one language, ready for one person after the
// other. It does not change and may be used from several goroutines.
type Message struct {
	text    *templates.Text
	korean  bool
	unicode bool
}

// Compile prepares the text of a call. The problems stand at their line of the
// file: no text, a text too long for any carrier, or a Korean text with a
// character that Korean carriers cannot show. A message without its text is nil.
func Compile(c *templates.Call, lang string) (*Message, []conf.Problem) {
	t := c.Text(address.SMS, lang)
	if t == nil {
		return nil, []conf.Problem{{File: templates.CallFile, Message: fmt.Sprintf("the call has no text for sms in %q", lang)}}
	}
	return compile(t, lang)
}

func compile(t *templates.Text, lang string) (*Message, []conf.Problem) {
	m := &Message{text: t, korean: lang == "ko" || strings.HasPrefix(lang, "ko-")}
	bare := m.Text(nobody)
	m.unicode = Unicode(bare)
	if bare == "" && len(t.Fields()) == 0 {
		return nil, []conf.Problem{{File: t.File(), Line: 1, Message: "the text is empty: write what the message is to say"}}
	}
	var problems []conf.Problem
	for _, p := range Count(bare).Problems {
		if p.Kind == KindTooLong {
			problems = append(problems, conf.Problem{File: t.File(), Line: 1, Message: p.Message})
		}
	}
	if m.korean {
		problems = append(problems, m.outside()...)
	}
	return m, problems
}

// Text returns the message to one person: fields filled, letters composed (NFC;
// in pieces they would count as several), line ends and margins tidied. Control
// characters, which phones show as squares, are dropped.
func (m *Message) Text(lookup func(name string) (string, bool)) string {
	return tidy(m.text.Execute(lookup))
}

// Unicode reports whether the text as written needs UCS-2. A person's own values
// may need it too: ask Unicode of what Text returned before it is sent.
func (m *Message) Unicode() bool { return m.unicode }

// Hints names what makes the text dearer than need be or unreadable to some, and
// what would do instead; the text may go as it is.
func (m *Message) Hints() []conf.Problem {
	var hints []conf.Problem
	within := true // GSM-7 is within reach
	m.each(func(r rune, _, _ int) { within = within && !Unicode(likeness(r)) })
	m.each(func(r rune, line, _ int) {
		if within && septets(r) == 0 {
			hints = append(hints, conf.Problem{File: m.text.File(), Line: line,
				Message: fmt.Sprintf("%q moves the text from 160 to 70 characters a message; %q would not", r, likeness(r))})
		}
	})
	if !m.korean {
		hints = append(hints, m.outside()...)
	}
	return conf.Sort(hints)
}

// outside names the characters that Korean carriers cannot show.
func (m *Message) outside() []conf.Problem {
	var problems []conf.Problem
	m.each(func(r rune, line, column int) {
		if _, at, _ := eucKR(string(r)); at == 0 {
			return
		}
		message := fmt.Sprintf("%q, character %d of the line, is not in EUC-KR; Korean carriers cannot show it", r, column)
		if s := inEUCKR(r); s != "" {
			message += fmt.Sprintf("; write %q", s)
		}
		problems = append(problems, conf.Problem{File: m.text.File(), Line: line, Message: message})
	})
	return problems
}

// each walks the text's own words, fall-backs included, as they are sent. A
// fall-back's characters have the column at which the field stands.
func (m *Message) each(visit func(r rune, line, column int)) {
	line, column := 1, 0
	for _, p := range m.text.Parts() {
		if p.Field != nil {
			column++
			for _, r := range tidyPart(p.Field.Fallback) {
				visit(r, line, column)
			}
			continue
		}
		for _, r := range tidyPart(p.Literal) {
			if column++; r == '\n' {
				line, column = line+1, 0
				continue
			}
			visit(r, line, column)
		}
	}
}

func tidy(s string) string {
	lines := strings.Split(strings.Trim(tidyPart(s), " \n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func tidyPart(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u00a0':
			return ' '
		case r < ' ' || 0x7F <= r && r < 0xA0 || r == 0xAD || r == '\u200b' || r == '\u2060' || r == '\ufeff':
			return -1
		case r == utf8.RuneError:
			return '?'
		}
		return r
	}, s))
}

func nobody(string) (string, bool) { return "", false }
