package worker_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"clarion/broadcast"
	"clarion/templates"
	"clarion/worker"
)

// A text is signed by who speaks, never by where its reader works.
func TestOrganisationIsWhoSpeaks(t *testing.T) {
	t.Parallel()
	files := example(t, `"sms"`)
	files["sms.en.txt"] = &fstest.MapFile{Data: []byte("Dear {{ name | friend }}, from {{ organisation | us }}")}
	text, problems, err := templates.LoadFS(files)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	person := func(name string) (string, bool) { return "Kim of " + name, true }
	for organisation, want := range map[string]string{"Save 9 Campaign": "Dear Kim of name, from Save 9 Campaign", "": "Dear Kim of name, from us"} {
		c, err := worker.Compile(&broadcast.Call{}, text, worker.Links{Organisation: organisation, BounceDomain: "bounce.example.org"})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.SMS("en", person); !ok || strings.TrimSpace(got) != want {
			t.Errorf("%q: %q", organisation, got)
		}
	}
}
