package console

import (
	"html/template"
	"net/http"
	"slices"

	"clarion/internal/compose"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// A volunteerView is a volunteer's own page.
type volunteerView struct {
	*desk.Forwarding
	Words []forwardText
	QR    template.HTML
}

// A forwardText is a text ready to be forwarded, in one language.
type forwardText struct {
	ID, Language, Title, Text string
	Mail, SMS                 template.URL // they open the person's own programs
}

// volunteer is the first page of a volunteer: what they forward, and how many came
// by it. Texts made for forwarding carry the link alone.
func (c *console) volunteer(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showVolunteer(w, r, who, http.StatusOK, "")
}

// leaveNumber keeps the number at which a volunteer is asked for late sheets.
func (c *console) leaveNumber(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	err := c.Desk.LeaveNumber(r.Context(), who.Number, r.PostFormValue("number"), lang)
	if wrong := wrongOf(err, lang); wrong != "" {
		return c.showVolunteer(w, r, who, http.StatusUnprocessableEntity, wrong)
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/volunteer?done=save", http.StatusSeeOther)
	return nil
}

func (c *console) showVolunteer(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string) error {
	lang := languageOf(r, who)
	f, err := c.Desk.Forwarding(r.Context(), who.Number)
	if err != nil {
		return err
	}
	v := &volunteerView{Forwarding: f}
	if v.QR, err = web.QR(f.Link); err != nil {
		return err
	}
	for _, t := range f.Texts {
		v.Words = append(v.Words, newForwardText(t, lang))
	}
	if lang == english {
		slices.Reverse(v.Words)
	}
	return c.showAs(w, r, who, status, "volunteer", page{Title: sayer(lang)("Forward the appeal", "호소문 전하기"), Wrong: wrong, Data: v})
}

// Spoken is the code as it is read out.
func (v *volunteerView) Spoken() string { return v.Code[:3] + " " + v.Code[3:] }

func newForwardText(t desk.ForwardText, lang string) forwardText {
	return forwardText{ID: t.Language, Language: languageWord(t.Language, lang), Title: t.Title, Text: t.Text,
		Mail: template.URL(compose.Mail(t.Title, t.Text)),         //nolint:gosec // escaped
		SMS:  template.URL(compose.Text("", t.Title+"\n"+t.Text))} //nolint:gosec // escaped
}

// A volunteersView is how far volunteers have carried the appeal.
type volunteersView struct {
	Rows []desk.Carrier
	All  desk.Came
}

// volunteers shows who forwards, and how many came by each.
func (c *console) volunteers(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	var forwarders map[uint32]string
	if c.Staff != nil {
		var err error
		if forwarders, err = c.Staff.Forwarders(r.Context()); err != nil {
			return err
		}
	}
	v := &volunteersView{}
	var err error
	if v.Rows, v.All, err = c.Desk.Carriers(r.Context(), forwarders); err != nil {
		return err
	}
	return c.show(w, r, who, "volunteers", page{Title: sayer(languageOf(r, who))("Volunteers", "자원봉사자"), Data: v})
}
