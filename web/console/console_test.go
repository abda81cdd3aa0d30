package console

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/templates"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

// A house is a console with everybody its director, on a Redis of the test's own.
type house struct {
	t     *testing.T
	desk  *desk.Desk
	trail *audit.Trail
	pages http.Handler
	form  string
	lang  string
}

func open(t *testing.T, rule desk.ReleaseRule) *house {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rdb, clk := redistest.New(t), clock.NewManual(time.Date(2013, 6, 10, 1, 0, 0, 0, time.UTC))
	people, err := lists.Open(t.Context(), rdb, keys, clk)
	if err != nil {
		t.Fatal(err)
	}
	table, err := tabular.Open(strings.NewReader("name,email,sms,fax\n김영희,kim@example.org,010-2345-6789,02-345-6789\nJohn,john@example.com,,\n<script>,mary@example.com,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Import(t.Context(), table, lists.ImportOptions{List: "supporters", Consent: "yes", Region: "KR"}, func(int64, int) {}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, lang: english, trail: audit.Open(rdb, keys, clk, "", log)}
	h.desk = desk.New(desk.Parts{Redis: rdb, Ledger: broadcast.Open(rdb, clk), People: people, Queue: worker.NewQueue(rdb), Keys: keys, Clock: clk, Release: rule,
		Links: worker.Links{Organisation: "Save 9 Campaign", Public: "https://act.example.org", BounceDomain: "mail.example.org", Region: "KR"}, Settings: "clarion.toml",
		Petition: petition.Open(rdb, keys, clk), Appeal: petition.Appeal{URL: "https://save9.example.org/sign", Title: map[string]string{"ko": "살려 주세요", "en": "Save & help"}, Text: map[string]string{"ko": "서명", "en": "Sign"}}})
	guard := func(deny func(http.ResponseWriter, *http.Request, error)) (Guard, error) {
		return access.NewOpenHouse("Director", keys, deny), nil
	}
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	if h.pages, err = New(Parts{Desk: h.desk, Webhooks: webhooks.Open(webhooks.Config{}, webhooks.Parts{Redis: rdb, Ledger: h.desk.Ledger, Keys: keys, Trail: h.trail, Clock: clk, Log: log}), Guard: guard, Trail: h.trail, Clock: clk, Zone: zone, Log: log}); err != nil {
		t.Fatal(err)
	}
	h.form = regexp.MustCompile(`name="form" value="([0-9a-f]+)"`).FindStringSubmatch(h.get("/drafts", 200))[1]
	return h
}

func (h *house) do(r *http.Request, status int) *http.Response {
	h.t.Helper()
	r.AddCookie(&http.Cookie{Name: "lang", Value: h.lang})
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	a := w.Result()
	if a.StatusCode != status {
		h.t.Fatalf("%s %s is answered %d, want %d:\n%s", r.Method, r.URL, a.StatusCode, status, text(w.Body.String()))
	}
	return a
}

func (h *house) get(path string, status int) string {
	h.t.Helper()
	b, err := io.ReadAll(h.do(httptest.NewRequest(http.MethodGet, path, nil), status).Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// post sends a form of ours, and returns where it leads to and what it says.
func (h *house) post(path string, status int, fields ...string) (to, page string) {
	h.t.Helper()
	a := h.send(path, status, fields...)
	b, err := io.ReadAll(a.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.Header.Get("Location"), string(b)
}

// send sends a form of ours.
func (h *house) send(path string, status int, fields ...string) *http.Response {
	h.t.Helper()
	v := url.Values{"form": {h.form}}
	for i := 0; i < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.do(r, status)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a page says, without what draws it.
func text(page string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " ")
}

// draft begins one and returns where it stands.
func (h *house) draft() string {
	h.t.Helper()
	to, _ := h.post("/drafts", http.StatusSeeOther, "name", "Save 9 launch")
	return to
}

var version = regexp.MustCompile(`name="version" value="(\d+)"`)

func (h *house) version(path string) string {
	h.t.Helper()
	return version.FindStringSubmatch(h.get(path, 200))[1]
}

func TestWriteRehearseLaunch(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	d := h.draft()
	editor := h.get(d, 200)
	for _, want := range []string{"Email and fax, Korean", "sms.ko.txt", d + "/proof/ko/mail", d + "/proof/en/fax/1", "2 part(s)"} {
		if !strings.Contains(editor, want) {
			t.Errorf("the editor does not show %q", want)
		}
	}
	mail := h.get(d+"/proof/ko/mail", 200)
	if !strings.Contains(mail, "탈북 고아") {
		t.Error("the proof of the mail does not show its text")
	}

	// What two write at once is not lost: the later one sees so, and may then replace it.
	v := h.version(d)
	h.post(d, http.StatusSeeOther, "name", "Save 9 launch", "version", v, "file:sms.en.txt", "First: {{ short_url }} Reply STOP to opt out")
	_, again := h.post(d, http.StatusConflict, "name", "Save 9 launch", "version", v, "file:sms.en.txt", "Second: {{ short_url }} Reply STOP to opt out")
	if !strings.Contains(again, "Second: {{ short_url }}") || !strings.Contains(again, "Somebody else saved") {
		t.Error("the words typed are not there after a conflict")
	}
	if !strings.Contains(h.get(d, 200), "First: {{ short_url }}") {
		t.Error("the later save replaced the earlier one without asking")
	}

	// A mistake stands at its line.
	h.post(d, http.StatusSeeOther, "name", "Save 9 launch", "version", h.version(d), "file:text.en.md", "# Title\n\nDear {{ nmae | friend }}\n")
	if page := text(h.get(d, 200)); !strings.Contains(page, "Line 3") || !strings.Contains(page, "nmae") {
		t.Errorf("the misspelt field is not told at its line:\n%s", page)
	}
	h.post(d, http.StatusSeeOther, "name", "Save 9 launch", "version", h.version(d), "file:text.en.md", "# Title\n\nDear {{ name | friend }}, we ask for your signature: {{ petition_url }}\n")

	// The audience, ticked.
	h.post(d+"/audience", http.StatusSeeOther, "version", h.version(d), "list", "supporters", "channel", "email", "channel", "sms", "reach", "first")
	if page := text(h.get(d+"/audience", 200)); !strings.Contains(page, "3 people 3 Email 0 Text message") || !strings.Contains(page, "reached on another channel") {
		t.Errorf("the audience is not counted:\n%s", page)
	}
	if n := text(h.get(d+"/count?list=supporters&channel=sms", 200)); !strings.Contains(n, "1 people 1 Text message") {
		t.Errorf("the ticks are not counted: %s", n)
	}

	// A rehearsal runs against the rehearsal gateways, and looks like one.
	to, _ := h.post(d+"/rehearse", http.StatusSeeOther)
	if page := h.get(to, 200); !strings.Contains(page, `class="rehearsal"`) || !strings.Contains(page, "nobody gets anything") {
		t.Error("a rehearsal does not look like one")
	}

	// Without a gateway nothing goes out, whatever is typed.
	_, refused := h.post(d+"/launch", http.StatusUnprocessableEntity, "version", h.version(d+"/ready"), "confirm", "launch")
	if !strings.Contains(refused, "must be mended first") {
		t.Errorf("a launch without a gateway is not refused in words:\n%s", text(refused))
	}
	_, refused = h.post(d+"/launch", http.StatusUnprocessableEntity, "version", h.version(d+"/ready"), "confirm", "yes")
	if !strings.Contains(refused, "to confirm") {
		t.Errorf("a launch without the call's name is not refused in words:\n%s", text(refused))
	}

	// What is in doubt is decided in one of two ways.
	h.post(to+"/doubt", http.StatusBadRequest, "do", "nothing")
	h.post(to+"/doubt", http.StatusSeeOther, "do", "settled")

	// The call is paused, resumed and stopped; the trail says by whom.
	for _, step := range []struct{ verb, state string }{{"pause", "paused"}, {"resume", "running"}, {"stop", "stopped"}} {
		back, _ := h.post(to+"/"+step.verb, http.StatusSeeOther)
		if page := text(h.get(back, 200)); !strings.Contains(page, step.state) {
			t.Errorf("after %s the call is not %s:\n%s", step.verb, step.state, page)
		}
	}
	if _, page := h.post(to+"/pause", http.StatusConflict); !strings.Contains(page, "cannot be paused") {
		t.Errorf("pausing a stopped call is answered: %s", text(page))
	}
}

// Who presses twice sends once.
func TestLaunchedTwice(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	gates, err := builtin.Rehearsals(rehearsal.Config{}, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gates {
		g.Name = g.Channel.String()
		h.desk.Gates = append(h.desk.Gates, desk.Gate{Gate: g})
	}
	h.desk.Bounces = true
	d := h.draft()
	fields := []string{"version", h.version(d + "/ready"), "confirm", "launch"}
	to, _ := h.post(d+"/launch", http.StatusSeeOther, fields...)
	if _, page := h.post(d+"/launch", http.StatusConflict, fields...); !strings.Contains(page, "went out already") {
		t.Errorf("a second launch is told: %s", text(page))
	}
	if calls, err := h.desk.Calls(t.Context()); err != nil || len(calls) != 1 || !strings.HasPrefix(to, "/calls/"+string(calls[0].ID)) {
		t.Errorf("calls %+v, %v", calls, err)
	}
}

// What is not there corrects nothing.
func TestCorrectionIsThere(t *testing.T) {
	h := open(t, desk.ReleaseRule{CorrectionAbove: 1})
	d, other := h.draft(), h.draft()
	const missing = "needs a correction text ready"
	for chosen, want := range map[string]bool{"../../x": true, strings.TrimPrefix(d, "/drafts/"): true, strings.TrimPrefix(other, "/drafts/"): false} {
		h.post(d+"/plan", http.StatusSeeOther, "version", h.version(d), "draft", "x", "correction", chosen)
		if page := text(h.get(d+"/ready", 200)); strings.Contains(page, missing) != want {
			t.Errorf("with the correction %q: %s", chosen, page)
		}
	}
	h.post(d+"/plan", http.StatusSeeOther, "version", h.version(d), "draft", "x", "correction", strings.TrimPrefix(other, "/drafts/"))
	h.post(other+"/delete", http.StatusSeeOther, "version", h.version(other))
	if page := text(h.get(d+"/ready", 200)); !strings.Contains(page, missing) {
		t.Errorf("after the correction was deleted: %s", page)
	}
}

// Every page is there in both languages, and says so.
func TestPagesSpeakBoth(t *testing.T) {
	h := open(t, desk.ReleaseRule{SecondPerson: true, CorrectionAbove: 1})
	d := h.draft()
	to, _ := h.post(d+"/rehearse", http.StatusSeeOther)
	h.sign()
	h.post("/petition/sheets", http.StatusSeeOther, "count", "1", "lines", "10", "print", "normal")
	for _, path := range []string{"/petition", "/petition/sheets", "/petition/sheets/1", "/petition/enter", "/petition/check", "/petition/delivery", "/petition/delivery/pack", "/volunteer", "/volunteers", "/texting", "/texting/rounds", "/suppressions", "/people", "/queues", "/alarms", "/calls", "/calls/compare", "/calls/compare?by=language", to, to + "/report", to + "/correct", "/drafts", d, d + "/audience", d + "/ready", "/lists", "/lists/supporters", "/lists/supporters/export", "/lists/import", "/webhooks", h.webhook()} {
		for _, h.lang = range []string{english, korean} {
			page := h.get(path, 200)
			if !strings.Contains(page, `<html lang="`+h.lang+`">`) {
				t.Errorf("%s does not say that it is in %s", path, h.lang)
			}
			if strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<no value>") || strings.Contains(page, " style=") {
				t.Errorf("%s holds what a browser must not get", path)
			}
			if strings.Contains(page, "<script>") {
				t.Errorf("%s runs a script of a contact's name", path)
			}
		}
	}
	h.lang = english
	if report := h.get(to+"/report.pdf", 200); !strings.HasPrefix(report, "%PDF-") {
		t.Error("the report is not on paper")
	}
	h.get("/calls/c99", 404)
	h.get("/drafts/none", 404)
}

// say gives both languages, everywhere.
func TestSayIsPaired(t *testing.T) {
	pairs := regexp.MustCompile(`\bsay\s+"((?:[^"\\]|\\.)*)"(?:\s+"((?:[^"\\]|\\.)*)")?`)
	entries, err := files.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		source, err := files.ReadFile("pages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pairs.FindAllStringSubmatch(string(source), -1) {
			n++
			if m[1] == "" || !strings.ContainsFunc(m[2], func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) {
				t.Errorf("%s: say %q has no Korean: %q", e.Name(), m[1], m[2])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d words are said: the test looks past them", n)
	}
}

// What changes something takes a form of this session, from a page of ours.
func TestForeignFormsAreRefused(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	for _, rt := range (&console{}).table() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if !rt.right.Valid() {
			t.Errorf("%s names no right", rt.pattern)
		}
		if method == http.MethodGet {
			continue
		}
		path = strings.NewReplacer("{id}", "c1", "{draft}", "x", "{name}", "x").Replace(path)
		h.do(httptest.NewRequest(method, path, strings.NewReader("name=x")), http.StatusForbidden)
		r := httptest.NewRequest(method, path, strings.NewReader("form="+h.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		h.do(r, http.StatusForbidden)
	}
}

func TestLanguageIsKeptAndLeadsBack(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	for back, want := range map[string]string{"/drafts": "/drafts", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/"} {
		to, _ := h.post("/language", http.StatusSeeOther, "lang", "ko", "back", back)
		if to != want {
			t.Errorf("back to %q leads to %q, want %q", back, to, want)
		}
	}
}

func TestPicturesAreTakenAndRefused(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	d := h.draft()
	picture, err := io.ReadAll(must(templates.Example().Open("picture.png")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		data   []byte
		status int
	}{{"Nine.PNG", picture, http.StatusSeeOther}, {"page.png", []byte("<svg onload=alert(1)>"), http.StatusUnprocessableEntity}, {"call.toml", picture, http.StatusUnprocessableEntity}} {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		for k, v := range map[string]string{"form": h.form, "version": h.version(d), "name": "x"} {
			if err := m.WriteField(k, v); err != nil {
				t.Fatal(err)
			}
		}
		f, err := m.CreateFormFile("picture", c.name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(c.data)
		m.Close()
		r := httptest.NewRequest(http.MethodPost, d, &body)
		r.Header.Set("Content-Type", m.FormDataContentType())
		h.do(r, c.status)
	}
	if !strings.Contains(h.get(d, 200), "nine.png") {
		t.Error("the picture is not there")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestWordsOfNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) is %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		part, whole int
		want        string
	}{{0, 0, ""}, {0, 9, "0 %"}, {9, 9, "100 %"}, {99999, 100000, "99.9 %"}, {1, 100000, "0.1 %"}, {1, 3, "33.3 %"}} {
		if got := share(c.part, c.whole); got != c.want {
			t.Errorf("share(%d, %d) is %q, want %q", c.part, c.whole, got, c.want)
		}
	}
	for d, want := range map[time.Duration][2]string{90 * time.Second: {"1 min 30 s", "1분 30초"}, 26 * time.Hour: {"1 d 2 h", "1일 2시간"}, 0: {"0 s", "0초"}, time.Hour: {"1 h", "1시간"}} {
		if en, ko := span(d, english), span(d, korean); en != want[0] || ko != want[1] {
			t.Errorf("span(%s) is %q and %q, want %q", d, en, ko, want)
		}
	}
}

// What a volunteer forwards carries their link, and nothing that the sender's programs
// would take for something else.
func TestVolunteerForwards(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	page := h.get("/volunteer", 200)
	link := regexp.MustCompile(`https://act\.example\.org/v/\d{6}`).FindString(page)
	if link == "" || !strings.Contains(page, "mailto:?subject=Save%20%26%20help&amp;body=Sign%0A"+strings.NewReplacer(":", "%3A", "/", "%2F").Replace(link)) {
		t.Errorf("the texts to forward do not carry the link %q:\n%s", link, page)
	}
}
