package console

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"clarion/web"
	"clarion/web/access"
)

// How fast one client may try to get in, beside what web/access counts over all processes.
const (
	entryRate  = 1 // tries a second
	entryBurst = 20
)

// entries are the pages for those who are not in yet.
func (c *console) entries(guard Guard) {
	slow := web.Slow(c.Clock, entryRate, entryBurst)
	for pattern, do := range map[string]func(http.ResponseWriter, *http.Request, *access.Visitor) error{
		"GET /login":            c.loginPage,
		"POST /login":           c.login,
		"POST /login/passkey":   c.loginByPasskey,
		"GET /first":            c.firstPage,
		"POST /first":           c.first,
		"GET /invite/{secret}":  c.invitedPage,
		"POST /invite/{secret}": c.join,
	} {
		h := guard.Public(c.serve(route{do: do}))
		if strings.HasPrefix(pattern, "POST") {
			h = slow(h)
		}
		c.mux.Handle(pattern, h)
	}
}

// staffTable is every page and act about the team and one's own account.
func (c *console) staffTable() []route {
	return []route{
		{"GET /prove", access.Own, c.provePage},
		{"POST /prove", access.Own, c.prove},
		{"POST /prove/passkey", access.Own, c.proveByPasskey},
		{"POST /logout", access.Own, c.logout},
		{"GET /account", access.Own, c.accountPage},
		{"POST /account", access.Own, c.setProfile},
		{"POST /account/password", access.Own, c.setPassword},
		{"POST /account/passkey", access.Own, c.addPasskey},
		{"POST /account/passkey/remove", access.Own, c.removePasskey},
		{"POST /account/recovery", access.Own, c.renewRecovery},
		{"POST /account/session", access.Own, c.endSession},
		{"POST /account/sessions", access.Own, c.endSessions},
		{"POST /account/token", access.Tokens, c.makeToken},
		{"POST /account/token/revoke", access.Own, c.revokeToken},
		{"GET /staff", access.Team, c.staffPage},
		{"POST /staff/invite", access.Team, c.invite},
		{"POST /staff/uninvite", access.Team, c.uninvite},
		{"POST /staff/{number}/roles", access.Team, c.setRoles},
		{"POST /staff/{number}/disable", access.Team, c.ofPerson(c.Staff.Disable)},
		{"POST /staff/{number}/enable", access.Team, c.ofPerson(c.Staff.Enable)},
		{"POST /staff/{number}/end", access.Team, c.ofPerson(c.Staff.EndAll)},
		{"POST /staff/{number}/reset", access.Team, c.reset},
		{"GET /audit", access.Trail, c.trailPage},
		{"POST /audit/verify", access.Trail, c.verifyTrail},
	}
}

// client says where a request comes from.
func client(r *http.Request) access.Client {
	return access.Client{Address: web.Client(r), Browser: access.Browser(r.UserAgent())}
}

// An entry is what is on the pages that ask who one is.
type entry struct {
	Action  string // where the form goes; the passkey's, with /passkey behind it
	Back    string
	Email   string
	Passkey *passkeyForm
	Fixed   bool // who it is, is known: only the proof is asked for
	Again   bool // an act was not done for want of it
}

// passkeyForm is what passkey.js asks the browser; nil where there are none.
type passkeyForm struct{ Options, Sealed string }

func newPasskeyForm(q access.Question, err error) *passkeyForm {
	if err != nil {
		return nil
	}
	return &passkeyForm{string(q.Options), q.Sealed}
}

func back(r *http.Request) string {
	if b := r.FormValue("back"); access.Within(b) {
		return b
	}
	return "/"
}

func (c *console) loginPage(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	ready, err := c.Staff.Ready(r.Context())
	if err != nil {
		return err
	}
	if !ready {
		http.Redirect(w, r, "/first", http.StatusSeeOther)
		return nil
	}
	if who != nil {
		http.Redirect(w, r, back(r), http.StatusSeeOther)
		return nil
	}
	return c.askWho(w, r, nil, entry{Action: "/login", Back: back(r)}, nil)
}

// provePage asks for another proof of whoever is logged in.
func (c *console) provePage(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.askWho(w, r, who, entry{Action: "/prove", Back: back(r), Email: who.Email, Fixed: true, Again: r.URL.Query().Has("again")}, nil)
}

// askWho shows the form, again with what went wrong.
func (c *console) askWho(w http.ResponseWriter, r *http.Request, who *access.Visitor, e entry, wrong error) error {
	e.Passkey = newPasskeyForm(c.Staff.AskLogIn())
	say := sayer(languageOf(r, who))
	p := page{Title: say("Log in", "로그인"), Data: e, Scripts: []string{"passkey.js"}}
	if e.Fixed {
		p.Title = say("Is it you?", "본인 확인")
	}
	status := http.StatusOK
	if wrong != nil {
		if status, p.Wrong = entryProblem(wrong, languageOf(r, who)); status == 0 {
			return wrong
		}
	}
	return c.showAs(w, r, who, status, "login", p)
}

