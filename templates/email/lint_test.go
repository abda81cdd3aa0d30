package email

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clarion/internal/conf"
	"clarion/templates"
)

// linted is what Lint finds in a call: its text, its subject, and changes to
// its call.toml, old and new in turn.
func linted(t testing.TB, lang, text, subject string, edits ...string) []conf.Problem {
	t.Helper()
	toml := fmt.Sprintf(`campaign = "Save 9"
name = "launch"
class = "appeal"
languages = [%q]
channels = ["email"]
fields = ["page_url"]
[audience]
lists = ["x"]
[email]
from = "Save 9 <save9@example.org>"
accent = "#0b5394"
subject.%[1]s = %q
`, lang, subject)
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(toml, edits[i]) != 1 {
			t.Fatalf("%q does not stand in call.toml once", edits[i])
		}
		toml = strings.Replace(toml, edits[i], edits[i+1], 1)
	}
	c, problems := templates.Parse(map[string][]byte{"call.toml": []byte(toml), "text." + lang + ".md": []byte(text), "picture.png": examplePicture(t)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m, problems := Compile(c, lang, options())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	doc, _ := conf.Decode(templates.CallFile, []byte(toml), &map[string]any{})
	return Lint(c, lang, m, person(nil), doc.Line)
}

// fine is a text that breaks no rule.
const fine = `# Nine orphans

![Nine young people in a row](picture.png)

In May 2013 nine orphans were sent back from Laos. Read [who they are](https://example.org/nine), write to
[the office](mailto:office@example.org) or call [our telephone](tel:+8221234567). {{ page_url | https://example.org }}

## What we ask

**[Sign the petition](https://example.org/sign?a=1)** or [![The map of the way](picture.png)](https://example.org/map)
`

func TestLint(t *testing.T) {
	t.Parallel()
	const para = "In May 2013 nine orphans were sent back from Laos to North Korea by way of China.\n\n"
	for name, test := range map[string]struct {
		text, subject string
		edits         []string
		want          string // what is found, as "rule:line"
	}{
		"fine":                         {},
		"from: no name":                {edits: []string{"Save 9 <save9@example.org>", "save9@example.org"}, want: "from_name:10"},
		"from: other address":          {edits: []string{`"Save 9 <save9@example.org>"`, `'"office@example.net (Save 9)" <save9@example.org>'`}, want: "from_name_address:10"},
		"from: its own address":        {edits: []string{`"Save 9 <save9@example.org>"`, `'"save9@example.org" <save9@example.org>'`}},
		"from: an at sign":             {edits: []string{`"Save 9 <save9@example.org>"`, `'"Save 9 @ Seoul" <save9@example.org>'`}},
		"accent: too light":            {edits: []string{"#0b5394", "#ff8800"}, want: "accent_contrast:11"},
		"accent: just dark":            {edits: []string{"#0b5394", "#767676"}},
		"subject: empty":               {subject: "{{ name | }} {{ page_url | }}", want: "subject_empty:12"},
		"subject: long":                {subject: strings.Repeat("nine ", 16) + "x", want: "subject_long:12"},
		"subject: at the limit":        {subject: strings.Repeat("nine ", 15) + "lives"},
		"subject: long in Hangul":      {subject: strings.Repeat("가", 41), want: "subject_long:12"},
		"subject: capitals":            {subject: "SAVE THE NINE", want: "subject_capitals:12"},
		"subject: one in capitals":     {subject: "To the UNHCR in Geneva"},
		"subject: an abbreviation":     {subject: "UNHCR 대표에게 9"},
		"subject: marks":               {subject: "Sign now!!", want: "subject_marks:12"},
		"subject: won":                 {subject: "₩₩₩ for the nine", want: "subject_marks:12"},
		"subject: one mark":            {subject: "Sign now!"},
		"subject: answer":              {subject: "RE: the nine", want: "subject_reply:12"},
		"subject: forwarded":           {subject: "전달: 아홉 명", want: "subject_reply:12"},
		"subject: no answer":           {subject: "Regarding the nine: sign"},
		"link: no scheme":              {text: para + "See [the page](example.org/page) of ours.", want: "link_invalid:3"},
		"link: relative":               {text: para + "See\n[the page](/page) of ours.", want: "link_invalid:4"},
		"link: script":                 {text: para + "See [the page](javascript:alert(1)) of ours.", want: "link_invalid:3"},
		"link: no host":                {text: para + "See [the page](https:///page) of ours.", want: "link_invalid:3"},
		"link: own machine":            {text: para + "See [the page](http://localhost:8080/) of ours.", want: "link_invalid:3"},
		"link: no address":             {text: para + "[write to us](mailto:) soon", want: "link_invalid:3"},
		"link: broken":                 {text: para + "[a page](https://exa%zzmple.org/)", want: "link_invalid:3"},
		"link: empty":                  {text: para + "[a page]()", want: "link_invalid:3"},
		"link: not encrypted":          {text: para + "See [the page](http://example.org/) of ours.", want: "link_insecure:3"},
		"link: by reference":           {text: para + "See [the page][p].\n\n[p]: http://example.org/", want: "link_insecure:3"},
		"link: other site":             {text: para + "See [www.example.org](https://example.net/), us.", want: "link_deceptive:3"},
		"link: other site, bold":       {text: para + "See [**https://example.org/sign**](https://example.net/), us.", want: "link_deceptive:3"},
		"link: bare":                   {text: para + "See [example.org/x](https://www.example.org/x), us.", want: "link_text_address:3"},
		"link: bare, by itself":        {text: para + "See https://example.org/x, us, or\n<https://example.org/y>.", want: "link_text_address:3 link_text_address:4"},
		"link: no words":               {text: para + "See [](https://example.org/x).", want: "link_text_empty:3"},
		"link: here":                   {text: para + "To sign, [Click here!](https://example.org/x)", want: "link_text_vague:3"},
		"link: here, in Korean":        {text: para + "서명은 **[여기를 클릭](https://example.org/x)**", want: "link_text_vague:3"},
		"link: here, in polite Korean": {text: para + "서명은 [여기를 누르십시오](https://example.org/x)", want: "link_text_vague:3"},
		"link: only its words":         {text: para + "[Here is the petition](https://example.org/x)"},
		"link: sentence with dot":      {text: para + "[Mr. Kim's letter](https://example.org/x)"},
		"picture: no words":            {text: para + "![](picture.png)", want: "alt_missing:3"},
		"picture: its name":            {text: para + "![Picture.png](picture.png)", want: "alt_poor:3"},
		"picture: a word":              {text: para + "a\n![사진](picture.png)", want: "alt_poor:4"},
		"picture: in a link":           {text: para + "[![](picture.png)](https://example.org/)", want: "alt_missing:3"},
		"picture alone":                {text: "![Nine young people in a row, hand in hand, before the sea](picture.png)\n\nSign!", want: "picture_alone:0"},
		"no picture, few words":        {text: "Sign!"},
		"headings":                     {text: "# a\n\n### b\n\n" + para + "## c\n\n### d\n\n# e", want: "heading_skipped:3"},
		"first heading":                {text: "## a\n\n" + para},
		"large":                        {text: strings.Repeat(para, 1100), want: "html_large:0"},
		"large in Hangul":              {text: strings.Repeat("아홉 명의 이름을 기억합니다.\n\n", 1000)},
	} {
		text, subject := test.text, test.subject
		if text == "" {
			text = fine
		}
		if subject == "" {
			subject = "Nine orphans need your signature"
		}
		var got []string
		for _, p := range linted(t, "en", text, subject, test.edits...) {
			got = append(got, fmt.Sprintf("%s:%d", p.Rule, p.Line))
			if strings.Contains(p.Message+p.Korean, "%!") || p.Message == "" || p.Korean == "" {
				t.Errorf("%s: %q, %q", name, p.Message, p.Korean)
			}
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s: %q, want %q", name, s, test.want)
		}
	}
}

// A call for money is advertising in Korea.
func TestLintAdvertising(t *testing.T) {
	t.Parallel()
	ad := []string{`"appeal"`, `"fundraising"`}
	for _, test := range []struct{ lang, text, subject, want string }{
		{"ko", fine + "\n전화 02-123-4567", "(광고) 아홉 명을 위한 모금", ""},
		{"ko", fine, "(광고) 아홉 명을 위한 모금", ""}, // an address is in it
		{"ko", "아홉 명을 위해 모금합니다.", "(광고) 아홉 명을 위한 모금", "contact_missing"},
		{"ko", fine, "(광 고) 아홉 명을 위한 모금", "subject_label"},
		{"ko", fine, "[Save 9] (광고) 아홉 명을 위한 모금", "subject_label"},
		{"en", "We ask for money.", "For the nine", ""},
	} {
		var got []string
		for _, p := range linted(t, test.lang, test.text, test.subject, ad...) {
			got = append(got, p.Rule)
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%q: %q, want %q", test.subject, s, test.want)
		}
	}
	if got := linted(t, "ko", "아홉 명이 있습니다.", "아홉 명"); len(got) > 0 {
		t.Errorf("a call that asks for no money is advertising: %v", got)
	}
}

// What our composer never makes is found all the same.
func TestLintMessage(t *testing.T) {
	t.Parallel()
	c := call(t, "x", "x")
	m := compiled(t, c, "en")
	raw, err := m.Append(nil, person(nil))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(raw)
	for name, test := range map[string]struct{ old, new, want string }{
		"as composed":      {"", "", ""},
		"two From":         {"\r\nFrom:", "\r\nFrom: a@example.org\r\nFrom:", "malformed: 2 headers From"},
		"no From":          {"\r\nFrom:", "\r\nX-From:", "malformed: no From"},
		"From of two":      {"\r\nFrom:", "\r\nFrom: a@example.org,", "malformed: From is not one address"},
		"two subjects":     {"Subject: ", "Subject: y\r\nSubject: ", "malformed: 2 headers Subject"},
		"no date":          {"Date: ", "X-Date: ", "malformed: no Date"},
		"no Message-ID":    {"Message-ID: ", "X-ID: ", "malformed: no Message-Id"},
		"long line":        {"Subject: ", "Subject: " + strings.Repeat("y", 1000), "malformed: 998 are the most"},
		"bare line feed":   {"Subject: ", "Subject: y\n ", "malformed: bare line end"},
		"NUL":              {"Subject: ", "Subject: \x00", "malformed: NUL"},
		"no header":        {"\r\nFrom:", "\r\nFrom\r\n", "malformed: cannot be read"},
		"not unsubscribed": {"List-Unsubscribe: ", "X-List-Unsubscribe: ", "unsubscribe_missing: no List-Unsubscribe"},
		"not by one click": {"List-Unsubscribe-Post: ", "X-Post: ", "one_click_missing: one-click"},
	} {
		l := &linter{call: c, lang: "en", line: func(...string) int { return 7 }}
		l.message([]byte(strings.Replace(whole, test.old, test.new, 1)))
		rule, part, _ := strings.Cut(test.want, ": ")
		switch {
		case test.want == "" && len(l.found) == 0:
		case len(l.found) != 1 || l.found[0].Rule != rule || !strings.Contains(l.found[0].Message, part) || l.found[0].Line != 7:
			t.Errorf("%s: %v, want %q", name, l.found, test.want)
		}
	}
	p := person(nil)
	p.UnsubscribeURL = "http://save9.example.org/u/x"
	one := func(...string) int { return 1 }
	if got := Lint(c, "en", m, p, one); len(got) != 1 || got[0].Rule != string(OneClickMissing) {
		t.Errorf("without https: %v", got)
	}
	p.ReportAddress = ""
	if got := Lint(c, "en", m, p, one); len(got) != 1 || got[0].Rule != string(Malformed) {
		t.Errorf("what cannot be composed: %v", got)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	broken := []conf.Problem{OneClickMissing.Broken("call.toml", 3), AltMissing.Broken("text.en.md", 2, "x.png"), LinkInvalid.Broken("text.en.md", 1, "x")}
	rules := func(ps []conf.Problem) (out []string) {
		for _, p := range ps {
			out = append(out, p.Rule)
		}
		return out
	}
	for recipients, want := range map[int]string{0: "[link_invalid] [one_click_missing alt_missing]", BulkFrom - 1: "[link_invalid] [one_click_missing alt_missing]", BulkFrom: "[one_click_missing link_invalid] [alt_missing]"} {
		problems, notes := Split(slices.Clone(broken), recipients)
		if got := fmt.Sprintf("%v %v", rules(problems), rules(notes)); got != want {
			t.Errorf("for %d recipients %s, want %s", recipients, got, want)
		}
	}
}

// Each code has one rule, and each rule all its words.
func TestRules(t *testing.T) {
	t.Parallel()
	seen := map[Code]bool{}
	for _, r := range Rules() {
		if seen[r.Code] || r.Code == "" || r.Source == "" || r.English == "" || r.Korean == "" || !slices.Contains([]Level{Refused, Noted, InBulk}, r.Level) {
			t.Errorf("rule %+v", r)
		}
		seen[r.Code] = true
	}
	if unknown := Code("x").Broken("f", 1); unknown.Message != "x" || unknown.Rule != "x" {
		t.Errorf("an unknown rule is %+v", unknown)
	}
	if s := AltMissing.Broken("text.en.md", 2, "x.png").String(); s != "text.en.md:2: picture x.png has no words for those who cannot see it: ![what it shows](x.png) [alt_missing]" {
		t.Error(s)
	}
}

func FuzzLint(f *testing.F) {
	f.Add(fine, "x")
	f.Add("[](", "RE: ₩₩")
	f.Add("![](x) <a:> [\xff](http://[::1) www.", "\xff")
	c := call(f, "x", "x")
	f.Fuzz(func(t *testing.T, text, subject string) {
		l := &linter{call: c, lang: "ko", line: func(...string) int { return 1 }}
		parsed, problems := templates.ParseText("text.ko.md", []byte(text))
		if len(problems) > 0 {
			return
		}
		l.text(parsed)
		l.subject(subject, 1)
		for _, p := range l.found {
			if p.Rule == "" || strings.Contains(p.Message, "%!") || p.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("%+v", p)
			}
		}
	})
}
