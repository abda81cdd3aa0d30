package console

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/web/desk"
)

// sign gives a house a petition, with a post form and a web form that nobody confirmed.
func (h *house) sign() *petition.Roll {
	h.t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		h.t.Fatalf("the example: %v, %v", problems, err)
	}
	c.Closes = time.Date(2013, 6, 20, 0, 0, 0, 0, c.Zone)
	r := petition.OpenRoll(c, h.desk.Redis, h.desk.Keys, h.desk.Clock)
	h.desk.Roll = r
	for i, way := range []petition.Way{petition.WayPost, petition.WayWeb} {
		s := petition.Signing{Way: way, Name: fmt.Sprintf("<script>홍길동%d", i), Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true, News: true}, Age: true,
			Contact: address.Canonical(address.Email, fmt.Sprintf("hong%d@example.org", i))}
		if _, err := r.Add(h.t.Context(), s); err != nil {
			h.t.Fatal(err)
		}
	}
	return r
}

// did are the actions of the trail, the first one first.
func (h *house) did() string {
	h.t.Helper()
	entries, err := h.trail.Read(h.t.Context(), 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for i := range entries {
		out = append(out, string(entries[len(entries)-1-i].Action))
	}
	return strings.Join(out, " ")
}

func TestPetitionPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	h.get("/petition", 404)
	if strings.Contains(h.get("/drafts", 200), `href="/petition"`) {
		t.Error("without a petition the menu leads to it")
	}
	h.sign()
	page := text(h.get("/petition", 200))
	for _, want := range []string{"1 at least", "2 at most", "15,000 is the goal", "10 days left", "1,500 a day are needed", "wait to be confirmed by their signers: 1", "Seoul 1", "The petition closes", "still to come"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "홍길동") {
		t.Error("the page names a signer")
	}
	h.lang = korean
	if page := text(h.get("/petition", 200)); !strings.Contains(page, "오늘 힘쓸 일") || !strings.Contains(page, "서울특별시 1") {
		t.Errorf("in Korean it says:\n%s", page)
	}
}

// Sheets go out, come back late and are counted, by two persons.
func TestSheetPages(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	h.post("/petition/sheets", 422, "count", "0", "lines", "10", "print", "normal")
	h.post("/petition/sheets", 422, "count", "2", "lines", "10", "print", "normal", "due", "tomorrow")
	h.post("/petition/sheets", 422, "count", "2", "lines", "10", "print", "normal", "label", "900101-1234567")
	if did := h.said(); slices.Contains(did, "sheets_issued") {
		t.Errorf("what was refused is noted: %v", did)
	}
	h.post("/petition/sheets", http.StatusSeeOther, "count", "2", "lines", "10", "print", "large", "label", "서울고등학교", "due", "2013-06-11")
	h.desk.Clock.(*clock.Manual).Advance(72 * time.Hour)
	if page := text(h.get("/petition/sheets", 200)); !strings.Contains(page, "late : 2") || !strings.Contains(page, "서울고등학교") {
		t.Errorf("late sheets are shown as:\n%s", page)
	}
	if _, page := h.post("/petition/sheets/ask", 200); !strings.Contains(text(page), "asked for by text now: 0") || !strings.Contains(text(page), "telephone them. 서울고등학교 (sheets 1, 2)") {
		t.Errorf("asking for them is answered:\n%s", text(page))
	}
	if to := h.do(request("/petition/sheets?find="+roll.SheetToken(2)), http.StatusSeeOther).Header.Get("Location"); to != "/petition/sheets/2" {
		t.Errorf("the code of sheet 2 leads to %s", to)
	}
	if pdf := h.get("/petition/sheets/print?numbers=1-2", 200); !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("printed are %.40q", pdf)
	}
	h.get("/petition/sheets/print?numbers=2-3", 422) // there is no third
	h.get("/petition/sheets/print", 422)
	h.get("/petition/sheets?find=99", 404)
	h.get("/petition/sheets/99", 404)
	h.post("/petition/sheets/1/mark", http.StatusSeeOther, "state", "back")
	h.post("/petition/sheets/1/mark", 422, "state", "out")
	h.post("/petition/sheets/1/mark", 422, "state", "counted")
	h.post("/petition/sheets/count", 422, "sheet", "1", "signatures", "11")
	h.post("/petition/sheets/count", 422, "sheet", "1", "signatures", "many")
	h.post("/petition/sheets/count", http.StatusSeeOther, "sheet", "1", "signatures", "8")
	if _, page := h.post("/petition/sheets/1/count", 422, "signatures", "8", "again", "yes"); !strings.Contains(text(page), "must be another person") {
		t.Errorf("the second count by the same person is told:\n%s", text(page))
	}
	if err := roll.CountAgain(t.Context(), 1, 7, 9); err != nil {
		t.Fatal(err)
	}
	h.post("/petition/sheets/1/box", 422, "box", "0")
	h.post("/petition/sheets/2/box", 422, "box", "3")
	h.post("/petition/sheets/1/box", http.StatusSeeOther, "box", "3")
	if page := text(h.get("/petition/sheets/1", 200)); !strings.Contains(page, "at least 7, at most 8") || !strings.Contains(page, "Box 3") || strings.Contains(page, "Mend your count") {
		t.Errorf("the sheet is shown as:\n%s", page)
	}
	if got, want := h.did(), "sheets_issued sheet_marked sheet_counted sheet_boxed"; got != want {
		t.Errorf("the trail says %q, want %q: what is refused is not noted", got, want)
	}
}