// entryProblem says to whoever wants in what went wrong; status is 0 for what is
// not theirs to mend.
func entryProblem(err error, lang string) (status int, words string) {
	say := sayer(lang)
	var limited *access.LimitedError
	var password *access.PasswordError
	switch {
	case errors.Is(err, access.ErrRefused):
		return http.StatusForbidden, say("Address, password or code do not fit. A code is good for half a minute, and once.", "이메일, 비밀번호, 코드 가운데 맞지 않는 것이 있습니다. 코드는 30초 동안 한 번만 쓸 수 있습니다.")
	case errors.As(err, &limited):
		return http.StatusTooManyRequests, say("Too many failures. Wait ", "실패가 너무 많습니다. 기다려 주십시오: ") + span(limited.Wait, lang) + say(", or use a passkey.", ". 패스키는 바로 쓸 수 있습니다.")
	case errors.As(err, &password):
		return http.StatusUnprocessableEntity, password.Message(lang)
	case errors.Is(err, access.ErrPasskey):
		return http.StatusForbidden, say("The passkey does not fit.", "패스키가 맞지 않습니다.")
	case errors.Is(err, access.ErrCode):
		return http.StatusUnprocessableEntity, say("The app's code does not fit. Is the clock of the telephone right?", "앱의 코드가 맞지 않습니다. 전화기의 시계를 확인해 주십시오.")
	case errors.Is(err, access.ErrExpired):
		return http.StatusGone, say("This is not valid any more: it was used, taken back, or is too old.", "더는 쓸 수 없습니다. 이미 쓰였거나 취소되었거나 오래되었습니다.")
	case errors.Is(err, access.ErrKnown):
		return http.StatusConflict, say("Somebody of the team has this address.", "이 이메일 주소를 쓰는 분이 이미 있습니다.")
	case errors.Is(err, access.ErrLastWay):
		return http.StatusConflict, say("It is the last way to log in, and stays.", "마지막 로그인 수단이라 없앨 수 없습니다.")
	case errors.Is(err, access.ErrLastDirector):
		return http.StatusConflict, say("The last director stays one: make another first.", "마지막 책임자는 남아야 합니다. 다른 책임자를 먼저 정해 주십시오.")
	case errors.Is(err, errTwice):
		return http.StatusUnprocessableEntity, say("The two passwords are not alike.", "두 비밀번호가 서로 다릅니다.")
	case errors.Is(err, access.ErrInput):
		return http.StatusUnprocessableEntity, say("Look at the name, the address and the roles: one of them cannot be taken.", "이름, 이메일 주소, 역할 가운데 받을 수 없는 것이 있습니다.")
	case errors.Is(err, access.ErrBusy):
		return http.StatusServiceUnavailable, say("Too many log in at once. Try again in a moment.", "로그인이 몰려 있습니다. 잠시 뒤에 다시 해 주십시오.")
	}
	return 0, ""
}

// errTwice means that a new password was typed in two ways.
var errTwice = errors.New("the two passwords are not alike")

func credentials(r *http.Request) access.Credentials {
	return access.Credentials{Email: r.PostFormValue("email"), Password: r.PostFormValue("password"), Code: r.PostFormValue("code")}
}

func (c *console) login(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	secret, _, err := c.Staff.LogIn(r.Context(), credentials(r), client(r))
	return c.entered(w, r, nil, secret, err, entry{Action: "/login", Back: back(r), Email: r.PostFormValue("email")})
}

func (c *console) loginByPasskey(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	secret, _, err := c.Staff.LogInByPasskey(r.Context(), r.PostFormValue("question"), []byte(r.PostFormValue("answer")), client(r))
	return c.entered(w, r, nil, secret, err, entry{Action: "/login", Back: back(r)})
}

func (c *console) prove(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, _, err := c.Staff.Prove(r.Context(), who, credentials(r), client(r))
	return c.entered(w, r, who, secret, err, entry{Action: "/prove", Back: back(r), Email: who.Email, Fixed: true})
}

func (c *console) proveByPasskey(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	secret, _, err := c.Staff.ProveByPasskey(r.Context(), who, r.PostFormValue("question"), []byte(r.PostFormValue("answer")), client(r))
	return c.entered(w, r, who, secret, err, entry{Action: "/prove", Back: back(r), Email: who.Email, Fixed: true})
}

// entered gives the browser its secret and leads on, or asks again.
func (c *console) entered(w http.ResponseWriter, r *http.Request, who *access.Visitor, secret string, err error, e entry) error {
	if err != nil {
		return c.askWho(w, r, who, e, err)
	}
	c.Staff.Remember(w, secret)
	http.Redirect(w, r, e.Back, http.StatusSeeOther)
	return nil
}

