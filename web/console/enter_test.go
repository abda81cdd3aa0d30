package console

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/e2e/rig"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
)

// A gate is the console as serve shows it, with its door, at a real address.
type gate struct {
	t     *testing.T
	url   string
	staff *access.Store
	clk   *clock.Manual
	first string
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{t: t, clk: clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))}
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	g.must(err)
	rdb, log := redistest.New(t), slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	g.must(err)
	address := l.Addr().String()
	g.must(l.Close())
	_, port, err := net.SplitHostPort(address)
	g.must(err)
	g.url = "http://localhost:" + port
	trail := audit.Open(rdb, keys, g.clk, "", log)
	g.staff, err = access.Open(rdb, keys, g.clk, trail, access.Config{Origin: g.url, Organisation: "Save 9", Cost: access.Cost{Memory: 64, Passes: 1, Threads: 1}})
	g.must(err)
	people, err := lists.Open(t.Context(), rdb, keys, g.clk)
	g.must(err)
	d := desk.New(desk.Parts{Redis: rdb, Ledger: broadcast.Open(rdb, g.clk), People: people, Queue: worker.NewQueue(rdb), Keys: keys, Clock: g.clk, Settings: "clarion.toml"})
	pages, err := New(Parts{Desk: d, Webhooks: webhooks.Open(webhooks.Config{}, webhooks.Parts{Redis: rdb, Ledger: d.Ledger, Keys: keys, Trail: trail, Clock: g.clk, Log: log}), Staff: g.staff, Trail: trail, Clock: g.clk, Zone: time.UTC, Log: log, Guard: func(deny func(http.ResponseWriter, *http.Request, error)) (Guard, error) {
		return access.NewDoor(g.staff, deny)
	}})
	g.must(err)
	s, err := web.Listen(address, pages, log)
	g.must(err)
	t.Cleanup(func() { g.must(s.Shutdown()) })
	g.first, err = g.staff.FirstCode(t.Context())
	g.must(err)
	return g
}

func (g *gate) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// A browser without script: it follows where it is led, and fills in forms.
type browser struct {
	g    *gate
	c    *http.Client
	lang string
	page string
	at   *url.URL
	code int
	totp []byte
}

func (g *gate) browser(lang string) *browser {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	g.must(err)
	return &browser{g: g, c: &http.Client{Jar: jar}, lang: lang}
}

func (b *browser) send(r *http.Request, want int) {
	b.g.t.Helper()
	r.Header.Set("Accept-Language", b.lang)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	a, err := b.c.Do(r)
	b.g.must(err)
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	b.g.must(err)
	b.page, b.at, b.code = string(body), a.Request.URL, a.StatusCode
	if b.code != want {
		b.g.t.Fatalf("%s %s ends at %s with %d, want %d:\n%s", r.Method, r.URL.Path, b.at.Path, b.code, want, text(b.page))
	}
}

