package console

import (
	"encoding/csv"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clarion/lists"
	"clarion/lists/tabular"
	"clarion/web/desk"
)

// fill puts a table on a list.
func (h *house) fill(list, table string) {
	h.t.Helper()
	t, err := tabular.Open(strings.NewReader(table))
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.desk.People.Import(h.t.Context(), t, lists.ImportOptions{List: list, Region: "KR"}, nil); err != nil {
		h.t.Fatal(err)
	}
}

// said are the actions in the audit trail, the oldest first.
func (h *house) said() (did []string) {
	h.t.Helper()
	all, err := h.trail.Read(h.t.Context(), 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range slices.Backward(all) {
		did = append(did, string(e.Action))
		for k, v := range e.Details {
			if strings.Contains(v, "@") || strings.Contains(v, "김영희") {
				h.t.Errorf("the trail names somebody: %s of %s is %q", k, e.Action, v)
			}
		}
	}
	return did
}

func TestListsAndWhoIsLeftOut(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	if _, err := h.desk.Suppress(t.Context(), "kim@example.org", 0, lists.Suppression{Reason: lists.OptedOut, Source: "staff"}); err != nil {
		t.Fatal(err)
	}
	names := []string{"a/b?c#d%", "import", "명단 하나", "<b>"}
	for _, name := range names {
		h.fill(name, "email\nlee@example.org\n")
	}
	page := h.get("/lists", 200)
	if said := text(page); !strings.Contains(said, "supporters 3 2 1 1") {
		t.Errorf("the lists do not show their sizes:\n%s", said)
	}
	for _, name := range names {
		to := listPath(name)
		if !strings.Contains(page, `href="`+to+`"`) {
			t.Errorf("no link leads to %q, want %s", name, to)
		}
		if !strings.Contains(h.get(to, 200), "can be written to") {
			t.Errorf("%s does not show the list", to)
		}
		h.get("/lists/"+url.PathEscape(name)+"/export", 200)
	}
	if said := text(h.get("/lists/supporters", 200)); !strings.Contains(said, "Email they said stop 1") || !strings.Contains(said, "Text message they have no address on this channel 2") {
		t.Errorf("who is left out is not told:\n%s", said)
	}
	h.lang = korean
	if said := text(h.get("/lists/supporters", 200)); !strings.Contains(said, "이메일 받지 않겠다고 했습니다 1") {
		t.Errorf("who is left out is not told in Korean:\n%s", said)
	}
	h.get("/lists/nobody", 404)
	h.get("/lists/nobody/export", 404)
	h.get("/lists?name=nobody", 404)
	h.post("/lists/nobody/export", 404)
}

// A file of people is taken by a form alone, noted, and holds no formula.
func TestExport(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	h.fill("모두: @home", "name,email,note\n=cmd|' /C calc'!A0,mary@example.com,\"+1+1\"\n\"-2+3\",lee@example.org,@SUM(A1)\n")
	a := h.send("/lists/"+url.PathEscape("모두: @home")+"/export", 200)
	if _, p, err := mime.ParseMediaType(a.Header.Get("Content-Disposition")); err != nil || p["filename"] != "모두_ @home.csv" {
		t.Errorf("the file is called %v, %v", p, err)
	}
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	if did := h.said(); !slices.Equal(did, []string{"exported"}) {
		t.Errorf("the trail says %v", did)
	}
	h.get("/lists/supporters/export.csv", http.StatusNotFound)
}
