package public

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"clarion/internal/clock"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/petition"
	"clarion/petition/incoming"
	"clarion/web"
	"clarion/worker"
)

// Letters bring signers what they are asked, or told, at the address that they left.
type Letters interface {
	// Tell sends a letter, once for each id.
	Tell(ctx context.Context, id string, l worker.Letter) error
}

// News is who hears of a petition further on.
type News interface {
	// Join puts a signer on the list who agreed to that. It may be done again.
	Join(ctx context.Context, s *petition.Signature) error
	// Leave takes a signer off it.
	Leave(ctx context.Context, s *petition.Signature) error
}

// A Chain knows by whom people come, further on too.
type Chain interface {
	Volunteers
	Code(volunteer uint32) string
	By(link string) (petition.By, error)
	Link(by petition.By) string
	CountBy(ctx context.Context, by petition.By) error
}

// Signing is what the pages of a petition work with.
type Signing struct {
	Roll       *petition.Roll
	Incoming   *incoming.Desk // who replied, and is asked
	Volunteers Chain
	Letters    Letters
	News       News
	Reach      []address.Channel // on which letters go out; none: nobody is asked for an address
	Throwaway  []string          // mail domains whose addresses are nobody's for long
	Public     string            // address of the pages: "https://act.example.org"
	Region     string            // of phone numbers that people type: "KR"
	Clock      clock.Clock
	Log        *slog.Logger
}

// signPolicy lets our own script work, and nothing of anybody else's.
const signPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm is more than a form of ours has, in bytes, and too little to be a burden.
const maxForm = 32 << 10

// signing are the pages of a petition.
type signing struct {
	Signing
	pages map[string]*template.Template // by language, then the page's name within
	rates *rates
	cross *http.CrossOriginProtection
}

// NewSigning serves the pages of a petition: the appeal and its form, what a signer
// confirms and withdraws by, slips, published roots, and texts to pass on.
func NewSigning(p Signing) (http.Handler, error) {
	s := &signing{Signing: p, pages: map[string]*template.Template{}, rates: newRates(p.Clock), cross: http.NewCrossOriginProtection()}
	s.Public = strings.TrimSuffix(p.Public, "/")
	for _, lang := range []string{"ko", "en"} {
		t, err := template.New("").Funcs(functions(p.Roll.Campaign, lang)).ParseFS(files, "pages/sign/*.html")
		if err != nil {
			return nil, fmt.Errorf("read the pages: %w", err)
		}
		s.pages[lang] = t
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign", s.form)
	mux.HandleFunc("GET /v/{code}", s.form)
	mux.HandleFunc("POST /sign", s.sign)
	mux.HandleFunc("GET /sign/share", s.share)
	mux.HandleFunc("GET /sign/roots", s.roots)
	for _, script := range []string{"sign.js", "work.js"} {
		mux.HandleFunc("GET /sign/"+script, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "static/"+script) })
	}
	for _, path := range []string{"/c/{token}", "/c/{token}/{code}"} {
		mux.Handle("GET "+path, s.linked(p.Roll.OpenConfirm, nil, s.showConfirmed))
		mux.Handle("POST "+path, s.linked(p.Roll.OpenConfirm, s.confirm, s.showConfirmed))
	}
	mux.Handle("GET /w/{token}", s.linked(p.Roll.OpenWithdraw, nil, s.showWithdrawn))
	mux.Handle("POST /w/{token}", s.linked(p.Roll.OpenWithdraw, s.takeBack, s.showWithdrawn))
	mux.HandleFunc("GET /r/{token}", s.askAgreement)
	mux.HandleFunc("POST /r/{token}", s.agree)
	mux.HandleFunc("GET /s", s.askSlip)
	mux.HandleFunc("POST /s", s.showSlip)
	mux.HandleFunc("GET /s/{code}", s.showSlip)
	mux.HandleFunc("GET /s/{code}/slip.txt", s.slipFile)
	mux.HandleFunc("GET /s/{code}/proof.json", s.proofFile)
	mux.HandleFunc("POST /s/{code}/withdraw", s.withdrawSlip)
	return web.PerClient(s.guard(mux), p.Clock), nil
}

