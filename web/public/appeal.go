package public

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"

	"clarion/internal/clock"
	"clarion/petition"
	"clarion/web"
)

// Volunteers know whose a code is, and count who came by it.
type Volunteers interface {
	Volunteer(code string) (uint32, error)
	Count(ctx context.Context, volunteer uint32) error
}

var appealWords = map[string]map[string]string{
	"ko": {"lang": "ko", "sign": "서명하러 가기", "count": "누가 왔는지는 남기지 않고, 몇 분이 왔는지만 셉니다.", "invalid": "올바르지 않은 링크입니다. 받으신 링크 전체를 복사했는지 확인해 주십시오.", "none": "아직 서명을 받는 곳이 없습니다.", "later": "지금은 처리하지 못했습니다. 잠시 뒤에 다시 시도해 주십시오."},
	"en": {"lang": "en", "sign": "Go and sign", "count": "We count how many come, and keep nothing of who does.", "invalid": "This link is not valid. Please check that all of it was copied.", "none": "There is nowhere to sign yet.", "later": "That did not work just now. Please try again in a moment."},
}

type appealPage struct {
	T           map[string]string
	Code        string
	Title, Text string
	Said        string // in place of the appeal
	Another     string
}

type appealPages struct {
	appeal     petition.Appeal
	policy     string
	volunteers Volunteers
	tmpl       *template.Template
	log        *slog.Logger
}

// NewAppeal serves the page behind a volunteer's link or code: what it is about, and
// a button that leads on to where people sign. Only the button counts: who merely
// looks, and a mail scanner that follows links, does not.
func NewAppeal(appeal petition.Appeal, volunteers Volunteers, log *slog.Logger) (http.Handler, error) {
	t, err := template.ParseFS(files, "pages/appeal.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	u, err := url.Parse(appeal.URL)
	if err != nil {
		return nil, fmt.Errorf("read where people sign: %w", err)
	}
	// A browser asks form-action of where a form is led on to, too.
	policy := fmt.Sprintf("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' %s://%s; base-uri 'none'; frame-ancestors 'none'", u.Scheme, u.Host)
	p := &appealPages{appeal, policy, volunteers, t, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v/{code}", p.show)
	mux.HandleFunc("POST /v/{code}", p.sign)
	return web.PerClient(mux, clock.System{}), nil
}

func (p *appealPages) show(w http.ResponseWriter, r *http.Request) {
	_, err := p.volunteers.Volunteer(r.PathValue("code"))
	p.write(w, r, err)
}

func (p *appealPages) sign(w http.ResponseWriter, r *http.Request) {
	who, err := p.volunteers.Volunteer(r.PathValue("code"))
	if err == nil && p.appeal.URL != "" {
		err = p.volunteers.Count(r.Context(), who)
	}
	if err != nil || p.appeal.URL == "" {
		p.write(w, r, err)
		return
	}
	http.Redirect(w, r, p.appeal.URL, http.StatusSeeOther)
}

func (p *appealPages) write(w http.ResponseWriter, r *http.Request, err error) {
	lang := r.URL.Query().Get("lang")
	if words[lang] == nil {
		lang = web.Language(r)
	}
	another := map[string]string{"ko": "en", "en": "ko"}[lang]
	v := appealPage{T: appealWords[lang], Code: r.PathValue("code"), Title: p.appeal.Title[lang], Text: p.appeal.Text[lang], Another: another}
	status := http.StatusOK
	switch {
	case errors.Is(err, petition.ErrNoVolunteer):
		status, v.Said = http.StatusNotFound, v.T["invalid"]
	case err != nil:
		p.log.Error("an appeal's page failed", "error", err)
		status, v.Said = http.StatusServiceUnavailable, v.T["later"]
	case p.appeal.URL == "":
		v.Said = v.T["none"]
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	if p.appeal.URL != "" {
		w.Header().Set("Content-Security-Policy", p.policy)
	}
	w.WriteHeader(status)
	if err := p.tmpl.Execute(w, v); err != nil {
		p.log.Debug("a page was cut off", "error", err)
	}
}
