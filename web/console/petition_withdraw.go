package console

import (
	"net/http"
	"strconv"
	"strings"

	"clarion/web/access"
	"clarion/web/desk"
)

// A withdrawView is the form by which staff withdraw a signature for its signer.
type withdrawView struct {
	Pages              []menuItem
	Done               *desk.Withdrawn
	Code, Number, Name string
}

func (c *console) withdrawForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showWithdraw(w, r, who, http.StatusOK, &withdrawView{}, "")
}

func (c *console) showWithdraw(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *withdrawView, wrong string) error {
	if c.Desk.Roll == nil {
		return desk.ErrNoPetition
	}
	lang := languageOf(r, who)
	v.Pages = petitionPages(r, who, lang)
	return c.showAs(w, r, who, status, "withdraw", page{Title: sayer(lang)("Withdraw for a signer", "서명자 대신 철회"), Wrong: wrong, Data: v})
}

// withdraw withdraws a signature for somebody who asks by telephone or letter.
func (c *console) withdraw(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v := &withdrawView{Code: r.PostFormValue("code"), Number: strings.TrimSpace(r.PostFormValue("number")), Name: r.PostFormValue("name")}
	var number uint64
	var err error
	if v.Number != "" {
		if number, err = strconv.ParseUint(v.Number, 10, 32); err != nil {
			err = desk.Mistake("number: this is none")
		}
	}
	var done *desk.Withdrawn
	if err == nil {
		done, err = c.Desk.WithdrawFor(r.Context(), desk.Withdrawing{Code: v.Code, Number: uint32(number), Name: v.Name}, c.noteOf(r, who))
	}
	if wrong := wrongOf(err, languageOf(r, who)); wrong != "" {
		return c.showWithdraw(w, r, who, http.StatusUnprocessableEntity, v, wrong)
	} else if err != nil {
		return err
	}
	return c.showWithdraw(w, r, who, http.StatusOK, &withdrawView{Done: done}, "")
}
