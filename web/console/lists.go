package console

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// longAnswer is how long a client may take for a file of people.
const longAnswer = 10 * time.Minute

type listsView struct {
	Lists    []listLine
	Channels []string
	May      struct{ Import bool }
}

// A listLine is a list and how many of it can be written to.
type listLine struct {
	Name          string
	Path, Escaped string // where its page stands; its name within a path
	Contacts      int
	Channels      []channelCount
	LeftOut       []leftOutLine
	May           struct{ Import, Export bool }
}

// newListLine puts a list in words.
func newListLine(l lists.ListInfo, who *access.Visitor, lang string) *listLine {
	v := &listLine{Name: l.Name, Path: listPath(l.Name), Escaped: url.PathEscape(l.Name), Contacts: l.Contacts}
	for _, ch := range address.Channels {
		v.Channels = append(v.Channels, channelCount{channelWord(ch, lang), l.Channels[ch]})
		for _, lo := range l.LeftOut {
			if lo.Channel == ch {
				v.LeftOut = append(v.LeftOut, leftOutLine{Channel: channelWord(ch, lang), Sentence: desk.WhyLeftOut(lo.Reason, lang), Count: lo.Count})
			}
		}
	}
	v.May.Import, v.May.Export = who.May(access.Import), who.May(access.Export)
	return v
}

// listPath is where a list stands. What a path cannot end with, because it means
// something else, is asked for by name.
func listPath(name string) string {
	switch name {
	case "import", ".", "..":
		return "/lists?name=" + url.QueryEscape(name)
	}
	return "/lists/" + url.PathEscape(name)
}

// lists shows every list with its sizes.
func (c *console) lists(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	if name := r.URL.Query().Get("name"); name != "" {
		return c.showList(w, r, who, name)
	}
	lang := languageOf(r, who)
	all, err := c.Desk.Lists(r.Context())
	if err != nil {
		return err
	}
	v := &listsView{}
	for _, ch := range address.Channels {
		v.Channels = append(v.Channels, channelWord(ch, lang))
	}
	for _, l := range all {
		v.Lists = append(v.Lists, *newListLine(l, who, lang))
	}
	v.May.Import = who.May(access.Import)
	return c.show(w, r, who, "lists", page{Title: sayer(lang)("Lists", "명단"), Data: v})
}

// list shows who of one list cannot be written to, and why.
func (c *console) list(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showList(w, r, who, r.PathValue("name"))
}

func (c *console) showList(w http.ResponseWriter, r *http.Request, who *access.Visitor, name string) error {
	l, err := c.listOf(r, name)
	if err != nil {
		return err
	}
	return c.show(w, r, who, "list", page{Title: l.Name, Data: newListLine(l, who, languageOf(r, who))})
}

func (c *console) listOf(r *http.Request, name string) (lists.ListInfo, error) {
	l, err := c.Desk.List(r.Context(), name)
	if errors.Is(err, lists.ErrUnknownName) {
		return l, fmt.Errorf("%w: %w", web.ErrNotFound, err)
	}
	return l, err
}

// export says what a file of people is, before it is made: it is a page of its own,
// so that who has to prove first who they are is led there and back.
func (c *console) export(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	l, err := c.listOf(r, r.PathValue("name"))
	if err != nil {
		return err
	}
	return c.show(w, r, who, "export", page{Title: l.Name, Data: newListLine(l, who, languageOf(r, who))})
}

// exportCSV writes a list as a file.
func (c *console) exportCSV(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	l, err := c.listOf(r, r.PathValue("name"))
	if err != nil {
		return err
	}
	if err := c.noteList(r, who, audit.Exported, l.Name); err != nil {
		return err
	}
	return c.file(w, "text/csv; charset=utf-8", fileName(l.Name)+".csv", func(w io.Writer) error { return c.Desk.People.Export(r.Context(), l.Name, w) })
}

// file answers with a file of people, written as it goes. One that breaks off must not
// look whole.
func (c *console) file(w http.ResponseWriter, kind, name string, write func(io.Writer) error) error {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longAnswer)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("write a file: %w", err)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if err := write(w); err != nil {
		c.Log.Error("an export broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// fileName makes a name fit for a file on any system.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.Trim(name, ". "))
}

// noteList enters in the audit trail who did what to which list. The trail takes
// short words without addresses; a list's name may be long, and have an @.
func (c *console) noteList(r *http.Request, who *access.Visitor, did audit.Action, list string) error {
	name := strings.ReplaceAll(list, "@", "(at)")
	for short := []rune(name); len(name) > 200; name = string(short) {
		short = short[:len(short)-1]
	}
	return c.Trail.Append(r.Context(), audit.Entry{Actor: who.Actor(), Action: did, Object: "list", Details: map[string]string{"list": name}})
}
