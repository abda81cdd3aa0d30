package access

import (
	"bytes"
	"errors"
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
	// Who sends too much has not used an old form, and is told what it was.
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		r, w := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("--x\r\nContent-Disposition: form-data; name=picture; filename=a.png\r\n\r\n"+strings.Repeat("a", 1<<10))), httptest.NewRecorder()
		r.Header.Set("Content-Type", kind)
		r.Body = http.MaxBytesReader(w, r.Body, 1<<9)
		page.ServeHTTP(w, r)
		var size *http.MaxBytesError
		if w.Code != 403 || !errors.As(denied, &size) {
			t.Errorf("too much of %s is answered %d, %v", kind, w.Code, denied)
		}
	}
}

// A program shows any token, and may what tokens may: it launches, and releases
// nothing. A page of another site cannot pass for one.
func TestOpenHouseTokens(t *testing.T) {
	keys, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var denied error
	o := NewOpenHouse("Director", keys, func(w http.ResponseWriter, _ *http.Request, err error) {
		denied = err
		w.WriteHeader(http.StatusForbidden)
	})
	for name, c := range map[string]struct {
		right      Right
		auth, site string
		want       error
	}{
		"any token":                  {Launch, "Bearer demo", "", nil},
		"what no token may":          {Release, "Bearer demo", "", ErrForbidden},
		"a token makes tokens":       {Tokens, "Bearer demo", "", ErrForbidden},
		"a token changes the team":   {Team, "Bearer demo", "", ErrForbidden},
		"a page of another site":     {Launch, "Bearer demo", "cross-site", ErrForm},
		"another scheme":             {Launch, "Basic ZGVtbzpkZW1v", "", ErrForm},
		"neither a token nor a form": {Launch, "", "", ErrForm},
	} {
		denied = nil
		var who *Visitor
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", c.auth)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		o.Need(c.right, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = From(r.Context()) })).ServeHTTP(httptest.NewRecorder(), r)
		if denied != c.want || (who == nil) != (c.want != nil) || who != nil && who.Token == nil {
			t.Errorf("%s: %v, let in %+v", name, denied, who)
		}
	}
}
