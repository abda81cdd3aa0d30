package email

import (
	"strings"
	"testing"

	"clarion/templates"
)

func TestCompileProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		line int
		want string
	}{
		"HTML block":      {"one\n\n<div>two</div>\n", 3, "HTML in a text is not sent"},
		"HTML in a line":  {"one\ntwo <b>three</b>\n", 2, "HTML in a text is not sent"},
		"field in HTML":   {"one\n\n<p title=\"{{ name | x }}\">\n", 3, "HTML in a text is not sent"},
		"field not shown": {"one\n\n[a]: https://example.org/{{ code | x }}\n", 3, "{{ code }} stands where the mail does not show it"},
		"URL in a URL":    {"one\n\nwww.www.{{ page_url | x }}\n", 3, "{{ page_url }} is a URL, and what stands next to it"},
		"torn picture":    {"one\n\n![x][p]\n\n[p]: nowhere.png\n", 3, "picture nowhere.png is not in the folder"},
	} {
		c, problems := parse(t, test.text, "x")
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		m, problems := Compile(c, "en", options())
		if m != nil || len(problems) == 0 || problems[0].File != "text.en.md" || problems[0].Line != test.line || !strings.Contains(problems[0].Message, test.want) {
			t.Errorf("%s: %v", name, problems)
		}
	}
	c := call(t, "x", "x")
	if m, problems := Compile(c, "ko", options()); m != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, `no mail in language "ko"`) {
		t.Error(problems)
	}
	for _, domain := range []string{"", "localhost", "a.b\r\nBcc: c", "a b.c"} {
		o := options()
		o.MessageIDDomain = domain
		if m, problems := Compile(c, "en", o); m != nil || len(problems) != 1 {
			t.Errorf("domain %q passed", domain)
		}
	}
	many := call(t, strings.Repeat("{{ name | x }} ", maxFields), "{{ name | x }}")
	if m, problems := Compile(many, "en", options()); m != nil || len(problems) != 1 {
		t.Error(problems)
	}
	check(t, compiled(t, call(t, strings.Repeat("{{ name | x }} ", maxFields-1), "{{ name | x }}"), "en"), person(map[string]string{"name": "김"}))
}

// The text says where to unsubscribe itself: it is not said again.
func TestOwnUnsubscribeLink(t *testing.T) {
	t.Parallel()
	p := person(nil)
	_, parts := check(t, compiled(t, call(t, "Bye: [stop]({{ unsubscribe_url }}) or {{ unsubscribe_url }}", "x"), "en"), p)
	if want := "Bye: stop (" + p.UnsubscribeURL + ") or " + p.UnsubscribeURL + "\n"; parts[0].body != want {
		t.Errorf("the text is %q, want %q", parts[0].body, want)
	}
	if want := `<a href="` + p.UnsubscribeURL + `" style="color:#0b5394">` + p.UnsubscribeURL + `</a></p>`; !strings.Contains(parts[1].body, want) {
		t.Errorf("the HTML lacks %s:\n%s", want, parts[1].body)
	}
}

// A confirmation is no broadcast: nothing to unsubscribe from.
func TestService(t *testing.T) {
	t.Parallel()
	c := call(t, "Thank you, {{ name | friend }}.", "Thank you")
	files := c.Files()
	files["call.toml"] = []byte(strings.Replace(string(files["call.toml"]), `"appeal"`, `"service"`, 1))
	c, problems := templates.Parse(files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := person(nil)
	p.UnsubscribeURL, p.UnsubscribeMail = "", ""
	h, parts := check(t, compiled(t, c, "en"), p)
	for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Precedence"} {
		if h.Get(name) != "" {
			t.Errorf("a confirmation has %s", name)
		}
	}
	if h.Get("Auto-Submitted") != "auto-generated" {
		t.Error("a confirmation does not say that nobody wrote it")
	}
	if parts[0].body != "Thank you, friend.\n" {
		t.Errorf("the text is %q", parts[0].body)
	}
}

// Where the installation names no organisation, the lookup is asked, then the campaign stands in.
func TestOrganisation(t *testing.T) {
	t.Parallel()
	o := options()
	o.Organisation = ""
	m, problems := Compile(call(t, "From {{ organisation }}", "x"), "en", o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, parts := check(t, m, person(map[string]string{"organisation": "A & B"})); !strings.Contains(parts[0].body, "From A & B\n") || !strings.Contains(parts[1].body, "hear from A &amp; B.") {
		t.Error(parts[0].body)
	}
	if _, parts := check(t, m, person(nil)); !strings.Contains(parts[0].body, "hear from Save 9.") {
		t.Error(parts[0].body)
	}
	o.Organisation = "A & <B> 100%"
	m, problems = Compile(call(t, "x", "x"), "en", o)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, parts := check(t, m, person(nil)); !strings.Contains(parts[0].body, "hear from A & <B> 100%.") || !strings.Contains(parts[1].body, "A &amp; &lt;B&gt; 100%.") {
		t.Error(parts[0].body, parts[1].body)
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"# Title\n\none\ntwo  \nthree":                     "Title\n\none two\nthree\n",
		"a\n\n## b\n\n[c](https://x.example)":              "a\n\n\nb\n\nc (https://x.example)\n",
		"**[c](https://x.example)**":                       "c:\nhttps://x.example\n",
		"**[https://x.example](https://x.example)**":       "https://x.example\n",
		"- a\n- b\n  c\n\n3. d\n4. e":                      "- a\n- b c\n\n3. d\n4. e\n",
		"- a\n\n  b\n\n- c\n  - d":                         "- a\n\n  b\n\n- c\n\n  - d\n",
		"> a\n> b\n>\n> c":                                 "> a b\n>\n> c\n",
		"[a](https://x.example \"t\") <https://y.example>": "a (https://x.example) https://y.example\n",
		"https://x.example/a_b_c.":                         "https://x.example/a_b_c.\n",
		"[x@y.example](mailto:x@y.example) a@b.example":    "x@y.example a@b.example\n",
		"[call](tel:+8221234)":                             "call (+8221234)\n",
		"a\n\n---\n\n**b** *c* `d*` ~~e~~":                 "a\n\n* * *\n\nb c d* ~e~\n",
		"```\na\n  b\n```\n\n    c":                        "    a\n      b\n\n    c\n",
		`a \*b\* &amp; &copy; &unknown; & \é`:              "a *b* & © &unknown; & \\é\n",
		"![alt *x*](picture.png)":                          "[alt x]\n",
		"가나다 **라**마 *바*사":                                  "가나다 라마 바사\n",
	} {
		_, parts := check(t, compiled(t, call(t, markdown, "x"), "en"), person(nil))
		got, _, _ := strings.Cut(parts[0].body, "\n-- \n")
		if got != want {
			t.Errorf("%q reads\n%q, want\n%q", markdown, got, want)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Save 9": "save-9", "save--9.": "save-9", "launch": "launch"} {
		if got := slug(name); got != want {
			t.Errorf("slug(%q) = %q", name, got)
		}
	}
	seen := map[string]string{}
	for _, name := range []string{"탈북 고아 9명", "탈북 고아 8명", "", "é", "É!", strings.Repeat("a", 41), strings.Repeat("a", 42), "save 9!"} {
		s := slug(name)
		if s == "" || len(s) > 63 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(s, "-") != s {
			t.Errorf("slug(%q) = %q is no label", name, s)
		}
		if other, ok := seen[s]; ok {
			t.Errorf("%q and %q are both %q", name, other, s)
		}
		seen[s] = name
	}
}
