package console

import (
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"

	"clarion/internal/audit"
	"clarion/petition/texting"
	"clarion/web/desk"
)

// A round as a volunteer lives it: somebody is given to them, who is texted, gives
// way to the next, or says stop.
func TestVolunteersText(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	h.fill("friends", "name,sms,language\nKim,+821020000001,en\nLee,+821020000002,en\nPark,+821020000003,en\n")
	if page := text(h.get("/texting", 200)); !strings.Contains(page, "Nobody is to be texted now") {
		t.Errorf("before the round: %s", page)
	}
	for _, wrong := range [][]string{
		{"name", "", "list", "friends", "script_en", "x"}, {"name", "x", "list", "nolist", "script_en", "x"}, {"name", "x", "list", "friends", "script_en", " "},
		{"name", "x", "list", "friends", "script_en", "{{ email }}"}, {"name", "a\u202eb", "list", "friends", "script_en", "x"}, {"name", "x", "list", "friends", "script_ko", strings.Repeat("가", 601)},
	} {
		h.post("/texting/rounds", 422, wrong...)
	}
	to, _ := h.post("/texting/rounds", 303, "name", "June & July", "list", "friends", "script_en", "Dear {{ name | friend }}, please sign: {{ link }}")
	id := strings.TrimPrefix(to, "/texting/rounds/")
	mine := "/texting/" + id
	if page := h.get(mine, 200); strings.Contains(page, "+8210") {
		t.Error("to look gives somebody away")
	}
	contact := func() (number, page string) {
		page = h.get(mine, 200)
		m := regexp.MustCompile(`name="contact" value="(\d+)"`).FindStringSubmatch(page)
		if m == nil {
			return "", page
		}
		return m[1], page
	}
	h.post(mine+"/next", 303)
	first, page := contact()
	link := regexp.MustCompile(`https://act\.example\.org/v/\d{6}`).FindString(page)
	if first == "" || link == "" || !regexp.MustCompile(`href="sms:\+82102000000\d\?body=Dear%20(Kim|Lee|Park)%2C%20please%20sign`).MatchString(html.UnescapeString(page)) {
		t.Fatalf("the first is shown as %s", page)
	}
	h.post(mine+"/next", 303)
	if again, _ := contact(); again != first {
		t.Errorf("who has somebody in hand is given %s as well", again)
	}
	h.post(mine+"/settle", 303, "contact", first, "outcome", "sent")
	if page := h.send(mine+"/settle", 200, "contact", first, "outcome", "sent"); page == nil {
		t.Error("settled twice")
	}
	// Nobody is suppressed, or said to be, who is not in one's hands.
	if page := h.send(mine+"/settle", 200, "contact", first, "outcome", "stopped"); page == nil {
		t.Error("settled twice")
	}
	second, _ := contact()
	h.post(mine+"/settle", 303, "contact", second, "outcome", "stopped")
	third, _ := contact()
	if second == first || third == "" || third == second {
		t.Fatalf("%s, %s, %s", first, second, third)
	}
	h.post(mine+"/settle", 303, "contact", third, "outcome", "back")
	// What cannot be noted is not shown.
	broken := errors.New("the trail is away")
	note := func(audit.Action, string, map[string]string) error { return broken }
	if err := h.desk.NextText(t.Context(), 1, 7, note); !errors.Is(err, broken) {
		t.Errorf("without a trail: %v", err)
	}
	if turn, err := h.desk.TextInHand(t.Context(), 1, 7); err != nil || turn != nil {
		t.Errorf("shown without a note: %+v, %v", turn, err)
	}
	if err := h.desk.SettleText(t.Context(), 1, 7, 0, "back", note); !errors.Is(err, texting.ErrNotYours) {
		t.Errorf("nobody is given back: %v", err)
	}
	if in, _ := contact(); in != "" {
		t.Errorf("after they were given back %s is in hand", in)
	}
	for _, h.lang = range []string{korean, english} {
		for _, path := range []string{"/texting", mine, "/texting/rounds", to} {
			if page := h.get(path, 200); !strings.Contains(page, `<html lang="`+h.lang+`">`) || strings.Contains(page, "ZgotmplZ") || strings.Contains(page, "<no value>") {
				t.Errorf("%s in %s: %s", path, h.lang, page)
			}
		}
	}
	if page := text(h.get(to, 200)); !strings.Contains(page, "1 texted") || !strings.Contains(page, "1 said stop") || !strings.Contains(page, "1 in hand") {
		t.Errorf("the round tells: %s", page)
	}
	h.post(to+"/close", 303)
	if _, page := h.post(mine+"/next", 200); !strings.Contains(page, "This round is closed") {
		t.Errorf("after the end: %s", text(page))
	}
	h.get("/texting/99", 404)
	h.post("/texting/99/next", 404)
	want := []string{"texting_begun", "entrusted", "entrusted", "suppressed", "entrusted", "texting_closed"}
	if did := h.said(); !strings.Contains(strings.Join(did, " "), strings.Join(want, " ")) {
		t.Errorf("the trail says %v", did)
	}
}
