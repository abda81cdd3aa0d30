package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/petition"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// shownSheets is how many sheets of a group a page shows.
const shownSheets = 200

// A sheetsView is all sheets, in groups, and the forms to issue and to count.
type sheetsView struct {
	Pages      []menuItem
	Tally      petition.SheetTally
	Late       int
	Groups     []sheetGroup
	Volunteers []choice // code and name
	Find       string
	Ask        *desk.SheetAsk // what came of asking for late ones, nil before
	Form       struct{ Count, Lines, Print, Volunteer, Label, Due string }
}

// A sheetGroup is sheets of one state, or the late ones.
type sheetGroup struct {
	Word, Class string
	Count       int
	Rows        []sheetLine
}

type sheetLine struct {
	desk.SheetRow
	Word string
	Who  string // the volunteer's name
}

func (c *console) sheets(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	if text := r.URL.Query().Get("find"); text != "" {
		number, err := c.Desk.FindSheet(text)
		if err == nil {
			_, err = c.Desk.Sheet(r.Context(), number)
		}
		if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
			return c.showSheets(w, r, who, http.StatusNotFound, wrong, &sheetsView{Find: text})
		} else if err != nil {
			return err
		}
		http.Redirect(w, r, sheetPath(number), http.StatusSeeOther)
		return nil
	}
	return c.showSheets(w, r, who, http.StatusOK, "", &sheetsView{})
}

func sheetPath(number uint32) string { return fmt.Sprintf("%s/%d", sheetsPath, number) }

func (c *console) showSheets(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string, v *sheetsView) error {
	lang := languageOf(r, who)
	rows, err := c.Desk.Sheets(r.Context())
	if err != nil {
		return err
	}
	names, err := c.forwarders(r.Context(), who)
	if err != nil {
		return err
	}
	v.Pages = petitionPages(r, who, lang)
	v.Volunteers = c.volunteerChoices(names)
	for _, row := range rows {
		word, class := row.State.Word(lang), "rest"
		if row.Late {
			word, class = sayer(lang)("late", "늦음"), "bad"
			v.Late++
		}
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Word != word {
			v.Groups = append(v.Groups, sheetGroup{Word: word, Class: class})
		}
		g := &v.Groups[len(v.Groups)-1]
		if g.Count++; g.Count <= shownSheets {
			g.Rows = append(g.Rows, sheetLine{row, row.State.Word(lang), names[row.Volunteer]})
		}
	}
	tally, err := c.Desk.Roll.Tally(r.Context())
	if err != nil {
		return err
	}
	v.Tally = tally.Sheets
	return c.showAs(w, r, who, status, "sheets", page{Title: sayer(lang)("Sheets", "서명지"), Wrong: wrong, Data: v})
}

// volunteerChoices are the codes of those who forward, with their names.
func (c *console) volunteerChoices(names map[uint32]string) (out []choice) {
	for number, name := range names {
		out = append(out, choice{c.Desk.Petition.Code(number), name})
	}
	slices.SortFunc(out, func(a, b choice) int { return strings.Compare(a.Words, b.Words) })
	return out
}

// issueSheets makes new sheets.
func (c *console) issueSheets(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	v := &sheetsView{}
	f := &v.Form
	f.Count, f.Lines, f.Print, f.Volunteer, f.Label, f.Due = r.PostFormValue("count"), r.PostFormValue("lines"), r.PostFormValue("print"), r.PostFormValue("volunteer"), r.PostFormValue("label"), r.PostFormValue("due")
	wish, err := c.sheetWish(v)
	if err == nil {
		_, err = c.Desk.IssueSheets(r.Context(), wish, c.noteOf(r, who))
	}
	if wrong := wrongOf(err, lang); wrong != "" {
		return c.showSheets(w, r, who, http.StatusUnprocessableEntity, wrong, v)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, sheetsPath+"?done=issue", http.StatusSeeOther)
	return nil
}

// askForSheets texts the volunteers who have late sheets.
func (c *console) askForSheets(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	names, err := c.forwarders(r.Context(), who)
	if err != nil {
		return err
	}
	v := &sheetsView{}
	if v.Ask, err = c.Desk.AskForSheets(r.Context(), names, c.noteOf(r, who)); err != nil {
		return err
	}
	return c.showSheets(w, r, who, http.StatusOK, "", v)
}

func (c *console) sheetWish(v *sheetsView) (wish desk.SheetWish, err error) {
	wish.Count, _ = strconv.Atoi(v.Form.Count) // what is no number is 0, which is refused
	wish.Lines, _ = strconv.Atoi(v.Form.Lines)
	wish.Print, wish.Label = petition.Print(v.Form.Print), v.Form.Label
	if wish.Volunteer, err = c.Desk.VolunteerOf(v.Form.Volunteer); err != nil {
		return wish, err
	}
	wish.Due, err = c.lastOfDay(v.Form.Due)
	return wish, err
}

// lastOfDay is the last second of a day where the petition is; zero for none.
func (c *console) lastOfDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := c.dayOf(text)
	return at.AddDate(0, 0, 1).Add(-time.Second), err
}

// dayOf is the beginning of a day where the petition is.
func (c *console) dayOf(text string) (time.Time, error) {
	if c.Desk.Roll == nil {
		return time.Time{}, desk.ErrNoPetition
	}
	at, err := time.ParseInLocation(time.DateOnly, text, c.Desk.Roll.Zone)
	if err != nil {
		return at, desk.Mistake("a day is written as 2013-06-10")
	}
	return at, nil
}

