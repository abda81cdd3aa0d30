package api_test

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"

	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
	"clarion/web/access"
)

// sign gives a house a petition.
func (h *house) sign() *petition.Roll {
	h.t.Helper()
	c, problems, err := petition.LoadFS(petition.Example())
	h.must(err)
	if len(problems) > 0 {
		h.t.Fatal(problems)
	}
	r := petition.OpenRoll(c, h.desk.Redis, h.desk.Keys, h.clk)
	h.desk.Roll = r
	return r
}

// petition tries the routes of the petition, from the first form to the purge.
func (c *contract) petition() {
	t, h := c.t, c.house
	t.Helper()
	h.renew()
	c.call("GET /petition", nil, nil, 404)
	roll := h.sign()

	// Forms that came by post, and sheets, counted by two.
	form := map[string]any{"way": "post", "name": "홍길동", "region": "seoul", "agreed": map[string]any{"news": false, "names": true, "opinion": true}, "age": true}
	slip := c.read(c.call("POST /petition/signatures", nil, form, 201), "slip")
	if s, err := petition.ParseSlip(slip); err != nil || s.Name != "홍길동" {
		t.Errorf("the slip is %+v, %v", s, err)
	}
	form["name"] = "900101-1234567"
	c.call("POST /petition/signatures", nil, form, 422)
	form["name"], form["way"] = "임꺽정", "web"
	c.call("POST /petition/signatures", nil, form, 422)
	form["way"] = "hand"
	c.call("POST /petition/signatures", nil, form, 201)
	c.call("POST /petition/sheets", nil, map[string]any{"count": 2, "lines": 10, "print": "normal", "label": "서울고등학교", "due": "2013-06-20T00:00:00Z"}, 201)
	c.call("POST /petition/sheets", nil, map[string]any{"count": 501, "lines": 10, "print": "normal"}, 422)
	if w := c.call("GET /petition/sheets", []string{"late=true&state=issued"}, nil, 200); strings.Count(w.Body.String(), `"label":"서울고등학교"`) != 2 {
		t.Errorf("the late sheets are %s", w.Body)
	}
	c.call("GET /petition/sheets", []string{"state=eaten"}, nil, 422)
	if w := c.call("POST /petition/sheets/ask", nil, nil, 200); !strings.Contains(w.Body.String(), `"asked":0,"before":0,"telephone":[{"label":"서울고등학교","sheets":[1,2]}]`) {
		t.Errorf("asking for late sheets is answered %s", w.Body)
	}
	c.call("GET /petition/sheets/{sheet}", []string{"9"}, nil, 404)
	c.call("GET /petition/sheets/{sheet}", []string{"first"}, nil, 404)
	c.call("POST /petition/sheets/{sheet}/mark", []string{"1"}, map[string]any{"state": "back"}, 200)
	c.call("POST /petition/sheets/{sheet}/mark", []string{"1"}, map[string]any{"state": "out"}, 422)
	c.call("POST /petition/sheets/{sheet}/count", []string{"1"}, map[string]any{"signatures": 7}, 200)
	c.call("POST /petition/sheets/{sheet}/count", []string{"1"}, map[string]any{"signatures": 7, "again": true}, 422)
	second := h.session(h.join("sheets@save9.example", access.Author))
	c.call("POST /petition/sheets/{sheet}/count", []string{"1"}, map[string]any{"signatures": 6, "again": true}, 200, second)
	c.call("POST /petition/sheets/{sheet}/box", []string{"1"}, map[string]any{"box": 1}, 200)
	if w := c.call("GET /petition/sheets/{sheet}", []string{"1"}, nil, 200); !strings.Contains(w.Body.String(), `"box":1,"stage":"boxed"`) {
		t.Errorf("the sheet is %s", w.Body)
	}
	if w := c.call("GET /petition", nil, nil, 200); !strings.Contains(w.Body.String(), `"at_least":8,"at_most":9`) || strings.Contains(w.Body.String(), "홍길동") {
		t.Errorf("the petition is %s", w.Body)
	}

	// A fax waits: it is looked at, entered, and never settled twice. Another is a sheet, and
	// a reply is nothing.
	fax := func(data []byte) string {
		id, _, err := incoming.TakeFax(t.Context(), roll, data, "02-6200-0010")
		h.must(err)
		return id
	}
	id := fax(incoming.Example)
	if w := c.call("GET /petition/waiting", nil, nil, 200); !strings.Contains(w.Body.String(), `"id":"`+id+`","way":"fax"`) {
		t.Errorf("what waits is %s", w.Body)
	}
	c.call("GET /petition/waiting/{waiting}", []string{id}, nil, 200)
	c.call("GET /petition/waiting/{waiting}", []string{"0"}, nil, 404)
	if w := c.call("GET /petition/waiting/{waiting}/pages/{page}", []string{id, "2"}, nil, 200); !strings.HasPrefix(w.Body.String(), "\x89PNG") {
		t.Errorf("a page is %.20q", w.Body)
	}
	c.call("GET /petition/waiting/{waiting}/pages/{page}", []string{id, "3"}, nil, 404)
	signer := map[string]any{"name": "성춘향", "region": "seoul", "agreed": map[string]any{"news": false, "names": true, "opinion": true}, "age": true, "entered": 0}
	c.read(c.call("POST /petition/waiting/{waiting}/signature", []string{id}, signer, 201), "slip")
	c.call("POST /petition/waiting/{waiting}/signature", []string{id}, signer, 404)
	c.call("POST /petition/sheets", nil, map[string]any{"count": 1, "lines": 10, "print": "normal"}, 201)
	other, err := os.ReadFile("../../petition/incoming/testdata/g3.tif")
	h.must(err)
	id = fax(other)
	c.call("POST /petition/waiting/{waiting}/sheet", []string{id}, map[string]any{"sheet": 3, "signatures": 0, "entered": 1}, 409)
	c.call("POST /petition/waiting/{waiting}/sheet", []string{id}, map[string]any{"sheet": 3, "signatures": 0, "entered": 0}, 200)
	id = roll.WaitingID(petition.WayReply, []byte("text 1"))
	_, err = roll.Keep(t.Context(), petition.Waiting{ID: id, Way: petition.WayReply, From: address.Canonical(address.SMS, "+821012345678"), Text: "서명?"}, nil)
	h.must(err)
	c.call("POST /petition/waiting/{waiting}/aside", []string{id}, map[string]any{"reason": "ugly", "entered": 0}, 422)
	c.call("POST /petition/waiting/{waiting}/aside", []string{id}, map[string]any{"reason": "unsigned", "entered": 0}, 204)

	// What is made invalid, and undone.
	h.renew()
	c.call("POST /petition/bulks/survey", nil, map[string]any{}, 422)
	if w := c.call("POST /petition/bulks/survey", nil, map[string]any{"way": "post"}, 200); w.Body.String() != "{\"signatures\":1}\n" {
		t.Errorf("a survey says %s", w.Body)
	}
	c.call("POST /petition/bulks", nil, map[string]any{"way": "post", "reason": ""}, 422)
	c.call("POST /petition/bulks", nil, map[string]any{"way": "post", "reason": "Invented"}, 201)
	c.call("GET /petition/bulks", nil, nil, 200)
	c.call("POST /petition/bulks/{bulk}/restore", []string{"1"}, nil, 204)
	c.call("POST /petition/bulks/{bulk}/restore", []string{"2"}, nil, 404)

	// A signer telephones. What follows is without them.
	form["name"], form["way"] = "심청", "hand"
	gone := c.read(c.call("POST /petition/signatures", nil, form, 201), "code")
	c.call("POST /petition/withdrawals", nil, map[string]any{"number": 1, "name": "심청"}, 422)
	if w := c.call("POST /petition/withdrawals", nil, map[string]any{"code": gone}, 200); !strings.Contains(w.Body.String(), `"again":false`) {
		t.Errorf("a withdrawal is answered %s", w.Body)
	}
	// What is handed over, in one archive.
	c.call("POST /petition/delivery/pack", nil, map[string]any{"language": "fr"}, 422)
	w := c.call("POST /petition/delivery/pack", nil, map[string]any{"masked": true}, 200, header("Idempotency-Key", "once"))
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if h.must(err); len(archive.File) < 10 || archive.File[len(archive.File)-1].Name != "delivery-save-9/manifest.txt" {
		t.Errorf("the archive holds %d files", len(archive.File))
	}
	if w := c.call("POST /petition/delivery/pack", nil, map[string]any{}, 200, header("Idempotency-Key", "once")); w.Header().Get("Idempotent-Replayed") != "" {
		t.Error("names are kept, to be given twice")
	}
	c.call("POST /petition/delivery/pack", nil, map[string]any{}, 403, by(h.newToken(access.Deliver)))

	// On to the addressee, who answers; in the end the names go, by a person's hand.
	c.call("POST /petition/delivery", nil, map[string]any{"stage": "boxed", "numbers": []int{1, 2}}, 200)
	c.call("POST /petition/delivery", nil, map[string]any{"stage": "handed_over"}, 422)
	if w := c.call("POST /petition/delivery", nil, map[string]any{"stage": "handed_over", "to": "Office of the President"}, 200); w.Body.String() != "{\"signatures\":2,\"sheets\":1}\n" {
		t.Errorf("handed over are %s", w.Body)
	}
	if due, err := h.desk.ReplyDue(t.Context()); err != nil || due.IsZero() {
		t.Errorf("after a hand-over the answer is due %v, %v", due, err)
	}
	if w := c.call("GET /petition/delivery", nil, nil, 200); strings.Contains(w.Body.String(), `"reply_due":null`) {
		t.Errorf("no clock runs: %s", w.Body)
	}
	c.call("POST /petition/delivery/answer/draft", nil, nil, 422)
	c.call("POST /petition/delivery/answer", nil, map[string]any{}, 204)
	if due, err := h.desk.ReplyDue(t.Context()); err != nil || !due.IsZero() {
		t.Errorf("after the answer one is due %v, %v", due, err)
	}
	if w := c.call("POST /petition/delivery/answer/draft", nil, nil, 201); !strings.Contains(w.Body.String(), "save-9 answer by fax") {
		t.Errorf("the draft that tells the answer is %s", w.Body)
	}
	if w := c.call("GET /petition/delivery", nil, nil, 200); !strings.Contains(w.Body.String(), `"reply_due":null`) {
		t.Errorf("the clock runs on: %s", w.Body)
	}
	name, director := map[string]any{"petition": roll.ID}, h.session(h.director)
	c.call("POST /petition/purge", nil, name, 403)
	c.call("POST /petition/purge", nil, name, 422, director)
	roll.Closes = h.clk.Now()
	if w := c.call("POST /petition/purge", nil, name, 200, director); !strings.Contains(w.Body.String(), `"records":3`) {
		t.Errorf("the certificate is %s", w.Body)
	}
	h.renew()
}
