package api_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/tabular"
	"clarion/petition"
	"clarion/templates"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/api"
	"clarion/web/desk"
	"clarion/webhooks"
	"clarion/worker"
	"clarion/worker/gateway/builtin"
	"clarion/worker/gateway/rehearsal"
)

const password = "a tin roof under three moons"

var quiet = slog.New(slog.DiscardHandler)

// A house is the interface with a team and a list, on a Redis of the test's own.
type house struct {
	t        *testing.T
	desk     *desk.Desk
	staff    *access.Store
	trail    *audit.Trail
	clk      clock.Clock
	gates    []worker.Gate
	pages    web.Bounder
	director access.Welcome
	token    string // with every right that a token can have
}

func open(t *testing.T, clk clock.Clock, rule desk.ReleaseRule) *house {
	t.Helper()
	h := &house{t: t, clk: clk}
	keys, err := seal.New(bytes.Repeat([]byte("k"), 32))
	h.must(err)
	rdb := redistest.New(t)
	people, err := lists.Open(t.Context(), rdb, keys, clk)
	h.must(err)
	table, err := tabular.Open(strings.NewReader("name,email,sms\n김영희,kim@example.org,010-2345-6789\nJohn,john@example.com,\n"))
	h.must(err)
	_, err = people.Import(t.Context(), table, lists.ImportOptions{List: "supporters", Consent: "yes", Region: "KR"}, nil)
	h.must(err)
	h.trail = audit.Open(rdb, keys, clk, "", quiet)
	h.gates, err = builtin.Rehearsals(rehearsal.Config{}, clk)
	h.must(err)
	parts := desk.Parts{Redis: rdb, Ledger: broadcast.Open(rdb, clk), People: people, Queue: worker.NewQueue(rdb), Keys: keys, Clock: clk, Release: rule, Bounces: true,
		Links: worker.Links{Organisation: "Save 9 Campaign", Public: "https://act.example.org", BounceDomain: "mail.example.org", Region: "KR"}, Settings: "clarion.toml",
		Petition: petition.Open(rdb, keys, clk), Appeal: petition.Appeal{Title: map[string]string{"ko": "살려 주세요"}, Text: map[string]string{"ko": "서명"}}}
	for _, g := range h.gates {
		g.Name = g.Channel.String()
		parts.Gates = append(parts.Gates, desk.Gate{Gate: g})
	}
	h.desk = desk.New(parts)
	h.staff, err = access.Open(rdb, keys, clk, h.trail, access.Config{Origin: "https://desk.example.org", Organisation: "Save 9", Cost: access.Cost{Memory: 64, Passes: 1, Threads: 1}})
	h.must(err)
	hooks := webhooks.Open(webhooks.Config{}, webhooks.Parts{Redis: rdb, Ledger: h.desk.Ledger, Keys: keys, Trail: h.trail, Clock: clk, Log: quiet})
	h.pages, err = api.New(api.Parts{Desk: h.desk, Staff: h.staff, Webhooks: hooks, Trail: h.trail, Clock: clk, Log: quiet, Guard: func(deny func(http.ResponseWriter, *http.Request, error)) (api.Guard, error) {
		return access.NewDoor(h.staff, deny)
	}})
	h.must(err)

	code, err := h.staff.FirstCode(t.Context())
	h.must(err)
	setup := h.staff.SetupFirst()
	h.director, err = h.staff.First(t.Context(), code, access.Enrolment{Name: "Han", Language: "ko", Email: "han@save9.example", Password: password, Setup: setup.Sealed, Code: h.code(setup)}, access.Client{Address: "192.0.2.1"})
	h.must(err)
	h.renew()
	t.Cleanup(func() { redistest.Undeclared(t, rdb, declared()) })
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// code is what an authenticator app shows (RFC 6238).
func (h *house) code(s access.Setup) string {
	h.t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(s.Secret, " ", "")))
	h.must(err)
	m := hmac.New(sha1.New, secret)
	h.must(binary.Write(m, binary.BigEndian, h.clk.Now().Unix()/30))
	sum := m.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1000000)
}

