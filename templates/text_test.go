package templates

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	values := map[string]string{"name": "김영희", "city": "Seoul", "empty": "", "brace": "{{ name }}"}
	lookup := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	for src, want := range map[string]string{
		"":                             "",
		"Dear {{ name }},":             "Dear 김영희,",
		"{{name}}{{city}}":             "김영희Seoul",
		"Dear {{ nick | friend }}!":    "Dear friend!",
		"Dear{{ nick | \" friend\" }}": "Dear friend",
		"Dear {{ empty | friend }}":    "Dear friend",
		"Dear {{ nick | }}.":           "Dear .",
		"Dear {{ nick }}.":             "Dear .",
		"{{ nick | a | b }}":           "a | b",
		`\{{ name }} is {{ name }}`:    "{{ name }} is 김영희",
		"}} { } {":                     "}} { } {",
		"\ufeffone\r\ntwo":             "one\ntwo",
		"{{ brace }}":                  "{{ name }}", // a value is no template
		"{{ 도시 | 서울 }}":                "서울",
	} {
		text, problems := ParseText("x", []byte(src))
		if len(problems) > 0 {
			t.Errorf("%q: %v", src, problems)
		}
		if got := text.Execute(lookup); got != want {
			t.Errorf("%q became %q, want %q", src, got, want)
		}
	}
}

func TestTextLines(t *testing.T) {
	t.Parallel()
	text, problems := ParseText("text.en.md", []byte("{{ a }}\n\\{{ {{ b | c }}\n\n{{ open\n{{ }}\n{{ a b }}{{ z }}"))
	var got []string
	for _, f := range text.Fields() {
		got = append(got, f.Name+":"+string(rune('0'+f.Line)))
	}
	if s := strings.Join(got, " "); s != "a:1 b:2 z:6" {
		t.Errorf("fields %s", s)
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if len(lines) != 3 || lines[0] != 4 || lines[1] != 5 || lines[2] != 6 {
		t.Errorf("problems %v", problems)
	}
}

func FuzzText(f *testing.F) {
	f.Add("Dear {{ name | friend }}, \\{{ {{ a }}\n{{ b |")
	f.Add("{{{{ a }}}}")
	f.Fuzz(func(t *testing.T, src string) {
		text, problems := ParseText("x", []byte(src))
		for _, p := range problems {
			if p.Line < 1 || p.Line > 1+strings.Count(src, "\n") {
				t.Fatalf("problem %v in %q", p, src)
			}
		}
		for i, p := range text.Parts() {
			if p.Field == nil && (p.Literal == "" || i > 0 && text.Parts()[i-1].Field == nil) {
				t.Fatalf("parts of %q: %v", src, text.Parts())
			}
		}
		if len(problems) > 0 {
			return
		}
		// Written out again, a text reads the same.
		var again strings.Builder
		for _, p := range text.Parts() {
			if p.Field != nil {
				again.WriteString("{{ " + p.Field.Name)
				if p.Field.HasFallback {
					again.WriteString(" | \"" + p.Field.Fallback + "\"")
				}
				again.WriteString(" }}")
			} else {
				again.WriteString(strings.ReplaceAll(p.Literal, "{{", "\\{{"))
			}
		}
		second, problems := ParseText("x", []byte(again.String()))
		none := func(string) (string, bool) { return "", false }
		if len(problems) > 0 || second.Execute(none) != text.Execute(none) || len(second.Fields()) != len(text.Fields()) {
			t.Fatalf("%q became %q: %v", src, again.String(), problems)
		}
	})
}