// guard is what each request of these pages passes: a small body, of no other site.
func (s *signing) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", signPolicy)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := s.cross.Check(r); err != nil {
			s.tell(w, r, http.StatusForbidden, "foreign", nil)
			return
		}
		if r.Method == http.MethodPost {
			if err := readForm(r); err != nil {
				s.fail(w, r, fmt.Errorf("%w: %w", web.ErrUnreadable, err))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// A sheet is what each page of the petition shows.
type sheet struct {
	Lang    string
	Words   string // the language of the campaign's own words, which may have fewer
	Path    string // of the page, for the link to the other language; "" for where a form was sent
	Another string
	*petition.Campaign
	Data any
}

// languageOf is the language asked for, else the one that the signer used, else the browser's.
func languageOf(r *http.Request, signer string) string {
	for _, lang := range []string{r.URL.Query().Get("lang"), signer} {
		if words[lang] != nil {
			return lang
		}
	}
	return web.Language(r)
}

// campaignLanguage is lang where the campaign has it, else the campaign's first.
func (s *signing) campaignLanguage(lang string) string {
	if slices.Contains(s.Roll.Languages, lang) {
		return lang
	}
	return s.Roll.Languages[0]
}

func (s *signing) write(w http.ResponseWriter, r *http.Request, status int, lang, name string, data any) {
	v := sheet{Lang: lang, Words: s.campaignLanguage(lang), Another: map[string]string{"ko": "en", "en": "ko"}[lang], Campaign: s.Roll.Campaign, Data: data}
	if r.Method == http.MethodGet {
		v.Path = path.Clean("/" + r.URL.Path)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	if err := s.pages[lang].ExecuteTemplate(w, name, v); err != nil {
		s.Log.Debug("a page was cut off", "error", err)
	}
}

// A told is a page of a sentence or two.
type told struct {
	What   string // names the sentences, in said.html
	Reason string // in the words of whoever refused, "" for none
}

func (s *signing) tell(w http.ResponseWriter, r *http.Request, status int, what string, refusal *petition.Refusal) {
	lang := languageOf(r, "")
	t := told{What: what}
	if refusal != nil {
		t.Reason = sentence(refusal, lang)
	}
	s.write(w, r, status, lang, "said.html", t)
}

// fail tells what went wrong in words, and logs what is ours to mend. No token, code
// or name is in the log.
func (s *signing) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *petition.Refusal
	switch problem := web.ProblemOf(err); {
	case errors.Is(err, petition.ErrNoSignature), errors.Is(err, seal.ErrToken):
		s.tell(w, r, http.StatusNotFound, "invalid", nil)
	case errors.As(err, &refusal):
		s.tell(w, r, http.StatusUnprocessableEntity, "refused", refusal)
	case problem.Status < http.StatusInternalServerError:
		s.tell(w, r, problem.Status, "unread", nil)
	default:
		s.Log.Error("a page of the petition failed", "error", err)
		w.Header().Set("Retry-After", "5")
		s.tell(w, r, http.StatusServiceUnavailable, "later", nil)
	}
}

// sentence is a refusal as it stands on a page: with a capital letter and a full stop.
func sentence(r *petition.Refusal, lang string) string {
	text := r.Sentence(lang)
	if lang == "ko" || text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// functions are what the templates may call. say gives both languages where the words
// stand, so that neither can be forgotten.
func functions(c *petition.Campaign, lang string) template.FuncMap {
	return template.FuncMap{
		"say": func(en, ko string) string {
			if lang == "ko" {
				return ko
			}
			return en
		},
		"tick": func(name, words string, on, needed bool, wrong, lang string) tick {
			return tick{name, words, on, needed, wrong, lang}
		},
		"n":      petition.Thousands,
		"region": func(id string) string { return c.Region(id).Name(lang) },
		"way":    func(w petition.Way) string { return w.Word(lang) },
		"stage":  func(s petition.Stage) string { return s.Word(lang) },
	}
}

// A tick is a box to tick, with the campaign's exact words.
type tick struct {
	Name, Words string
	On, Needed  bool
	Wrong       string
	Lang        string // of the words
}