func (b *browser) get(path string, want int) {
	b.g.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.g.url+path, nil)
	b.g.must(err)
	b.send(r, want)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)"[^>]* value="([^"]*)"`)

// post fills in the form of the page that goes to path, and sends it.
func (b *browser) post(path string, want int, fields ...string) {
	b.g.t.Helper()
	v := url.Values{}
	forms := strings.Split(b.page, "<form ")
	found := false
	for _, form := range forms[1:] {
		form, _, _ = strings.Cut(form, "</form>")
		if strings.Contains(form, `action="`+path+`"`) {
			found = true
			for _, m := range hidden.FindAllStringSubmatch(form, -1) {
				v.Add(m[1], html.UnescapeString(m[2]))
			}
			if key := regexp.MustCompile(`class="mono">([A-Z2-7 ]+)<`).FindStringSubmatch(form); key != nil {
				var err error
				b.totp, err = base32.StdEncoding.DecodeString(strings.ReplaceAll(key[1], " ", ""))
				b.g.must(err)
			}
			break
		}
	}
	if !found {
		b.g.t.Fatalf("the page at %s has no form for %s:\n%s", b.at, path, text(b.page))
	}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "APP" {
			fields[i+1] = b.app()
		}
		v.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.g.url+path, strings.NewReader(v.Encode()))
	b.g.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.g.url)
	b.send(r, want)
}

// app is the code of the person's app; time goes on, for each is good once.
func (b *browser) app() string {
	b.g.clk.Advance(30 * time.Second)
	m := hmac.New(sha1.New, b.totp)
	binary.Write(m, binary.BigEndian, b.g.clk.Now().Unix()/30)
	sum := m.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
}

func (b *browser) says(what ...string) {
	b.g.t.Helper()
	for _, w := range what {
		if !strings.Contains(text(b.page), w) {
			b.g.t.Errorf("the page at %s does not say %q:\n%s", b.at.Path, w, text(b.page))
		}
	}
}

const passphrase = "a tin roof under three moons"

// director goes through the first start.
func (g *gate) director(lang string) *browser {
	g.t.Helper()
	b := g.browser(lang)
	b.get("/login", 200) // led to /first
	b.post("/first", 200, "first", g.first, "name", "Han", "email", "han@save9.example", "password", passphrase, "again", passphrase, "code", "APP")
	return b
}

var link = regexp.MustCompile(`<code id="link">http://localhost:\d+([^<]+)</code>`)

func TestGettingIn(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.browser("en")
	han.get("/staff", 200)
	if han.at.Path != "/first" {
		t.Fatalf("with nobody there one is led to %s", han.at)
	}
	han.post("/first", 410, "first", "aaaa-bbbb-cccc-dddd", "name", "Han", "email", "han@save9.example", "password", passphrase, "again", passphrase, "code", "APP")
	han.says("not the one that the program printed")
	han.post("/first", 422, "first", g.first, "name", "Han", "email", "han@save9.example", "password", passphrase, "again", "another one that is long", "code", "APP")
	han.says("not alike")
	han.post("/first", 422, "first", g.first, "name", "Han", "email", "han@save9.example", "password", "password1234", "again", "password1234", "code", "APP")
	han.says("among the first that anybody would try")
	if strings.Contains(han.page, "password1234") || !strings.Contains(han.page, `value="Han"`) {
		t.Error("the form does not come back as it should")
	}
	han.post("/first", 200, "first", g.first, "name", "Han", "email", "han@save9.example", "password", passphrase, "again", passphrase, "code", "APP")
	han.says("Recovery codes")
	if n := len(regexp.MustCompile(`(?m)^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$`).FindAllString(strings.ReplaceAll(han.page, `<pre id="codes">`, ""), -1)); n != 10 {
		t.Errorf("%d recovery codes are shown", n)
	}
	if other := g.browser("en"); true {
		other.get("/first", 200)
		if other.at.Path != "/login" {
			t.Errorf("the first start is open still: %s", other.at)
		}
	}

	// An invitation, taken up in Korean.
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "kim@save9.example", "role", "watcher", "role", "author")
	path := link.FindStringSubmatch(han.page)
	if path == nil {
		t.Fatalf("no link is shown:\n%s", text(han.page))
	}
	kim := g.browser("ko-KR")
	kim.get(path[1], 200)
	kim.says("팀에 초대받으셨습니다", "kim@save9.example")
	kim.post(path[1], 200, "name", "김영희", "password", passphrase, "again", passphrase, "code", "APP")
	kim.says("복구 코드")
	again := g.browser("en")
	again.get(path[1], 410)
	again.says("not valid any more", "Ask whoever sent you the link")

	// What is not hers is refused, and not on her menu.
	kim.get("/account", 200)
	kim.says("내 계정", "김영희", "작성자", "Firefox, Linux", "지금 이곳")
	kim.get("/staff", 403)
	kim.get("/audit", 403)
	if strings.Contains(kim.page, `href="/staff"`) || strings.Contains(kim.page, `href="/audit"`) {
		t.Error("the menu offers what is refused")
	}
	kim.get("/account", 200)
	kim.post("/logout", 200)
	if kim.at.Path != "/login" {
		t.Errorf("after the log-out one is at %s", kim.at)
	}
	kim.get("/account?x=1", 200)
	if kim.at.Path != "/login" {
		t.Errorf("without a session the account is at %s", kim.at)
	}
	kim.post("/login", 403, "email", "kim@save9.example", "password", passphrase, "code", "000000")
	kim.says("맞지 않는 것이 있습니다")
	kim.post("/login", 200, "email", "kim@save9.example", "password", passphrase, "code", "APP")
	if kim.at.RequestURI() != "/account?x=1" {
		t.Errorf("the log-in leads to %s", kim.at)
	}
	elsewhere := g.browser("en")
	elsewhere.totp = kim.totp
	elsewhere.get("/login?back=https://evil.example/", 200)
	elsewhere.post("/login", 200, "email", "kim@save9.example", "password", passphrase, "code", "APP")
	if elsewhere.at.Host != kim.at.Host || elsewhere.at.Path != "/calls" {
		t.Errorf("the log-in leads to %s", elsewhere.at)
	}
}

// What is dangerous asks again who one is, and the team is changed only so.
func TestTeamPages(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director("en")
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "kim@save9.example", "role", "author")
	kim := g.browser("en")
	to := link.FindStringSubmatch(han.page)[1]
	kim.get(to, 200)
	kim.post(to, 200, "name", "Kim <b>", "password", passphrase, "again", passphrase, "code", "APP")
	g.clk.Advance(access.Freshness)
	han.get("/staff", 200)
	if han.at.Path != "/prove" {
		t.Fatalf("after ten minutes the team is at %s", han.at)
	}
	han.post("/prove", 200, "password", passphrase, "code", "APP")
	han.says("Team", "Kim &lt;b&gt;")
	// One who took too long over the form is told that nothing is done, and led back to it.
	g.clk.Advance(access.Freshness)
	han.post("/staff/2/roles", 200, "role", "director")
	han.says("It is not done yet")
	han.post("/prove", 200, "password", passphrase, "code", "APP")
	if han.at.Path != "/staff" {
		t.Errorf("after the proof one is at %s", han.at)
	}
	if team, err := g.staff.Team(t.Context()); err != nil || len(team[1].Roles) != 1 || team[1].Roles[0] != access.Author {
		t.Errorf("without a fresh proof roles are given: %+v, %v", team, err)
	}
	han.post("/staff/2/roles", 200, "role", "releaser", "role", "watcher")
	han.says("Saved.")
	kim.get("/account", 200)
	if kim.at.Path != "/login" {
		t.Error("with other roles kim's session goes on")
	}
	han.post("/staff/1/roles", 409, "role", "watcher")
	han.says("The last director stays one")
	han.post("/staff/2/disable", 200)
	han.says("shut")
	kim.post("/login", 403, "email", "kim@save9.example", "password", passphrase, "code", "APP")
	han.post("/staff/2/enable", 200)
	han.post("/staff/2/reset", 200)
	reset := link.FindStringSubmatch(han.page)[1]
	kim.get(reset, 200)
	kim.says("Choose new ways to log in")
	kim.post(reset, 200, "name", "Kim", "password", passphrase, "again", passphrase, "code", "APP")
	kim.says("Recovery codes")
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "lee@save9.example", "role", "volunteer")
	han.says("lee@save9.example")
	han.post("/staff/uninvite", 200)
	if strings.Contains(text(han.page), "lee@save9.example") {
		t.Error("an invitation that was taken back is shown")
	}
	han.get("/audit", 200)
	han.says("changed roles", "Kim", "shut an account", "took an invitation back")
	han.post("/audit/verify", 200)
	han.says("All is as it was written")
	// A form without the session's word, or from elsewhere, does nothing.
	r, err := http.NewRequest(http.MethodPost, g.url+"/staff/2/disable", nil)
	g.must(err)
	han.send(r, 403)
	r, err = http.NewRequest(http.MethodPost, g.url+"/login", strings.NewReader("email=han%40save9.example"))
	g.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	g.browser("en").send(r, 403)
}

