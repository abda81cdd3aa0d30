package api_test

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/web/api"
	"clarion/web/desk"
)

func keyed(key string) part { return header("Idempotency-Key", key) }

// A request that comes again under its key is not done again, and is answered as
// the first time.
func TestOnce(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	h := open(t, clk, desk.ReleaseRule{})
	c := readContract(h)
	drafts := func() int { return strings.Count(h.ask("GET", api.Prefix+"/drafts", nil).Body.String(), `"version"`) }
	again := func(w *httptest.ResponseRecorder) string { return w.Header().Get("Idempotent-Replayed") }

	first := c.call("POST /drafts", nil, h.example(), 201, keyed("k1"))
	second := c.call("POST /drafts", nil, h.example(), 201, keyed(`"k1"`))
	if second.Body.String() != first.Body.String() || again(first) != "" || again(second) != "true" || second.Header().Get("ETag") != `"1"` || drafts() != 1 {
		t.Errorf("the second time it is answered %v, and %d drafts are there: %s", second.Header(), drafts(), second.Body)
	}
	other := h.example()
	other["name"] = "another"
	c.call("POST /drafts", nil, other, 422, keyed("k1"))
	if drafts() != 1 {
		t.Errorf("another request with a key was done: %d drafts", drafts())
	}

	// The key is its caller's, and its route's.
	if w := c.call("POST /drafts", nil, h.example(), 201, keyed("k1"), by(h.newToken("write"))); again(w) != "" || drafts() != 2 {
		t.Errorf("the key of another token counts: %v", w.Header())
	}
	d := c.read(first, "id")
	c.call("POST /drafts/{draft}/rehearse", []string{d}, nil, 201, keyed("k1"))
	c.call("POST /drafts/{draft}/rehearse", []string{c.read(second, "id") + "x"}, nil, 422, keyed("k1")) // another draft
	// So is what was refused, and what is not told in a body.
	c.call("DELETE /drafts/{draft}", []string{d}, nil, 412, keyed("k2"), header("If-Match", `"9"`))
	if w := c.call("DELETE /drafts/{draft}", []string{d}, nil, 412, keyed("k2"), header("If-Match", `"9"`)); again(w) != "true" {
		t.Errorf("a refusal that comes again is answered %v", w.Header())
	}
	c.call("DELETE /drafts/{draft}", []string{d}, nil, 204, keyed("k3"), header("If-Match", `"1"`))
	if w := c.call("DELETE /drafts/{draft}", []string{d}, nil, 204, keyed("k3"), header("If-Match", `"1"`)); again(w) != "true" {
		t.Errorf("a deletion that comes again is answered %v", w.Header())
	}
	table := "email\nmin@example.org\n"
	c.call("POST /lists/{list}/import", []string{"new", "consent=yes"}, table, 200, keyed("k4"))
	if w := c.call("POST /lists/{list}/import", []string{"new", "consent=yes"}, table, 200, keyed("k4")); !strings.Contains(w.Body.String(), `"new":1`) || again(w) != "true" {
		t.Errorf("an import that comes again is answered %s", w.Body)
	}

	for _, key := range []string{`""`, "schlüssel", strings.Repeat("k", 256)} {
		c.call("POST /drafts", nil, h.example(), 400, keyed(key))
	}
	if w := h.ask("GET", api.Prefix+"/drafts", nil, keyed("k1")); w.Code != 200 || again(w) != "" {
		t.Errorf("what changes nothing is answered %d, %v", w.Code, w.Header())
	}
}

// What is too large to keep is said to be done, and not done again.
func TestOnceLargeAnswer(t *testing.T) {
	t.Parallel()
	h := open(t, clock.System{}, desk.ReleaseRule{})
	draft := h.example()
	draft["pictures"] = map[string]string{"large.png": base64.StdEncoding.EncodeToString(make([]byte, 1<<20))}
	for _, want := range []int{201, 409, 409} {
		if w := h.ask("POST", api.Prefix+"/drafts", draft, keyed("k")); w.Code != want {
			t.Errorf("a draft with a large picture is answered %d, want %d: %.200s", w.Code, want, w.Body)
		}
	}
}

// A request that never ended, as when its process was killed: while it may still be
// under way another with its key waits, and later nobody says that it was done, or
// that it was not.
func TestOnceBrokenOff(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	h := open(t, clk, desk.ReleaseRule{})
	h.desk.Clock = dying{}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it did not die")
			}
		}()
		h.ask("POST", api.Prefix+"/drafts", h.example(), keyed("k"))
	}()
	h.desk.Clock = clk
	w := h.ask("POST", api.Prefix+"/drafts", h.example(), keyed("k"))
	if w.Code != 409 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "being done") {
		t.Errorf("while it may be under way it is answered %d: %s", w.Code, w.Body)
	}
	clk.Advance(11 * time.Minute)
	w = h.ask("POST", api.Prefix+"/drafts", h.example(), keyed("k"), header("Accept-Language", "ko-KR,ko;q=0.9,en;q=0.8"))
	if w.Code != 409 || w.Header().Get("Retry-After") != "" || !strings.Contains(w.Body.String(), "처리되었는지 알 수 없습니다") || w.Header().Get("Content-Language") != "ko" {
		t.Errorf("of what was broken off it is answered %d: %s", w.Code, w.Body)
	}
	if w := h.ask("POST", api.Prefix+"/drafts", h.example(), keyed("k2")); w.Code != 201 {
		t.Errorf("under a new key it is answered %d: %s", w.Code, w.Body)
	}
}

// dying is a clock at whose sight a process dies.
type dying struct{ clock.System }

func (dying) Now() time.Time { panic("killed") }

// A failure that tells its caller to come again is not remembered.
func TestOnceForgetsFailures(t *testing.T) {
	t.Parallel()
	h := open(t, clock.System{}, desk.ReleaseRule{})
	path := api.Prefix + "/drafts/" + readID(h, h.ask("POST", api.Prefix+"/drafts", h.example())) + "/rehearse"
	gone := redistest.New(t)
	h.must(gone.Close())
	ledger := h.desk.Ledger
	h.desk.Ledger = broadcast.Open(gone, h.clk)
	if w := h.ask("POST", path, nil, keyed("k")); w.Code != 503 {
		t.Errorf("without a ledger a rehearsal is answered %d: %s", w.Code, w.Body)
	}
	h.desk.Ledger = ledger
	if w := h.ask("POST", path, nil, keyed("k")); w.Code != 201 || w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("after it failed it is answered %d: %s", w.Code, w.Body)
	}
}
