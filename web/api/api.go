// Package api owns the JSON interface for programs: what staff do on the console's
// pages, by HTTP. One table of routes says path, right, request and answer, and
// from it come the mux, the OpenAPI document and docs/api.md. What is done, the desk
// does (web/desk); who may do it, web/access says.
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/webhooks"
)

// Prefix is what the path of each route begins with.
const Prefix = "/api/v1"

// How fast one token may ask.
const (
	tokenRate  = 20 // requests a second
	tokenBurst = 60
)

// Parts are what the interface works with, opened by the program.
type Parts struct {
	Desk     *desk.Desk
	Staff    *access.Store // nil in the demo, which has nobody
	Guard    func(deny func(http.ResponseWriter, *http.Request, error)) (Guard, error)
	Trail    *audit.Trail
	Webhooks *webhooks.Store
	Clock    clock.Clock
	Log      *slog.Logger
}

// A Guard lets through who has a right, and leaves an *access.Visitor in the
// request's context. See access.Door.
type Guard interface {
	Need(right access.Right, next http.Handler) http.Handler
}

type api struct {
	Parts
	mux  *http.ServeMux
	pace *web.Limiter[string]
}

// New serves the interface.
func New(p Parts) (web.Bounder, error) {
	a := &api{Parts: p, mux: http.NewServeMux(), pace: web.NewLimiter[string](tokenRate, tokenBurst, p.Clock)}
	guard, err := p.Guard(fail)
	if err != nil {
		return nil, err
	}
	document, err := Document()
	if err != nil {
		return nil, err
	}
	a.mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // who has gone needs no answer
	})
	methods := map[string][]string{}
	for _, rt := range table {
		a.mux.Handle(rt.method+" "+Prefix+rt.path, guard.Need(rt.right, a.serve(rt)))
		methods[rt.path] = append(methods[rt.path], rt.method)
	}
	for path, allowed := range methods {
		for _, method := range []string{get, post, put, http.MethodPatch, del} {
			if slices.Contains(allowed, method) {
				continue
			}
			a.mux.HandleFunc(method+" "+Prefix+path, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Allow", strings.Join(allowed, ", "))
				fail(w, r, web.ErrMethod)
			})
		}
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fail(w, r, web.ErrNotFound) })
	return &bounded{web.PerClient(a.mux, p.Clock), a.mux}, nil
}

// bounded lets drafts and lists be larger than other bodies.
type bounded struct {
	http.Handler
	mux *http.ServeMux
}

// MaxBody is the most that a request's body may have, in bytes.
func (b *bounded) MaxBody(r *http.Request) int64 {
	_, pattern := b.mux.Handler(r)
	at := slices.IndexFunc(table, func(rt route) bool { return rt.method+" "+Prefix+rt.path == pattern })
	if at < 0 || table[at].most == 0 {
		return web.MaxBody
	}
	return table[at].most
}

// fail answers with a problem.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, access.ErrNoSession) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Clarion"`) // RFC 6750 §3
	}
	web.Fail(w, r, err)
}

// A request is one that was let through.
type request struct {
	*http.Request
	w       http.ResponseWriter
	who     *access.Visitor
	version int64 // that If-Match names
}

// caller is who asks, for what is counted and kept by caller: a token, or a person
// in a session.
func caller(who *access.Visitor) string {
	if who.Token != nil {
		return "token:" + who.Token.ID
	}
	return audit.Staff(who.Number)
}

// serve answers one route: as fast as its caller may ask, and once where a request
// that comes again says that it does.
func (a *api) serve(rt route) http.Handler {
	act := a.act(rt)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.From(r.Context())
		if !a.pace.Allow(caller(who)) {
			fail(w, r, web.ErrTooMany)
			return
		}
		if rt.takes != "" {
			if err := patient(w); err != nil {
				a.Log.Error("a request failed", "route", r.Pattern, "error", err)
				fail(w, r, err)
				return
			}
		}
		if rt.changes() && r.Header.Get(keyHeader) != "" {
			a.once(rt, caller(who), w, r, act)
			return
		}
		act.ServeHTTP(w, r)
	})
}

// longBody is how long a table may take to come in.
const longBody = 5 * time.Minute

// patient gives a request the time that a table takes.
func patient(w http.ResponseWriter) error {
	control := http.NewResponseController(w)
	for _, set := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
		if err := set(time.Now().Add(longBody)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("take the table: %w", err)
		}
	}
	return nil
}

// act does what a route is for.
func (a *api) act(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r, w: w, who: access.From(r.Context())}
		answer, err := a.answer(rt, q)
		if err != nil {
			if web.ProblemOf(err).Status >= http.StatusInternalServerError {
				a.Log.Error("a request failed", "route", r.Pattern, "error", err)
			}
			fail(w, r, err)
			return
		}
		switch answer := answer.(type) {
		case none:
			w.WriteHeader(http.StatusNoContent)
		case stream:
			a.stream(rt, q, answer)
		default:
			body, err := json.Marshal(answer)
			if err != nil {
				a.Log.Error("a request failed", "route", r.Pattern, "error", err)
				fail(w, r, err)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(rt.status())
			_, _ = w.Write(append(body, '\n')) // who has gone needs no answer
		}
	})
}

func (a *api) answer(rt route, q *request) (any, error) {
	if rt.match {
		tag := q.Header.Get("If-Match")
		if tag == "" {
			return nil, web.ErrNoVersion
		}
		n, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
		if err != nil {
			return nil, web.ErrVersion // no ETag of ours, so of no version that there is
		}
		q.version = n
	}
	answer, err := rt.do(a, q)
	if rt.match && errors.Is(err, desk.ErrConflict) {
		return nil, web.ErrVersion
	}
	return answer, err
}

// longAnswer is how long an answer may take that is written while it is read.
const longAnswer = 10 * time.Minute

// stream writes an answer as it comes. What fails after the first byte breaks the
// connection off, so that nobody takes half of it for the whole.
func (a *api) stream(rt route, q *request, write stream) {
	control := http.NewResponseController(q.w)
	if err := control.SetWriteDeadline(time.Now().Add(longAnswer)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		a.Log.Error("a request failed", "route", q.Pattern, "error", err)
	}
	q.w.Header().Set("Content-Type", rt.answers)
	if err := write(q.w); err != nil {
		a.Log.Error("an answer was broken off", "route", q.Pattern, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// note enters in the audit trail what is about to be done to what.
func (a *api) note(q *request, did audit.Action, object string, details map[string]string) error {
	if q.who.Token != nil {
		if details == nil {
			details = map[string]string{}
		}
		details["token"] = q.who.Token.ID
	}
	return a.Trail.Append(q.Context(), audit.Entry{Actor: q.who.Actor(), Action: did, Object: object, Details: details})
}

// noteOf is note, for what the desk notes itself.
func (a *api) noteOf(q *request) desk.Note {
	return func(did audit.Action, object string, details map[string]string) error {
		return a.note(q, did, object, details)
	}
}

// tag is a draft's version as an ETag.
func tag(version int64) string { return fmt.Sprintf("%q", strconv.FormatInt(version, 10)) }
