package public

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"clarion/lists/address"
	"clarion/petition"
	"clarion/web"
	"clarion/worker"
)

// A formView is the campaign page: the appeal, the count, and the form as it was filled in.
type formView struct {
	Token   string
	Work    string // that was done already, "" for none
	Bits    int    // that work has to begin with
	Values  values
	Wrong   map[string]string // by the field that is to be mended; "" for the form as a whole
	Tally   *petition.Tally
	Made    []string // how the count is made up
	Bar     bar
	Closed  string // why nobody can sign now, "" while one can
	Contact bool   // an address may be left
	Text    bool   // and a mobile number
}

// values are what somebody typed and ticked.
type values struct {
	Name, Region, District, Contact, Code string
	By                                    string // link by which they came, of who passed it on; "" for none
	News, Names, Opinion, Age             bool
}

// A bar shows both bounds on the way to the goal, in parts of barLong.
type bar struct{ Least, Most int }

const barLong = 1000

func newBar(t *petition.Tally) bar {
	part := func(n int) int { return min(barLong, n*barLong/max(t.Goal, 1)) }
	return bar{part(t.AtLeast), part(t.AtMost)}
}

// form shows the campaign page; by a volunteer's link with their code filled in.
func (s *signing) form(w http.ResponseWriter, r *http.Request) {
	var v values
	link := cmp.Or(r.PathValue("code"), r.URL.Query().Get("by"))
	if by, err := s.Volunteers.By(link); err == nil { // what is no code is left out: it would only be in the way
		v.Code = s.Volunteers.Code(by.Volunteer)
		if by.Generation > 1 {
			v.By = link
		}
	}
	s.showForm(w, r, http.StatusOK, &formView{Token: s.Roll.NewForm().Token, Values: v})
}

