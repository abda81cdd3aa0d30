package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clarion/e2e/rig"
	answers "clarion/templates/sms"
)

// arrived looks at what the far sides got of the main call: one message for each
// that is to have one, whole and its own, and nothing for anybody else.
func (s *site) arrived(c *crowd, folder string, since tally) {
	t := s.t
	t.Helper()
	takes := func(p *spot) bool { return p.taken }

	letters := map[string][]letter{}
	senders, ids, pages := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range s.mail.MX.Received()[since.mails:] {
		v := readLetter(t, l)
		if len(l.To) != 1 || !strings.EqualFold(v.to, l.To[0]) {
			t.Errorf("a letter to %s came to %v", v.to, l.To)
		}
		letters[strings.ToLower(l.To[0])] = append(letters[strings.ToLower(l.To[0])], v)
		senders[v.sender], ids[v.id], pages[v.page] = true, true, true
	}
	addressed := c.spots(email, takes)
	if n := len(addressed); len(letters) != n || len(senders) != n || len(ids) != n || len(pages) != n {
		t.Errorf("letters for %d people from %d senders with %d ids and %d links, want %d of each", len(letters), len(senders), len(ids), len(pages), n)
	}
	for _, p := range addressed {
		if v := letters[strings.ToLower(p.address)]; len(v) != 1 {
			t.Errorf("%s got %d letters, want one", p.address, len(v))
		} else {
			s.whole(p.who, v[0])
		}
	}

	messages := textsTo(s.sms.Got(t)[since.texts:])
	for _, p := range c.spots(sms, func(p *spot) bool { return p.taken || p.stop != "" }) {
		var want []string
		if p.taken {
			want = append(want, s.text(p.who, folder))
		}
		if isDuring(p) {
			want = append(want, answers.Reply(p.who.language, answers.OptedOut, "Save 9 Campaign", ""))
		}
		number := strings.ReplaceAll(p.address, "-", "")
		m := messages[number]
		if m == nil {
			m = &texts{}
		}
		if !slices.Equal(m.bodies, want) || len(want) > 0 && m.from != "0212345678" {
			t.Errorf("%s got %q from %q, want %q", p.address, m.bodies, m.from, want)
		}
		delete(messages, number)
	}
	for number, m := range messages {
		t.Errorf("%s got %q", number, m.bodies)
	}

	var faxes []string
	for _, f := range s.fax.Received(t)[since.faxes:] {
		if f.Reason != "" {
			continue // a call that broke off
		}
		faxes = append(faxes, f.Dialed)
		if width, ink, above := scan(t, f.Path); width != 1728 || ink < 20_000 || above > 0 {
			t.Errorf("the fax to %s is %d wide with %d black dots, %d of them above the header", f.Dialed, width, ink, above)
		}
		s.keep(f.Path, "fax-"+f.Dialed+".tif")
	}
	var want []string
	for _, p := range c.spots(fax, takes) {
		want = append(want, strings.ReplaceAll(p.address, "-", ""))
	}
	slices.Sort(faxes)
	slices.Sort(want)
	if !slices.Equal(faxes, want) {
		t.Errorf("faxes came to %q, want %q", faxes, want)
	}
	dialed := map[string]int{}
	for _, n := range s.fax.Dialed() {
		dialed[n]++
	}
	for _, p := range c.spots(fax, func(*spot) bool { return true }) {
		most := 1
		switch {
		case p.stop != "":
			most = 0
		case p.state == "failed" && p.reason != "person_answered":
			most = 2 // max_dials
		}
		if n := dialed[strings.ReplaceAll(p.address, "-", "")]; n > most {
			t.Errorf("%s was dialled %d times, want %d at most", p.address, n, most)
		}
	}
}

// keep copies what a person may want to look at to where CLARION_E2E_KEEP says.
func (s *site) keep(path, name string) {
	if dir := os.Getenv("CLARION_E2E_KEEP"); dir != "" {
		must(s.t, os.WriteFile(filepath.Join(dir, name), []byte(s.read(path)), 0o600))
	}
}

// whole fails unless a letter of the main call is what its person should get.
func (s *site) whole(p *person, v letter) {
	t := s.t
	t.Helper()
	subject, greeting, close := "Your Signature Will Be Delivered to the President: Save 9 North Korean Orphans", "Dear "+p.greeting()+",", "Every signature will be delivered to the President."
	if p.language == "ko" {
		subject, greeting, close = "탈북 고아 9명을 살려 주세요: 서명은 대통령께 전달됩니다", p.greeting()+"님께,", "모인 서명은 빠짐없이 대통령께 전달합니다."
	}
	if v.subject != subject {
		t.Errorf("%s got the subject %q", v.to, v.subject)
	}
	for what, text := range map[string]string{greeting: v.text, close: v.text, v.page: v.text, "href=\"" + v.page + "\"": v.html, "Save 9 Campaign": v.html} {
		if !strings.Contains(text, what) {
			t.Errorf("the letter to %s does not say %q", v.to, what)
		}
	}
	if !strings.Contains(v.html, close) || strings.Contains(v.html, "<b>=?UTF") || v.pictures != 1 {
		t.Errorf("the letter to %s is not whole: %d pictures", v.to, v.pictures)
	}
	if !strings.HasPrefix(v.page, s.pages.URL+"/u/") || !strings.HasPrefix(v.mailto, "mailto:u+") || v.oneClick != "List-Unsubscribe=One-Click" || v.list == "" {
		t.Errorf("the letter to %s has the links %q, %q, %q and the list %q", v.to, v.page, v.mailto, v.oneClick, v.list)
	}
	if !strings.HasPrefix(v.sender, "b+") || !strings.HasSuffix(v.sender, "@"+rig.BounceDomain) {
		t.Errorf("the letter to %s came from %q", v.to, v.sender)
	}
}

// text is the text message of a call as a person should get it.
func (s *site) text(p *person, folder string) string {
	s.t.Helper()
	text := s.read(filepath.Join(folder, "sms."+p.language+".txt"))
	return strings.NewReplacer("{{ name | 후원자 }}", p.greeting(), "{{ short_url }}", "save9.example.org").Replace(strings.TrimSpace(text))
}

// again looks at what the second call did: everyone but the dead and those who
// said stop, and not even an attempt at the others.
func (s *site) again(c *crowd, since tally, log string) {
	t := s.t
	t.Helper()
	letters := map[string]int{}
	for _, l := range s.mail.MX.Received()[since.mails:] {
		letters[strings.ToLower(l.To[0])]++
	}
	messages := textsTo(s.sms.Got(t)[since.texts:])
	for _, p := range c.people {
		if e := p.at(email); e != nil {
			want := 0
			if e.taken && e.next == "" {
				want = 1
			}
			if n := letters[strings.ToLower(e.address)]; n != want {
				t.Errorf("the second call brought %s %d letters, want %d", e.address, n, want)
			}
			if tried := strings.Contains(strings.ToLower(log), "to=<"+strings.ToLower(e.address)+">"); tried != (e.next == "") {
				t.Errorf("the second call tried %s: %v", e.address, tried)
			}
		}
		if m := p.at(sms); m != nil {
			want := 0
			if m.taken && m.next == "" {
				want = 1
			}
			if got := messages[strings.ReplaceAll(m.address, "-", "")]; got == nil && want != 0 || got != nil && len(got.bodies) != want {
				t.Errorf("the second call brought %s %+v, want %d texts", m.address, got, want)
			}
		}
	}
}
