package console

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cp949 "golang.org/x/text/encoding/korean"

	"clarion/web/desk"
)

// upload sends a file to import, and returns the page that answers.
func (h *house) upload(table string, status int, fields ...string) string {
	h.t.Helper()
	return h.uploadTo(importPath, table, status, fields...)
}

// uploadTo sends a file to a page.
func (h *house) uploadTo(path, table string, status int, fields ...string) string {
	h.t.Helper()
	v := map[string]string{"form": h.form, "list": "new people", "consent": "I want to hear of calls", "region": "KR"}
	for i := 0; i < len(fields); i += 2 {
		v[fields[i]] = fields[i+1]
	}
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if err := m.WriteField(k, v[k]); err != nil {
			h.t.Fatal(err)
		}
	}
	if table != "" {
		f, err := m.CreateFormFile("table", "people.csv")
		if err != nil {
			h.t.Fatal(err)
		}
		io.WriteString(f, table)
	}
	m.Close()
	r := httptest.NewRequest(http.MethodPost, path, http.MaxBytesReader(nil, io.NopCloser(&body), maxTable))
	r.Header.Set("Content-Type", m.FormDataContentType())
	b, err := io.ReadAll(h.do(r, status).Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

var digest = regexp.MustCompile(`name="digest" value="([0-9a-f]{64})"`)

func TestImport(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	table, err := cp949.EUCKR.NewEncoder().String("이름,이메일,휴대폰\n김영희,kim@example.org,010-2345-6789\n이철수,lee@example.org,\n이철수,lee@example.org,\n박지민,no address,\n<script>,park@example,\n")
	if err != nil {
		t.Fatal(err)
	}
	looked := h.upload(table, 200)
	said := text(looked)
	for _, want := range []string{"Nothing has been changed", "2 people on the list", "1 of them new", "1 known before", "1 rows of somebody above", "2 rows refused", "cp949", "email 이메일", "sms 휴대폰", "5 email no address it has no @ sign"} {
		if !strings.Contains(said, want) {
			t.Errorf("the report does not say %q:\n%s", want, said)
		}
	}
	h.get("/lists/new%20people", 404)
	if did := h.said(); len(did) > 0 {
		t.Errorf("a look is noted as %v", did)
	}
	seen := digest.FindStringSubmatch(looked)
	if seen == nil {
		t.Fatal("the report offers no import")
	}
	if page := text(h.upload("email\nsomebody@example.org\n", 200, "digest", seen[1])); !strings.Contains(page, "another file") || !strings.Contains(page, "Nothing has been changed") {
		t.Errorf("another file than the one looked at is answered:\n%s", page)
	}
	h.get("/lists/new%20people", 404)
	if page := text(h.upload(table, 200, "digest", seen[1])); !strings.Contains(page, "Imported. new people") || strings.Contains(page, "Choose the same file") {
		t.Errorf("the import is answered:\n%s", page)
	}
	if page := text(h.get("/lists/new%20people", 200)); !strings.Contains(page, "2 on the list") {
		t.Errorf("the list is not there:\n%s", page)
	}
	if did := h.said(); !slices.Equal(did, []string{"imported"}) {
		t.Errorf("the trail says %v", did)
	}
	people, err := h.desk.PeopleAt(t.Context(), "lee@example.org")
	if err != nil || len(people) != 1 || people[0].Consent["email"].Words != "I want to hear of calls" {
		t.Errorf("the consent is %+v, %v", people, err)
	}
}

func TestImportRefuses(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	const table = "email\nlee@example.org\n"
	for _, h.lang = range []string{english, korean} {
		say := sayer(h.lang)
		for _, c := range []struct {
			table, want string
			fields      []string
		}{
			{"", say("Choose a file", "파일을 선택"), nil},
			{"PK\x03\x04xl/", say("Excel workbook", "엑셀 통합 문서"), nil},
			{table, say("agreed to?", "동의하셨습니까"), []string{"consent", " "}},
			{table, say("1 to 64 characters", "1자에서 64자"), []string{"list", " "}},
			{table, "field=", []string{"columns", "email"}},
			{table, "did you mean", []string{"columns", "name=emial"}},
		} {
			page := text(h.upload(c.table, http.StatusUnprocessableEntity, c.fields...))
			if !strings.Contains(page, c.want) {
				t.Errorf("%v is answered without %q:\n%s", c.fields, c.want, page)
			}
		}
	}
	h.lang = english
	h.upload(table, 200, "consent", "", "unrecorded", "yes")
	h.upload("email\n"+strings.Repeat("x", maxTable), http.StatusRequestEntityTooLarge)
	if did := h.said(); len(did) > 0 {
		t.Errorf("the trail says %v", did)
	}
}

// deadlines note what a handler asks of its connection.
type deadlines struct {
	http.ResponseWriter
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }

// More time than others have is for a list to import, once the guard reads it.
func TestOnlyAnImportHasTime(t *testing.T) {
	read := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	unread := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		path string
		next http.Handler
		long bool
	}{{importPath, read, true}, {importPath, unread, false}, {"/drafts", read, false}} {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		(&bounded{c.next}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, c.path, strings.NewReader("table")))
		if w.read.IsZero() == c.long || w.write.IsZero() == c.long {
			t.Errorf("%s, read: %v: deadlines %v, %v", c.path, c.long, w.read, w.write)
		}
	}
}
