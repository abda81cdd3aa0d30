package access_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clarion/web/access"
)

// A gate is a page for each right, behind the door, and one for everybody.
type gate struct {
	*house
	url string
}

func newGate(t *testing.T) *gate {
	t.Helper()
	h := newHouse(t)
	door, err := access.NewDoor(h.Store, func(w http.ResponseWriter, _ *http.Request, err error) {
		for known, status := range map[error]int{access.ErrNoSession: 401, access.ErrForbidden: 403, access.ErrStale: 428, access.ErrForm: 422} {
			if errors.Is(err, known) {
				w.WriteHeader(status)
				return
			}
		}
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	})
	h.must(err)
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := access.From(r.Context())
		if v == nil {
			fmt.Fprint(w, "nobody")
			return
		}
		fmt.Fprint(w, v.Number)
	})
	mux := http.NewServeMux()
	mux.Handle("/public", door.Public(who))
	mux.Handle("/proof", door.NeedProof(access.Own, who))
	for _, r := range access.Rights() {
		mux.Handle("/"+string(r), door.Need(r, who))
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return &gate{h, s.URL}
}

// ask asks as a browser with a secret, or a program with a token; further headers in pairs.
func (g *gate) ask(method, path, secret string, form url.Values, headers ...string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequest(method, g.url+path, strings.NewReader(form.Encode()))
	g.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if strings.HasPrefix(secret, "clarion_") {
		r.Header.Set("Authorization", "Bearer "+secret)
	} else if secret != "" {
		r.Header.Set("Cookie", "__Host-clarion="+secret)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	g.must(err)
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	g.must(err)
	return a.StatusCode, string(body)
}

// Each role is let through to what the table says, and to nothing else.
func TestEachRoleAtEachDoor(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director()
	for _, role := range access.Roles {
		p := han.add(strings.ReplaceAll(string(role), "_", "."), role)
		for _, right := range access.Rights() {
			want := 403
			if role.Has(right) {
				want = 200
			}
			if got, _ := g.ask("GET", "/"+string(right), p.secret, nil); got != want {
				t.Errorf("a %s at %s: %d, want %d", role, right, got, want)
			}
		}
		g.clk.Advance(access.Freshness)
		for _, right := range access.Rights() {
			want := 403
			if role.Has(right) {
				if want = 200; right.Fresh() {
					want = 428
				}
			}
			if got, _ := g.ask("GET", "/"+string(right), p.secret, nil); got != want {
				t.Errorf("a %s at %s after ten minutes: %d, want %d", role, right, got, want)
			}
		}
		if got, _ := g.ask("GET", "/proof", p.secret, nil); got != 428 {
			t.Errorf("a %s at what takes a proof: %d", role, got)
		}
	}
	for _, right := range access.Rights() {
		for _, secret := range []string{"", "forged", "clarion_forged"} {
			if got, _ := g.ask("GET", "/"+string(right), secret, nil); got != 401 {
				t.Errorf("with %q at %s: %d", secret, right, got)
			}
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director()
	kim := han.add("kim", access.Author)
	form := func(v string) url.Values { return url.Values{access.FormField: {v}} }
	for name, c := range map[string]struct {
		form    url.Values
		headers []string
		want    int
	}{
		"ours":                       {form(han.Form()), nil, 200},
		"ours, in a header":          {nil, []string{"X-Clarion-Form", han.Form()}, 200},
		"ours, a browser says so":    {form(han.Form()), []string{"Sec-Fetch-Site", "same-origin", "Origin", origin}, 200},
		"none":                       {nil, nil, 422},
		"another person's":           {form(kim.Form()), nil, 422},
		"empty":                      {form(""), nil, 422},
		"of another site":            {form(han.Form()), []string{"Sec-Fetch-Site", "cross-site"}, 422},
		"of another site, by origin": {form(han.Form()), []string{"Origin", "https://evil.example"}, 422},
		"of a site beside ours":      {form(han.Form()), []string{"Sec-Fetch-Site", "same-site", "Origin", "https://www.save9.example"}, 422},
	} {
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			if method != "POST" && c.form != nil && c.want == 200 {
				continue // a form of HTML is posted
			}
			if got, _ := g.ask(method, "/team", han.secret, c.form, c.headers...); got != c.want {
				t.Errorf("%s, a form that is %s: %d, want %d", method, name, got, c.want)
			}
		}
	}
	// A token in the address is no form of ours: addresses are seen by others.
	if got, _ := g.ask("POST", "/team?"+form(han.Form()).Encode(), han.secret, nil); got != 422 {
		t.Errorf("in the address: %d", got)
	}
	// After a proof the forms of before are void.
	old := han.Form()
	han.prove()
	if got, _ := g.ask("POST", "/team", han.secret, form(old)); got != 422 {
		t.Errorf("of before the proof: %d", got)
	}
	if got, who := g.ask("GET", "/public", "", nil); got != 200 || who != "nobody" {
		t.Errorf("in public: %d, %s", got, who)
	}
	if got, who := g.ask("GET", "/public", kim.secret, nil); got != 200 || who != "2" {
		t.Errorf("in public with a session: %d, %s", got, who)
	}
	if got, _ := g.ask("POST", "/public", "", url.Values{}, "Origin", "https://evil.example"); got != 422 {
		t.Errorf("a log-in from another site: %d", got)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	ctx := t.Context()
	han := g.director()
	tech := han.add("tech", access.Technician)
	for name, c := range map[string]struct {
		scopes []access.Right
		holds  time.Duration
	}{
		"no scopes": {nil, time.Hour}, "more than its owner": {[]access.Right{access.Watch, access.People}, time.Hour}, "what no token may": {[]access.Right{access.Tokens}, time.Hour},
		"what there is not": {[]access.Right{"dance"}, time.Hour}, "no time": {[]access.Right{access.Watch}, 0}, "for ever": {[]access.Right{access.Watch}, 10000 * time.Hour},
	} {
		if _, _, err := g.MakeToken(ctx, tech.Visitor, "t", c.scopes, c.holds); !errors.Is(err, access.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tech.prove()
	secret, made, err := g.MakeToken(ctx, tech.Visitor, "Wall", []access.Right{access.Watch, access.System}, 24*time.Hour)
	g.must(err)
	for right, want := range map[access.Right]int{access.Watch: 200, access.System: 200, access.Pause: 403, access.Trail: 403, access.Own: 403, access.Team: 403, access.Tokens: 403} {
		for _, method := range []string{"GET", "POST"} {
			if got, _ := g.ask(method, "/"+string(right), secret, nil); got != want {
				t.Errorf("%s %s with the token: %d, want %d", method, right, got, want)
			}
		}
	}
	if got, _ := g.ask("GET", "/watch", "", nil, "Authorization", "Basic "+secret); got != 401 {
		t.Errorf("by another scheme: %d", got)
	}
	if got, _ := g.ask("GET", "/watch", tech.secret, nil, "Authorization", "Bearer clarion_x"); got != 401 {
		t.Errorf("a false token beside a session: %d", got)
	}
	all, err := g.Tokens(ctx, tech.Number)
	if err != nil || len(all) != 1 || all[0].ID != made.ID || !all[0].Used.Equal(g.clk.Now().Truncate(time.Minute)) {
		t.Errorf("%+v, %v", all, err)
	}
	// It may no more than its owner may at that time.
	han.prove()
	g.must(g.SetRoles(ctx, han.Visitor, tech.Number, []access.Role{access.Watcher}))
	if got, _ := g.ask("GET", "/system", secret, nil); got != 403 {
		t.Errorf("what its owner may not any more: %d", got)
	}
	if got, _ := g.ask("GET", "/watch", secret, nil); got != 200 {
		t.Errorf("what its owner still may: %d", got)
	}
	g.must(g.Disable(ctx, han.Visitor, tech.Number))
	if got, _ := g.ask("GET", "/watch", secret, nil); got != 401 {
		t.Errorf("with its owner shut out: %d", got)
	}
	g.must(g.Enable(ctx, han.Visitor, tech.Number))
	g.clk.Advance(24 * time.Hour)
	if got, _ := g.ask("GET", "/watch", secret, nil); got != 401 {
		t.Errorf("a day later: %d", got)
	}
	han.logIn()
	secret, made, err = g.MakeToken(ctx, han.Visitor, "Board", []access.Right{access.Watch}, time.Hour)
	g.must(err)
	if err := g.RevokeToken(ctx, han.Visitor, han.Number, "other"); !errors.Is(err, access.ErrNobody) {
		t.Errorf("no such token: %v", err)
	}
	g.must(g.RevokeToken(ctx, han.Visitor, han.Number, made.ID))
	if got, _ := g.ask("GET", "/watch", secret, nil); got != 401 {
		t.Errorf("revoked: %d", got)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for at, want := range map[string]string{
		origin:                  "__Host-clarion=secret; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict",
		"http://localhost:8080": "clarion=secret; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict",
	} {
		w := httptest.NewRecorder()
		h.open(at).Remember(w, "secret")
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("%s: %s", at, got)
		}
		w = httptest.NewRecorder()
		h.open(at).Remember(w, "")
		if got := w.Header().Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") {
			t.Errorf("%s, to forget: %s", at, got)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/calls/c7?x=1": true, "": false, "calls": false, "//evil.example": false, "/\\evil.example": false, "https://evil.example": false,
		"/\t/evil.example": false, "/\r\nSet-Cookie: x": false, "javascript:alert(1)": false,
	} {
		if access.Within(path) != want {
			t.Errorf("%q", path)
		}
	}
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                           "Firefox, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":              "Edge, Windows",
		"Mozilla/5.0 (Linux; Android 15; SM-S928N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet, Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":    "Safari, iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Whale/4.30 Safari/537.36":           "Whale, macOS",
		"Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0 Mobile Safari/537.36;KAKAOTALK 2410":    "KakaoTalk, Android",
		"curl/8.5.0":                "",
		"<script>alert(1)</script>": "",
	} {
		if got := access.Browser(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}
