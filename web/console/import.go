package console

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/lists"
	"clarion/lists/tabular"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// importPath is where lists are imported.
const importPath = "/lists/import"

// maxTable is the most that a file to import may have, with its form. All of it is
// held in memory, since a form larger than this would lie on the disk for a while
// (mime/multipart keeps 32 MB).
const maxTable = 32 << 20 // bytes

// shownRejections is how many values that were left out a page shows.
const shownRejections = 500

// An importView is the form of an import, and what became of it.
type importView struct {
	List, Consent, Language, Region, Columns string
	Unrecorded                               bool   // nobody knows the words that people agreed to
	Digest                                   string // of the file that was looked at; "": none yet
	Report                                   *lists.Report
	Done                                     bool // it is in
	Separator                                string
	Fields                                   []importField
	Rejected                                 []rejectedLine
	Path                                     string // of the list
	Limit                                    int    // MB
}

type importField struct{ Field, Column string }

// A rejectedLine is a value that was left out. It is shown to who brought the file, once.
type rejectedLine struct {
	Row                   int
	Field, Value, Because string
}

// importForm shows where a list is imported.
func (c *console) importForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &importView{List: r.URL.Query().Get("list"), Region: c.Desk.Links.Region, Limit: maxTable >> 20}
	return c.showImport(w, r, who, http.StatusOK, v, "")
}

func (c *console) showImport(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *importView, wrong string) error {
	return c.showAs(w, r, who, status, "import", page{Title: sayer(languageOf(r, who))("Import a list", "명단 가져오기"), Wrong: wrong, Data: v})
}

// importTable looks at a file, and imports it if it is the one that was looked at
// before. The file is not kept in between.
func (c *console) importTable(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	v := &importView{
		List: strings.TrimSpace(r.PostFormValue("list")), Consent: strings.TrimSpace(r.PostFormValue("consent")), Language: r.PostFormValue("language"),
		Region: strings.ToUpper(strings.TrimSpace(r.PostFormValue("region"))), Columns: r.PostFormValue("columns"), Unrecorded: r.PostFormValue("unrecorded") != "", Limit: maxTable >> 20,
	}
	refuse := func(wrong string) error { return c.showImport(w, r, who, http.StatusUnprocessableEntity, v, wrong) }
	o := lists.ImportOptions{List: v.List, Consent: v.Consent, Language: v.Language, Region: cmp.Or(v.Region, c.Desk.Links.Region), Map: map[string]string{}, DryRun: true, MaxRejected: shownRejections}
	for line := range strings.Lines(v.Columns) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		field, column, ok := strings.Cut(line, "=")
		if !ok {
			return refuse(say("A column is named as field=column, one a line: email=E-Mail.", "열은 한 줄에 하나씩 field=열이름으로 적어 주십시오. 예: email=메일"))
		}
		o.Map[strings.TrimSpace(field)] = strings.TrimSpace(column)
	}
	if v.Consent == "" && !v.Unrecorded {
		return refuse(say("What have these people agreed to? Write the words, or tick that nobody knows them.", "어떤 문구에 동의하셨습니까? 그 문구를 적거나, 알 수 없다고 표시해 주십시오."))
	}
	f, _, err := r.FormFile("table")
	if errors.Is(err, http.ErrMissingFile) {
		return refuse(say("Choose a file.", "파일을 선택해 주십시오."))
	} else if err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	v.Digest = hex.EncodeToString(sum.Sum(nil))
	ctx, wrong := r.Context(), ""
	switch r.PostFormValue("digest") {
	case "":
	case v.Digest:
		o.DryRun = false
		ctx = context.WithoutCancel(ctx) // once begun it is finished, whether or not the browser waits
	default:
		wrong = say("This is another file than the one that you looked at. Below is what is in this one.", "앞서 확인하신 파일과 다른 파일입니다. 아래는 이 파일의 내용입니다.")
	}
	t, err := tabular.Open(f)
	if err == nil {
		v.Report, err = c.runImport(ctx, r, who, t, o)
	}
	var table *tabular.Error
	switch {
	case errors.As(err, &table):
		v.Digest, v.Report = "", nil
		return refuse(table.Message(lang))
	case errors.Is(err, lists.ErrBadName):
		v.Digest, v.Report = "", nil
		return refuse(say("A list's name has 1 to 64 characters.", "명단 이름은 1자에서 64자까지입니다."))
	case desk.Mistaken(err):
		v.Digest, v.Report = "", nil
		return refuse(err.Error())
	case err != nil:
		return err
	}
	v.Done, v.Path = !o.DryRun, listPath(v.List)
	v.tell(lang)
	return c.showImport(w, r, who, http.StatusOK, v, wrong)
}

func (c *console) runImport(ctx context.Context, r *http.Request, who *access.Visitor, t *tabular.Table, o lists.ImportOptions) (*lists.Report, error) {
	if !o.DryRun {
		if err := c.noteList(r, who, audit.Imported, o.List); err != nil {
			return nil, err
		}
	}
	return c.Desk.Import(ctx, t, o, nil)
}

// tell puts the report in words.
func (v *importView) tell(lang string) {
	say := sayer(lang)
	v.Separator = v.Report.Delimiter
	if v.Separator == "\t" {
		v.Separator = say("tabs", "탭")
	}
	for _, field := range slices.Sorted(maps.Keys(v.Report.Columns)) {
		v.Fields = append(v.Fields, importField{field, v.Report.Columns[field]})
	}
	for _, x := range v.Report.Rejected {
		v.Rejected = append(v.Rejected, rejectedLine{x.Row, x.Field, cut(x.Value), desk.WhyRejected(x.Reason, lang)})
	}
}

// cut is a value as a page can show it.
func cut(s string) string {
	const most = 60 // characters
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// patient gives a request more time from the moment that its body is read: the
// guard reads it only of who is logged in and may import.
type patient struct {
	io.ReadCloser
	w        http.ResponseWriter
	begun    bool
	tooLarge error
}

func (p *patient) Read(b []byte) (int, error) {
	if !p.begun {
		p.begun = true
		c, until := http.NewResponseController(p.w), time.Now().Add(longAnswer)
		if err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return 0, fmt.Errorf("read a file: %w", err)
		}
	}
	n, err := p.ReadCloser.Read(b)
	if size := (*http.MaxBytesError)(nil); errors.As(err, &size) {
		p.tooLarge = err
	}
	return n, err
}
