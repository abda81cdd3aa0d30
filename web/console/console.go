// Package console owns the pages for staff: calls written, rehearsed, released,
// launched, watched, stopped and corrected; lists, volunteers, and whatever a
// technician looks at. It is HTML from the server, Korean and English; a GET
// shows and a POST acts. What is done, the desk does (web/desk); who may do it,
// web/access says.
package console

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/webhooks"
)

// Parts are what the console works with, opened by the program.
type Parts struct {
	Desk     *desk.Desk
	Staff    *access.Store
	Guard    func(deny func(http.ResponseWriter, *http.Request, error)) (Guard, error)
	Trail    *audit.Trail
	Webhooks *webhooks.Store
	Clock    clock.Clock
	Zone     *time.Location // in which times are shown
	Log      *slog.Logger

	Currency string // of the gateways' prices, as people write it
}

// A Guard lets through who has a right, and leaves an *access.Visitor in the
// request's context. See access.Door.
type Guard interface {
	Need(right access.Right, next http.Handler) http.Handler
	Public(next http.Handler) http.Handler
}

type console struct {
	Parts
	pages *pages
	mux   *http.ServeMux
	open  openAlarms
}

// A route is one page or one act, and the right that it takes.
type route struct {
	pattern string // as net/http's ServeMux reads it
	right   access.Right
	do      func(w http.ResponseWriter, r *http.Request, who *access.Visitor) error
}

// New serves the console.
func New(p Parts) (http.Handler, error) {
	c := &console{Parts: p, mux: http.NewServeMux()}
	var err error
	if c.pages, err = readPages(p.Zone); err != nil {
		return nil, err
	}
	guard, err := p.Guard(c.deny)
	if err != nil {
		return nil, err
	}
	c.mux.HandleFunc("GET /static/{name}", c.pages.asset)
	c.mux.Handle("POST /language", guard.Public(http.HandlerFunc(c.language)))
	routes := c.table()
	if p.Staff != nil { // the demo has nobody who could log in
		c.entries(guard)
		routes = append(routes, c.staffTable()...)
	}
	for _, rt := range routes {
		c.mux.Handle(rt.pattern, guard.Need(rt.right, c.serve(rt)))
	}
	return &bounded{web.PerClient(headers(c.mux), p.Clock)}, nil
}

// bounded lets the editor and a list to import take more than other pages.
type bounded struct{ http.Handler }

// MaxBody is the most that a request's body may have, in bytes.
func (*bounded) MaxBody(r *http.Request) int64 {
	switch {
	case strings.HasPrefix(r.URL.Path, "/drafts/"), r.URL.Path == suppressionsPath, r.URL.Path == suppressionFilePath:
		return maxUpload
	case r.URL.Path == importPath:
		return maxTable
	}
	return web.MaxBody
}

// ServeHTTP gives a list to import the time that it takes.
func (b *bounded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == importPath {
		r.Body = &patient{ReadCloser: r.Body, w: w}
	}
	b.Handler.ServeHTTP(w, r)
}

// policy is the Content-Security-Policy of the console's pages: nothing but our
// own files, no script or style within a page, nobody else's frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}

// serve answers what goes wrong with a page.
func (c *console) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.From(r.Context())
		if err := rt.do(w, r, who); err != nil {
			c.fail(w, r, who, err)
		}
	})
}

// deny answers who is not let through: nobody is led to the page that asks who they
// are, and from there back.
func (c *console) deny(w http.ResponseWriter, r *http.Request, err error) {
	if p, ok := r.Body.(*patient); ok && p.tooLarge != nil {
		err = p.tooLarge // and so no form was found in it
	}
	page := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") != "cors"
	back := url.QueryEscape(r.URL.RequestURI())
	switch {
	case errors.Is(err, access.ErrNoSession) && page:
		http.Redirect(w, r, "/login?back="+back, http.StatusSeeOther)
	case errors.Is(err, access.ErrStale) && page:
		http.Redirect(w, r, "/prove?back="+back, http.StatusSeeOther)
	case errors.Is(err, access.ErrStale) && r.Header.Get("Authorization") == "":
		// The act is not done: the proof leads to the page of its form, where it is repeated.
		http.Redirect(w, r, "/prove?again=1&back="+url.QueryEscape(formPage(r.URL.Path)), http.StatusSeeOther)
	default:
		c.fail(w, r, access.From(r.Context()), err)
	}
}

