package compose

import (
	"net/url"
	"strings"
	"testing"
)

// What is written comes out as it was, and nothing of it is read as part of the link.
func TestLinksHoldWhatIsWritten(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "Save 9", "a+b = c & d?", "body=x&cc=evil@example.org", "한글\n두 줄", "#tag", "100%", "%0A"} {
		mail, err := url.Parse(Mail(s, s+"!"))
		if err != nil {
			t.Fatal(err)
		}
		if q := mail.Query(); mail.Scheme != "mailto" || mail.Opaque != "" || len(q) != 2 || q.Get("subject") != s || q.Get("body") != s+"!" {
			t.Errorf("a mail of %q is %s", s, mail)
		}
		text, err := url.Parse(Text("+821012345678", s))
		if err != nil {
			t.Fatal(err)
		}
		if q := text.Query(); text.Opaque != "+821012345678" || len(q) != 1 || q.Get("body") != s {
			t.Errorf("a text of %q is %s", s, text)
		}
		if link := Mail(s, s) + Text("", s); strings.ContainsAny(link, "+ \n\"") {
			t.Errorf("%s holds what links do not", link)
		}
	}
}
