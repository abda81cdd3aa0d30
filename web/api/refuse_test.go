package api_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/web/api"
	"clarion/web/desk"
)

type request = http.Request

func code(status int) string { return strconv.Itoa(status) }

// What cannot be read is refused, and the answer says what of it.
func TestRefuses(t *testing.T) {
	t.Parallel()
	h := open(t, clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC)), desk.ReleaseRule{CorrectionAbove: 1})
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		says         string
		part         part
	}{
		"an unknown field":        {"POST", "/drafts", map[string]any{"name": "x", "colour": "red"}, 422, `no field \"colour\"`, nil},
		"a field too many":        {"POST", "/calls/c1/pause", map[string]any{"why": "x"}, 422, `no field \"why\"`, nil},
		"a field of another sort": {"POST", "/drafts", map[string]any{"name": 7}, 422, `\"name\" holds a JSON number`, nil},
		"an unknown parameter":    {"GET", "/suppressions?cause=x", nil, 422, `no parameter \"cause\"`, nil},
		"a channel that is none":  {"GET", "/suppressions?channel=pigeon", nil, 422, "pigeon", nil},
		"no JSON":                 {"POST", "/drafts", nil, 400, "cannot be read", raw("{")},
		"two values":              {"POST", "/drafts", nil, 400, "cannot be read", raw("{} {}")},
		"a form":                  {"POST", "/drafts", map[string]any{}, 415, "Content-Type", header("Content-Type", "application/x-www-form-urlencoded")},
		"a table as JSON":         {"POST", "/lists/x/import", map[string]any{}, 415, "Content-Type", nil},
		"an address of nothing":   {"GET", "/nothing", nil, 404, "no such thing", nil},
		"another method":          {"PATCH", "/drafts", nil, 405, "Allow", nil},
		"a draft without a name":  {"POST", "/drafts", map[string]any{}, 422, "no name", nil},
		"a text that is none":     {"POST", "/drafts", map[string]any{"name": "x", "texts": map[string]string{"a.exe": ""}}, 422, "a.exe", nil},
	} {
		var parts []part
		if c.part != nil {
			parts = append(parts, c.part)
		}
		w := h.ask(c.method, api.Prefix+c.path, c.body, parts...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s is answered %d: %s", name, w.Code, w.Body)
		}
		if c.status == 405 && w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s: Allow says %q", name, w.Header().Get("Allow"))
		}
	}

	// The rule of the console holds here too.
	ready := readID(h, h.ask("POST", api.Prefix+"/drafts", h.example()))
	for correction, want := range map[string]int{"": 422, "deleted": 422, ready: 201} {
		draft := h.example()
		draft["correction"] = correction
		w := h.ask("POST", api.Prefix+"/drafts", draft)
		w = h.ask("POST", api.Prefix+"/drafts/"+readID(h, w)+"/launch", nil, header("If-Match", w.Header().Get("ETag")))
		if w.Code != want || want == 422 && !strings.Contains(w.Body.String(), "needs a correction") {
			t.Errorf("a launch with the correction %q is answered %d: %s", correction, w.Code, w.Body)
		}
	}
}

// readID is the id in an answer.
func readID(h *house, w *httptest.ResponseRecorder) string {
	h.t.Helper()
	return (&contract{house: h}).read(w, "id")
}

func raw(body string) part {
	return func(r *request) {
		r.Body = http.MaxBytesReader(nil, readCloser{strings.NewReader(body)}, 1<<20)
		r.Header.Set("Content-Type", "application/json")
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// A token that asks too fast waits, and others do not wait for it.
func TestPacePerToken(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	h := open(t, clk, desk.ReleaseRule{})
	other := h.newToken("watch")
	n := 0
	for ; h.ask("GET", api.Prefix+"/calls", nil).Code == 200; n++ {
		if n > 100 {
			t.Fatal("nobody holds it up")
		}
	}
	w := h.ask("GET", api.Prefix+"/calls", nil)
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("after %d requests one more is answered %d", n, w.Code)
	}
	if w := h.ask("GET", api.Prefix+"/calls", nil, by(other)); w.Code != 200 {
		t.Errorf("another token is answered %d", w.Code)
	}
	clk.Advance(time.Second)
	if w := h.ask("GET", api.Prefix+"/calls", nil); w.Code != 200 {
		t.Errorf("after a second it is answered %d", w.Code)
	}
}

// Bodies are bounded where they come in.
func TestBounds(t *testing.T) {
	t.Parallel()
	h := open(t, clock.System{}, desk.ReleaseRule{})
	for path, want := range map[string]int64{"/drafts": 12 << 20, "/lists/x/import": 32 << 20, "/suppressions": 1 << 20, "/nothing": 1 << 20} {
		if got := h.pages.MaxBody(httptest.NewRequest("POST", api.Prefix+path, nil)); got != want {
			t.Errorf("%s takes %d bytes, want %d", path, got, want)
		}
	}
}