// formPage is the page on which the form of an act stands.
func formPage(act string) string {
	parts := strings.Split(strings.TrimPrefix(act, "/"), "/")
	switch {
	case act == amnestyPath, parts[0] == "staff", parts[0] == "account", parts[0] == "alarms":
		return "/" + parts[0]
	case len(parts) == 3 && parts[0] == "drafts":
		return "/drafts/" + parts[1] + "/ready"
	case len(parts) == 3 && parts[2] == "correct":
		return act
	case act == roundsPath, parts[0] == "texting" && len(parts) == 3 && parts[1] != "rounds":
		return strings.TrimSuffix(strings.TrimSuffix(act, "/settle"), "/next")
	case parts[0] == "texting":
		return strings.Join(append([]string{""}, parts[:min(len(parts), 3)]...), "/")
	case act == packPath:
		return act
	case parts[0] == "webhooks", parts[0] == "petition":
		return "/" + strings.Join(parts[:min(len(parts), 2)], "/")
	case len(parts) == 3 && parts[0] == "calls":
		return "/calls/" + parts[1]
	}
	return "/"
}

// table is every page and act of the console.
func (c *console) table() []route {
	return []route{
		{"GET /{$}", access.Own, c.home},
		{"GET /calls", access.Watch, c.board},
		{"GET /calls/board", access.Watch, c.boardLive},
		{"GET /calls/compare", access.Watch, c.compare},
		{"GET /calls/{id}", access.Watch, c.watch},
		{"GET /calls/{id}/live", access.Watch, c.live},
		{"POST /calls/{id}/pause", access.Pause, c.change(desk.Pause)},
		{"POST /calls/{id}/resume", access.Steer, c.change(desk.Resume)},
		{"POST /calls/{id}/stop", access.Steer, c.change(desk.Stop)},
		{"POST /calls/{id}/release", access.Release, c.release},
		{"POST /calls/{id}/doubt", access.Settle, c.doubt},
		{"GET /calls/{id}/report", access.Watch, c.report},
		{"GET /calls/{id}/report.csv", access.Watch, c.reportCSV},
		{"GET /calls/{id}/report.pdf", access.Watch, c.reportPDF},
		{"GET /calls/{id}/correct", access.Launch, c.correction},
		{"POST /calls/{id}/correct", access.Launch, c.correct},
		{"GET /alarms", access.Alarms, c.alarms},
		{"POST /alarms/{alarm}/acknowledge", access.Alarms, c.acknowledge},
		{"POST /alarms/{alarm}/quiet", access.Alarms, c.quiet},
		{"GET /volunteer", access.Forward, c.volunteer},
		{"POST /volunteer/number", access.Forward, c.leaveNumber},
		{"GET /volunteers", access.Volunteers, c.volunteers},
		{"GET " + textingPath, access.Text, c.texting},
		{"GET " + textingPath + "/{round}", access.Text, c.textingRound},
		{"POST " + textingPath + "/{round}/next", access.Text, c.nextText},
		{"POST " + textingPath + "/{round}/settle", access.Text, c.settleText},
		{"GET " + roundsPath, access.Entrust, c.rounds},
		{"POST " + roundsPath, access.Entrust, c.beginRound},
		{"GET " + roundsPath + "/{round}", access.Entrust, c.round},
		{"POST " + roundsPath + "/{round}/close", access.Entrust, c.closeRound},
		{"POST " + roundsPath + "/{round}/give-up", access.Entrust, c.giveUpText},
		{"GET /people", access.People, c.people},
		{"POST /people", access.People, c.find},
		{"GET " + suppressionsPath, access.Import, c.suppressions},
		{"POST " + suppressionsPath, access.Import, c.suppress},
		{"GET " + suppressionFilePath, access.Import, c.suppressionFile},
		{"POST " + suppressionFilePath, access.Import, c.suppressFile},
		{"GET " + amnestyPath, access.Amnesty, c.amnestyForm},
		{"POST " + amnestyPath, access.Amnesty, c.amnesty},
		{"GET " + petitionPath, access.Petition, c.petition},
		{"GET " + sheetsPath, access.Sheets, c.sheets},
		{"POST " + sheetsPath, access.Sheets, c.issueSheets},
		{"POST " + sheetsPath + "/count", access.Sheets, c.countAnySheet},
		{"POST " + sheetsPath + "/ask", access.Sheets, c.askForSheets},
		{"GET " + sheetsPath + "/print", access.Sheets, c.printSheets},
		{"GET " + sheetsPath + "/{sheet}", access.Sheets, c.sheet},
		{"POST " + sheetsPath + "/{sheet}/mark", access.Sheets, c.markSheet},
		{"POST " + sheetsPath + "/{sheet}/count", access.Sheets, c.countSheet},
		{"POST " + sheetsPath + "/{sheet}/box", access.Sheets, c.boxSheet},
		{"GET " + enterPath, access.Enter, c.enterForm},
		{"POST " + enterPath, access.Enter, c.enterPaper},
		{"GET " + waitingPath, access.Enter, c.allWaiting},
		{"GET " + waitingPath + "/{waiting}", access.Enter, c.waiting},
		{"GET " + waitingPath + "/{waiting}/pages/{page}", access.Enter, c.faxPage},
		{"POST " + waitingPath + "/{waiting}/signature", access.Enter, c.enterWaiting},
		{"POST " + waitingPath + "/{waiting}/sheet", access.Enter, c.countWaiting},
		{"POST " + waitingPath + "/{waiting}/aside", access.Enter, c.setAside},
		{"GET " + checkPath, access.Invalidate, c.checkForm},
		{"POST " + checkPath, access.Invalidate, c.check},
		{"POST " + checkPath + "/{bulk}/restore", access.Invalidate, c.restoreBulk},
		{"GET " + withdrawPath, access.Invalidate, c.withdrawForm},
		{"POST " + withdrawPath, access.Invalidate, c.withdraw},
		{"GET " + deliveryPath, access.Petition, c.delivery},
		{"POST " + deliveryPath, access.Deliver, c.advance},
		{"POST " + deliveryPath + "/answer", access.Deliver, c.answer},
		{"POST " + deliveryPath + "/answer/draft", access.Deliver, c.answerDraft},
		{"GET " + packPath, access.Export, c.packForm},
		{"POST " + packPath, access.Export, c.pack},
		{"POST " + deliveryPath + "/purge", access.Purge, c.purge},
		{"GET " + deliveryPath + "/certificate", access.Petition, c.certificate},
		{"GET /queues", access.System, c.queues},
		{"GET /queues/live", access.System, c.queuesLive},
		{"POST /queues/run", access.System, c.failedTask(c.Desk.RunTask)},
		{"POST /queues/delete", access.System, c.failedTask(c.Desk.DropTask)},
		{"GET /lists", access.Lists, c.lists},
		{"GET " + importPath, access.Import, c.importForm},
		{"POST " + importPath, access.Import, c.importTable},
		{"GET /lists/{name}", access.Lists, c.list},
		{"GET /lists/{name}/export", access.Export, c.export},
		{"POST /lists/{name}/export", access.Export, c.exportCSV},
		{"GET /drafts", access.Write, c.drafts},
		{"POST /drafts", access.Write, c.newDraft},
		{"GET /drafts/{draft}", access.Write, c.edit},
		{"POST /drafts/{draft}", access.Write, c.save},
		{"POST /drafts/{draft}/delete", access.Write, c.deleteDraft},
		{"GET /drafts/{draft}/proof/{lang}/mail", access.Write, c.proofMail},
		{"GET /drafts/{draft}/proof/{lang}/fax/{page}", access.Write, c.proofFax},
		{"GET /drafts/{draft}/audience", access.Lists, c.audience},
		{"GET /drafts/{draft}/count", access.Lists, c.counted},
		{"POST /drafts/{draft}/audience", access.Write, c.keepAudience},
		{"GET /drafts/{draft}/ready", access.Write, c.ready},
		{"POST /drafts/{draft}/plan", access.Write, c.plan},
		{"POST /drafts/{draft}/rehearse", access.Write, c.rehearse},
		{"POST /drafts/{draft}/test", access.Write, c.test},
		{"POST /drafts/{draft}/launch", access.Launch, c.launch},
		{"GET /webhooks", access.Webhooks, c.webhooks},
		{"POST /webhooks", access.Webhooks, c.newWebhook},
		{"GET /webhooks/{id}", access.Webhooks, c.webhook},
		{"POST /webhooks/{id}", access.Webhooks, c.changeWebhook},
		{"POST /webhooks/{id}/rotate", access.Webhooks, c.rotateWebhook},
		{"POST /webhooks/{id}/shut", access.Webhooks, c.shutWebhook},
		{"POST /webhooks/{id}/open", access.Webhooks, c.reopenWebhook},
		{"POST /webhooks/{id}/test", access.Webhooks, c.tryWebhook},
		{"POST /webhooks/{id}/resend", access.Webhooks, c.resendMessage},
		{"POST /webhooks/{id}/delete", access.Webhooks, c.deleteWebhook},
	}
}

