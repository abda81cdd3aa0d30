// Package public owns the pages for supporters: reached by signed links, without
// a session, in Korean and English. A GET shows, a POST acts.
package public

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/seal"
	"clarion/web"
	"clarion/worker"
)

// Subscriptions is what the pages act on.
type Subscriptions interface {
	Subscription(ctx context.Context, token string) (worker.Subscription, error)
	Unsubscribe(ctx context.Context, token, how string) (broadcast.Delivery, error)
	Resubscribe(ctx context.Context, token string) error
}

//go:embed pages static
var files embed.FS

// words are the texts of the pages, by language.
var words = map[string]map[string]string{
	"ko": {
		"lang": "ko", "title": "수신거부", "ask": "이 주소로 보내는 소식을 그만 받으시겠습니까?", "stop": "그만 받기",
		"stopped": "수신거부되었습니다. 이 주소로는 더 이상 보내지 않습니다.", "undo": "잘못 눌렀습니다, 계속 받겠습니다",
		"forwarded": "이 주소가 본인의 것이 아니라면 전달받은 메일의 링크입니다. 창을 닫으시면 됩니다.",
		"back":      "다시 보내 드립니다. 고맙습니다.",
		"kept":      "이 주소는 다른 이유로도 발송이 중지되어 있습니다. 다시 받으시려면 받으신 소식에 회신해 주십시오.",
		"invalid":   "이 링크는 올바르지 않습니다. 메일의 링크 전체를 복사했는지 확인해 주십시오.",
		"unread":    "요청을 읽지 못했습니다. 메일의 링크를 다시 열어 주십시오.",
		"later":     "지금은 처리하지 못했습니다. 잠시 뒤에 다시 시도해 주십시오.",
		"home":      "이곳은 수신거부 페이지입니다. 소식을 그만 받으시려면 받으신 메일 끝에 있는 링크를 눌러 주십시오.",
	},
	"en": {
		"lang": "en", "title": "Unsubscribe", "ask": "Stop writing to this address?", "stop": "Stop writing to me",
		"stopped": "Done. Nothing more is sent to this address.", "undo": "That was a mistake, keep writing to me",
		"forwarded": "If this is not your address, somebody forwarded you their mail: just close this page.",
		"back":      "You are back on the list. Thank you.",
		"kept":      "This address is held back for another reason too. To hear from us again, please answer one of our messages.",
		"invalid":   "This link is not valid. Please check that all of it was copied from the mail.",
		"unread":    "We could not read that. Please open the link in the mail once more.",
		"later":     "That did not work just now. Please try again in a moment.",
		"home":      "This is where you stop messages from us. Follow the link at the end of a mail that you got.",
	},
}

type page struct {
	T       map[string]string
	Token   string
	Masked  string
	State   string // ask, stopped, back, kept, invalid, unread, later, home
	Sent    string // the message of the state
	Another string // the other language
}

// New serves the pages.
func New(subs Subscriptions, log *slog.Logger) (http.Handler, error) {
	t, err := template.ParseFS(files, "pages/unsubscribe.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	p := &pages{subs, t, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /u/{token}", p.show)
	mux.HandleFunc("POST /u/{token}", p.act)
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET /public.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "pages/public.css") })
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "User-agent: *\nDisallow: /\n") })
	return web.PerClient(mux, clock.System{}), nil
}

type pages struct {
	subs Subscriptions
	tmpl *template.Template
	log  *slog.Logger
}

// show asks; it changes nothing, whoever follows the link.
func (p *pages) show(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	sub, err := p.subs.Subscription(r.Context(), token)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	state := "ask"
	if sub.Stopped {
		state = "stopped"
	}
	p.write(w, r, http.StatusOK, sub.Language, page{Token: token, Masked: sub.Masked, State: state})
}

// act stops, or takes that back. A mail program posts List-Unsubscribe=One-Click
// without cookie, login or anything else (RFC 8058 §3.2); a person presses the
// button. Whoever posts something else to the link wants it to act, too.
func (p *pages) act(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		p.fail(w, r, fmt.Errorf("%w: %w", web.ErrUnreadable, err))
		return
	}
	token := r.PathValue("token")
	oneClick := r.PostFormValue("List-Unsubscribe") == "One-Click"
	undo := !oneClick && r.PostFormValue("do") == "undo"
	var err error
	switch {
	case oneClick:
		_, err = p.subs.Unsubscribe(r.Context(), token, "one_click")
	case undo:
		err = p.subs.Resubscribe(r.Context(), token)
	default:
		_, err = p.subs.Unsubscribe(r.Context(), token, "page")
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if oneClick {
		w.WriteHeader(http.StatusOK) // no redirect, nothing to read
		return
	}
	sub, err := p.subs.Subscription(r.Context(), token)
	if err != nil && undo {
		p.fail(w, r, err) // nobody knows whether the address is free again
		return
	} else if err != nil {
		p.log.Error("an unsubscribe page failed", "error", err)
	}
	state := "stopped"
	switch {
	case undo && sub.Stopped:
		state = "kept" // staff, a complaint, or a text stopped it as well
	case undo:
		state = "back"
	}
	p.write(w, r, http.StatusOK, sub.Language, page{Token: token, Masked: sub.Masked, State: state})
}

// readForm reads a body in either of the two codings that RFC 8058 §3.2 names:
// multipart/form-data, and urlencoded. A body in any other is left alone.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(formMemory); !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return nil
}

// formMemory is more than any body that the guard lets through.
const formMemory = 2 << 20

// home is for who comes without a link.
func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, "", page{State: "home"})
}

func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem := web.ProblemOf(err)
	state := "later"
	switch {
	case errors.Is(err, seal.ErrToken):
		state = "invalid"
	case problem.Status < http.StatusInternalServerError:
		state = "unread"
	default:
		p.log.Error("an unsubscribe page failed", "status", problem.Status, "error", err)
		w.Header().Set("Retry-After", "5")
	}
	p.write(w, r, problem.Status, "", page{State: state})
}

// write renders a page in the language asked for, else the contact's, else the browser's.
func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, lang string, v page) {
	if q := r.URL.Query().Get("lang"); words[q] != nil {
		lang = q
	} else if words[lang] == nil {
		lang = web.Language(r)
	}
	v.T, v.Another = words[lang], "en"
	if lang == "en" {
		v.Another = "ko"
	}
	v.Sent = v.T[v.State]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	w.WriteHeader(status)
	if err := p.tmpl.Execute(w, v); err != nil {
		p.log.Debug("a page was cut off", "error", err)
	}
}