func request(path string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// A volunteer sees their own sheets, and how many have signed by them from five on.
func TestVolunteerSeesSheets(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	issue := func(volunteer uint32, due time.Time) {
		if _, err := roll.Issue(t.Context(), 1, petition.Sheet{Lines: 10, Print: petition.PrintNormal, Volunteer: volunteer, Due: due}); err != nil {
			t.Fatal(err)
		}
	}
	issue(1, time.Time{})
	issue(1, time.Date(2013, 6, 9, 3, 0, 0, 0, time.UTC))
	issue(2, time.Time{})
	if page := text(h.get("/volunteer", 200)); strings.Contains(page, "Straight from you") {
		t.Errorf("of nobody it says how far:\n%s", page)
	}
	for generation, n := range []int{6, 5} {
		for range n {
			if err := h.desk.Petition.CountBy(t.Context(), petition.By{Volunteer: 1, Generation: generation + 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if page := text(h.get("/volunteer", 200)); !strings.Contains(page, "Straight from you 6 From those 5 Further on 0") {
		t.Errorf("how far it was carried is told as:\n%s", page)
	}
	h.post("/volunteer/number", 422, "number", "nonsense")
	h.post("/volunteer/number", http.StatusSeeOther, "number", "010-2345-6789")
	if page := h.get("/volunteer", 200); !strings.Contains(text(page), "Now: &#43;82") || strings.Contains(page, "23456789") {
		t.Errorf("the number that they left is shown as:\n%s", text(page))
	}
	for i := range 5 {
		if page := text(h.get("/volunteer", 200)); strings.Contains(page, "of them signed") {
			t.Fatalf("with %d signatures the page says:\n%s", i, page)
		}
		s := petition.Signing{Way: petition.WayHand, Name: fmt.Sprintf("홍길순%d", i), Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true}, Age: true, Volunteer: 1}
		if _, err := roll.Add(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if page := text(h.get("/volunteer", 200)); !strings.Contains(page, "5 of them signed") || !strings.Contains(page, "To be back by 2 10 2013-06-09 late: please bring it back 1 10") {
		t.Errorf("the page says:\n%s", page)
	}
}

// Forms are typed one after the other; what is sent twice is one signature, with the
// same slip.
func TestEnterPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	once := regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)
	form := []string{"once", once.FindStringSubmatch(h.get("/petition/enter", 200))[1], "way", "fax", "name", "임꺽정", "region", "busan", "day", "2013-06-09", "language", "ko", "opinion", "yes", "age", "yes"}
	with := func(changes ...string) []string { // of which the later one holds
		out := append([]string{}, form...)
		for i := 0; i < len(changes); i += 2 {
			for j := 0; j < len(out); j += 2 {
				if out[j] == changes[i] {
					out[j+1] = changes[i+1]
				}
			}
		}
		return out
	}
	for _, wrong := range [][]string{with("name", "900101-1234567"), with("region", "mars"), with("opinion", ""), with("age", ""), with("way", "web"), with("day", "June"), append(with(), "volunteer", "7"), append(with(), "contact", "nobody")} {
		h.post("/petition/enter", 422, wrong...)
	}
	h.post("/petition/enter", 403, with("once", "00")...)
	_, page := h.post("/petition/enter", 200, form...)
	slip := regexp.MustCompile(`(?s)<pre class="slip">(.*?)</pre>`).FindStringSubmatch(page)
	if slip == nil || !strings.Contains(page, `<option value="fax" selected>`) || !strings.Contains(page, `<option value="busan" selected>`) || !strings.Contains(page, `value="2013-06-09"`) {
		t.Fatalf("after a form the page is:\n%s", text(page))
	}
	if once.FindStringSubmatch(page)[1] == form[1] {
		t.Error("the next form would be taken for the same")
	}
	read, err := petition.ParseSlip(slip[1])
	if err != nil || read.Name != "임꺽정" || read.Day != "2013-06-09" || read.Number != 3 {
		t.Errorf("the slip is %+v, %v", read, err)
	}
	_, again := h.post("/petition/enter", 200, form...)
	if !strings.Contains(again, slip[1]) || !strings.Contains(again, "counts once") {
		t.Errorf("the same form again is answered:\n%s", text(again))
	}
	if tally, err := roll.Tally(t.Context()); err != nil || tally.AtLeast != 2 {
		t.Errorf("counted are %+v, %v", tally, err)
	}
	if got, want := h.did(), "signature_entered signature_entered"; got != want {
		t.Errorf("the trail says %q, want %q", got, want)
	}
}

// What is invented is counted first, then made invalid, and that is undone.
func TestCheckPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	h.post("/petition/check", 422, "do", "look")
	h.post("/petition/check", 422, "do", "look", "numbers", "9-1")
	h.post("/petition/check", 422, "do", "invalidate", "numbers", "1", "reason", "by kim@example.org")
	h.post("/petition/check", 422, "do", "invalidate", "numbers", "1", "reason", " ")
	if _, page := h.post("/petition/check", 200, "do", "look", "way", "post", "numbers", "1-2"); !strings.Contains(text(page), "1 signatures become invalid") {
		t.Errorf("the count is told as:\n%s", text(page))
	}
	if tally, err := roll.Tally(t.Context()); err != nil || tally.AtLeast != 1 || h.did() != "" {
		t.Fatalf("to look has changed something: %+v, %v, %s", tally, err, h.did())
	}
	if _, page := h.post("/petition/check", 200, "do", "invalidate", "way", "post", "numbers", "1-2", "reason", "Invented names"); !strings.Contains(text(page), "Post, among 2 numbers") && !strings.Contains(text(page), "Invented names 1") {
		t.Errorf("what was made invalid is shown as:\n%s", text(page))
	}
	if tally, err := roll.Tally(t.Context()); err != nil || tally.AtLeast != 0 {
		t.Errorf("counted are %+v, %v", tally, err)
	}
	h.post("/petition/check/9/restore", 404)
	h.post("/petition/check/1/restore", http.StatusSeeOther)
	if tally, err := roll.Tally(t.Context()); err != nil || tally.AtLeast != 1 {
		t.Errorf("after it was undone: %+v, %v", tally, err)
	}
	if got, want := h.did(), "invalidated invalid_undone"; got != want {
		t.Errorf("the trail says %q, want %q", got, want)
	}
}

// Who telephones is taken out of the count, and told so.
func TestWithdrawPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	h.get("/petition/withdraw", 404)
	roll := h.sign()
	h.get("/petition/withdraw", 200)
	h.post("/petition/withdraw", 422, "number", "1", "name", "임꺽정")
	h.post("/petition/withdraw", 422, "number", "first", "name", "임꺽정")
	h.post("/petition/withdraw", 422, "code", "ABCD")
	if _, page := h.post("/petition/withdraw", 200, "number", "1", "name", "<script>홍길동0"); !strings.Contains(text(page), "Withdrawn. Number 1") || !strings.Contains(text(page), "confirm it to them now") || strings.Contains(page, "홍길동") {
		t.Errorf("after that the page says:\n%s", text(page))
	}
	if tally, err := roll.Tally(t.Context()); err != nil || tally.AtLeast != 0 {
		t.Errorf("counted are %+v, %v", tally, err)
	}
	if got, want := h.did(), "signature_withdrawn"; got != want {
		t.Errorf("the trail says %q, want %q", got, want)
	}
}

// Signatures are handed over and answered; in the end the names go.
func TestDeliveryPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	h.get("/petition/delivery/certificate", 404)
	for _, stage := range []string{"counted", "boxed"} {
		h.post("/petition/delivery", http.StatusSeeOther, "stage", stage)
	}
	h.post("/petition/delivery", 422, "stage", "boxed") // nothing is left to go there
	h.post("/petition/delivery", 422, "stage", "collected")
	h.post("/petition/delivery", 400, "stage", "lost")
	h.post("/petition/delivery", 422, "stage", "handed_over")
	h.post("/petition/delivery", 422, "stage", "handed_over", "to", "clerk@president.example")
	h.post("/petition/delivery", 422, "stage", "handed_over", "to", "Office", "on", "2013-06-11")
	h.post("/petition/delivery/answer", 422)
	h.post("/petition/delivery", http.StatusSeeOther, "stage", "handed_over", "to", "Office of the President", "on", "2013-06-09")
	page := text(h.get("/petition/delivery", 200))
	for _, want := range []string{"due by 2013-07-09", "Days left: 30", "Office of the President 1 0 staff:1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	entries, err := h.trail.Read(t.Context(), 0, 1)
	if err != nil || entries[0].Action != audit.PetitionAdvanced || entries[0].Details["to"] != "Office of the President" || entries[0].Details["on"] != "2013-06-09" {
		t.Errorf("the trail says %+v, %v", entries, err)
	}
	h.post("/petition/delivery", http.StatusSeeOther, "stage", "acknowledged", "on", "2013-06-10")
	h.post("/petition/delivery/answer/draft", 422) // nothing is there to tell
	h.post("/petition/delivery/answer", http.StatusSeeOther)
	if page := text(h.get("/petition/delivery", 200)); strings.Contains(page, "due by") || strings.Contains(page, "The answer came") {
		t.Errorf("after the answer the clock runs:\n%s", page)
	}
	if page := text(h.get("/petition/delivery", 200)); !strings.Contains(page, "Prepare the call") {
		t.Errorf("the page does not offer to tell the answer:\n%s", page)
	}
	draft, _ := h.post("/petition/delivery/answer/draft", http.StatusSeeOther)
	if page := text(h.get("/petition/delivery", 200)); !strings.Contains(page, "1 by email 0 by text 0 by fax") || !strings.Contains(page, "Write, rehearse and launch it") {
		t.Errorf("prepared, the call is shown as:\n%s", page)
	}
	if page := h.get(draft+"/audience", 200); !strings.Contains(text(page), "only who is on this list too, “save-9 answer by sms”") || !strings.Contains(page, `name="only.sms" value="save-9 answer by sms"`) {
		t.Errorf("its audience is shown as:\n%s", text(page))
	}
	if page := text(h.get(draft+"/count?list=save-9+answer+by+email&channel=email&only.email=supporters", 200)); !strings.Contains(page, "0 people") {
		t.Errorf("only who is on both lists is counted as:\n%s", page)
	}
	if page := text(h.get("/petition", 200)); !strings.Contains(page, "Handed over: Office of the President") || !strings.Contains(page, "Answered") {
		t.Errorf("the line of time is:\n%s", page)
	}

	h.post("/petition/delivery/purge", 422, "confirm", roll.ID) // it is open still
	h.desk.Clock.(*clock.Manual).Advance(20 * 24 * time.Hour)
	h.post("/petition/delivery/purge", 422, "confirm", "another")
	if page := text(h.get("/petition/delivery", 200)); !strings.Contains(page, "Signatures with a name now: 2") {
		t.Errorf("before the purge the page says:\n%s", page)
	}
	h.post("/petition/delivery/purge", http.StatusSeeOther, "confirm", roll.ID)
	if page := text(h.get("/petition/delivery", 200)); !strings.Contains(page, "Records of signers 2") || strings.Contains(page, "To confirm") {
		t.Errorf("after the purge the page says:\n%s", page)
	}
	if file := h.get("/petition/delivery/certificate", 200); !strings.Contains(file, `"records": 2`) {
		t.Errorf("the certificate is %s", file)
	}
	h.post("/petition/delivery", 422, "stage", "counted")
	h.get("/petition", 200)
	if got, want := h.did(), "petition_advanced petition_advanced petition_advanced petition_advanced petition_answered answer_prepared petition_purged"; got != want {
		t.Errorf("the trail says %q, want %q", got, want)
	}
}

// A pack is taken by a form alone, noted first, and names who agreed to it and nobody else.
func TestPackPage(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	roll := h.sign()
	if _, err := roll.Add(t.Context(), petition.Signing{Way: petition.WayHand, Name: "임꺽정", Region: "seoul", Language: "ko", Agreed: petition.Agreed{Opinion: true, Names: true}, Age: true}); err != nil {
		t.Fatal(err)
	}
	h.post("/petition/sheets", http.StatusSeeOther, "count", "1", "lines", "10", "print", "normal")
	h.post("/petition/sheets/count", http.StatusSeeOther, "sheet", "1", "signatures", "8")
	if page := h.get("/petition/delivery", 200); !strings.Contains(page, `href="/petition/delivery/pack"`) {
		t.Error("the page of the delivery does not lead to the pack")
	}
	if page := text(h.get("/petition/delivery/pack", 200)); !strings.Contains(page, "2 signatures in the book") || !strings.Contains(page, "stand on no label: 1") {
		t.Errorf("the page says:\n%s", page)
	}
	if _, page := h.post("/petition/delivery/pack", 422, "language", "fr"); !strings.Contains(text(page), "no words in") {
		t.Errorf("a language that there is not is told as:\n%s", text(page))
	}
	a := h.send("/petition/delivery/pack", 200, "language", "ko")
	if got := a.Header.Get("Content-Disposition"); got != "attachment; filename=delivery-save-9.zip" || a.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("the file is %s, %s", got, a.Header.Get("Content-Type"))
	}
	data, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if last := archive.File[len(archive.File)-1].Name; last != "delivery-save-9/manifest.txt" {
		t.Errorf("the last file is %s", last)
	}
	entries, err := h.trail.Read(t.Context(), 0, 1)
	if err != nil || entries[0].Action != audit.PetitionPacked || entries[0].Details["masked"] != "false" || entries[0].Details["signatures"] != "2" {
		t.Errorf("the trail says %+v, %v", entries, err)
	}
	h.desk.Clock.(*clock.Manual).Advance(20 * 24 * time.Hour)
	h.post("/petition/delivery/purge", http.StatusSeeOther, "confirm", roll.ID)
	h.post("/petition/delivery/pack", 422)
	if page := h.get("/petition/delivery", 200); strings.Contains(page, `href="/petition/delivery/pack"`) {
		t.Error("after the purge a pack is offered")
	}
}
