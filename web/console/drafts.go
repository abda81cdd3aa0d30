package console

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// maxUpload is how much a form of the editor may hold: all texts and one picture.
const maxUpload = 8 << 20 // bytes

type draftsView struct {
	Drafts []desk.SavedDraft
	Name   string // what was typed, if it could not be taken
}

// drafts lists what is being written.
func (c *console) drafts(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	all, err := c.Desk.Drafts(r.Context())
	if err != nil {
		return err
	}
	return c.show(w, r, who, "drafts", page{Title: sayer(languageOf(r, who))("Drafts", "초안"), Data: draftsView{Drafts: all}})
}

// newDraft begins one with the example that explains itself.
func (c *console) newDraft(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	files, err := exampleFiles()
	if err != nil {
		return err
	}
	s, err := c.Desk.SaveDraft(r.Context(), desk.SavedDraft{Name: r.PostFormValue("name"), Author: who.Name, Files: files})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/drafts/"+s.ID, http.StatusSeeOther)
	return nil
}

func exampleFiles() (map[string][]byte, error) {
	files, example := map[string][]byte{}, templates.Example()
	err := fs.WalkDir(example, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(example, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the example call: %w", err)
	}
	return files, nil
}

// A finding is what is wrong or worth knowing, at its line.
type finding struct {
	File, Words string
	Line        int
	Note        bool   // it keeps nothing from being launched
	Text        string // the line itself
}

// A textFile is one of a draft's texts, as the editor shows it.
type textFile struct {
	Name, Words, Content string
	Rows                 int
	Findings             []finding
}

type editorView struct {
	Draft    *desk.SavedDraft
	Files    []textFile
	Pictures []string
	General  []finding // of no text
	Proofs   []proofView
	Problems int
	MaySend  bool
	Conflict bool // somebody else saved meanwhile: these are the words typed here
}

// A proofView is a draft in one language as people will get it.
type proofView struct {
	Lang, Language string
	Email          bool
	Subject, Plain string
	SMS            *desk.SMSProof
	Parts          []string
	Price          string
	FaxPages       []int
	Wrong          string
}

// edit shows the editor, and beside it what people will get.
func (c *console) edit(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	return c.showEditor(w, r, who, http.StatusOK, s, false)
}

func (c *console) showEditor(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, s *desk.SavedDraft, conflict bool) error {
	lang := languageOf(r, who)
	draft := desk.ReadFiles(s.Files)
	report, err := c.Desk.Check(r.Context(), draft)
	if err != nil {
		return err
	}
	v := &editorView{Draft: s, Problems: len(report.Problems), MaySend: len(report.Problems) == 0, Conflict: conflict}
	v.fill(s, report, lang)
	for _, l := range draft.Text.Languages {
		v.Proofs = append(v.Proofs, c.proof(draft, l, lang))
	}
	return c.showAs(w, r, who, status, "editor", page{Title: s.Name, Data: v, Scripts: []string{"editor.js"}})
}

// fill puts each finding beside the text that it is about.
func (v *editorView) fill(s *desk.SavedDraft, report *desk.CheckReport, lang string) {
	by := map[string][]finding{}
	add := func(p conf.Problem, note bool) {
		f := finding{File: p.File, Line: p.Line, Words: p.Message, Note: note}
		if lang == korean && p.Korean != "" {
			f.Words = p.Korean
		}
		data, ok := s.Files[p.File]
		if !ok || !isText(p.File) {
			v.General = append(v.General, f)
			return
		}
		if lines := strings.Split(string(data), "\n"); p.Line > 0 && p.Line <= len(lines) {
			f.Text = strings.TrimSpace(lines[p.Line-1])
		}
		by[p.File] = append(by[p.File], f)
	}
	for _, p := range report.Problems {
		add(p, false)
	}
	for _, p := range report.Notes {
		add(p, true)
	}
	for _, name := range sortedFiles(s.Files) {
		if !isText(name) {
			v.Pictures = append(v.Pictures, name)
			continue
		}
		content := string(s.Files[name])
		v.Files = append(v.Files, textFile{Name: name, Words: fileWords(name, lang), Content: content, Rows: min(max(strings.Count(content, "\n")+2, 4), 28), Findings: by[name]})
	}
}

// sortedFiles are a draft's files: the texts for people first, then the settings.
func sortedFiles(files map[string][]byte) []string {
	rank := func(name string) int {
		switch {
		case strings.HasPrefix(name, "text."):
			return 0
		case strings.HasPrefix(name, "sms."):
			return 1
		case strings.HasPrefix(name, "fax."):
			return 2
		case name == templates.CallFile:
			return 3
		}
		return 4
	}
	return slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a, b))
	})
}

func isText(name string) bool {
	switch path.Ext(name) {
	case ".md", ".txt", ".toml":
		return true
	}
	return false
}