// languageOf is the language of an answer: what the person chose, else what the
// browser asks for first, else English.
func languageOf(r *http.Request, who *access.Visitor) string {
	if k, err := r.Cookie("lang"); err == nil && (k.Value == korean || k.Value == english) {
		return k.Value
	}
	if who != nil && (who.Language == korean || who.Language == english) {
		return who.Language
	}
	return web.Language(r)
}

// language remembers in which language the person reads.
func (c *console) language(w http.ResponseWriter, r *http.Request) {
	lang := r.PostFormValue("lang")
	if lang != korean {
		lang = english
	}
	http.SetCookie(w, &http.Cookie{Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	back := r.PostFormValue("back")
	if !access.Within(back) {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// show writes a page. fill says what is on it.
func (c *console) show(w http.ResponseWriter, r *http.Request, who *access.Visitor, name string, p page) error {
	return c.showAs(w, r, who, http.StatusOK, name, p)
}

func (c *console) showAs(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, name string, p page) error {
	lang := languageOf(r, who)
	p.Path, p.Person = r.URL.Path, who
	if who != nil {
		p.Account = c.Staff != nil
		p.Token, p.Menu = who.Form(), c.menu(r, who, sayer(lang))
	}
	if p.Told == "" {
		p.Told = c.told(r, lang)
	}
	b, err := c.pages.render(lang, name, "layout", p)
	if err != nil {
		return err
	}
	write(w, status, b)
	return nil
}

// part writes a piece of a page, as the live numbers fetch it.
func (c *console) part(w http.ResponseWriter, r *http.Request, who *access.Visitor, name, part string, data any) error {
	b, err := c.pages.render(languageOf(r, who), name, part, data)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, b)
	return nil
}

func write(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // who has gone needs no answer
}

// fail says what went wrong, for a person on a page.
func (c *console) fail(w http.ResponseWriter, r *http.Request, who *access.Visitor, err error) {
	problem := web.ProblemOf(err)
	if problem.Status >= http.StatusInternalServerError {
		c.Log.Error("a page failed", "page", r.Pattern, "error", err)
	}
	if serr := c.showAs(w, r, who, problem.Status, "problem", page{Title: fmt.Sprint(problem.Status), Wrong: problem.Say(languageOf(r, who))}); serr != nil {
		c.Log.Error("a page failed", "page", r.Pattern, "error", serr)
		web.Fail(w, r, err)
	}
}
