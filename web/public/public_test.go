package public_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
)

// Scanners follow every link of a mail, and browsers fetch ahead: looking at a
// page changes nothing.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	link := d.link(kim)
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
	}{
		{"GET", "", nil, 200},
		{"GET", "?do=stop&List-Unsubscribe=One-Click", nil, 200},
		{"HEAD", "", nil, 200},
		{"GET", "", []string{"Sec-Purpose", "prefetch"}, 200},
		{"GET", "", []string{"Sec-Purpose", "prefetch;prerender"}, 200},
		{"OPTIONS", "", nil, 405},
		{"PUT", "", nil, 405},
		{"DELETE", "", nil, 405},
	} {
		a := ask(t, c.method, link+c.path, "", "", c.headers...)
		if a.StatusCode != c.status {
			t.Errorf("%s %s %v is answered %s", c.method, c.path, c.headers, a.Status)
		}
		if s := d.stopped(kim); s != nil || d.optedOut() != 0 {
			t.Fatalf("%s %s %v stopped the address: %+v", c.method, c.path, c.headers, s)
		}
	}
}

func TestOneClick(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ contentType, body string }{
		"urlencoded": {form, "List-Unsubscribe=One-Click"},
		"multipart": {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n" +
			"One-Click\r\n--b--\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for range 3 { // a mail program may say it more than once
				a := ask(t, "POST", d.link(kim), c.contentType, c.body, "Origin", "https://mail.example.com")
				if a.StatusCode != http.StatusOK || a.body != "" || a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
					t.Fatalf("answered %s, %q, %v", a.Status, a.body, a.Header)
				}
			}
			sup := d.stopped(kim)
			if sup == nil || sup.Reason != lists.OptedOut || sup.Source != "one_click" || sup.Call != string(d.call) {
				t.Errorf("the address stands as %+v", sup)
			}
			if n := d.optedOut(); n != 1 {
				t.Errorf("%d deliveries are counted as opted out, want 1", n)
			}
			if s := d.stopped(john); s != nil {
				t.Errorf("another person is stopped too: %+v", s)
			}
		})
	}
}

