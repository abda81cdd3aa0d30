package console

import (
	"image/png"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
	"clarion/web/desk"
)

// fax has a fax of two pages wait, and returns the path of its page.
func (h *house) fax(r *petition.Roll) string {
	h.t.Helper()
	id, _, err := incoming.TakeFax(h.t.Context(), r, incoming.Example, "02-6200-0010")
	if err != nil {
		h.t.Fatal(err)
	}
	return "/petition/waiting/" + id
}

// A fax is looked at page by page and entered, signature by signature; two people never
// settle it twice, and no name is in the trail.
func TestWaitingPages(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	h.get("/petition/waiting", 404)
	roll := h.sign()
	if page := text(h.get("/petition/waiting", 200)); !strings.Contains(page, "Nothing waits.") {
		t.Errorf("while nothing waits the page says:\n%s", page)
	}
	path := h.fax(roll)
	if page := text(h.get("/petition", 200)); !strings.Contains(page, "Faxes and replies that wait for a person to look at them: 1.") {
		t.Errorf("the petition's page says:\n%s", page)
	}
	list := h.get("/petition/waiting", 200)
	if !strings.Contains(list, path) || !strings.Contains(text(list), "by fax 02-6200-0010 2 pages") {
		t.Errorf("the page says:\n%s", text(list))
	}
	page := h.get(path, 200)
	sources := regexp.MustCompile(`<img class="fax" src="([^"]+)" alt="[^"]+"`).FindAllStringSubmatch(page, -1)
	if len(sources) != 2 {
		t.Fatalf("there are %d pictures", len(sources))
	}
	picture := h.do(request(sources[1][1]), 200)
	if p, err := png.DecodeConfig(picture.Body); err != nil || p.Width != 1728 || picture.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the picture is %+v, %v, %v", p, err, picture.Header)
	}
	h.get(path+"/pages/3", 404)
	h.get(path+"/pages/one", 404)

	once := regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`).FindStringSubmatch(page)[1]
	form := []string{"once", once, "name", "홍길동", "region", "seoul", "day", "2013-06-10", "language", "ko", "opinion", "yes", "age", "yes"}
	h.post(path+"/signature", 403, append([]string{"entered", "x"}, form...)...)
	if _, again := h.post(path+"/signature", 422, "entered", "0", "once", once, "name", "홍길동", "region", "seoul", "day", "2013-06-10", "language", "ko", "age", "yes"); !strings.Contains(again, `value="홍길동"`) || !strings.Contains(again, "political opinion") {
		t.Errorf("without the tick it is answered:\n%s", text(again))
	}
	if _, next := h.post(path+"/signature", 200, append([]string{"entered", "0", "more", "yes"}, form...)...); !strings.Contains(next, `<pre class="slip">`) || !strings.Contains(next, `name="entered" value="1"`) {
		t.Errorf("after the first signature the page is:\n%s", text(next))
	}
	if _, late := h.post(path+"/aside", 409, "entered", "0", "reason", "twice"); !strings.Contains(text(late), "Somebody else was quicker") {
		t.Errorf("who is late is told:\n%s", text(late))
	}
	h.post(path+"/aside", 422, "entered", "1", "reason", "홍길동")
	form[3] = "임꺽정"
	if _, end := h.post(path+"/signature", 200, append([]string{"entered", "1"}, form...)...); !strings.Contains(end, `<pre class="slip">`) || !strings.Contains(text(end), "Nothing waits.") {
		t.Errorf("after the last signature the page is:\n%s", text(end))
	}
	h.get(path, 404)
	h.get(sources[0][1], 404)
	h.post(path+"/signature", 404, append([]string{"entered", "2"}, form...)...)
	if tally, err := roll.Tally(t.Context()); err != nil || tally.Ways[2].Way != petition.WayFax || tally.Ways[2].Confirmed != 2 {
		t.Errorf("counted are %+v, %v", tally, err)
	}
	entries, err := h.trail.Read(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.did(), "signature_entered signature_entered"; got != want {
		t.Errorf("the trail says %q, want %q: what is refused is not noted", got, want)
	}
	for _, e := range entries {
		for _, detail := range e.Details {
			if strings.ContainsAny(detail, "홍임") {
				t.Errorf("the trail names a signer: %+v", e)
			}
		}
	}
}

// A fax may be a sheet of ours, and a reply nothing.
func TestWaitingSheetAndReply(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	if _, err := roll.Issue(t.Context(), 1, petition.Sheet{Lines: 10, Print: petition.PrintNormal}); err != nil {
		t.Fatal(err)
	}
	path := h.fax(roll)
	h.post(path+"/sheet", 404, "entered", "0", "sheet", "9", "signatures", "3")
	h.post(path+"/sheet", 422, "entered", "0", "sheet", "1", "signatures", "11")
	if _, again := h.post(path+"/sheet", 422, "entered", "0", "sheet", "1", "signatures", "three"); !strings.Contains(again, `value="three"`) {
		t.Errorf("what was typed is gone:\n%s", text(again))
	}
	h.post(path+"/sheet", http.StatusSeeOther, "entered", "0", "sheet", roll.SheetToken(1), "signatures", "3")
	if s, err := roll.Sheet(t.Context(), 1); err != nil || s.First == nil || s.First.Signatures != 3 {
		t.Errorf("the sheet is %+v, %v", s, err)
	}

	id := roll.WaitingID(petition.WayReply, []byte("text 1"))
	if _, err := roll.Keep(t.Context(), petition.Waiting{ID: id, Way: petition.WayReply, From: address.Canonical(address.SMS, "+821012345678"), Text: "<b>서명</b> 하고 싶어요"}, nil); err != nil {
		t.Fatal(err)
	}
	h.lang = korean
	path = "/petition/waiting/" + id
	page := h.get(path, 200)
	if !strings.Contains(page, "&lt;b&gt;서명&lt;/b&gt; 하고 싶어요") || !strings.Contains(page, "821012345678") || strings.Contains(page, "<img") || strings.Contains(page, "/sheet\"") {
		t.Errorf("a reply is shown as:\n%s", page)
	}
	h.post(path+"/sheet", 422, "entered", "0", "sheet", "1", "signatures", "3")
	h.post(path+"/aside", http.StatusSeeOther, "entered", "0", "reason", "handed_on")
	h.get(path, 404)
	if did := h.said(); !slices.Contains(did, "set_aside") {
		t.Errorf("the trail says %v", did)
	}
}
