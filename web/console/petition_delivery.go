package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"clarion/petition"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// A deliveryView is how far the signatures are on their way.
type deliveryView struct {
	*desk.DeliveryReport
	Pages     []menuItem
	To        string // the addressee, in the person's language
	Rows      []stageLine
	Steps     []stepLine
	Today     string
	DaysLeft  int // for the answer, negative when it is late
	MayMove   bool
	MayPack   bool
	MayPurge  bool
	MayAnswer bool // something was handed over, and no answer noted
	MayTell   bool // the answer was noted, and goes out by no call yet
	Ended     bool
}

type stageLine struct {
	desk.StageRow
	Word, Next string // Next: the stage after, as programs write it; "" for none
	NextWord   string
	Hand       bool // the next one is the hand-over
	Dated      bool // the next one is told with its day
	Any        bool // something can go on
}

type stepLine struct {
	desk.DeliveryStep
	Word string
}

func (c *console) delivery(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showDelivery(w, r, who, http.StatusOK, "")
}

func (c *console) showDelivery(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string) error {
	report, err := c.Desk.Delivery(r.Context())
	if err != nil {
		return err
	}
	lang := languageOf(r, who)
	now := c.Clock.Now()
	v := &deliveryView{DeliveryReport: report, Pages: petitionPages(r, who, lang), To: inLanguage(report.Addressee, lang), Today: c.Desk.Roll.Day(now), Ended: !now.Before(report.Closes),
		MayMove: who.May(access.Deliver) && report.Certificate == nil, MayPack: who.May(access.Export) && report.Certificate == nil, MayPurge: who.May(access.Purge)}
	for i, s := range report.Stages {
		line := stageLine{StageRow: s, Word: s.Stage.Word(lang), Any: s.Signatures > 0 || s.Stage >= petition.Boxed && s.Sheets > 0}
		if i+1 < len(report.Stages) {
			next := report.Stages[i+1].Stage
			line.Next, line.NextWord, line.Hand, line.Dated = next.String(), next.Word(lang), next == petition.HandedOver, next >= petition.HandedOver
		}
		v.Rows = append(v.Rows, line)
	}
	for _, s := range report.Steps {
		v.Steps = append(v.Steps, stepLine{s, s.Kind.Word(lang)})
		v.MayAnswer = v.MayMove && (s.Kind == desk.HandedOver || v.MayAnswer && s.Kind != desk.Answered)
	}
	v.MayTell = v.MayMove && report.Answered() && !report.Answer.Went
	if report.ReplyDue != nil {
		v.DaysLeft = daysUntil(now, *report.ReplyDue)
	}
	return c.showAs(w, r, who, status, "delivery", page{Title: sayer(lang)("Delivery", "전달"), Wrong: wrong, Data: v})
}

// daysUntil is how many days it is to a time, rounded up; negative when it has passed.
func daysUntil(now, at time.Time) int {
	left := at.Sub(now)
	if left < 0 {
		return -int((-left + 24*time.Hour - 1) / (24 * time.Hour))
	}
	return int((left + 24*time.Hour - 1) / (24 * time.Hour))
}

// Late is how many days the answer is late.
func (v *deliveryView) Late() int { return max(-v.DaysLeft, 0) }

// happened is the day that a form names: noon of it, or now if that is today.
func (c *console) happened(r *http.Request) (time.Time, error) {
	text := r.PostFormValue("on")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := c.dayOf(text)
	if at = at.Add(12 * time.Hour); err == nil && text == c.Desk.Roll.Day(c.Clock.Now()) {
		return time.Time{}, nil
	}
	return at, err
}

// moved answers an act on the way to the addressee.
func (c *console) moved(w http.ResponseWriter, r *http.Request, who *access.Visitor, done string, err error) error {
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showDelivery(w, r, who, http.StatusUnprocessableEntity, wrong)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, deliveryPath+"?done="+done, http.StatusSeeOther)
	return nil
}

// advance brings all of a stage to the next.
func (c *console) advance(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	a := desk.Advance{To: r.PostFormValue("to")}
	if err := a.Stage.UnmarshalText([]byte(r.PostFormValue("stage"))); err != nil {
		return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
	}
	var err error
	if a.On, err = c.happened(r); err == nil {
		_, err = c.Desk.AdvancePetition(r.Context(), a, who.Number, c.noteOf(r, who))
	}
	return c.moved(w, r, who, "advance", err)
}

func (c *console) answer(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	on, err := c.happened(r)
	if err == nil {
		err = c.Desk.NoteAnswer(r.Context(), on, who.Number, c.noteOf(r, who))
	}
	return c.moved(w, r, who, "save", err)
}

// answerDraft prepares the call that tells signers the answer, and leads to its draft.
func (c *console) answerDraft(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.PrepareAnswer(r.Context(), nil, who.Name, c.noteOf(r, who))
	if err != nil {
		return c.moved(w, r, who, "", err)
	}
	http.Redirect(w, r, "/drafts/"+s.ID, http.StatusSeeOther)
	return nil
}

// purge deletes the names for good.
func (c *console) purge(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	_, err := c.Desk.PurgePetition(r.Context(), r.PostFormValue("confirm"), who.Number, c.noteOf(r, who))
	return c.moved(w, r, who, "purge", err)
}

// certificate is that of the purge, as a file to keep.
func (c *console) certificate(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	report, err := c.Desk.Delivery(r.Context())
	if err != nil {
		return err
	}
	if report.Certificate == nil {
		return web.ErrNotFound
	}
	text, err := json.MarshalIndent(report.Certificate, "", "  ")
	if err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="certificate-`+report.ID+`.json"`)
	_, _ = w.Write(append(text, '\n')) // who has gone needs no answer
	return nil
}

// Unfinished says whether a purge was begun and not ended.
func (v *deliveryView) Unfinished() bool { return v.Certificate != nil && v.Certificate.Done.IsZero() }