// Each page and each act refuses every role that has no right to it, whatever it
// is asked; and of those that have, none is turned away at the door.
func TestEachRoleAtEachPage(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director("en")
	c := &console{Parts: Parts{Staff: g.staff}}
	routes := append(c.table(), c.staffTable()...)
	for _, role := range access.Roles {
		han.get("/prove", 200)
		han.post("/prove", 200, "password", passphrase, "code", "APP")
		han.get("/staff", 200)
		han.post("/staff/invite", 200, "email", string(role)+"@save9.example", "role", string(role))
		b := g.browser("en")
		to := link.FindStringSubmatch(han.page)[1]
		b.get(to, 200)
		b.post(to, 200, "name", string(role), "password", passphrase, "again", passphrase, "code", "APP")
		form := hidden.FindStringSubmatch(b.page[strings.Index(b.page, `action="/logout"`):])[2]
		refused, open := 0, 0
		for _, rt := range routes {
			method, path, _ := strings.Cut(rt.pattern, " ")
			path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.TrimSuffix(path, "{$}"), "99")
			switch may := role.Has(rt.right); {
			case may && method == http.MethodPost:
				continue // it would act
			case may:
				open++
			default:
				refused++
			}
			r, err := http.NewRequest(method, g.url+path, strings.NewReader(url.Values{access.FormField: {form}}.Encode()))
			g.must(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a, err := b.c.Do(r)
			g.must(err)
			body, err := io.ReadAll(a.Body)
			g.must(err)
			a.Body.Close()
			if away := a.StatusCode == http.StatusForbidden && strings.Contains(text(string(body)), "You may not do this"); away == role.Has(rt.right) {
				t.Errorf("a %s at %s is answered %d:\n%s", role, rt.pattern, a.StatusCode, text(string(body)))
			}
		}
		if open == 0 || refused == 0 && role != access.Director {
			t.Errorf("a %s: %d pages open, %d pages and acts refused", role, open, refused)
		}
	}
}

