package console

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// A readyView is what is looked at before a call goes out.
type readyView struct {
	Draft      *desk.SavedDraft
	Name       string // to be typed
	Checks     []checkLine
	Open       int // of them, what keeps the call back
	Counted    *countView
	Finish     *time.Time
	Cost       string
	SMSParts   int
	FaxPages   int
	At, Zone   string // when it begins: "2013-06-10T09:00", and by whose clocks
	Ends       string
	Rule       bool // a second person releases
	Correction []desk.SavedDraft
	Chosen     string // the correction that is ready
	NeedsOne   bool
	MayLaunch  bool
	MayTest    bool
	Wrong      string
}

// A checkLine is one line of the readiness board.
type checkLine struct {
	Good        bool
	Note        bool // it keeps nothing back
	Words, Todo string
}

// ready shows whether a draft can go out, and all that leads there.
func (c *console) ready(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	v, err := c.readyView(r, s, who)
	if err != nil {
		return err
	}
	return c.show(w, r, who, "ready", page{Title: s.Name, Data: v})
}

func (c *console) readyView(r *http.Request, s *desk.SavedDraft, who *access.Visitor) (*readyView, error) {
	lang := languageOf(r, who)
	say := sayer(lang)
	draft := desk.ReadFiles(s.Files)
	report, err := c.Desk.Ready(r.Context(), s)
	if err != nil {
		return nil, err
	}
	v := &readyView{Draft: s, Name: draft.Text.Name, Finish: report.Finish, SMSParts: report.Parts.SMSSegments, FaxPages: report.Parts.FaxPages, Chosen: s.Correction,
		Rule: c.Desk.Release.SecondPerson, MayLaunch: who.May(access.Launch), MayTest: who.May(access.Write), Zone: c.Zone.String()}
	if report.Cost != nil {
		v.Cost = strings.TrimSpace(number(int(math.Ceil(*report.Cost))) + " " + c.Currency)
	}
	for _, p := range report.Problems {
		v.Checks = append(v.Checks, checkLine{Words: words(p, lang), Todo: p.File})
	}
	for _, p := range report.Notes {
		v.Checks = append(v.Checks, checkLine{Note: true, Words: words(p, lang), Todo: p.File})
	}
	if len(report.Problems) == 0 {
		v.Checks = append(v.Checks, checkLine{Good: true, Words: say("Texts and settings have no mistake, and each gateway takes messages now.", "문안과 설정에 잘못이 없고, 모든 게이트웨이가 지금 메시지를 받습니다.")})
	}
	if v.Counted, err = c.count(r, draft.Audience(), lang); err != nil && !desk.Mistaken(err) {
		return nil, err
	}
	all, err := c.Desk.Drafts(r.Context())
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.ID != s.ID {
			v.Correction = append(v.Correction, d)
		}
	}
	if !report.Correction {
		v.Chosen = "" // it was deleted since, or never was
	}
	switch {
	case report.Above == 0:
	case !report.Correction:
		v.NeedsOne = true
		v.Checks = append(v.Checks, checkLine{Words: fmt.Sprintf(say("A call to more than %s people needs a correction text ready: choose a draft below.", "%s명이 넘는 분들께 보내려면 정정문을 준비해야 합니다. 아래에서 초안을 고르십시오."), number(report.Above))})
	default:
		v.Checks = append(v.Checks, checkLine{Good: true, Words: say("A correction text is ready.", "정정문이 준비되어 있습니다.")})
	}
	if t := draft.Text.Schedule; !t.IsZero() {
		v.At = t.In(c.Zone).Format("2006-01-02T15:04")
	}
	for _, l := range v.Checks {
		if !l.Good && !l.Note {
			v.Open++
		}
	}
	return v, nil
}

func words(p conf.Problem, lang string) string {
	text := p.Message
	if lang == korean && p.Korean != "" {
		text = p.Korean
	}
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, text)
	}
	return text
}