// fileWords say what a file is for.
func fileWords(name, lang string) string {
	say := sayer(lang)
	if name == templates.CallFile {
		return say("Settings: sender, subject, channels, audience, pace", "설정: 보내는 사람, 제목, 채널, 받을 분들, 속도")
	}
	kind, of, _ := strings.Cut(strings.TrimSuffix(name, path.Ext(name)), ".")
	words := map[string]string{"text": say("Email and fax", "이메일과 팩스"), "sms": say("Text message", "문자"), "fax": say("Fax alone", "팩스만")}[kind]
	return words + ", " + languageWord(of, lang)
}

// save keeps what was typed. If somebody else saved meanwhile, nothing is lost and
// nothing overwritten: the page comes back with the words typed here.
func (c *console) save(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.typed(w, r, who)
	if err != nil {
		return err
	}
	saved, err := c.Desk.SaveDraft(r.Context(), *s)
	if errors.Is(err, desk.ErrConflict) {
		now, lerr := c.Desk.LoadDraft(r.Context(), s.ID)
		if lerr != nil {
			return lerr
		}
		s.Version = now.Version
		return c.showEditor(w, r, who, http.StatusConflict, s, true)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/drafts/"+saved.ID+"?done=save", http.StatusSeeOther)
	return nil
}

// typed reads the editor's form over the draft that it belongs to.
func (c *console) typed(w http.ResponseWriter, r *http.Request, who *access.Visitor) (*desk.SavedDraft, error) {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return nil, err
	}
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: the draft's version is missing", web.ErrUnreadable)
	}
	s.Version, s.Name, s.Author = version, r.PostFormValue("name"), who.Name
	for name := range s.Files {
		switch text, ok := r.PostForm["file:"+name]; {
		case ok && isText(name):
			s.Files[name] = []byte(strings.ReplaceAll(text[0], "\r\n", "\n"))
		case r.PostFormValue("remove") == name && name != templates.CallFile:
			delete(s.Files, name)
		}
	}
	if name := r.PostFormValue("add"); name != "" {
		if !isText(name) || path.Base(name) != name || s.Files[name] != nil {
			return nil, fmt.Errorf("%w: %q is no new text", web.ErrUnreadable, name)
		}
		s.Files[name] = []byte("\n")
	}
	if err := picture(r, s.Files); err != nil {
		return nil, err
	}
	return s, nil
}

// picture takes a picture that was chosen along with the texts.
func picture(r *http.Request, files map[string][]byte) error {
	if r.MultipartForm == nil {
		return nil
	}
	f, h, err := r.FormFile("picture")
	if errors.Is(err, http.ErrMissingFile) {
		return nil
	} else if err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	name := strings.ToLower(path.Base(strings.ReplaceAll(h.Filename, `\`, "/")))
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, kind) || isText(name) {
		return desk.Mistake("%s is no PNG, JPEG or GIF: choose a picture", name)
	}
	files[name] = data
	return nil
}

// deleteDraft ends one.
func (c *console) deleteDraft(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil {
		return fmt.Errorf("%w: the draft's version is missing", web.ErrUnreadable)
	}
	if err := c.Desk.DeleteDraft(r.Context(), r.PathValue("draft"), version); err != nil {
		return err
	}
	http.Redirect(w, r, "/drafts?done=delete", http.StatusSeeOther)
	return nil
}

// proof makes what people will get in one language.
func (c *console) proof(draft *desk.Draft, of, lang string) proofView {
	v := proofView{Lang: of, Language: languageWord(of, lang)}
	for _, ch := range draft.Text.Channels {
		var err error
		switch ch {
		case address.Email:
			var p *desk.EmailProof
			if p, err = c.Desk.EmailProof(draft, of); err == nil {
				v.Email, v.Subject, v.Plain = true, p.Subject, p.Text
			}
		case address.SMS:
			if v.SMS, err = c.Desk.SMSProof(draft, of); err == nil {
				v.Parts = v.SMS.Parts
			}
		case address.Fax:
			var pages int
			pages, err = c.Desk.FaxPages(draft, of)
			for i := range pages {
				v.FaxPages = append(v.FaxPages, i+1)
			}
		}
		if err != nil {
			v.Wrong = sayer(lang)("What is wrong is said beside the texts.", "고칠 점은 문안 옆에 있습니다.")
		}
	}
	return v
}

// mailPolicy lets a mail be shown as it is, styles within it and pictures as data,
// and nothing else: no script, no form, nobody's server.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// proofMail is the very HTML of the mail, for a frame of its own.
func (c *console) proofMail(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	draft, err := c.loadDraft(r)
	if err != nil {
		return err
	}
	p, err := c.Desk.EmailProof(draft, r.PathValue("lang"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	write(w, http.StatusOK, []byte(p.HTML))
	return nil
}

// proofFax is a page of the fax as the machine at the other end prints it.
func (c *console) proofFax(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	draft, err := c.loadDraft(r)
	if err != nil {
		return err
	}
	p, err := c.Desk.FaxProof(r.Context(), draft, r.PathValue("lang"))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil || n < 1 || n > len(p.Pages) {
		return web.ErrNotFound
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(p.Pages[n-1]) // who has gone needs no answer
	return nil
}

func (c *console) loadDraft(r *http.Request) (*desk.Draft, error) {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return nil, err
	}
	return desk.ReadFiles(s.Files), nil
}
