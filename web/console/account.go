package console

import (
	"errors"
	"html/template"
	"net/http"
	"time"

	"clarion/web"
	"clarion/web/access"
)

// An accountPage is one's own account.
type accountPage struct {
	Fresh     bool
	Ways      access.Ways
	Setup     access.Setup
	QR        template.HTML
	Passkey   *passkeyForm
	Sessions  []access.Session
	Here      string // the session that looks
	Tokens    []access.Token
	MayTokens bool
	Scopes    []access.Right
	Token     string // one that was made just now
}

func (c *console) accountPage(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.account(w, r, who, "", nil)
}

func (c *console) account(w http.ResponseWriter, r *http.Request, who *access.Visitor, token string, wrong error) error {
	ctx, lang := r.Context(), languageOf(r, who)
	p := page{Title: sayer(lang)("My account", "내 계정"), Scripts: []string{"passkey.js"}}
	status := http.StatusOK
	if errors.Is(wrong, access.ErrStale) {
		c.deny(w, r, wrong)
		return nil
	}
	if wrong != nil {
		if status, p.Wrong = entryProblem(wrong, lang); status == 0 {
			return wrong
		}
	}
	a := accountPage{Fresh: who.Fresh(c.Clock.Now()), MayTokens: who.May(access.Tokens), Token: token}
	if who.Session != nil {
		a.Here = who.Session.ID
	}
	var err error
	if a.Ways, err = c.Staff.Ways(ctx, who); err != nil {
		return err
	}
	if a.Sessions, err = c.Staff.Sessions(ctx, who.Number); err != nil {
		return err
	}
	if a.Tokens, err = c.Staff.Tokens(ctx, who.Number); err != nil {
		return err
	}
	for _, right := range access.Rights() {
		if right.ForTokens() && who.May(right) {
			a.Scopes = append(a.Scopes, right)
		}
	}
	if a.Fresh {
		a.Setup = c.Staff.Setup(who)
		if a.QR, err = web.QR(a.Setup.URI); err != nil {
			return err
		}
		a.Passkey = newPasskeyForm(c.Staff.AskPasskey(ctx, who))
	}
	p.Data = a
	return c.showAs(w, r, who, status, "account", p)
}

// renewed gives the browser the secret that a change of one's own account led to.
func (c *console) renewed(w http.ResponseWriter, r *http.Request, who *access.Visitor, secret string, err error) error {
	if err != nil {
		return c.account(w, r, who, "", err)
	}
	if secret != "" {
		c.Staff.Remember(w, secret)
	}
	http.Redirect(w, r, "/account?done=save", http.StatusSeeOther)
	return nil
}

func (c *console) setProfile(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.renewed(w, r, who, "", c.Staff.SetProfile(r.Context(), who, r.PostFormValue("name"), r.PostFormValue("language")))
}

func (c *console) setPassword(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	if r.PostFormValue("password") != r.PostFormValue("again") {
		return c.account(w, r, who, "", errTwice)
	}
	secret, now, codes, err := c.Staff.SetPassword(r.Context(), who, r.PostFormValue("password"), r.PostFormValue("setup"), r.PostFormValue("code"))
	if err == nil && len(codes) > 0 {
		c.Staff.Remember(w, secret)
		return c.codes(w, r, now, codes, "/account")
	}
	return c.renewed(w, r, who, secret, err)
}

func (c *console) addPasskey(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, _, err := c.Staff.AddPasskey(r.Context(), who, r.PostFormValue("question"), []byte(r.PostFormValue("answer")), r.PostFormValue("name"))
	return c.renewed(w, r, who, secret, err)
}

func (c *console) removePasskey(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, _, err := c.Staff.RemovePasskey(r.Context(), who, r.PostFormValue("id"))
	return c.renewed(w, r, who, secret, err)
}

func (c *console) renewRecovery(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, now, codes, err := c.Staff.RenewRecovery(r.Context(), who)
	if err != nil {
		return c.renewed(w, r, who, "", err)
	}
	c.Staff.Remember(w, secret)
	return c.codes(w, r, now, codes, "/account")
}

func (c *console) endSession(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.renewed(w, r, who, "", c.Staff.EndSession(r.Context(), who, r.PostFormValue("id")))
}

func (c *console) endSessions(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, _, err := c.Staff.EndSessions(r.Context(), who)
	return c.renewed(w, r, who, secret, err)
}

func (c *console) makeToken(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	days := map[string]int{"7": 7, "30": 30, "90": 90, "365": 365}[r.PostFormValue("days")]
	var scopes []access.Right
	for _, s := range r.PostForm["scope"] {
		scopes = append(scopes, access.Right(s))
	}
	secret, _, err := c.Staff.MakeToken(r.Context(), who, r.PostFormValue("name"), scopes, time.Duration(days)*24*time.Hour)
	return c.account(w, r, who, secret, err)
}

func (c *console) revokeToken(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.renewed(w, r, who, "", c.Staff.RevokeToken(r.Context(), who, who.Number, r.PostFormValue("id")))
}