// plan keeps when a draft begins and which correction is ready for it.
func (c *console) plan(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.typed(w, r, who)
	if err != nil {
		return err
	}
	s.Name, s.Correction = r.PostFormValue("draft"), r.PostFormValue("correction")
	text := string(s.Files[templates.CallFile])
	at := strings.TrimSpace(r.PostFormValue("at"))
	if draft := desk.ReadFiles(s.Files); at != "" || !draft.Text.Schedule.IsZero() {
		if text, err = scheduled(text, at, c.Zone.String()); err != nil {
			return err
		}
	}
	s.Files[templates.CallFile] = []byte(text)
	if _, err := c.Desk.SaveDraft(r.Context(), *s); err != nil {
		return err
	}
	http.Redirect(w, r, "/drafts/"+s.ID+"/ready?done=save", http.StatusSeeOther)
	return nil
}

// scheduled sets when a call begins, by the clocks of a zone; at "" is at once.
func scheduled(text, at, zone string) (string, error) {
	if at == "" {
		return conf.Unset(conf.Unset(text, "schedule"), "schedule_zone"), nil
	}
	t, err := time.Parse("2006-01-02T15:04", at)
	if err != nil {
		return "", desk.Mistake("%q is no time: 2013-06-10T09:00 would be right", at)
	}
	text = conf.Set(text, t.Format("2006-01-02T15:04:05"), "schedule")
	return conf.Set(text, conf.String(zone), "schedule_zone"), nil
}

// rehearse runs a draft against the rehearsal gateways.
func (c *console) rehearse(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	id, err := c.Desk.SendNoted(s, audit.Rehearsed, c.noteOf(r, who), func() (broadcast.ID, error) {
		return c.Desk.Launch(r.Context(), desk.ReadFiles(s.Files), desk.LaunchOptions{Rehearsal: true, By: who.Number})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id), http.StatusSeeOther)
	return nil
}

// test sends a draft to the person who asks, at the addresses that they type.
func (c *console) test(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	id, err := c.Desk.SendNoted(s, audit.Tested, c.noteOf(r, who), func() (broadcast.ID, error) {
		return c.Desk.Test(r.Context(), desk.ReadFiles(s.Files), map[address.Channel]string{address.Email: r.PostFormValue("email"), address.SMS: r.PostFormValue("sms"), address.Fax: r.PostFormValue("fax")})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id), http.StatusSeeOther)
	return nil
}

// launch sends a draft, or hands it to a second person for release.
func (c *console) launch(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	s, err := c.Desk.LoadDraft(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	v, err := c.readyView(r, s, who)
	if err != nil {
		return err
	}
	say := sayer(languageOf(r, who))
	switch {
	case strings.TrimSpace(r.PostFormValue("confirm")) != v.Name:
		v.Wrong = fmt.Sprintf(say("Nothing was sent: type the call's name, %q, to confirm.", "보내지 않았습니다. 확인을 위해 발송 이름 %q을(를) 그대로 입력하십시오."), v.Name)
	case v.Open > 0:
		v.Wrong = say("Nothing was sent: what is red on the board must be mended first.", "보내지 않았습니다. 붉게 표시된 것을 먼저 고쳐야 합니다.")
	case r.PostFormValue("version") != fmt.Sprint(s.Version):
		v.Wrong = say("Nothing was sent: the draft was changed since this page was shown. Look at it again.", "보내지 않았습니다. 이 페이지를 연 뒤에 초안이 바뀌었습니다. 다시 확인해 주십시오.")
	}
	if v.Wrong != "" {
		return c.showAs(w, r, who, http.StatusUnprocessableEntity, "ready", page{Title: s.Name, Wrong: v.Wrong, Data: v})
	}
	id, err := c.Desk.SendNoted(s, audit.Launched, c.noteOf(r, who), func() (broadcast.ID, error) {
		return c.Desk.LaunchSaved(r.Context(), s, desk.LaunchOptions{By: who.Number})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id)+"?done=launch", http.StatusSeeOther)
	return nil
}

// release lets a call go that somebody else has launched.
func (c *console) release(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", web.ErrNotFound, err)
	}
	if err := c.Desk.ReleaseNoted(r.Context(), id, who.Number, c.noteOf(r, who)); err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id)+"?done=release", http.StatusSeeOther)
	return nil
}

// noteOf enters in the audit trail what this person is about to do.
func (c *console) noteOf(r *http.Request, who *access.Visitor) desk.Note {
	return func(did audit.Action, object string, details map[string]string) error {
		return c.Trail.Append(r.Context(), audit.Entry{Actor: who.Actor(), Action: did, Object: object, Details: details})
	}
}
