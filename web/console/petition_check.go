package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clarion/petition"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// A checkView is the form by which signatures are made invalid together, and what was.
type checkView struct {
	Pages []menuItem
	Ways  []choice
	Zone  string
	Found *int   // that the filter chooses, nil before it was asked
	Made  uint32 // number of what was just made invalid
	Bulks []bulkLine

	Way, From, Before, Volunteer, Numbers, Reason string
}

type bulkLine struct {
	petition.Bulk
	Which string // the filter, in words
}

func (c *console) checkForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showCheck(w, r, who, http.StatusOK, &checkView{}, "")
}

func (c *console) showCheck(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *checkView, wrong string) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	bulks, err := c.Desk.Bulks(r.Context())
	if err != nil {
		return err
	}
	v.Pages, v.Zone = petitionPages(r, who, lang), c.Clock.Now().In(c.Zone).Format("MST")
	v.Ways = []choice{{"", say("any", "모두")}}
	for _, way := range petition.Ways {
		if way != petition.WaySheet {
			v.Ways = append(v.Ways, choice{string(way), way.Word(lang)})
		}
	}
	for _, b := range bulks {
		v.Bulks = append(v.Bulks, bulkLine{b, c.filterWords(b.Filter, lang)})
	}
	return c.showAs(w, r, who, status, "check", page{Title: say("Make signatures invalid", "서명 무효 처리"), Wrong: wrong, Data: v})
}

// filterWords say which signatures a filter chooses.
func (c *console) filterWords(f petition.Filter, lang string) string {
	say := sayer(lang)
	var out []string
	if f.Way != "" {
		out = append(out, f.Way.Word(lang))
	}
	if !f.From.IsZero() {
		out = append(out, fmt.Sprintf(say("from %s", "%s부터"), f.From.In(c.Zone).Format("2006-01-02 15:04")))
	}
	if !f.Before.IsZero() {
		out = append(out, fmt.Sprintf(say("before %s", "%s 전"), f.Before.In(c.Zone).Format("2006-01-02 15:04")))
	}
	if f.Volunteer > 0 {
		out = append(out, say("by volunteer ", "자원봉사자 ")+c.Desk.Petition.Code(f.Volunteer))
	}
	if len(f.Numbers) > 0 {
		out = append(out, fmt.Sprintf(say("among %d numbers", "번호 %d개 가운데"), len(f.Numbers)))
	}
	return strings.Join(out, ", ")
}

// filter reads the form.
func (c *console) filter(v *checkView) (f petition.Filter, err error) {
	f.Way = petition.Way(v.Way)
	for _, t := range []struct {
		text string
		into *time.Time
	}{{v.From, &f.From}, {v.Before, &f.Before}} {
		if t.text == "" {
			continue
		}
		if *t.into, err = time.ParseInLocation(localTime, t.text, c.Zone); err != nil {
			return f, desk.Mistake("a time is written as 2013-06-10T09:00")
		}
		*t.into = t.into.UTC()
	}
	if f.Volunteer, err = c.Desk.VolunteerOf(v.Volunteer); err != nil {
		return f, err
	}
	f.Numbers, err = desk.ParseNumbers(v.Numbers)
	return f, err
}

// check counts what a filter chooses, or makes it invalid.
func (c *console) check(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	form := r.PostFormValue
	v := &checkView{Way: form("way"), From: form("from"), Before: form("before"), Volunteer: form("volunteer"), Numbers: form("numbers"), Reason: form("reason")}
	f, err := c.filter(v)
	if err == nil && form("do") == "invalidate" {
		v.Made, err = c.Desk.MakeInvalid(r.Context(), f, v.Reason, who.Number, c.noteOf(r, who))
	} else if err == nil {
		var n int
		n, err = c.Desk.SurveyInvalid(r.Context(), f)
		v.Found = &n
	}
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		v.Found = nil
		return c.showCheck(w, r, who, http.StatusUnprocessableEntity, v, wrong)
	} else if err != nil {
		return err
	}
	if v.Made > 0 {
		v = &checkView{Made: v.Made}
	}
	return c.showCheck(w, r, who, http.StatusOK, v, "")
}

func (c *console) restoreBulk(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := strconv.ParseUint(r.PathValue("bulk"), 10, 32)
	if err != nil {
		return web.ErrNotFound
	}
	if err := c.Desk.RestoreInvalid(r.Context(), uint32(id), c.noteOf(r, who)); err != nil {
		return err
	}
	http.Redirect(w, r, checkPath+"?done=restore", http.StatusSeeOther)
	return nil
}
