package console

import (
	"io"
	"net/http"

	"clarion/petition/paper"
	"clarion/web/access"
	"clarion/web/desk"
)

// A packView is what a delivery pack would hold.
type packView struct {
	*desk.PackSurvey
	Pages   []menuItem
	Missing string // sheets that lie in no box
}

// packForm says what a pack is, before it is made: it is a page of its own, so that who
// has to prove first who they are is led there and back.
func (c *console) packForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showPack(w, r, who, http.StatusOK, "")
}

func (c *console) showPack(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string) error {
	s, err := c.Desk.SurveyPack(r.Context())
	if err != nil {
		return err
	}
	lang := languageOf(r, who)
	v := &packView{PackSurvey: s, Pages: petitionPages(r, who, lang), Missing: paper.Ranges(s.Unboxed)}
	return c.showAs(w, r, who, status, "pack", page{Title: sayer(lang)("Delivery pack", "전달 묶음"), Wrong: wrong, Data: v})
}

// pack answers with the delivery pack.
func (c *console) pack(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	wish := desk.PackWish{Language: r.PostFormValue("language"), Masked: r.PostFormValue("masked") != ""}
	write, err := c.Desk.PackZip(r.Context(), wish, c.noteOf(r, who))
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showPack(w, r, who, http.StatusUnprocessableEntity, wrong)
	} else if err != nil {
		return err
	}
	return c.file(w, "application/zip", desk.PackName(c.Desk.Roll.ID)+".zip", func(w io.Writer) error { return write(w) })
}