func (c *console) logout(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	if err := c.Staff.LogOut(r.Context(), who); err != nil {
		return err
	}
	c.Staff.Remember(w, "")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// An enrolment is what is on the page by which somebody gets an account.
type enrolment struct {
	Action    string
	First     bool
	Email     string
	Name      string
	FirstCode string
	Again     bool // the person was here before, and lost all ways to log in
	Setup     access.Setup
	QR        template.HTML
	Passkey   *passkeyForm
	Offer     bool // false: the link is no good, there is nothing to fill in
}

func (c *console) firstPage(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	ready, err := c.Staff.Ready(r.Context())
	if err != nil {
		return err
	}
	if ready {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return nil
	}
	return c.enrol(w, r, enrolment{Action: "/first", First: true, Offer: true, Setup: c.Staff.SetupFirst()}, nil)
}

func (c *console) first(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	e, err := filled(r)
	e.Email = r.PostFormValue("email")
	var in access.Welcome
	if err == nil {
		in, err = c.Staff.First(r.Context(), r.PostFormValue("first"), e, client(r))
	}
	if err != nil {
		return c.enrol(w, r, enrolment{Action: "/first", First: true, Offer: true, Name: e.Name, Email: e.Email, FirstCode: r.PostFormValue("first"), Setup: c.Staff.SetupFirst()}, err)
	}
	return c.welcome(w, r, in)
}

func (c *console) invitedPage(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	return c.invitation(w, r, access.Enrolment{}, nil)
}

// invitation shows what a link offers, again with what went wrong.
func (c *console) invitation(w http.ResponseWriter, r *http.Request, e access.Enrolment, wrong error) error {
	i, err := c.Staff.Invited(r.Context(), r.PathValue("secret"))
	if err != nil {
		return c.enrol(w, r, enrolment{}, err)
	}
	if e.Name == "" {
		e.Name = i.Name
	}
	return c.enrol(w, r, enrolment{Action: r.URL.Path, Offer: true, Again: i.Name != "", Name: e.Name, Email: i.Email, Setup: c.Staff.SetupInvited(i),
		Passkey: newPasskeyForm(c.Staff.AskInvited(i))}, wrong)
}

func (c *console) join(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	e, err := filled(r)
	var in access.Welcome
	if err == nil {
		in, err = c.Staff.Join(r.Context(), r.PathValue("secret"), e, client(r))
	}
	if err != nil {
		return c.invitation(w, r, e, err)
	}
	return c.welcome(w, r, in)
}

// filled reads the form of an enrolment.
func filled(r *http.Request) (access.Enrolment, error) {
	e := access.Enrolment{Name: r.PostFormValue("name"), Language: languageOf(r, nil), Password: r.PostFormValue("password"), Setup: r.PostFormValue("setup"),
		Code: r.PostFormValue("code"), Question: r.PostFormValue("question"), Answer: []byte(r.PostFormValue("answer"))}
	if len(e.Answer) == 0 {
		e.Question = ""
		if e.Password != r.PostFormValue("again") {
			return e, errTwice
		}
	}
	return e, nil
}

func (c *console) enrol(w http.ResponseWriter, r *http.Request, e enrolment, wrong error) error {
	lang := languageOf(r, nil)
	say := sayer(lang)
	if e.First {
		e.Passkey = newPasskeyForm(c.Staff.AskFirst())
	}
	p := page{Title: say("Welcome", "환영합니다"), Scripts: []string{"passkey.js"}}
	status := http.StatusOK
	if wrong != nil {
		if status, p.Wrong = entryProblem(wrong, lang); status == 0 {
			return wrong
		}
		if e.First && errors.Is(wrong, access.ErrExpired) {
			p.Wrong = say("The code is not the one that the program printed when it was last started.", "프로그램이 마지막으로 시작하면서 출력한 코드가 아닙니다.")
		}
	}
	if e.Offer {
		var err error
		if e.QR, err = web.QR(e.Setup.URI); err != nil {
			return err
		}
	}
	p.Data = e
	return c.showAs(w, r, nil, status, "enrol", p)
}

// welcome lets somebody in who has just got an account. Recovery codes are shown
// once, on the very answer.
func (c *console) welcome(w http.ResponseWriter, r *http.Request, in access.Welcome) error {
	c.Staff.Remember(w, in.Secret)
	if len(in.Recovery) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return c.codes(w, r, in.Visitor, in.Recovery, "/")
}

func (c *console) codes(w http.ResponseWriter, r *http.Request, who *access.Visitor, codes []string, on string) error {
	return c.show(w, r, who, "codes", page{Title: sayer(languageOf(r, who))("Recovery codes", "복구 코드"), Data: struct {
		Codes []string
		On    string
	}{codes, on}})
}
