package public_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
	"clarion/web/public"
	"clarion/worker"
)

// A square is where people sign: the pages, with a roll of their own, and what they tell.
type square struct {
	t       *testing.T
	roll    *petition.Roll
	clk     *clock.Manual
	pages   http.Handler
	hall    hall
	letters map[string]worker.Letter
	news    map[uint32]string // who is on the list, by number
	log     bytes.Buffer
	from    string // where requests come from

	form petition.Form // with its work, which takes its time
	work string
}

func (s *square) Tell(_ context.Context, id string, l worker.Letter) error {
	s.letters[id] = l
	return nil
}

// answers are the letters to who replied.
type answers struct{ *square }

func (a answers) Tell(ctx context.Context, id string, l incoming.Letter) error {
	return a.square.Tell(ctx, id, worker.Letter(l))
}

func (s *square) Join(_ context.Context, sig *petition.Signature) error {
	s.news[sig.Number] = sig.Contact.Reveal()
	return nil
}

func (s *square) Leave(_ context.Context, sig *petition.Signature) error {
	delete(s.news, sig.Number)
	return nil
}

func newSquare(t *testing.T) *square {
	t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatalf("the example: %v, %v", problems, err)
	}
	keys, err := seal.New(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &square{t: t, clk: clock.NewManual(time.Date(2013, 6, 10, 14, 0, 0, 0, time.UTC)), letters: map[string]worker.Letter{}, news: map[uint32]string{}, from: "192.0.2.1:5000"}
	s.roll = petition.OpenRoll(c, redistest.New(t), keys, s.clk)
	desk := incoming.Open(incoming.Parts{Roll: s.roll, Letters: answers{s}, Public: "https://act.example.org/", Clock: s.clk, Log: slog.New(slog.DiscardHandler)})
	s.pages, err = public.NewSigning(public.Signing{Roll: s.roll, Incoming: desk, Volunteers: &s.hall, Letters: s, News: s, Reach: []address.Channel{address.Email, address.SMS},
		Throwaway: []string{"mailinator.com"}, Public: "https://act.example.org/", Region: "KR", Clock: s.clk, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *square) ask(r *http.Request) (int, string) {
	s.t.Helper()
	r.RemoteAddr = s.from
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (s *square) get(path string) (int, string) {
	s.t.Helper()
	return s.ask(httptest.NewRequest(http.MethodGet, path, nil))
}

func (s *square) post(path string, v url.Values) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.ask(r)
}

// filled is a form that is in order, with the changes; "" leaves a field out. Those
// without an address are one form, whose work was done.
func (s *square) filled(changes map[string]string) url.Values {
	fields := map[string]string{"form": s.roll.NewForm().Token, "name": "김영희", "region": "busan", "district": "해운대구", "opinion": "1", "age": "1"}
	if changes["contact"] == "" {
		if s.work == "" {
			s.form = s.roll.NewForm()
			s.work = s.form.Work()
		}
		fields["form"], fields["work"] = s.form.Token, s.work
	}
	maps.Copy(fields, changes)
	v := url.Values{}
	for name, value := range fields {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func (s *square) counts() (least, most int) {
	s.t.Helper()
	tally, err := s.roll.Tally(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return tally.AtLeast, tally.AtMost
}

// link is the part of the address of a page in a text that has the way.
func link(t *testing.T, text, way string) string {
	t.Helper()
	m := regexp.MustCompile(`https://act\.example\.org(/` + way + `/\S+)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no link /%s/ in:\n%s", way, text)
	}
	return m[1]
}

var slipCode = regexp.MustCompile(`code: ([0-9A-Z-]+)`)

// A form that comes twice is one signature, with one slip.
func TestSign(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	form := s.filled(map[string]string{"code": "123456"})
	var codes []string
	for range 2 {
		code, page := s.post("/sign?lang=ko", form)
		m := slipCode.FindStringSubmatch(page)
		if code != 200 || m == nil {
			t.Fatalf("signing is answered %d:\n%s", code, page)
		}
		codes = append(codes, m[1])
	}
	if least, most := s.counts(); codes[0] != codes[1] || least != 0 || most != 1 || s.hall.came != 1 || len(s.letters) != 0 {
		t.Errorf("slips %v, at least %d, at most %d, %d came by the volunteer, %d letters", codes, least, most, s.hall.came, len(s.letters))
	}
	// The slip leads to its page however it is written, and is what the program reads.
	for _, path := range []string{"/s/" + codes[0], "/s/" + strings.ToLower(strings.ReplaceAll(codes[0], "-", ""))} {
		if code, page := s.get(path); code != 200 || !strings.Contains(page, "해운대구") {
			t.Errorf("%s is answered %d", path, code)
		}
	}
	_, text := s.get("/s/" + codes[0] + "/slip.txt")
	if slip, err := petition.ParseSlip(text); err != nil || slip.Name != "김영희" {
		t.Errorf("the slip is read as %+v, %v", slip, err)
	}
	// Looking withdraws nothing; the button does.
	if code, page := s.post("/s/"+codes[0]+"/withdraw?lang=ko", nil); code != 200 || !strings.Contains(page, "철회된") {
		t.Errorf("withdrawing is answered %d:\n%s", code, page)
	}
	if _, most := s.counts(); most != 0 {
		t.Errorf("%d after it was withdrawn", most)
	}
	if _, page := s.get("/s/" + codes[0]); strings.Contains(page, "김영희") || strings.Contains(page, "해운대구") {
		t.Error("a withdrawn signature still says whose it was")
	}
}

// The proof on the page is the one that the program verifies.
func TestSlipIsProven(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	if code, _ := s.post("/sign", s.filled(map[string]string{"contact": "kim@example.org"})); code != 200 {
		t.Fatalf("signing is answered %d", code)
	}
	var confirm string
	for _, l := range s.letters {
		confirm = link(t, l.Text, "c")
	}
	_, page := s.post(confirm, nil)
	code := slipCode.FindStringSubmatch(page)
	if code == nil {
		t.Fatalf("there is no slip after confirming:\n%s", page)
	}
	if _, err := s.roll.Publish(t.Context(), "2013-06-10"); err != nil {
		t.Fatal(err)
	}
	roots, err := s.roll.Roots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/s/" + code[1], "/sign/roots", "/s/" + code[1] + "/proof.json"} {
		if status, page := s.get(path); status != 200 || !strings.Contains(page, roots[0].Root) {
			t.Errorf("%s (%d) has no root:\n%s", path, status, page)
		}
	}
	if _, page := s.get("/s/" + code[1] + "?lang=en"); !strings.Contains(page, "Yes. This slip leads to the root") {
		t.Errorf("the slip is not told as proven:\n%s", page)
	}

	// What the addressee answers is found by the slip, first that they did, then their words.
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, ""},
		{func() error { return s.roll.NoteAnswer(t.Context(), s.clk.Now()) }, "What it says will stand here."},
		{func() error {
			return s.roll.PublishAnswer(t.Context(), map[string]string{"ko": "우리는 **움직였습니다**.\n\n<script>우리</script>"})
		}, "<strong>움직였습니다</strong>"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		_, page := s.get("/s/" + code[1] + "?lang=en")
		if answered := strings.Contains(page, "The answer came on 2013-06-10"); answered != (step.want != "") || !strings.Contains(page, step.want) || strings.Contains(page, "<script>우리") {
			t.Errorf("the answer is told as:\n%s", page)
		}
	}
}

// Who signs with an address sees the same page whether there was a signature or not,
// and no slip: they may be somebody else.
func TestNobodyLearnsWhoSigned(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for _, contact := range []string{"kim@example.org", "010-1234-5678"} {
		clear(s.letters)
		_, first := s.post("/sign?lang=en", s.filled(map[string]string{"contact": contact}))
		_, second := s.post("/sign?lang=en", s.filled(map[string]string{"contact": contact}))
		if first != second || slipCode.MatchString(first) || len(s.letters) != 2 {
			t.Errorf("%s: the pages differ, or there is a slip on them; %d letters:\n%s\n%s", contact, len(s.letters), first, second)
		}
	}
	if _, most := s.counts(); most != 2 {
		t.Errorf("at most %d", most)
	}
}

// Looking at a link changes nothing, the button does, as often as somebody presses.
func TestConfirm(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	s.post("/sign?lang=ko", s.filled(map[string]string{"contact": "kim@example.org", "news": "1"}))
	var letter worker.Letter
	for _, letter = range s.letters {
	}
	if letter.To.Reveal() != "kim@example.org" || !strings.Contains(letter.Subject, "서명을 확인해 주세요") {
		t.Fatalf("the letter is %+v", letter)
	}
	confirm, withdraw := link(t, letter.Text, "c"), link(t, letter.Text, "w")
	for range 3 {
		if code, page := s.get(confirm); code != 200 || strings.Contains(page, "김영희") {
			t.Fatalf("the link is answered %d, or names the signer:\n%s", code, page)
		}
		s.get(withdraw)
	}
	if least, most := s.counts(); least != 0 || most != 1 || len(s.news) != 0 {
		t.Errorf("after looking: at least %d, at most %d, %v", least, most, s.news)
	}
	for range 2 {
		if code, page := s.post(confirm, nil); code != 200 || !slipCode.MatchString(page) {
			t.Fatalf("confirming is answered %d:\n%s", code, page)
		}
	}
	if least, _ := s.counts(); least != 1 || s.news[1] != "kim@example.org" {
		t.Errorf("after confirming: at least %d, %v", least, s.news)
	}
	s.post(withdraw, nil)
	if least, most := s.counts(); least+most != 0 || len(s.news) != 0 {
		t.Errorf("after withdrawing: at least %d, at most %d, %v", least, most, s.news)
	}
	if code, page := s.post(confirm+"?lang=ko", nil); code != 200 || !strings.Contains(page, "철회된") || len(s.news) != 0 {
		t.Errorf("confirming what is withdrawn is answered %d, %v:\n%s", code, s.news, page)
	}
}

// Whatever is wrong stands at its field, and nothing that was typed is lost.
func TestMistakesAreAtTheirFields(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for _, c := range []struct{ what, field, value, at string }{
		{"no name", "name", "", "name"}, {"a letter again and again", "name", "aaaa", "name"}, {"jamo", "name", "ㅋㅋㅋ", "name"},
		{"an address for a name", "name", "www.example.org", "name"}, {"digits", "name", "Kim 123", "name"}, {"no region", "region", "", "region"},
		{"a region of nobody", "region", "atlantis", "region"}, {"a district without end", "district", strings.Repeat("구", 61), "district"},
		{"a resident number", "district", "900101-1234567", "district"}, {"no opinion", "opinion", "", "opinion"}, {"no age", "age", "", "age"},
		{"no address", "contact", "kim@", "contact"}, {"two addresses", "contact", "a@example.org\r\nBcc: b@example.org", "contact"},
		{"a throw-away address", "contact", "kim@x.Mailinator.com", "contact"}, {"a landline's half", "contact", "02-12", "contact"},
		{"news without an address", "news", "1", "contact"}, {"a code of five", "code", "12345", "code"}, {"the trap", "website", "x", "wrong"},
	} {
		v := s.filled(map[string]string{c.field: c.value})
		code, page := s.post("/sign?lang=en", v)
		wants := `id="` + c.at + `-wrong"`
		if c.at == "wrong" {
			wants = `id="wrong"`
		}
		if code != 422 || !strings.Contains(page, wants) {
			t.Errorf("%s is answered %d, without %s", c.what, code, wants)
		}
		if c.field != "name" && !strings.Contains(page, `value="김영희"`) || c.field != "region" && !strings.Contains(page, `value="busan" selected`) || !strings.Contains(page, v.Get("form")) {
			t.Errorf("%s: what was typed is lost", c.what)
		}
	}
	if _, most := s.counts(); most != 0 || len(s.letters) != 0 {
		t.Errorf("at most %d, %d letters", most, len(s.letters))
	}
}

// Without work and without an address nobody signs; another form's work is none; an
// old form is made anew with what was typed.
func TestFormsAreOurs(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	none, other, old := s.filled(nil), s.filled(map[string]string{"form": s.roll.NewForm().Token}), s.filled(nil)
	none.Del("work")
	for what, v := range map[string]url.Values{"no work": none, "another's work": other} {
		if code, page := s.post("/sign", v); code != 422 || !strings.Contains(page, `id="contact-wrong"`) {
			t.Errorf("%s is answered %d", what, code)
		}
	}
	s.clk.Advance(petition.FormKept + time.Second)
	code, page := s.post("/sign", old)
	token := regexp.MustCompile(`name="form" value="([a-z2-7]+)"`).FindStringSubmatch(page)
	if code != 422 || token == nil || token[1] == old.Get("form") || !strings.Contains(page, `value="김영희"`) {
		t.Errorf("an old form is answered %d:\n%s", code, page)
	}
}

// Attacks on the pages: none of it comes back as more than text, nothing is logged of
// who, and what is too much is refused.
func TestSignAttacks(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	const script = `"><script>alert(9)</script>`
	for _, field := range []string{"form", "work", "name", "region", "district", "contact", "code", "website", "news"} {
		code, page := s.post("/sign?lang="+url.QueryEscape(script), s.filled(map[string]string{field: script}))
		if code >= 500 || strings.Contains(page, "<script>alert") {
			t.Errorf("script in %s is answered %d", field, code)
		}
	}
	asked, err := s.roll.KeepAsk(t.Context(), []byte("m"), petition.Ask{Name: script, Contact: address.Canonical(address.Email, "hong@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"region", "district"} {
		code, page := s.post("/r/"+s.roll.AskToken(asked), url.Values{field: {script}, "opinion": {"1"}, "age": {"1"}})
		if code != http.StatusUnprocessableEntity || strings.Contains(page, "<script>alert") {
			t.Errorf("script in %s of who replied is answered %d", field, code)
		}
	}
	for _, path := range []string{"/s/", "/c/", "/c/x/", "/w/", "/r/", "/v/", "/sign?by=", "/sign/share?by="} {
		if code, page := s.get(path + url.QueryEscape(script)); code >= 500 || strings.Contains(page, "<script>alert") {
			t.Errorf("script in %s is answered %d", path, code)
		}
	}
	if code, _ := s.post("/s", url.Values{"code": {script}}); code != 404 {
		t.Errorf("a made-up code is answered %d", code)
	}
	if code, _ := s.post("/sign", url.Values{"name": {strings.Repeat("a", 1<<20)}}); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a megabyte is answered %d", code)
	}
	foreign := httptest.NewRequest(http.MethodPost, "/sign", strings.NewReader(s.filled(nil).Encode()))
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if code, _ := s.ask(foreign); code != http.StatusForbidden {
		t.Errorf("another site's form is answered %d", code)
	}
	if _, most := s.counts(); most != 1 { // of a district, which is shown as the text that it is
		t.Errorf("at most %d after the attacks", most)
	}
	// Tokens and codes tell nothing of their neighbours.
	_, page := s.post("/sign", s.filled(map[string]string{"contact": "kim@example.org"}))
	if strings.Contains(page, s.roll.ConfirmToken(2)) {
		t.Error("the page has the token that only the letter may have")
	}
	for purpose, path := range map[string]string{"a withdrawal's token confirms": "/c/" + s.roll.WithdrawToken(1), "a confirmation's token withdraws": "/w/" + s.roll.ConfirmToken(1),
		"a token of what is not there": "/c/" + s.roll.ConfirmToken(3), "half a token": "/c/" + s.roll.ConfirmToken(1)[:20],
		"a confirmation's token agrees": "/r/" + s.roll.ConfirmToken(1), "half a token agrees": "/r/" + s.roll.AskToken(asked)[:40]} {
		if code, _ := s.post(path, nil); code != 404 {
			t.Errorf("%s: answered %d", purpose, code)
		}
	}
	if strings.Contains(s.log.String(), "kim@") || strings.Contains(s.log.String(), "김영희") {
		t.Errorf("the log names a signer:\n%s", s.log.String())
	}
}

// One client, or one network, cannot sign for thousands; with what was typed kept.
func TestSigningIsSlow(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	v := s.filled(map[string]string{"name": "aaaa"}) // refused, and counted all the same
	last := 0
	for range 121 {
		last, _ = s.post("/sign", v)
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the form after many is answered %d", last)
	}
	s.from = "192.0.2.2:5000"
	if code, _ := s.post("/sign", v); code != 422 {
		t.Errorf("a neighbour is answered %d", code)
	}
	s.clk.Advance(time.Second)
	s.from = "192.0.2.1:5000"
	if code, _ := s.post("/sign", v); code != 422 {
		t.Errorf("a second later it is answered %d", code)
	}
}

// What is forwarded leads to the volunteer's page, and its parts are counted.
func TestShare(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for path, want := range map[string][]string{
		"/sign/share?lang=ko": {"https://act.example.org/sign<", "카카오톡", "UCS-2", `<svg class="qr"`}, "/sign/share?lang=en&by=123456": {"https://act.example.org/v/123456", "GSM-7"},
		"/sign/share?lang=en&by=1": {"https://act.example.org/sign<"}, "/v/123456?lang=en": {`value="123456"`, "Save 9 North Korean Orphans"}, "/v/1?lang=en": {`name="code" inputmode="numeric" maxlength="7" autocomplete="off" class="short" value=""`},
	} {
		code, page := s.get(path)
		for _, w := range want {
			if code != 200 || !strings.Contains(page, w) {
				t.Errorf("%s is answered %d, without %q", path, code, w)
			}
		}
	}
}

// Who signs by a link that was passed on is of the next generation, and so is who signs
// by theirs; the volunteer's own code is the first, whatever link lay beside it.
func TestSignersPassItOn(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for link, share := range map[string]string{"123456": "passed2", "passed2": "passed3", "passed9": "passed9"} {
		_, page := s.get("/v/" + link + "?lang=en")
		hidden := strings.Contains(page, `name="by" value="`+link+`"`)
		if !strings.Contains(page, `value="123456"`) || hidden != (link != "123456") {
			t.Errorf("the form behind %s:\n%s", link, page)
		}
		contact := link + "@example.org"
		if _, page := s.post("/sign?lang=en", s.filled(map[string]string{"code": "123456", "by": link, "contact": contact})); !strings.Contains(page, "&amp;by="+share+`"`) {
			t.Errorf("after signing by %s there is no link to pass on %s:\n%s", link, share, page)
		}
		if _, page := s.get("/sign/share?lang=en&by=" + share); !strings.Contains(page, "https://act.example.org/v/"+share) {
			t.Errorf("passed on is not %s:\n%s", share, page)
		}
	}
	for _, l := range s.letters {
		_, page := s.post(link(t, l.Text, "c"), nil)
		from, _, _ := strings.Cut(l.To.Reveal(), "@")
		if want := map[string]string{"123456": "passed2", "passed2": "passed3", "passed9": "passed9"}[from]; !strings.Contains(page, "&amp;by="+want+`"`) {
			t.Errorf("who came by %s and confirmed passes on another link than %s:\n%s", from, want, page)
		}
	}
	slices.Sort(s.hall.generations)
	if s.hall.came != 3 || !slices.Equal(s.hall.generations, []int{1, 2, 9}) {
		t.Errorf("%d came, of generations %v", s.hall.came, s.hall.generations)
	}
}

// Before and after its days there is no form.
func TestSignOutsideItsDays(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	form := s.filled(nil)
	s.clk.Advance(s.roll.Closes.Sub(s.clk.Now()))
	if code, page := s.get("/sign?lang=en"); code != 200 || strings.Contains(page, "<form") || !strings.Contains(page, "The petition is closed.") {
		t.Errorf("a closed petition is shown (%d) as:\n%s", code, page)
	}
	if code, _ := s.post("/sign", form); code != 422 {
		t.Errorf("a form after the end is answered %d", code)
	}
}
