package e2e_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clarion/e2e/rig"
	"clarion/petition"
)

// visit asks for a page of the site, and returns what it says.
func (s *site) visit(method, at string, form url.Values) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, at, strings.NewReader(form.Encode()))
	must(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.pages.Client().Do(r)
	must(s.t, err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	must(s.t, err)
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s is answered %s:\n%s", method, at, answer.Status, page)
	}
	return string(page)
}

// signs has somebody sign who leaves an address and wants to hear more.
func (s *site) signs(name, contact string) {
	s.t.Helper()
	token := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(s.visit(http.MethodGet, s.pages.URL+"/sign?lang=en", nil))
	if token == nil {
		s.t.Fatal("the page of the petition has no form")
	}
	s.visit(http.MethodPost, s.pages.URL+"/sign?lang=en", url.Values{"form": {token[1]}, "name": {name}, "region": {"busan"}, "contact": {contact},
		"news": {"1"}, "names": {"1"}, "opinion": {"1"}, "age": {"1"}})
}

// paths are the links of the site in a text, by the first part of their path.
func (s *site) paths(text string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(s.pages.URL)+`/([a-z]+)/\S+`).FindAllStringSubmatch(text, -1) {
		out[m[1]] = m[0]
	}
	return out
}

// A counted is the count of the signatures.
type counted struct {
	AtLeast int `json:"at_least"`
	AtMost  int `json:"at_most"`
}

// People sign by the pages, and confirm by the link that comes by mail through Postfix,
// or by text through Kannel. Whoever agreed to news hears of the next call, and nobody
// who withdrew does.
func TestSignersConfirmByRealMail(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	must(t, os.CopyFS(filepath.Join(s.dir, "petition"), petition.Example()))
	s.config += "\n[petition]\nfolder = \"petition\"\nsms_from = \"02-6200-0009\"\n"
	s.gateways(rig.MailOptions{}, email, sms)
	s.serve()

	s.signs("Kim Yeonghui", "kim@mail.example")
	s.signs("Lee Minsu", "lee@mail.example")
	s.signs("Park Jimin", "010-2345-6789")
	if c := ask[counted](s, 0, "petition", "tally"); c != (counted{0, 3}) {
		t.Errorf("before anybody confirms %+v are counted", c)
	}
	links := map[string]map[string]string{}
	s.await("the letters", func() bool {
		for _, l := range s.mail.MX.Received() {
			v := readLetter(t, l)
			if !strings.Contains(v.subject, "Confirm your signature") {
				t.Fatalf("a letter is about %q", v.subject)
			}
			links[v.to] = s.paths(v.text)
		}
		for to, text := range textsTo(s.sms.Got(t)) {
			links[to] = s.paths(strings.Join(text.bodies, " "))
		}
		return len(links) == 3
	})
	for to, of := range links {
		if of["c"] == "" {
			t.Fatalf("what came to %s has no link to confirm by: %v", to, of)
		}
		for range 3 { // scanners look at it
			s.visit(http.MethodGet, of["c"], nil)
		}
	}
	if c := ask[counted](s, 0, "petition", "tally"); c != (counted{0, 3}) {
		t.Errorf("after scanners looked %+v are counted", c)
	}
	for to, of := range links {
		for range 2 {
			if page := s.visit(http.MethodPost, of["c"]+"?lang=en", nil); !strings.Contains(page, "code: ") {
				t.Errorf("who confirms at %s gets no slip:\n%s", to, page)
			}
		}
	}
	if c := ask[counted](s, 0, "petition", "tally"); c != (counted{3, 3}) {
		t.Errorf("after all have confirmed %+v are counted", c)
	}

	s.visit(http.MethodPost, links["lee@mail.example"]["w"], nil)
	if c := ask[counted](s, 0, "petition", "tally"); c != (counted{2, 2}) {
		t.Errorf("after one withdrew %+v are counted", c)
	}
	before := len(s.mail.MX.Received())
	call := s.launch(s.newCall("news", `lists = ["supporters"]`, `lists = ["save-9"]`, `"email", "sms", "fax"]`, `"email", "sms"]`))
	s.finish(call, func(st status) bool { return st.State == "done" })
	s.await("the news", func() bool { return len(s.mail.MX.Received()) > before })
	for _, l := range s.mail.MX.Received()[before:] {
		if to := l.To[0]; to != "kim@mail.example" {
			t.Errorf("%s gets the news", to)
		}
	}
	ask[struct{ OK bool }](s, 0, "petition", "audit")
	for _, said := range []string{"kim@", "lee@", "Kim Yeonghui", "2345"} {
		if strings.Contains(s.server.Log(), said) {
			t.Errorf("the log names somebody: %s", said)
		}
	}
}