func TestFormPages(t *testing.T) {
	t.Parallel()
	for act, want := range map[string]string{
		"/drafts/x/launch": "/drafts/x/ready", "/calls/c1/release": "/calls/c1", "/calls/c1/correct": "/calls/c1/correct", "/staff/2/roles": "/staff",
		"/staff/invite": "/staff", "/account/token": "/account", "/petition/delivery/purge": "/petition/delivery", "/petition/delivery/pack": "/petition/delivery/pack", "/": "/", "//evil.example/x": "/",
	} {
		if got := formPage(act); got != want || !access.Within(got) {
			t.Errorf("the form of %s stands at %s, want %s", act, got, want)
		}
	}
}

// Who tries too fast from one place is told to wait, whatever it tries.
func TestEntryIsSlow(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	g.director("en")
	try := func(i int, from string) int {
		path := []string{"/login", "/login/passkey", "/first", "/invite/x"}[i%4]
		r, err := http.NewRequest(http.MethodPost, g.url+path, strings.NewReader("email=kim%40save9.example&password=guess&code=1"))
		g.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", from)
		a, err := http.DefaultClient.Do(r)
		g.must(err)
		a.Body.Close()
		return a.StatusCode
	}
	for i := range entryBurst {
		if got := try(i, "203.0.113.9"); got == http.StatusTooManyRequests {
			t.Fatalf("try %d is too much", i)
		}
	}
	if got := try(0, "203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("after %d tries: %d", entryBurst, got)
	}
	if got := try(0, "203.0.113.10"); got != http.StatusForbidden {
		t.Errorf("somebody else: %d", got)
	}
}

func TestAccountPages(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director("en")
	han.get("/account", 200)
	han.post("/account", 200, "name", "한 책임자", "language", "ko")
	han.says("저장했습니다", "한 책임자", "남은 복구 코드: 10")
	han.post("/account/recovery", 200)
	han.says("복구 코드")
	han.get("/account", 200)
	old := han.totp
	han.post("/account/password", 200, "password", passphrase+" again", "again", passphrase+" again", "code", "APP")
	if bytes.Equal(old, han.totp) {
		t.Error("the app has the old secret")
	}
	han.post("/account/token", 200, "name", "벽", "days", "30", "scope", "watch")
	token := regexp.MustCompile(`<code id="token">(clarion_[^<]+)</code>`).FindStringSubmatch(han.page)
	if token == nil {
		t.Fatalf("no token is shown:\n%s", text(han.page))
	}
	han.post("/account/token", 422, "name", "벽", "days", "30", "scope", "team")
	han.post("/account/token/revoke", 200)
	if _, err := g.staff.Bearer(t.Context(), token[1]); err == nil {
		t.Error("a token that was revoked holds")
	}
	other := g.browser("ko")
	other.totp = han.totp
	other.get("/login", 200)
	other.post("/login", 200, "email", "han@save9.example", "password", passphrase+" again", "code", "APP")
	other.get("/account", 200)
	other.post("/account/session", 200) // ends the other one
	han.get("/account", 200)
	if han.at.Path != "/login" {
		t.Error("a session that was ended goes on")
	}
	other.post("/account/sessions", 200)
	other.says("지금 이곳")
}

