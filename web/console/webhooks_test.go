package console

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"clarion/web/desk"
)

var webhookForm = regexp.MustCompile(`action="(/webhooks/[a-z0-9]+)"`)

// webhook sets one up, and is its page.
func (h *house) webhook() string {
	h.t.Helper()
	_, page := h.post("/webhooks", 200, "url", "https://example.org/hook", "event", "call.paused")
	m := webhookForm.FindStringSubmatch(page)
	if m == nil {
		h.t.Fatalf("no webhook was set up:\n%s", text(page))
	}
	return m[1]
}

// A webhook is set up, tried, changed, given a new secret, shut, opened and deleted;
// its secret is shown when it is made alone.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	h := open(t, desk.ReleaseRule{})
	for _, wrong := range [][]string{{"url", "http://example.org/", "event", "call.paused"}, {"url", "https://10.0.0.1/", "event", "call.paused"}, {"url", "https://example.org/"}} {
		if _, page := h.post("/webhooks", 422, wrong...); !strings.Contains(text(page), "Nothing was saved") || !strings.Contains(page, wrong[1]) {
			t.Errorf("%v: %s", wrong, text(page))
		}
	}
	_, made := h.post("/webhooks", 200, "url", "https://example.org/hook", "event", "call.paused")
	hook := webhookForm.FindStringSubmatch(made)[1]
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)
	made = html.UnescapeString(made) // a plus is written otherwise
	if secret.FindString(made) == "" || secret.FindString(h.get(hook, 200)) != "" {
		t.Error("the secret is shown never, or again")
	}
	if page := h.get("/webhooks", 200); !strings.Contains(page, hook) || !strings.Contains(text(page), "in order") {
		t.Errorf("the webhooks are %s", text(page))
	}
	h.post(hook, 303, "url", "https://example.org/other", "event", "call.stopped")
	h.post(hook, 422, "url", "https://example.org/other")
	if page := h.get(hook, 200); !strings.Contains(page, "https://example.org/other") || strings.Count(page, " checked") != 1 {
		t.Errorf("a changed webhook is %s", text(page))
	}
	_, rotated := h.post(hook+"/rotate", 200)
	if again := secret.FindString(html.UnescapeString(rotated)); again == "" || again == secret.FindString(made) {
		t.Errorf("the new secret is %q", again)
	}
	h.post(hook+"/test", 303)
	h.post(hook+"/resend", 404, "message", "msg_none")
	h.post(hook+"/shut", 303)
	if page := text(h.get(hook, 200)); !strings.Contains(page, "Nothing is sent to it") {
		t.Errorf("a shut webhook is %s", page)
	}
	h.post(hook+"/open", 303)
	h.post(hook+"/delete", 303)
	h.get(hook, 404)
}
