package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clarion/broadcast"
	"clarion/broadcast/amnesty"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/rkey"
	"clarion/lists"
	"clarion/petition"
	"clarion/petition/texting"
	"clarion/web/access"
	"clarion/web/api"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/alarm"
)

// declared are the keys that a house may leave.
func declared() (all []rkey.Key) {
	for _, keys := range [][]rkey.Key{lists.Keys(), broadcast.Keys(), worker.Keys(), alarm.Keys(), audit.Keys(), desk.Keys(), access.Keys(), api.Keys(), webhooks.Keys(), petition.Keys(), texting.Keys(), amnesty.Keys()} {
		all = append(all, keys...)
	}
	return all
}

// A contract is the OpenAPI document, as the interface itself gives it out.
type contract struct {
	*house
	doc     map[string]any
	schemas *jsonschema.Compiler
	open    map[string]bool // operations whose success was not seen yet
}

const where = "https://desk.example.org/openapi.json"

func readContract(h *house) *contract {
	h.t.Helper()
	w := h.ask("GET", api.Prefix+"/openapi.json", nil, func(r *request) { r.Header.Del("Authorization") })
	if w.Code != 200 {
		h.t.Fatalf("the document is answered %d: %s", w.Code, w.Body)
	}
	doc, err := jsonschema.UnmarshalJSON(w.Body)
	h.must(err)
	c := &contract{house: h, doc: doc.(map[string]any), schemas: jsonschema.NewCompiler(), open: map[string]bool{}}
	c.schemas.DefaultDraft(jsonschema.Draft2020)
	c.schemas.AssertFormat()
	c.schemas.AssertContent()
	h.must(c.schemas.AddResource(where, doc))
	for path, item := range c.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			c.open[strings.ToUpper(method)+" "+path] = true
		}
	}
	return c
}