func (s *signing) showForm(w http.ResponseWriter, r *http.Request, status int, v *formView) {
	lang := languageOf(r, "")
	var err error
	if v.Tally, err = s.Roll.Tally(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	v.Bits, v.Made, v.Bar = petition.WorkBits, v.Tally.Sentences(lang), newBar(v.Tally)
	v.Contact, v.Text = len(s.Reach) > 0, slices.Contains(s.Reach, address.SMS)
	switch now := s.Clock.Now(); {
	case now.Before(s.Roll.Opens):
		v.Closed = sentence(petition.ErrNotOpen, lang)
	case !now.Before(s.Roll.Closes):
		v.Closed = sentence(petition.ErrClosed, lang)
	}
	s.write(w, r, status, lang, "form.html", v)
}

// formMistakes are what this page minds, beside what the roll refuses.
var formMistakes = map[string][2]string{
	"old":       {"This form lay open for long. Nothing is lost: look it over and press once more.", "양식을 연 지 오래되었습니다. 적은 내용은 그대로 있으니 확인하고 한 번 더 눌러 주십시오."},
	"much":      {"Many people sign from your network just now. Nothing is lost: wait a minute, and press once more.", "지금 같은 네트워크에서 서명이 많습니다. 적은 내용은 그대로 있으니 1분 뒤에 다시 눌러 주십시오."},
	"trap":      {"The field that asks to be left empty was filled in. We emptied it: press once more.", "비워 두라고 한 칸이 채워져 있었습니다. 비웠으니 한 번 더 눌러 주십시오."},
	"name":      {"Please write the name that people call you by: it is handed over as it stands.", "실제로 쓰는 이름을 적어 주십시오. 적은 그대로 전달됩니다."},
	"contact":   {"This is neither an email address nor a mobile number that we can write to. An address such as name@example.org is right.", "이메일 주소나 휴대전화 번호로 읽을 수 없습니다. name@example.org 또는 010-1234-5678처럼 적어 주십시오."},
	"channel":   {"We cannot write to mobile numbers here: leave an email address.", "여기서는 문자를 보낼 수 없습니다. 이메일 주소를 적어 주십시오."},
	"throwaway": {"This address is one that is thrown away. Take one that you keep, or leave the field empty.", "잠깐 쓰고 버리는 메일 주소입니다. 계속 쓰는 주소를 적거나 칸을 비워 주십시오."},
	"work":      {"Your browser runs no script of ours, which would show that you are no machine. So leave an address, and confirm by the message that we send there.", "브라우저에서 스크립트가 실행되지 않아 자동 입력이 아님을 확인하지 못했습니다. 연락처를 적고, 보내 드리는 메시지로 확인해 주십시오."},
	"noReach":   {"Your browser runs no script of ours, which would show that you are no machine. Allow it for this page, and press once more.", "브라우저에서 스크립트가 실행되지 않아 자동 입력이 아님을 확인하지 못했습니다. 이 페이지의 스크립트를 허용하고 다시 눌러 주십시오."},
	"code":      {"A code has six digits. Look again, or leave the field empty.", "코드는 숫자 여섯 자리입니다. 다시 확인하거나 칸을 비워 주십시오."},
}

// sign takes a form. Whatever is wrong is said at its field, with all that was typed.
func (s *signing) sign(w http.ResponseWriter, r *http.Request) {
	lang := languageOf(r, "")
	v := &formView{Token: r.PostFormValue("form"), Work: r.PostFormValue("work"), Wrong: map[string]string{}, Values: values{
		Name: r.PostFormValue("name"), Region: r.PostFormValue("region"), District: r.PostFormValue("district"), Contact: r.PostFormValue("contact"), Code: r.PostFormValue("code"), By: r.PostFormValue("by"),
		News: r.PostFormValue("news") != "", Names: r.PostFormValue("names") != "", Opinion: r.PostFormValue("opinion") != "", Age: r.PostFormValue("age") != "",
	}}
	again := func(status int) { s.showForm(w, r, status, v) }
	mistake := func(field, what string) {
		v.Wrong[field] = formMistakes[what][map[string]int{"en": 0, "ko": 1}[lang]]
	}
	form, err := s.Roll.OpenForm(v.Token)
	if err != nil {
		v.Token, v.Work = s.Roll.NewForm().Token, ""
		mistake("", "old")
		again(http.StatusUnprocessableEntity)
		return
	}
	if !s.rates.allow(r) {
		mistake("", "much")
		w.Header().Set("Retry-After", "60")
		again(http.StatusTooManyRequests)
		return
	}
	if r.PostFormValue("website") != "" {
		mistake("", "trap")
		again(http.StatusUnprocessableEntity)
		return
	}
	in := petition.Signing{Way: petition.WayWeb, Name: v.Values.Name, Region: v.Values.Region, District: v.Values.District, Language: s.campaignLanguage(lang),
		Agreed: petition.Agreed{News: v.Values.News, Names: v.Values.Names, Opinion: v.Values.Opinion}, Age: v.Values.Age, Once: form.Once}
	if petition.Invented(in.Name) {
		mistake("name", "name")
	}
	var what string
	if in.Contact, what = s.contact(v.Values.Contact); what != "" {
		mistake("contact", what)
	}
	if code := strings.ReplaceAll(v.Values.Code, " ", ""); code != "" {
		if in.Volunteer, err = s.Volunteers.Volunteer(code); err != nil {
			mistake("code", "code")
		}
		// Who typed another's code came by them.
		if by, err := s.Volunteers.By(v.Values.By); err == nil && by.Volunteer == in.Volunteer {
			in.Passed = by.Generation
		}
	}
	if !form.Worked(v.Work) && in.Contact.IsZero() && v.Wrong["contact"] == "" {
		if len(s.Reach) == 0 {
			mistake("", "noReach")
		} else {
			mistake("contact", "work")
		}
	}
	if len(v.Wrong) > 0 {
		again(http.StatusUnprocessableEntity)
		return
	}
	added, err := s.Roll.Add(r.Context(), in)
	var refusal *petition.Refusal
	if errors.As(err, &refusal) {
		v.Wrong[refusedField(refusal, &v.Values)] = sentence(refusal, lang)
		again(http.StatusUnprocessableEntity)
		return
	}
	if err == nil && !in.Contact.IsZero() {
		err = s.askToConfirm(r, &in, form, added)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if in.Volunteer != 0 && !added.Again {
		if err := s.Volunteers.CountBy(r.Context(), petition.By{Volunteer: in.Volunteer, Generation: max(in.Passed, 1)}); err != nil {
			s.Log.Error("a signature was not counted for the volunteer that it came by", "error", err)
		}
	}
	s.signed(w, r, lang, &in, added)
}

// refusedField is where a refusal is shown.
func refusedField(r *petition.Refusal, v *values) string {
	if !errors.Is(r, petition.ErrResident) {
		return r.Field
	}
	for _, f := range []struct{ name, text string }{{"name", v.Name}, {"district", v.District}, {"contact", v.Contact}} {
		if petition.HasResidentNumber(f.text) {
			return f.name
		}
	}
	return ""
}

// contact reads an email address or a mobile number; what names the mistake, "" for none.
func (s *signing) contact(text string) (a address.Address, what string) {
	text = strings.TrimSpace(text)
	if text == "" || len(s.Reach) == 0 {
		return a, ""
	}
	if strings.Contains(text, "@") {
		a, err := address.ParseEmail(text)
		switch {
		case err != nil || !slices.Contains(s.Reach, address.Email):
			return a, "contact"
		case s.throwaway(a):
			return a, "throwaway"
		}
		return a, ""
	}
	a, err := address.ParsePhone(text, s.Region, address.SMS)
	switch {
	case err != nil:
		return a, "contact"
	case !slices.Contains(s.Reach, address.SMS):
		return a, "channel"
	}
	return a, ""
}

// askToConfirm sends the link to confirm by to the address that was left. It bears the
// slip's code too: the page after the form never does where there is an address, since
// whoever typed it may be somebody else, and must learn neither the slip nor whether
// there was a signature before.
func (s *signing) askToConfirm(r *http.Request, in *petition.Signing, f petition.Form, added petition.Added) error {
	confirm := s.Public + "/c/" + s.Roll.ConfirmToken(added.Number)
	if added.Slip != nil {
		confirm += "/" + strings.ReplaceAll(added.Slip.Code(), "-", "")
	}
	sum := sha256.Sum256(f.Once)
	id := fmt.Sprintf("sign-%s-%d-%s", s.Roll.ID, added.Number, hex.EncodeToString(sum[:6]))
	title := s.Roll.Title[in.Language]
	return s.Letters.Tell(r.Context(), id, confirmLetter(in, title, confirm, s.Public+"/w/"+s.Roll.WithdrawToken(added.Number)))
}

// confirmLetter is the letter with the links.
func confirmLetter(in *petition.Signing, title, confirm, withdraw string) worker.Letter {
	l := worker.Letter{To: in.Contact}
	korean := in.Language == "ko"
	switch {
	case in.Contact.Channel() == address.SMS && korean:
		l.Text = fmt.Sprintf("“%s” 서명을 확인해 주세요: %s 서명하지 않으셨다면 그냥 두시면 됩니다.", title, confirm)
	case in.Contact.Channel() == address.SMS:
		l.Text = fmt.Sprintf("Confirm your signature for “%s”: %s If you did not sign, leave it be.", title, confirm)
	case korean:
		l.Subject = "서명을 확인해 주세요: " + title
		l.Text = fmt.Sprintf("“%s” 서명 양식에 이 주소가 적혔습니다.\n\n서명하신 것이 맞다면 아래 링크를 열고 단추를 눌러 확인해 주세요. 확인해야 확실한 서명으로 셉니다. 확인하면 나중에 서명을 찾아볼 확인증도 그 페이지에 나옵니다.\n\n%s\n\n서명하지 않으셨다면 그냥 두시면 됩니다. 적힌 이름을 지금 지우시려면 아래 링크에서 철회하실 수 있습니다. 언제든 철회할 수 있습니다.\n\n%s\n", title, confirm, withdraw)
	default:
		l.Subject = "Confirm your signature: " + title
		l.Text = fmt.Sprintf("This address was written into the form of “%s”.\n\nIf it was you who signed, open this link and press the button there: only then is your signature counted for certain. The page then shows your slip, with which you find your signature again.\n\n%s\n\nIf it was not you, leave it be. To have what was written deleted now, or to withdraw at any later time, open this link:\n\n%s\n", title, confirm, withdraw)
	}
	return l
}

// A signedView is the page after the form.
type signedView struct {
	Masked  string // where the letter went, "" for who left no address
	Slip    *petition.Slip
	SlipURL string
	QR      template.HTML
	Share   string // path of the texts to pass on
	LastDay string // on which one may sign
}

func (s *signing) signed(w http.ResponseWriter, r *http.Request, lang string, in *petition.Signing, added petition.Added) {
	v := signedView{Share: s.sharePath(petition.By{Volunteer: in.Volunteer, Generation: max(in.Passed, 1)}, lang), LastDay: s.Roll.Day(s.Roll.Closes.AddDate(0, 0, -1))}
	if in.Contact.IsZero() {
		if v.Slip = added.Slip; v.Slip == nil { // it was withdrawn since this form was sent first
			s.fail(w, r, petition.ErrNoSignature)
			return
		}
		var err error
		if v.SlipURL, v.QR, err = s.slipLink(v.Slip); err != nil {
			s.fail(w, r, err)
			return
		}
	} else {
		v.Masked = in.Contact.String()
	}
	s.write(w, r, http.StatusOK, lang, "signed.html", v)
}

// slipLink is where a slip's own page is.
func (s *signing) slipLink(slip *petition.Slip) (string, template.HTML, error) {
	link := s.Public + "/s/" + slip.Code()
	qr, err := web.QR(link)
	return link, qr, err
}

// throwaway says whether the domain of an address, or one above it, is one of those set.
func (s *signing) throwaway(a address.Address) bool {
	_, domain, _ := strings.Cut(strings.ToLower(a.Reveal()), "@")
	for ; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
		if slices.Contains(s.Throwaway, domain) {
			return true
		}
	}
	return false
}
