package console

import (
	"net/http"
	"strings"
	"testing"

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