// renew takes another token with every right that one can have: who asks much by
// one is told to wait.
func (h *house) renew() {
	h.t.Helper()
	var all []access.Right
	for _, r := range access.Rights() {
		if r.ForTokens() {
			all = append(all, r)
		}
	}
	h.token = h.newToken(all...)
}

func (h *house) newToken(scopes ...access.Right) string {
	h.t.Helper()
	secret, _, err := h.staff.MakeToken(h.t.Context(), h.director.Visitor, "test", scopes, time.Hour)
	h.must(err)
	return secret
}

// join makes another person of the team.
func (h *house) join(email string, role access.Role) access.Welcome {
	h.t.Helper()
	link, err := h.staff.Invite(h.t.Context(), h.director.Visitor, email, []access.Role{role})
	h.must(err)
	i, err := h.staff.Invited(h.t.Context(), link)
	h.must(err)
	setup := h.staff.SetupInvited(i)
	w, err := h.staff.Join(h.t.Context(), link, access.Enrolment{Name: "Park", Password: password, Setup: setup.Sealed, Code: h.code(setup)}, access.Client{Address: "192.0.2.1"})
	h.must(err)
	return w
}

// A part changes a request.
type part func(*http.Request)

func by(token string) part {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func header(name, value string) part {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// session is a person in a browser, by a script of our own pages.
func (h *house) session(p access.Welcome) part {
	return func(r *http.Request) {
		w := httptest.NewRecorder()
		h.staff.Remember(w, p.Secret)
		r.Header.Del("Authorization")
		r.AddCookie(w.Result().Cookies()[0])
		r.Header.Set("X-Clarion-Form", p.Visitor.Form())
	}
}

// ask asks with the token that may all, unless a part says something else. A body is
// JSON, or the text of a table.
func (h *house) ask(method, path string, body any, parts ...part) *httptest.ResponseRecorder {
	h.t.Helper()
	var sent []byte
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		sent, kind = []byte(b), "text/csv; charset=utf-8"
	default:
		var err error
		sent, err = json.Marshal(b)
		h.must(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(sent))
	if sent != nil {
		r.Header.Set("Content-Type", kind)
	}
	by(h.token)(r)
	for _, p := range parts {
		p(r)
	}
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	return w
}

// example is the example call as a program sends it.
func (h *house) example(changes ...string) map[string]any {
	h.t.Helper()
	texts, pictures := map[string]string{}, map[string][]byte{}
	entries, err := fs.ReadDir(templates.Example(), ".")
	h.must(err)
	for _, e := range entries {
		data, err := fs.ReadFile(templates.Example(), e.Name())
		h.must(err)
		if strings.HasSuffix(e.Name(), ".png") {
			pictures[e.Name()] = data
		} else {
			texts[e.Name()] = string(data)
		}
	}
	changes = append(changes, `channels = ["email", "sms", "fax"]`, `channels = ["email", "sms"]`)
	texts[templates.CallFile] = strings.NewReplacer(changes...).Replace(texts[templates.CallFile])
	return map[string]any{"name": "Save 9", "texts": texts, "pictures": pictures}
}

// park leaves a task in a queue that failed and was given up.
func (h *house) park() {
	h.t.Helper()
	_, err := asynq.NewClientFromRedisClient(h.desk.Redis).EnqueueContext(h.t.Context(), asynq.NewTask("nothing", nil), asynq.Queue("spare"), asynq.TaskID("stuck"))
	h.must(err)
	h.giveUp()
}

// giveUp has the task that waits there fail.
func (h *house) giveUp() {
	h.t.Helper()
	given := make(chan struct{}, 1)
	s := asynq.NewServerFromRedisClient(h.desk.Redis, asynq.Config{Concurrency: 1, Queues: map[string]int{"spare": 1}, TaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel,
		ErrorHandler: asynq.ErrorHandlerFunc(func(context.Context, *asynq.Task, error) { given <- struct{}{} })})
	h.must(s.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		return fmt.Errorf("nobody knows what a task of kind %s is: %w", task.Type(), asynq.SkipRetry)
	})))
	<-given
	s.Shutdown() // which waits until it is given up
}
