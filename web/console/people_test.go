package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"clarion/internal/audit"
	"clarion/lists"
	"clarion/web/desk"
)

// Somebody is found by an address, in any spelling, without a URL that holds it;
// suppressed, and freed again.
func TestPeopleAndSuppressions(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	to, page := h.post("/people", http.StatusOK, "address", "Kim@Example.org")
	for _, want := range []string{"김영희", "kim@example.org", "821023456789", "supporters", "agreed", "Nothing yet"} {
		if !strings.Contains(text(page), want) {
			t.Errorf("%q is not told of who was found:\n%s", want, text(page))
		}
	}
	if to != "" {
		t.Errorf("who was found leads to %s", to)
	}
	if _, page := h.post("/people", http.StatusUnprocessableEntity, "address", "<b>nobody"); !strings.Contains(page, "no email address") || strings.Contains(page, "<b>nobody") {
		t.Errorf("what is no address: %s", text(page))
	}
	h.post("/people", http.StatusNotFound, "address", "other@example.org")

	many := "kim@example.org\n\n010-2345-6789\nno address\nnew@example.net\n"
	suppressed := func(do, want string) {
		t.Helper()
		_, page := h.post("/suppressions", http.StatusOK, "addresses", many, "do", do)
		if !strings.Contains(text(page), want) {
			t.Errorf("%s: %q is not told:\n%s", do, want, text(page))
		}
		if strings.Contains(text(strings.ReplaceAll(page, many, "")), "kim@example.org") {
			t.Errorf("%s: an address stands in the table unmasked", do)
		}
	}
	suppressed("check", "Addresses read: 3 · suppressions found: 0")
	suppressed("suppress", "Addresses read: 3 · newly suppressed: 3")
	suppressed("suppress", "newly suppressed: 0")
	suppressed("check", "Lines without an address that can be read: 4")
	if page := text(h.get("/suppressions", 200)); !strings.Contains(page, "Email they are blocked by staff 1") {
		t.Errorf("suppressions are not counted:\n%s", page)
	}
	suppressed("free", "freed: 3")
	// Who said stop is freed only by that reason.
	h.post("/suppressions", http.StatusOK, "addresses", many, "do", "suppress", "reason", "opted_out")
	suppressed("free", "freed: 0 · not freed, since they asked for it themselves: 3")
	suppressed("check", "suppressions found: 4") // a number is one for texts and one for faxes
	if _, page := h.post("/suppressions", http.StatusOK, "addresses", many, "do", "free", "reason", "opted_out"); !strings.Contains(text(page), "freed: 3") {
		t.Errorf("by its own reason a stop is not taken back:\n%s", text(page))
	}
	suppressed("free", "freed: 0")
	h.post("/suppressions", http.StatusUnprocessableEntity, "addresses", strings.Repeat("x\n", 10_001), "do", "check")
	h.post("/suppressions", http.StatusUnprocessableEntity, "do", "check")
}

// The addresses of a file are looked at first, and suppressed where the same file comes again.
func TestSuppressFile(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	file := "이름,이메일,팩스\n김영희,kim@example.org,02-345-6789\n이철수,lee@example.org,\n박지민,no address,\n"
	h.uploadTo(suppressionFilePath, "", 422, "reason", "opted_out")
	h.uploadTo(suppressionFilePath, file, 422)
	h.uploadTo(suppressionFilePath, "이름,나이\n김영희,33\n", 422, "reason", "opted_out")
	looked := h.uploadTo(suppressionFilePath, file, 200, "reason", "opted_out")
	if said := text(looked); !strings.Contains(said, "3 addresses read 0 suppressions") || !strings.Contains(said, "can be read: 4") {
		t.Errorf("looked at, it says\n%s", said)
	}
	if page := text(h.get("/suppressions", 200)); !strings.Contains(page, "Nobody.") {
		t.Errorf("a look suppressed somebody:\n%s", page)
	}
	seen := digest.FindStringSubmatch(looked)[1]
	if said := text(h.uploadTo(suppressionFilePath, file+"다른,other@example.org,\n", 200, "reason", "opted_out", "digest", seen)); !strings.Contains(said, "another file") {
		t.Errorf("another file is taken for the one that was looked at:\n%s", said)
	}
	done := h.uploadTo(suppressionFilePath, file, 200, "reason", "opted_out", "digest", seen)
	if said := text(done); !strings.Contains(said, "Suppressed. 3 addresses read 3 newly suppressed") || strings.Contains(said, "kim@example.org") {
		t.Errorf("done, it says\n%s", said)
	}
	if said := text(h.uploadTo(suppressionFilePath, "kim@example.org\nother@example.org\n", 200, "reason", "blocked")); !strings.Contains(said, "2 addresses read 1 suppressions") {
		t.Errorf("a file of one column says\n%s", said)
	}
}

// An amnesty is counted first, then given and noted.
func TestAmnestyPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	for _, s := range []lists.Suppression{{Reason: lists.Bounced, Source: "relay", Gateway: "relay", Failure: "policy"}, {Reason: lists.OptedOut, Source: "web"}} {
		if _, err := h.desk.Suppress(t.Context(), fmt.Sprintf("%s@example.org", s.Reason), 0, s); err != nil {
			t.Fatal(err)
		}
	}
	fields := func(do string, more ...string) []string {
		return append([]string{"do", do, "gateway", "relay", "since", "2013-06-10T09:59", "reason", "bounced", "why", "The relay took us for a stranger."}, more...)
	}
	for _, wrong := range [][]string{{"do", "look"}, {"do", "look", "gateway", "relay", "since", "yesterday"}, {"do", "look", "gateway", "relay", "since", "2013-06-10T10:00", "why", "kim@example.org"}, {"do", "look", "gateway", "relay", "since", "2013-06-10T10:00", "reason", "opted_out"}} {
		h.post(amnestyPath, http.StatusUnprocessableEntity, wrong...)
	}
	_, page := h.post(amnestyPath, http.StatusOK, fields("look")...)
	if said := text(page); !strings.Contains(said, "1 suppressions taken back 0 messages sent again") || strings.Contains(said, "taken back before") {
		t.Errorf("looked at, it says\n%s", said)
	}
	_, page = h.post(amnestyPath, http.StatusOK, fields("grant")...)
	if said := text(page); !strings.Contains(said, "Suppressions taken back: 1") || !strings.Contains(said, "The relay took us for a stranger.") {
		t.Errorf("given, it says\n%s", said)
	}
	if _, page = h.post("/suppressions", http.StatusOK, "do", "check", "addresses", "opted_out@example.org\nbounced@example.org"); !strings.Contains(text(page), "suppressions found: 1") {
		t.Errorf("afterwards are suppressed\n%s", text(page))
	}
	entries, err := h.trail.Read(t.Context(), 0, 1)
	if err != nil || len(entries) != 1 || entries[0].Action != audit.AmnestyGiven || entries[0].Details["suppressions"] != "1" {
		t.Errorf("the trail says %+v, %v", entries, err)
	}
}
