package main

import (
	"fmt"
	"strings"
)

// A text is a Markdown document being written.
type text struct{ strings.Builder }

func (t *text) say(format string, args ...any) { fmt.Fprintf(t, format, args...) }

// table writes a table; a cell's bars and line breaks are made harmless.
func (t *text) table(head []string, rows [][]string) {
	line := func(cells []string) {
		for _, c := range cells {
			t.say("| %s ", strings.NewReplacer("|", `\|`, "\n", " ").Replace(c))
		}
		t.say("|\n")
	}
	line(head)
	t.say("%s|\n", strings.Repeat("| --- ", len(head)))
	for _, r := range rows {
		line(r)
	}
	t.say("\n")
}

// code sets s as code.
func code(s string) string { return "`" + s + "`" }

// names joins the names of things, each set as code.
func names[T fmt.Stringer](things []T) string {
	parts := make([]string, len(things))
	for i, s := range things {
		parts[i] = code(s.String())
	}
	return strings.Join(parts, ", ")
}