// No page about getting in has a finding of axe-core, or scrolls sideways: in
// English by day on a phone, in Korean by night on a desk.
func TestEntryIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(rig.AxeCore(t))
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t)
	c := rig.StartChromium(t)
	c.Passkeys()
	look := func(paths ...string) {
		t.Helper()
		for _, path := range paths {
			for lang, screen := range map[string]rig.Screen{"en": {Width: 390}, "ko": {Width: 1280, Dark: true}} {
				c.On(screen)
				if path != "" {
					c.Go(g.url + "/robots.txt")
					c.Eval("document.cookie = 'lang="+lang+"; path=/'", nil)
					c.Go(g.url + path)
				}
				c.Eval("document.querySelectorAll('details').forEach(d => d.open = true)", nil)
				c.Eval(string(axe)+"; 1", nil)
				var got struct {
					Found []string
					Wide  bool
					At    string
				}
				c.Eval(`axe.run(document).then(r => ({
					found: r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" | ")),
					wide: document.documentElement.scrollWidth > innerWidth, at: location.pathname}))`, &got)
				want, _, _ := strings.Cut(path, "?")
				if got.Wide || want != "" && got.At != want {
					t.Errorf("%s in %s: at %s, sideways %v", path, lang, got.At, got.Wide)
				}
				for _, f := range got.Found {
					t.Errorf("%s in %s: %s", path, lang, f)
				}
				if dir := os.Getenv("CLARION_PICTURES"); dir != "" {
					g.must(os.WriteFile(filepath.Join(dir, strings.ReplaceAll(got.At, "/", "_")+"-"+lang+".png"), c.Screenshot(), 0o600))
				}
			}
		}
	}
	look("/first")
	han := g.director("en")
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "kim@save9.example", "role", "director", "role", "list_keeper")
	to := link.FindStringSubmatch(han.page)[1]
	look("/login", to)
	c.Eval("document.querySelector('#name').value = '김영희'; document.querySelector('[data-ask]').click()", nil)
	c.Await("kim to be in", "location.pathname !== '"+to+"'")
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "lee@save9.example", "role", "volunteer")
	look("/account", "/prove?back=/account", "/staff", "/audit")
	c.Go(g.url + "/staff")
	c.Eval("document.querySelector('#email').value = 'park@save9.example'; document.querySelector('form[action=\"/staff/invite\"] input[value=watcher]').click(); document.querySelector('form[action=\"/staff/invite\"] button').click()", nil)
	c.Await("the link", "!!document.querySelector('#link')")
	look("")
	look(to) // used up by now
}

// A person makes a passkey, logs in with it, and proves with it who they are.
func TestPasskeyInChromium(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	han := g.director("en")
	han.get("/staff", 200)
	han.post("/staff/invite", 200, "email", "kim@save9.example", "role", "watcher", "role", "technician")
	to := link.FindStringSubmatch(han.page)[1]
	c := rig.StartChromium(t)
	c.Passkeys()
	c.Go(g.url + to)
	c.Eval("document.querySelector('#name').value = 'Kim Younghee'; document.querySelector('[data-ask]').click()", nil)
	c.Await("kim to be in", "location.pathname !== '"+to+"'")
	c.Go(g.url + "/account")
	c.Await("the account with the passkey", "document.body.innerText.includes('Kim Younghee')")
	c.Eval("document.querySelector('form[action=\"/logout\"] button').click()", nil)
	c.Await("the log-in", "location.pathname === '/login'")
	c.Go(g.url + "/login?back=/account")
	c.Eval("document.querySelector('[data-ask]').click()", nil)
	c.Await("the account", "location.pathname === '/account'")
	g.clk.Advance(access.Freshness)
	c.Go(g.url + "/prove?back=/account")
	c.Eval("document.querySelector('[data-ask]').click()", nil)
	c.Await("the account after the proof", "location.pathname === '/account' && !!document.querySelector('#passkey-name')")
	// The device has a passkey here already, and says so.
	c.Eval("document.querySelector('#passkey-name').value = 'Again'; document.querySelector('form[action=\"/account/passkey\"] [data-ask]').click()", nil)
	c.Await("the device to refuse", "!document.querySelector('form[action=\"/account/passkey\"] [data-failed]').hidden")
	c.Go(g.url + "/audit")
	c.Await("the trail", "document.body.innerText.includes('passkey')")
}
