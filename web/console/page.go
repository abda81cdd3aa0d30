package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
)

//go:embed pages static
var files embed.FS

// Languages of the console.
const (
	korean  = "ko"
	english = "en"
)

// A page is what the layout shows, with the content of one page in Data.
type page struct {
	Title     string
	Path      string // of the page itself
	Person    *access.Visitor
	Token     string // against forged forms
	Account   bool   // the person has one, and can log out
	Menu      []menuItem
	Rehearsal bool
	Told      string   // what was done, in a sentence
	Wrong     string   // what a person has to mend
	Scripts   []string // beside console.js
	Data      any
}

// A menuItem is one of the pages that a person may see.
type menuItem struct {
	Path, Words string
	Here        bool
}

// pages are the templates, in both languages, and the files that they ask for.
type pages struct {
	by     map[string]map[string]*template.Template // language, then name
	assets map[string]asset                         // by the name in the URL
	names  map[string]string                        // name to name in the URL
}

// An asset is a file with its content's hash in its name, so that it may be kept
// for ever.
type asset struct {
	kind string
	data []byte
}

func readPages(zone *time.Location) (*pages, error) {
	p := &pages{by: map[string]map[string]*template.Template{}, assets: map[string]asset{}, names: map[string]string{}}
	static, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, fmt.Errorf("read the console's files: %w", err)
	}
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	for _, f := range static {
		data, err := files.ReadFile("static/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read the console's files: %w", err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(f.Name())
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		p.assets[name], p.names[f.Name()] = asset{kinds[ext], data}, name
	}
	sources, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the console's pages: %w", err)
	}
	for _, lang := range []string{korean, english} {
		p.by[lang] = map[string]*template.Template{}
		shared, err := template.New("").Funcs(p.functions(lang, zone)).ParseFS(files, "pages/layout.html", "pages/parts.html")
		if err != nil {
			return nil, fmt.Errorf("read the console's pages: %w", err)
		}
		for _, source := range sources {
			name := strings.TrimSuffix(path.Base(source), ".html")
			if name == "layout" || name == "parts" {
				continue
			}
			t, err := template.Must(shared.Clone()).ParseFS(files, source)
			if err != nil {
				return nil, fmt.Errorf("read the console's pages: %w", err)
			}
			p.by[lang][name] = t
		}
	}
	return p, nil
}

// functions are what the templates may call. say gives both languages where the
// words stand, so that neither can be forgotten.
func (p *pages) functions(lang string, zone *time.Location) template.FuncMap {
	say := sayer(lang)
	return template.FuncMap{
		"lang":  func() string { return lang },
		"say":   say,
		"asset": func(name string) (string, error) { return p.url(name) },
		"n":     number,
		"share": share,
		"few":   func() string { return desk.Few(lang) },
		"clock": func(t time.Time) string { return t.In(zone).Format("15:04") },
		"day": func(t time.Time) string {
			return t.In(zone).Format(say("2 January 2006, 15:04", "2006년 1월 2일 15:04"))
		},
		"shortday": func(t time.Time) string { return t.In(zone).Format("2006-01-02") },
		"channel":  func(ch address.Channel) string { return channelWord(ch, lang) },
		"mib":      func(bytes int64) string { return number(int(bytes >> 20)) },
		"percent":  func(part float64) string { return strconv.FormatFloat(100*part, 'f', 1, 64) + " %" },
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"span":     func(d time.Duration) string { return span(d, lang) },
		"dict":     dict,
	}
}

// url is where an asset stands.
func (p *pages) url(name string) (string, error) {
	hashed, ok := p.names[name]
	if !ok {
		return "", fmt.Errorf("there is no file %q", name)
	}
	return "/static/" + hashed, nil
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.data) // who has gone needs no answer
}

// render makes a page whole before the first byte goes out: a template that
// breaks off must not leave half a page under status 200.
func (p *pages) render(lang, name, part string, data any) ([]byte, error) {
	t := p.by[lang][name]
	if t == nil {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("make the page %s: %w", name, err)
	}
	return b.Bytes(), nil
}
