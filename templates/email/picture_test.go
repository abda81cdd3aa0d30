package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clarion/internal/conf"
	"clarion/templates"
)

// linking is the example call with its pictures linked.
func linking(t *testing.T) *templates.Call {
	t.Helper()
	c, problems, err := templates.LoadFS(templates.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	files := c.Files()
	files[templates.CallFile] = bytes.Replace(files[templates.CallFile], []byte(`# pictures = "linked"`), []byte(`pictures = "linked"`), 1)
	if c, problems = templates.Parse(files); len(problems) > 0 || c.Email.Pictures != templates.PicturesLinked {
		t.Fatal(c.Email.Pictures, problems)
	}
	return c
}

// A linked picture has one address for everybody, in each language, and the mail
// carries nothing of it.
func TestLinkedPictures(t *testing.T) {
	t.Parallel()
	c := linking(t)
	sum := sha256.Sum256(examplePicture(t))
	want := Picture{File: "picture.png", Name: hex.EncodeToString(sum[:]) + ".png"}
	want.URL = "https://act.example.org/p/" + want.Name
	for _, lang := range c.Languages {
		for _, pages := range []string{"https://act.example.org", "https://act.example.org/"} {
			o := options()
			o.Pages = pages
			m, problems := Compile(c, lang, o)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := m.Pictures(); !slices.Equal(got, []Picture{want}) {
				t.Errorf("%s: %+v, want %+v", lang, got, want)
			}
			_, parts := check(t, m, person(nil))
			if len(parts) != 2 || !strings.Contains(parts[1].body, `src="`+want.URL+`"`) || strings.Contains(parts[1].body, "cid:") {
				t.Errorf("%s: %d parts, the HTML:\n%s", lang, len(parts), parts[1].body)
			}
		}
	}
}

// Where readers could fetch no picture that is linked, call check says so; of those
// within the mail it says nothing.
func TestLinkedPicturesMustBeReached(t *testing.T) {
	t.Parallel()
	linked := linking(t)
	embedded, _, err := templates.LoadFS(templates.Example())
	if err != nil {
		t.Fatal(err)
	}
	hidden := func(c *templates.Call, pages string) bool {
		o := options()
		o.Pages = pages
		m, problems := Compile(c, "en", o)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		found := Lint(c, "en", m, person(nil), func(key ...string) int { return len(key) })
		return slices.ContainsFunc(found, func(p conf.Problem) bool {
			return p.Rule == string(PictureHidden) && p.Line == 2 && strings.Contains(p.Message, fmt.Sprintf("web.public_url is %s:", pages))
		})
	}
	for pages, want := range map[string]bool{
		"https://act.example.org": false, "https://203.0.113.7:8443": false, "https://localhost.example.org": false,
		"http://act.example.org": true, "https://localhost:8080": true, "https://web.localhost.": true, "https://127.0.0.1": true, "https://[::1]:8080": true, "https://10.1.2.3": true,
	} {
		if got := hidden(linked, pages); got != want {
			t.Errorf("%s: told %v, want %v", pages, got, want)
		}
		if hidden(embedded, pages) {
			t.Errorf("%s: told of a mail that carries its pictures", pages)
		}
	}
}