// escaped is a name as a JSON pointer has it.
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// holds checks a JSON value against a schema of the document.
func (c *contract) holds(pointer string, body []byte) {
	c.t.Helper()
	s, err := c.schemas.Compile(where + "#" + pointer)
	c.must(err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	c.must(err)
	if err := s.Validate(v); err != nil {
		c.t.Errorf("%s: %v\n%s", pointer, err, body)
	}
}

// call asks for an operation of the document, its parameters filled in order, and
// holds request and answer against it.
func (c *contract) call(operation string, args []string, body any, status int, parts ...part) *httptest.ResponseRecorder {
	c.t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	full := api.Prefix + path
	item, ok := c.doc["paths"].(map[string]any)[full].(map[string]any)
	if !ok || item[strings.ToLower(method)] == nil {
		c.t.Fatalf("the document has no %s", operation)
	}
	op := item[strings.ToLower(method)].(map[string]any)
	at := "/paths/" + escaped(full) + "/" + strings.ToLower(method)
	url := full
	for _, a := range args {
		if strings.Contains(a, "=") {
			url += "?" + a
		} else {
			url = strings.Replace(url, regexp.MustCompile(`\{\w+\}`).FindString(url), a, 1)
		}
	}
	if _, text := body.(string); body != nil && !text && status < 300 {
		sent, err := json.Marshal(body)
		c.must(err)
		c.holds(at+"/requestBody/content/application~1json/schema", sent)
	}
	w := c.ask(method, url, body, parts...)
	if w.Code != status {
		c.t.Fatalf("%s is answered %d, want %d: %s", operation, w.Code, status, w.Body)
	}
	kind := w.Header().Get("Content-Type")
	if status >= 400 {
		if kind != "application/problem+json" {
			c.t.Errorf("%s: a problem is of type %q", operation, kind)
		}
		c.holds("/components/schemas/Problem", w.Body.Bytes())
		return w
	}
	answer, ok := op["responses"].(map[string]any)[code(status)].(map[string]any)
	if !ok {
		c.t.Fatalf("%s is answered %d, which the document does not say", operation, status)
	}
	delete(c.open, method+" "+full)
	content, _ := answer["content"].(map[string]any)
	if content == nil && w.Body.Len() == 0 {
		return w
	}
	if content[kind] == nil {
		c.t.Fatalf("%s is answered as %q, which the document does not say", operation, kind)
	}
	schema := at + "/responses/" + code(status) + "/content/" + escaped(kind) + "/schema"
	switch kind {
	case "application/json":
		c.holds(schema, w.Body.Bytes())
	case "application/jsonl":
		for line := range bytes.Lines(w.Body.Bytes()) {
			c.holds(schema, line)
		}
	}
	return w
}

// read reads a field of an answer.
func (c *contract) read(w *httptest.ResponseRecorder, name string) string {
	c.t.Helper()
	var v map[string]any
	c.must(json.Unmarshal(w.Body.Bytes(), &v))
	s, ok := v[name].(string)
	if !ok {
		c.t.Fatalf("the answer has no %s: %s", name, w.Body)
	}
	return s
}

// drain runs a worker until a call has ended.
func (h *house) drain(id string) {
	h.t.Helper()
	w, err := worker.New(worker.Config{Links: h.desk.Links}, worker.Parts{Redis: h.desk.Redis, Ledger: h.desk.Ledger, People: h.desk.People, Keys: h.desk.Keys, Clock: h.clk, Log: quiet, Gates: h.gates})
	h.must(err)
	h.must(w.Start(h.t.Context()))
	defer w.Shutdown()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	for {
		r, err := h.desk.Status(ctx, broadcast.ID(id))
		h.must(err)
		if r.State == broadcast.Done {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Every operation of the document does what it says, against Redis and a worker, and
// every answer is as the document says.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	h := open(t, clock.System{}, desk.ReleaseRule{SecondPerson: true})
	c := readContract(h)

	// A draft, from the first word to a rehearsal.
	w := c.call("POST /drafts", nil, h.example(), 201)
	d, etag := c.read(w, "id"), w.Header().Get("ETag")
	c.call("GET /drafts", nil, nil, 200)
	if w = c.call("GET /drafts/{draft}", []string{d}, nil, 200); w.Header().Get("ETag") != etag || etag != `"1"` {
		t.Errorf("the version of a new draft is %s, then %s", etag, w.Header().Get("ETag"))
	}
	c.call("PUT /drafts/{draft}", []string{d}, h.example(), 428)
	w = c.call("PUT /drafts/{draft}", []string{d}, h.example(), 200, header("If-Match", etag))
	c.call("PUT /drafts/{draft}", []string{d}, h.example(), 412, header("If-Match", etag))
	etag = w.Header().Get("ETag")
	c.call("GET /drafts/{draft}/check", []string{d}, nil, 200)
	c.call("GET /drafts/{draft}/proofs/{language}", []string{d, "ko"}, nil, 200)
	c.call("GET /drafts/{draft}/proofs/{language}", []string{d, "fr"}, nil, 422)
	reached := c.read(c.call("POST /drafts/{draft}/rehearse", []string{d}, nil, 201), "id")
	c.call("POST /drafts/{draft}/test", []string{d}, map[string]any{"email": "han@save9.example"}, 201)

	// The rehearsal runs, is held and goes on.
	c.call("POST /calls/{call}/pause", []string{reached}, nil, 200)
	c.call("POST /calls/{call}/pause", []string{reached}, nil, 409)
	c.call("POST /calls/{call}/resume", []string{reached}, nil, 200)
	h.drain(reached)
	c.call("GET /calls/{call}", []string{reached}, nil, 200)
	c.call("GET /calls/{call}/report", []string{reached}, nil, 200)
	c.call("GET /calls/{call}/report.csv", []string{reached}, nil, 200)
	c.call("GET /calls/{call}/audit", []string{reached}, nil, 200)
	c.call("GET /calls/{call}/doubt", []string{reached}, nil, 200)
	c.call("POST /calls/{call}/doubt", []string{reached}, map[string]any{"action": "settled"}, 200)
	c.call("POST /calls/{call}/doubt", []string{reached}, map[string]any{"action": "listed"}, 422)
	c.call("POST /calls/{call}/correct", []string{reached}, map[string]any{"draft": d}, 201)

	// The launch waits for a second person, who is no program.
	c.call("POST /drafts/{draft}/launch", []string{d}, nil, 412, header("If-Match", `"1"`))
	w = c.call("POST /drafts/{draft}/launch", []string{d}, nil, 201, header("If-Match", etag))
	live := c.read(w, "id")
	c.call("POST /drafts/{draft}/launch", []string{d}, nil, 409, header("If-Match", etag))
	c.call("POST /calls/{call}/correct", []string{reached}, map[string]any{"draft": d}, 409)
	if state := c.read(c.call("GET /calls/{call}", []string{live}, nil, 200), "state"); c.read(w, "state") != desk.AwaitingRelease || state != desk.AwaitingRelease {
		t.Errorf("a call that nobody released is %s, then %s", c.read(w, "state"), state)
	}
	c.call("POST /calls/{call}/release", []string{live}, nil, 403)
	c.call("POST /calls/{call}/release", []string{live}, nil, 403, h.session(h.director))
	c.call("POST /calls/{call}/release", []string{live}, nil, 200, h.session(h.join("park@save9.example", access.Releaser)))
	c.call("POST /calls/{call}/stop", []string{live}, nil, 200)
	c.call("GET /calls", nil, nil, 200)
	c.call("GET /calls/{call}", []string{"c999"}, nil, 404)
	c.call("DELETE /drafts/{draft}", []string{d}, nil, 412, header("If-Match", `"9"`))
	c.call("DELETE /drafts/{draft}", []string{d}, nil, 204, header("If-Match", etag))
	c.call("GET /drafts/{draft}", []string{d}, nil, 404)

	// What was done stands in the trail.
	h.renew()
	if w = c.call("GET /audit", nil, nil, 200); !strings.Contains(w.Body.String(), `"action":"`+string(audit.Released)+`","object":"call:`+live+`"`) {
		t.Errorf("the trail is %s", w.Body)
	}
	if w = c.call("GET /audit", []string{"before=3"}, nil, 200); !strings.HasPrefix(w.Body.String(), `{"entries":[{"n":2,`) {
		t.Errorf("before the third entry stands %s", w.Body)
	}
	c.call("GET /audit", []string{"before=the-third"}, nil, 422)
	if w = c.call("GET /audit/verify", nil, nil, 200); !strings.HasPrefix(w.Body.String(), `{"ok":true,`) {
		t.Errorf("the trail is verified as %s", w.Body)
	}

	// An alarm, which somebody sees to.
	_, err := alarm.Open(h.desk.Redis).Change(t.Context(), func(b *alarm.Book) error {
		b.Enter([]alarm.Finding{{Kind: alarm.GatewayDown, Object: "relay", Level: alarm.Critical}}, h.clk.Now(), time.Minute)
		return nil
	})
	h.must(err)
	c.call("POST /alarms/{alarm}/acknowledge", []string{"1"}, nil, 204)
	c.call("POST /alarms/{alarm}/quiet", []string{"1"}, map[string]any{"hours": 8}, 204)
	c.call("POST /alarms/{alarm}/quiet", []string{"1"}, map[string]any{"hours": 1000}, 422)
	c.call("POST /alarms/{alarm}/acknowledge", []string{"2"}, nil, 404)
	c.call("POST /alarms/{alarm}/acknowledge", []string{"relay"}, nil, 404)
	if w = c.call("GET /alarms", nil, nil, 200); !strings.Contains(w.Body.String(), `"kind":"gateway_down","object":"relay","level":"critical"`) || !strings.Contains(w.Body.String(), `"by":"staff:1","quiet_until":"`) {
		t.Errorf("the alarms are %s", w.Body)
	}

	// Lists, and who is on them.
	table := "E-mail address,name\nmin@example.org,Min\nno address,Nobody\n"
	dry := c.call("POST /lists/{list}/import", []string{"new", "dry_run=true&map=email=1&consent=yes"}, table, 200)
	if !strings.Contains(dry.Body.String(), `"accepted":1`) {
		t.Errorf("a dry run says %s", dry.Body)
	}
	c.call("GET /lists/{list}", []string{"new"}, nil, 404)
	c.call("POST /lists/{list}/import", []string{"new", "map=email=1&consent=yes"}, table, 200)
	c.call("GET /lists", nil, nil, 200)
	c.call("GET /lists/{list}", []string{"new"}, nil, 200)
	if w = c.call("GET /lists/{list}/export", []string{"new"}, nil, 200); !strings.Contains(w.Body.String(), "min@example.org") {
		t.Errorf("an export is %q", w.Body)
	}
	min := map[string]any{"address": "Min@Example.org"}
	c.call("POST /suppressions", nil, min, 201)
	if w = c.call("POST /suppressions/check", nil, min, 200); !strings.Contains(w.Body.String(), `"blocked"`) {
		t.Errorf("a blocked address is %s", w.Body)
	}
	if w = c.call("GET /suppressions", []string{"reason=blocked"}, nil, 200); bytes.Count(w.Body.Bytes(), []byte("\n")) != 1 {
		t.Errorf("the suppressions are %s", w.Body)
	}
	c.call("POST /suppressions/remove", nil, min, 200)
	c.call("POST /suppressions/remove", nil, min, 422)
	found := c.call("POST /contacts/find", nil, min, 200)
	var people struct {
		Contacts []struct{ Number json.Number }
	}
	h.must(json.Unmarshal(found.Body.Bytes(), &people))
	c.call("DELETE /contacts/{number}", []string{people.Contacts[0].Number.String()}, nil, 200)
	c.call("POST /contacts/find", nil, min, 422)

	// What was our own fault is taken back by a person, whom no token stands for.
	h.renew()
	fault := map[string]any{"gateway": "relay", "since": "2013-06-10T00:00:00+09:00"}
	c.call("POST /amnesties", nil, fault, 403)
	director := h.session(h.director)
	c.call("POST /amnesties/survey", nil, map[string]any{"gateway": "relay", "since": "2013-06-10T00:00:00Z", "reason": "opted_out"}, 422, director)
	if w = c.call("POST /amnesties/survey", nil, fault, 200, director); !strings.Contains(w.Body.String(), `"dry_run":true,"found":0`) {
		t.Errorf("an amnesty would do %s", w.Body)
	}
	_, err = h.desk.Suppress(t.Context(), "john@example.com", 0, lists.Suppression{Reason: lists.Bounced, Source: "relay", Gateway: "relay", Failure: "policy"})
	h.must(err)
	if w = c.call("POST /amnesties", nil, map[string]any{"gateway": "relay", "since": "2013-06-10T00:00:00Z", "why": "The relay took us for a stranger."}, 200, director); !strings.Contains(w.Body.String(), `"found":1,"restored":1`) {
		t.Errorf("an amnesty does %s", w.Body)
	}
	if w = c.call("GET /amnesties", nil, nil, 200, director); !strings.Contains(w.Body.String(), `"who":"staff:1","why":"The relay`) {
		t.Errorf("the amnesties are %s", w.Body)
	}

	// What volunteers carry on, and how far: of a handful of people nothing but that.
	for range 4 {
		h.must(h.desk.Petition.Count(t.Context(), 1))
	}
	w = c.call("GET /volunteer", nil, nil, 200)
	if code := c.read(w, "code"); c.read(w, "link") != "https://act.example.org/v/"+code || !strings.Contains(w.Body.String(), `"came":{"few":true,"total":null,"days":[]}`) {
		t.Errorf("a volunteer's page is %s", w.Body)
	}
	h.must(h.desk.Petition.Count(t.Context(), 1))
	if w = c.call("GET /volunteers", nil, nil, 200); !strings.Contains(w.Body.String(), `"name":"Han"`) || !strings.Contains(w.Body.String(), `"came":{"total":5,"days":[{"date":"`) {
		t.Errorf("the volunteers are %s", w.Body)
	}

	c.texting()

	c.petition()

	// The machinery, and a task that failed.
	h.park()
	w = c.call("GET /queues", nil, nil, 200)
	if !strings.Contains(w.Body.String(), `"failed":[{"queue":"spare","id":"stuck","kind":"nothing","error":"`) {
		t.Errorf("the queues are %s", w.Body)
	}
	stuck := map[string]any{"queue": "spare", "id": "stuck"}
	c.call("POST /queues/run", nil, stuck, 204)
	h.giveUp()
	c.call("POST /queues/delete", nil, stuck, 204)
	c.call("POST /queues/delete", nil, stuck, 404)
	c.call("POST /queues/run", nil, map[string]any{"queue": "a:b", "id": "x"}, 422)

	// Who is told of calls.
	hook := map[string]any{"url": "https://example.org/hook", "events": []string{"call.finished", "call.paused"}}
	c.call("POST /webhooks", nil, map[string]any{"url": "http://example.org/hook", "events": []string{"call.paused"}}, 422)
	w = c.call("POST /webhooks", nil, hook, 201)
	e, secret := c.read(w, "id"), c.read(w, "secret")
	if w = c.call("GET /webhooks", nil, nil, 200); !strings.HasPrefix(secret, "whsec_") || strings.Contains(w.Body.String(), "whsec_") {
		t.Errorf("the secret %q is shown again: %s", secret, w.Body)
	}
	c.call("GET /webhooks/{webhook}", []string{e}, nil, 200)
	c.call("GET /webhooks/{webhook}", []string{"none"}, nil, 404)
	c.call("PUT /webhooks/{webhook}", []string{e}, hook, 200)
	if again := c.read(c.call("POST /webhooks/{webhook}/rotate", []string{e}, nil, 200), "secret"); again == secret {
		t.Error("a new secret is the old one")
	}
	message := c.read(c.call("POST /webhooks/{webhook}/test", []string{e}, nil, 200), "message")
	c.call("POST /webhooks/{webhook}/resend", []string{e}, map[string]any{"message": message}, 200)
	c.call("POST /webhooks/{webhook}/resend", []string{e}, map[string]any{"message": "msg_none"}, 404)
	c.call("GET /webhooks/{webhook}/attempts", []string{e}, nil, 200)
	c.call("POST /webhooks/{webhook}/shut", []string{e}, nil, 200)
	c.call("POST /webhooks/{webhook}/open", []string{e}, nil, 200)
	c.call("DELETE /webhooks/{webhook}", []string{e}, nil, 204)

	for op := range c.open {
		t.Errorf("%s is in the document, and nobody tried it", op)
	}
	if report, err := h.trail.Verify(t.Context()); err != nil || report.Entries == 0 {
		t.Errorf("the audit trail: %+v, %v", report, err)
	}
}

// Nobody comes in without a token, and with one only where its scopes lead.
func TestEveryRouteIsGuarded(t *testing.T) {
	t.Parallel()
	h := open(t, clock.System{}, desk.ReleaseRule{})
	all := api.Operations()
	tokens := map[access.Right]string{}
	for i, op := range all {
		from := func(r *request) { r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", 1+i) } // one client alone would be told to wait
		if tokens[op.Right] == "" {
			var others []access.Right
			for _, r := range access.Rights() {
				if r.ForTokens() && r != op.Right {
					others = append(others, r)
				}
			}
			tokens[op.Right] = h.newToken(others...)
		}
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(op.Path, "1")
		for name, token := range map[string]part{"no token": func(r *request) { r.Header.Del("Authorization") }, "a token that is none": by("clarion_x")} {
			w := h.ask(op.Method, path, nil, from, token)
			if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s %s with %s is answered %d", op.Method, op.Path, name, w.Code)
			}
		}
		if w := h.ask(op.Method, path, nil, from, by(tokens[op.Right])); w.Code != 403 {
			t.Errorf("%s %s without the scope %s is answered %d", op.Method, op.Path, op.Right, w.Code)
		}
	}
	if len(all) < 30 {
		t.Errorf("there are %d routes only", len(all))
	}
}
