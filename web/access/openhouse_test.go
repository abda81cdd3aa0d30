package access

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clarion/internal/seal"
)

func TestOpenHouse(t *testing.T) {
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var denied error
	o := NewOpenHouse("Director", keys, func(w http.ResponseWriter, _ *http.Request, err error) {
		denied = err
		w.WriteHeader(http.StatusForbidden)
	})
	var who *Visitor
	page := o.Need(Launch, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = From(r.Context()) }))
	ask := func(method, body, site string) int {
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w.Code
	}
	if code := ask(http.MethodGet, "", ""); code != 200 || who == nil || !who.May(Team) || who.Name != "Director" {
		t.Fatalf("who comes is %+v, answered %d", who, code)
	}
	if code := ask(http.MethodPost, FormField+"="+who.Form(), "same-origin"); code != 200 {
		t.Errorf("a form of ours is answered %d, %v", code, denied)
	}
	for _, c := range []struct{ body, site string }{{"", ""}, {FormField + "=x", "same-origin"}, {FormField + "=" + who.Form(), "cross-site"}} {
		if code := ask(http.MethodPost, c.body, c.site); code != 403 || denied != ErrForm {
			t.Errorf("a form %q from %q is answered %d, %v", c.body, c.site, code, denied)
		}
	}
}
