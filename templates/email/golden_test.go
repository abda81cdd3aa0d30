package email

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clarion/templates"
)

var update = flag.Bool("update", false, "write golden files anew")

var boundary = regexp.MustCompile(`[0-9a-f]{60}`)

// The example as people get it: the message, and its two bodies.
func TestGolden(t *testing.T) {
	t.Parallel()
	c, problems, err := templates.LoadFS(templates.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, lang := range c.Languages {
		m, p := compiled(t, c, lang), person(map[string]string{"name": "김영희"})
		raw, err := m.Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		// The picture's 9 KB and the random boundaries say nothing.
		if i := bytes.Index(raw, []byte("\r\n\r\niVBOR")); i > 0 {
			raw = append(raw[:i:i], "\r\n\r\n(picture)\r\n"...)
		}
		names := map[string]string{}
		message := boundary.ReplaceAllStringFunc(string(raw), func(s string) string {
			if names[s] == "" {
				names[s] = "boundary-" + string(rune('1'+len(names)))
			}
			return names[s]
		})
		_, text, html := m.Preview(p)
		for name, got := range map[string]string{"example." + lang + ".eml": strings.ReplaceAll(message, "\r\n", "\n"), "example." + lang + ".txt": text, "example." + lang + ".html": html} {
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (look, then -update):\n%s", file, got)
			}
		}
	}
}
