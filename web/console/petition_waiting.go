package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"clarion/petition"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// shownWaiting is how many of what waits a page shows: the oldest ones.
const shownWaiting = 200

// A waitingView is all that waits for a person.
type waitingView struct {
	Pages    []menuItem
	Rows     []waitingLine
	Count    int
	Done     *desk.Entered // that was settled just now, with its slip
	DoneName string
}

type waitingLine struct {
	desk.WaitingRow
	Word string
	Path string
	Head string // how a reply begins
}

// allWaiting shows what waits, the oldest first.
func (c *console) allWaiting(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showAllWaiting(w, r, who, &waitingView{})
}

func (c *console) showAllWaiting(w http.ResponseWriter, r *http.Request, who *access.Visitor, v *waitingView) error {
	rows, err := c.Desk.AllWaiting(r.Context())
	if err != nil {
		return err
	}
	lang := languageOf(r, who)
	v.Pages, v.Count = petitionPages(r, who, lang), len(rows)
	for _, row := range rows[:min(len(rows), shownWaiting)] {
		v.Rows = append(v.Rows, waitingLine{row, row.Way.Word(lang), waitingPath + "/" + row.ID, head(row.Text)})
	}
	return c.show(w, r, who, "waiting", page{Title: sayer(lang)("What waits for a person", "확인 대기"), Data: v})
}

// head is how a text begins.
func head(text string) string {
	const letters = 60
	all := []rune(strings.Join(strings.Fields(text), " "))
	if len(all) <= letters {
		return string(all)
	}
	return string(all[:letters]) + "…"
}

// A waitsView is one that waits, and what can be made of it.
type waitsView struct {
	enterView
	Row               *desk.WaitingRow
	Sides             []faxSide
	Reasons           []choice
	Sheet, Signatures string // as they were typed
}

// A faxSide is a page of a fax.
type faxSide struct {
	Number int
	Path   string
}

func (c *console) waiting(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showWaiting(w, r, who, http.StatusOK, &waitsView{}, "")
}

func (c *console) showWaiting(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *waitsView, wrong string) error {
	var err error
	if v.Row, err = c.Desk.Waiting(r.Context(), r.PathValue("waiting")); err != nil {
		return err
	}
	lang := languageOf(r, who)
	if v.Day == "" {
		v.Day = c.Desk.Roll.Day(v.Row.At)
	}
	if err := c.fillEnter(r, who, &v.enterView); err != nil {
		return err
	}
	for n := range v.Row.Pages {
		v.Sides = append(v.Sides, faxSide{n + 1, fmt.Sprintf("%s/%s/pages/%d", waitingPath, v.Row.ID, n+1)})
	}
	for _, a := range petition.Asides {
		v.Reasons = append(v.Reasons, choice{string(a), a.Word(lang)})
	}
	title := sayer(lang)("A reply in which no name could be read", "이름을 읽지 못한 회신")
	if v.Row.Way == petition.WayFax {
		title = sayer(lang)("A fax that came in", "받은 팩스")
	}
	return c.showAs(w, r, who, status, "waits", page{Title: title, Wrong: wrong, Data: v})
}

// faxPage is a page of a fax as a picture. It shows a name, so that no cache keeps it.
func (c *console) faxPage(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil {
		return web.ErrNotFound
	}
	picture, err := c.Desk.FaxPage(r.Context(), r.PathValue("waiting"), n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(picture) // who has gone needs no answer
	return nil
}

// enterWaiting enters a signature that the person read.
func (c *console) enterWaiting(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &waitsView{enterView: readEnter(r)}
	form, err := c.signerForm(&v.enterView)
	f := desk.WaitingForm{SignerForm: form, More: r.PostFormValue("more") != ""}
	if err == nil {
		f.Entered, err = enteredOf(r)
	}
	var done *desk.Entered
	if err == nil {
		done, err = c.Desk.EnterWaiting(r.Context(), r.PathValue("waiting"), f, who.Number, c.noteOf(r, who))
	}
	switch {
	case err != nil:
		return c.again(w, r, who, v, err)
	case f.More:
		next := &waitsView{enterView: enterView{Region: v.Region, Day: v.Day, Volunteer: v.Volunteer, Language: v.Language, Done: done, DoneName: v.Name}}
		return c.showWaiting(w, r, who, http.StatusOK, next, "")
	}
	return c.showAllWaiting(w, r, who, &waitingView{Done: done, DoneName: v.Name})
}

// countWaiting counts a fax as the sheet that it is.
func (c *console) countWaiting(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &waitsView{Sheet: r.PostFormValue("sheet"), Signatures: r.PostFormValue("signatures")}
	var f desk.WaitingSheet
	var err error
	if f.Entered, err = enteredOf(r); err == nil {
		f.Sheet, err = c.Desk.FindSheet(v.Sheet)
	}
	if err == nil {
		if f.Signatures, err = strconv.Atoi(strings.TrimSpace(v.Signatures)); err != nil {
			err = desk.Mistake("signatures: write how many there are, in digits")
		}
	}
	if err == nil {
		_, err = c.Desk.CountWaiting(r.Context(), r.PathValue("waiting"), f, who.Number, c.noteOf(r, who))
	}
	if err != nil {
		return c.again(w, r, who, v, err)
	}
	http.Redirect(w, r, waitingPath+"?done=task", http.StatusSeeOther)
	return nil
}

// setAside settles what counts nothing.
func (c *console) setAside(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	f := desk.WaitingAside{Reason: petition.Aside(r.PostFormValue("reason"))}
	var err error
	if f.Entered, err = enteredOf(r); err == nil {
		err = c.Desk.SetAside(r.Context(), r.PathValue("waiting"), f, who.Number, c.noteOf(r, who))
	}
	if err != nil {
		return c.again(w, r, who, &waitsView{}, err)
	}
	http.Redirect(w, r, waitingPath+"?done=task", http.StatusSeeOther)
	return nil
}

// again shows a person what they have to mend, with all that they typed.
func (c *console) again(w http.ResponseWriter, r *http.Request, who *access.Visitor, v *waitsView, err error) error {
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		if shown := c.showWaiting(w, r, who, web.ProblemOf(err).Status, v, wrong); shown == nil {
			return nil
		}
	}
	return err // it waits no more, or the error is none of theirs
}

// enteredOf is how many were entered from what waits when the person read it.
func enteredOf(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PostFormValue("entered"))
	if err != nil {
		return 0, access.ErrForm
	}
	return n, nil
}