// A sheetView is one sheet, and what can be done with it.
type sheetView struct {
	sheetLine
	Pages    []menuItem
	Times    []sheetTime
	Marks    []choice // the states that it can be brought to
	MayFirst bool     // the person may enter, or mend, the first count
	MayTwice bool     // the person may enter the second
	MayBox   bool     // it may be laid into a box
	Low      int
	High     int
}

type sheetTime struct {
	Word string
	At   time.Time
}

// sheetOf is the number of a sheet in the address.
func sheetOf(r *http.Request) (uint32, error) {
	n, err := strconv.ParseUint(r.PathValue("sheet"), 10, 32)
	if err != nil {
		return 0, web.ErrNotFound
	}
	return uint32(n), nil
}

func (c *console) sheet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	number, err := sheetOf(r)
	if err != nil {
		return err
	}
	return c.showSheet(w, r, who, http.StatusOK, number, "")
}

func (c *console) showSheet(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, number uint32, wrong string) error {
	lang := languageOf(r, who)
	row, err := c.Desk.Sheet(r.Context(), number)
	if err != nil {
		return err
	}
	names, err := c.forwarders(r.Context(), who)
	if err != nil {
		return err
	}
	v := &sheetView{sheetLine: sheetLine{*row, row.State.Word(lang), names[row.Volunteer]}, Pages: petitionPages(r, who, lang)}
	v.Low, v.High = row.Bounds()
	for _, s := range petition.SheetStates {
		if at, ok := row.Times[s]; ok {
			v.Times = append(v.Times, sheetTime{s.Word(lang), at})
		}
		if s != petition.SheetIssued && s != petition.SheetCounted && s != row.State && row.MayMark(s) == nil {
			v.Marks = append(v.Marks, choice{string(s), s.Word(lang)})
		}
	}
	slices.SortStableFunc(v.Times, func(a, b sheetTime) int { return a.At.Compare(b.At) })
	v.MayFirst = row.MayCount(0, who.Number, false) == nil
	v.MayTwice = row.MayCount(0, who.Number, true) == nil
	v.MayBox = row.State == petition.SheetCounted && row.Stage < petition.HandedOver
	return c.showAs(w, r, who, status, "sheet", page{Title: fmt.Sprintf("%s %d", sayer(lang)("Sheet", "서명지"), number), Wrong: wrong, Data: v})
}

// onSheet does something with a sheet, and shows it again.
func (c *console) onSheet(w http.ResponseWriter, r *http.Request, who *access.Visitor, do func(ctx context.Context, number uint32) error) error {
	number, err := sheetOf(r)
	if err != nil {
		return err
	}
	err = do(r.Context(), number)
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showSheet(w, r, who, http.StatusUnprocessableEntity, number, wrong)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, sheetPath(number)+"?done=save", http.StatusSeeOther)
	return nil
}

func (c *console) markSheet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.onSheet(w, r, who, func(ctx context.Context, number uint32) error {
		_, err := c.Desk.MarkSheet(ctx, number, petition.SheetState(r.PostFormValue("state")), c.noteOf(r, who))
		return err
	})
}

func (c *console) countSheet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.onSheet(w, r, who, func(ctx context.Context, number uint32) error {
		return c.enterCount(ctx, r, who, number)
	})
}

func (c *console) boxSheet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.onSheet(w, r, who, func(ctx context.Context, number uint32) error {
		box, err := strconv.ParseUint(strings.TrimSpace(r.PostFormValue("box")), 10, 32)
		if err != nil {
			box = 0 // which is refused
		}
		_, err = c.Desk.BoxSheet(ctx, number, uint32(box), c.noteOf(r, who))
		return err
	})
}

// enterCount enters what somebody counted.
func (c *console) enterCount(ctx context.Context, r *http.Request, who *access.Visitor, number uint32) error {
	n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("signatures")))
	if err != nil {
		return desk.Mistake("signatures: write how many you counted, as a number")
	}
	_, err = c.Desk.CountSheet(ctx, number, n, r.PostFormValue("again") != "", who.Number, c.noteOf(r, who))
	return err
}

// countAnySheet enters the count of a sheet that a form names, and waits for the next.
func (c *console) countAnySheet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &sheetsView{}
	number, err := c.Desk.FindSheet(r.PostFormValue("sheet"))
	if err == nil {
		err = c.enterCount(r.Context(), r, who, number)
	}
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showSheets(w, r, who, http.StatusUnprocessableEntity, wrong, v)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, sheetsPath+"?done=count#count-sheet", http.StatusSeeOther)
	return nil
}

// printSheets gives out sheets as a PDF, by their numbers.
func (c *console) printSheets(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	numbers, err := desk.ParseNumbers(r.URL.Query().Get("numbers"))
	var pdf []byte
	if err == nil {
		pdf, err = c.Desk.PrintSheets(r.Context(), numbers, lang)
	}
	if wrong := wrongOf(err, lang); wrong != "" {
		return c.showSheets(w, r, who, http.StatusUnprocessableEntity, wrong, &sheetsView{})
	} else if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `attachment; filename="sheets.pdf"`)
	_, _ = w.Write(pdf) // who has gone needs no answer
	return nil
}
