package console

import (
	"fmt"
	"net/http"
	"strings"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
)

// A correctView is a correction before it goes out.
type correctView struct {
	ID       broadcast.ID
	Name     string // of the call that was wrong, to be typed
	Contacts int
	Channels []channelCount
	Drafts   []desk.SavedDraft
	Chosen   string
	Rule     bool
}

func (c *console) correctView(r *http.Request, lang string) (*correctView, *broadcast.Call, error) {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	call, err := c.Desk.Ledger.Call(r.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	who, err := c.Desk.Ledger.Reached(r.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	v := &correctView{ID: id, Name: call.Name, Contacts: who.Contacts, Rule: c.Desk.Release.SecondPerson && !call.Rehearsal}
	for _, ch := range address.Channels {
		if n := who.Channel[ch]; n > 0 {
			v.Channels = append(v.Channels, channelCount{channelWord(ch, lang), n})
		}
	}
	if v.Drafts, err = c.Desk.Drafts(r.Context()); err != nil {
		return nil, nil, err
	}
	release, err := c.Desk.ReleaseOf(r.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	if release != nil {
		v.Chosen = release.Correction
	}
	return v, call, nil
}

// correction shows whom a correction goes to, and lets a text be chosen.
func (c *console) correction(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v, call, err := c.correctView(r, languageOf(r, who))
	if err != nil {
		return err
	}
	return c.show(w, r, who, "correct", page{Title: call.Name, Rehearsal: call.Rehearsal, Data: v})
}

// correct sends it to exactly those whom the call has reached.
func (c *console) correct(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	v, call, err := c.correctView(r, lang)
	if err != nil {
		return err
	}
	v.Chosen = r.PostFormValue("draft")
	if strings.TrimSpace(r.PostFormValue("confirm")) != call.Name {
		wrong := fmt.Sprintf(sayer(lang)("Nothing was sent: type the name of the call, %q, to confirm.", "보내지 않았습니다. 확인을 위해 발송 이름 %q을(를) 그대로 입력하십시오."), call.Name)
		return c.showAs(w, r, who, http.StatusUnprocessableEntity, "correct", page{Title: call.Name, Rehearsal: call.Rehearsal, Wrong: wrong, Data: v})
	}
	s, err := c.Desk.LoadDraft(r.Context(), v.Chosen)
	if err != nil {
		return err
	}
	id, err := c.Desk.SendNoted(s, audit.Corrected, c.noteOf(r, who), func() (broadcast.ID, error) {
		return c.Desk.CorrectSaved(r.Context(), call.ID, s, desk.LaunchOptions{By: who.Number})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id)+"?done=launch", http.StatusSeeOther)
	return nil
}
