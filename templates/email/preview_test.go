package email

import (
	"strings"
	"testing"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	const open, end = `overflow:hidden; mso-hide:all">`, "</div>"
	long := strings.Repeat("nine orphans ", 20)
	for text, want := range map[string]string{
		"# Head\n\n![x](picture.png)\n\nDear {{ name | friend }},\n\nIn May 2013 **nine** orphans & {{ name | a friend }}\nwere [sent](https://x.example) back.": "In May 2013 nine orphans &amp; Kim &lt;i&gt;\nwere sent back.",
		"# Head\n\nshort\n\nalso short": "short",
		"# Head alone":                  "",
		"See {{ page_url | https://example.org }} for who we are and what we do": "See https://y.example/?a=1&amp;b for who we are and what we do",
		long: strings.TrimSuffix(strings.Repeat("nine orphans ", 10), " ") + " nine…",
	} {
		m := compiled(t, call(t, text, "x"), "en")
		_, _, html := m.Preview(person(map[string]string{"name": "Kim <i>", "page_url": "https://y.example/?a=1&b"}))
		_, got, ok := strings.Cut(html, open)
		got, _, _ = strings.Cut(got, end)
		if want = strings.ReplaceAll(want, "\n", " "); got != want || ok != (want != "") {
			t.Errorf("%q is announced as\n%q, want\n%q", text, got, want)
		}
	}
}