// Whoever posts to the link without the words of RFC 8058 wants it to act all the same.
func TestPostsOfOtherKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ contentType, body string }{
		"nothing":        {"", ""},
		"plain text":     {"text/plain", "List-Unsubscribe=One-Click"},
		"something else": {form, "List-Unsubscribe=Yes&do=what"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			if a := ask(t, "POST", d.link(kim), c.contentType, c.body); a.StatusCode != http.StatusOK {
				t.Errorf("answered %s", a.Status)
			}
			if sup := d.stopped(kim); sup == nil || sup.Reason != lists.OptedOut || sup.Source != "page" {
				t.Errorf("the address stands as %+v", sup)
			}
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, c := range []struct{ who, masked, lang, ask, stopped, back string }{
		{kim, "k***@n***.example", "ko", "그만 받으시겠습니까?", "수신거부되었습니다", "다시 보내 드립니다"},
		{john, "j***@m***.example", "en", "Stop writing to this address?", "Nothing more is sent", "You are back on the list"},
	} {
		link := d.link(c.who)
		says := func(a answer, what ...string) {
			t.Helper()
			if a.StatusCode != http.StatusOK || a.Header.Get("Content-Language") != c.lang || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("answered %s %v", a.Status, a.Header)
			}
			for _, w := range append(what, `<html lang="`+c.lang+`">`, c.masked, `name="viewport"`) {
				if !strings.Contains(a.body, w) {
					t.Errorf("the page does not say %q:\n%s", w, a.body)
				}
			}
			local, _, _ := strings.Cut(c.who, "@")
			if strings.Contains(a.body, local) {
				t.Errorf("the page holds the address, and whoever was forwarded the mail reads it:\n%s", a.body)
			}
		}
		says(ask(t, "GET", link, "", ""), c.ask, `value="stop"`)
		says(press(t, link, "stop"), c.stopped, `value="undo"`)
		if sup := d.stopped(c.who); sup == nil || sup.Source != "page" {
			t.Errorf("after the button the address stands as %+v", sup)
		}
		says(ask(t, "GET", link, "", ""), c.stopped, `value="undo"`)
		says(press(t, link, "undo"), c.back)
		if sup := d.stopped(c.who); sup != nil {
			t.Errorf("after the undo the address stands as %+v", sup)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, c := range []struct {
		path, accept, want string
	}{
		{"/u/" + d.token(kim, seal.Unsubscribe), "en", "ko"}, // the contact's own goes first
		{"/u/" + d.token(kim, seal.Unsubscribe) + "?lang=en", "ko", "en"},
		{"/u/" + d.token(john, seal.Unsubscribe) + "?lang=ko", "", "ko"},
		{"/u/" + d.token(john, seal.Unsubscribe) + "?lang=xx", "", "en"},
		{"/u/forged", "ko-KR,ko;q=0.9", "ko"}, // nobody is known: the browser's
		{"/u/forged", "de", "en"},
		{"/", "ko", "ko"},
		{"/", "", "en"},
	} {
		a := ask(t, "GET", d.base+c.path, "", "", "Accept-Language", c.accept)
		if got := a.Header.Get("Content-Language"); got != c.want {
			t.Errorf("%s for a browser in %q is in %s, want %s", regexp.MustCompile(`/u/.{12,}`).ReplaceAllString(c.path, "/u/…"), c.accept, got, c.want)
		}
	}
}

// An undo takes back what the link stopped, and nothing that somebody else did.
func TestUndoKeepsOtherReasons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	link := d.link(john)
	for _, how := range []string{"one_click", "page", "mail"} {
		if _, err := d.in.Unsubscribe(t.Context(), d.token(john, seal.Unsubscribe), how); err != nil {
			t.Fatal(err)
		}
		if a := press(t, link, "undo"); !strings.Contains(a.body, "You are back") || d.stopped(john) != nil {
			t.Errorf("what was stopped by %s is not taken back: %+v", how, d.stopped(john))
		}
	}
	if _, err := d.people.Suppress(t.Context(), address.Email, d.key(john), lists.Suppression{Reason: lists.Blocked, Source: "staff"}); err != nil {
		t.Fatal(err)
	}
	press(t, link, "stop")
	a := press(t, link, "undo")
	if !strings.Contains(a.body, "for another reason") || strings.Contains(a.body, "You are back") {
		t.Errorf("of an address that staff has blocked the page says\n%s", a.body)
	}
	if sup := d.stopped(john); sup == nil || sup.Reason != lists.Blocked {
		t.Errorf("the block is gone: %+v", sup)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := d.token(kim, seal.Unsubscribe)
	flip := func(s string, at int) string {
		c := byte('a')
		if s[at] == c {
			c = 'b'
		}
		return s[:at] + string(c) + s[at+1:]
	}
	for name, token := range map[string]string{
		"forged":                    strings.Repeat("a", len(good)),
		"changed in its beginning":  flip(good, 0),
		"changed in its end":        flip(good, len(good)-2),
		"truncated":                 good[:len(good)-1],
		"cut to nothing":            "x",
		"with something after it":   good + "a",
		"made for returned mail":    d.token(kim, seal.Bounce),
		"made for reports":          d.token(kim, seal.Report),
		"of a thousand characters":  strings.Repeat(good, 25),
		"with characters of others": "%ED%95%9C" + good,
	} {
		for _, a := range []answer{ask(t, "GET", d.base+"/u/"+token, "", ""), press(t, d.base+"/u/"+token, "stop"), press(t, d.base+"/u/"+token, "undo"),
			ask(t, "POST", d.base+"/u/"+token, form, "List-Unsubscribe=One-Click")} {
			if a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "This link is not valid") || strings.Contains(a.body, "***") {
				t.Errorf("a token %s is answered %s:\n%s", name, a.Status, a.body)
			}
		}
	}
	if s := d.stopped(kim); s != nil || d.optedOut() != 0 {
		t.Fatalf("a false token stopped the address: %+v", s)
	}
	// Mail programs and people fold case.
	if a := press(t, d.base+"/u/"+strings.ToUpper(good), "stop"); a.StatusCode != http.StatusOK || d.stopped(kim) == nil {
		t.Errorf("the token in capitals is answered %s", a.Status)
	}
}

// The pages run no script and load nothing from elsewhere, so that the strict
// policy of the headers breaks nothing of them.
func TestPagesNeedNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := ask(t, "GET", d.link(kim), "", "")
	if got := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none';") || !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", got)
	}
	if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link may leak: %v", a.Header)
	}
	for _, bad := range []string{"<script", " style=", "<style", " onclick", " onload", "http://", "https://"} {
		if strings.Contains(a.body, bad) {
			t.Errorf("the page holds %q:\n%s", bad, a.body)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="(/[a-z.]+)"`).FindAllStringSubmatch(a.body, -1) {
		if r := ask(t, "GET", d.base+m[1], "", ""); r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/css; charset=utf-8" {
			t.Errorf("%s is answered %s %s", m[1], r.Status, r.Header.Get("Content-Type"))
		}
	}
	if r := ask(t, "GET", d.base+"/robots.txt", "", ""); !strings.Contains(r.body, "Disallow: /\n") {
		t.Errorf("robots are told %q", r.body)
	}
	if r := ask(t, "GET", d.base+"/", "", ""); r.StatusCode != http.StatusOK || !strings.Contains(r.body, "Follow the link") || strings.Contains(r.body, "<form") {
		t.Errorf("without a link the page is\n%s", r.body)
	}
	if r := ask(t, "GET", d.base+"/admin", "", ""); r.StatusCode != http.StatusNotFound {
		t.Errorf("/admin is answered %s", r.Status)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	huge := strings.Repeat("x", 3<<20)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"huge":                         {form, "List-Unsubscribe=One-Click&x=" + huge, 413},
		"huge in parts":                {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n" + huge + "\r\n--b--\r\n", 413},
		"coded badly":                  {form, "do=%zz", 400},
		"in parts without a boundary":  {"multipart/form-data", "--b", 400},
		"in parts that end in between": {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nst", 400},
	} {
		if a := ask(t, "POST", d.link(kim), c.contentType, c.body); a.StatusCode != c.status {
			t.Errorf("a body %s is answered %s, want %d", name, a.Status, c.status)
		}
	}
	if s := d.stopped(kim); s != nil {
		t.Errorf("a body that cannot be read stopped the address: %+v", s)
	}
}

// While Redis is away the page says so and asks to try again; nothing is lost.
func TestRedisDies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	link := d.link(john)
	d.redis.Kill()
	for _, a := range []answer{ask(t, "GET", link, "", ""), press(t, link, "stop"), ask(t, "POST", link, form, "List-Unsubscribe=One-Click")} {
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "try again") {
			t.Errorf("with Redis dead the page is %s %v:\n%s", a.Status, a.Header, a.body)
		}
	}
	if _, token, _ := strings.Cut(link, "/u/"); strings.Contains(d.log.String(), token) {
		t.Error("the log holds the link")
	}
	d.redis.Restart()
	if a := press(t, link, "stop"); a.StatusCode != http.StatusOK || d.stopped(john) == nil {
		t.Errorf("with Redis back the page is %s", a.Status)
	}
}

// broken fails after the opt-out was taken.
type broken struct{ taken bool }

func (b *broken) Subscription(context.Context, string) (worker.Subscription, error) {
	return worker.Subscription{}, errors.New("read contacts: connection lost")
}

func (b *broken) Unsubscribe(context.Context, string, string) (broadcast.Delivery, error) {
	b.taken = true
	return broadcast.Delivery{}, nil
}

func (b *broken) Resubscribe(context.Context, string) error { return nil }

// What was done is not called undone because the page about it fails.
func TestDoneIsSaid(t *testing.T) {
	t.Parallel()
	b := &broken{}
	base := listen(t, b, slog.New(slog.DiscardHandler))
	a := press(t, base+"/u/any", "stop")
	if !b.taken || a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Nothing more is sent") {
		t.Errorf("the opt-out that was taken is answered %s:\n%s", a.Status, a.body)
	}
	if a := ask(t, "POST", base+"/u/any", form, "List-Unsubscribe=One-Click"); a.StatusCode != http.StatusOK {
		t.Errorf("one-click is answered %s", a.Status)
	}
	if a := press(t, base+"/u/any", "undo"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("an undo of which nobody knows what it left is answered %s", a.Status)
	}
}
