package console

import (
	"net/http"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/worker/gateway"
)

// A peopleView is who is found at an address. It comes as the answer to a form: no
// address stands in a URL.
type peopleView struct {
	Asked  string
	People []personView
	May    struct{ Import bool }
}

type personView struct {
	desk.Person
	Addresses   []personAddress
	Suppression []suppressionView
	History     []historyView
}

type personAddress struct{ Channel, Shown, Consent, Words string }

type suppressionView struct {
	desk.SuppressionLine
	Channel, Because string
}

type historyView struct {
	desk.HistoryLine
	Channel, State, Reason string
}

func (c *console) people(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.show(w, r, who, "people", page{Title: sayer(languageOf(r, who))("People", "사람 찾기"), Data: &peopleView{}})
}

// find shows all that is kept of whoever has an address. Who may take people's data
// out sees addresses whole, others masked.
func (c *console) find(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	v := &peopleView{Asked: r.PostFormValue("address")}
	v.May.Import = who.May(access.Import)
	p := page{Title: say("People", "사람 찾기"), Data: v}
	if _, err := desk.ReadAddress(v.Asked, c.Desk.Links.Region, 0); err != nil {
		p.Wrong = say("This is no email address and no number.", "이메일 주소도 전화번호도 아닙니다.")
		return c.showAs(w, r, who, http.StatusUnprocessableEntity, "people", p)
	}
	found, err := c.Desk.PeopleAt(r.Context(), v.Asked)
	if desk.Mistaken(err) {
		p.Wrong = say("No contact has this address, and it is not suppressed.", "이 주소를 가진 연락처가 없고, 차단된 주소도 아닙니다.")
		return c.showAs(w, r, who, http.StatusNotFound, "people", p)
	} else if err != nil {
		return err
	}
	for _, one := range found {
		v.People = append(v.People, c.newPersonView(one, who.May(access.Export), lang))
	}
	return c.show(w, r, who, "people", p)
}

func (c *console) newPersonView(one desk.Person, plain bool, lang string) personView {
	say := sayer(lang)
	v := personView{Person: one}
	for _, a := range []struct {
		ch   address.Channel
		text string
	}{{address.Email, one.Email}, {address.SMS, one.SMS}, {address.Fax, one.Fax}} {
		if a.text == "" {
			continue
		}
		line := personAddress{Channel: channelWord(a.ch, lang), Shown: a.text, Consent: say("nothing is on record", "기록 없음")}
		if !plain {
			line.Shown = address.Canonical(a.ch, a.text).String()
		}
		if k, ok := one.Consent[a.ch.String()]; ok && k.Recorded {
			line.Words = k.Words
			line.Consent = say("agreed", "동의함")
			if !k.Given {
				line.Consent = say("refused", "거부함")
			}
		}
		v.Addresses = append(v.Addresses, line)
	}
	v.Suppression = newSuppressionViews(one.Suppression, lang)
	for _, h := range one.History {
		line := historyView{HistoryLine: h, Channel: channelWord(h.Channel, lang), State: h.State}
		for _, s := range broadcast.States {
			if s.String() == h.State {
				line.State = s.Word(lang)
			}
		}
		if reason := gateway.ParseReason(h.Reason); reason != 0 {
			line.Reason = reason.Sentence(lang)
		}
		v.History = append(v.History, line)
	}
	return v
}

func newSuppressionViews(all []desk.SuppressionLine, lang string) (out []suppressionView) {
	for _, l := range all {
		out = append(out, suppressionView{l, channelWord(l.Kind, lang), reasonWord(l.Reason, lang)})
	}
	return out
}

// reasonWord says why an address must not be written to.
func reasonWord(reason lists.Reason, lang string) string {
	return desk.WhyLeftOut(reason.String(), lang)
}

// A suppressionsView is how many must not be written to, and what became of addresses
// that were brought.
type suppressionsView struct {
	Counts   []leftOutLine
	Reasons  []choice
	Channels []choice
	Text     string
	Reason   string
	Channel  string
	Did      desk.ManyAction
	Result   *desk.ManyResult
	Found    []suppressionView

	MayAmnesty bool
}

type choice struct{ Value, Words string }

// suppressionsPath is where addresses are suppressed, many at once.
const suppressionsPath = "/suppressions"

// shownSuppressions is how many addresses a page shows.
const shownSuppressions = 200

func (c *console) suppressions(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showSuppressions(w, r, who, http.StatusOK, "", &suppressionsView{})
}

func (c *console) showSuppressions(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string, v *suppressionsView) error {
	lang := languageOf(r, who)
	v.MayAmnesty = who.May(access.Amnesty)
	counts, err := c.Desk.SuppressedCounts(r.Context())
	if err != nil {
		return err
	}
	for _, n := range counts {
		v.Counts = append(v.Counts, leftOutLine{Channel: channelWord(n.Channel, lang), Sentence: desk.WhyLeftOut(n.Reason, lang), Count: n.Count})
	}
	for _, reason := range lists.Reasons {
		v.Reasons = append(v.Reasons, choice{reason.String(), reasonWord(reason, lang)})
	}
	for _, ch := range address.Channels {
		v.Channels = append(v.Channels, choice{ch.String(), channelWord(ch, lang)})
	}
	return c.showAs(w, r, who, status, "suppressions", page{Title: sayer(lang)("Suppressed addresses", "차단된 주소"), Wrong: wrong, Data: v})
}

// suppress checks, suppresses or frees the addresses that a form brings.
func (c *console) suppress(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	v := &suppressionsView{Text: r.PostFormValue("addresses"), Reason: r.PostFormValue("reason"), Channel: r.PostFormValue("channel"), Did: desk.ManyAction(r.PostFormValue("do"))}
	var f lists.SuppressionFilter
	if ch, err := address.ParseChannel(v.Channel); err == nil {
		f.Channel = ch
	}
	if reason, err := lists.ParseReason(v.Reason); err == nil {
		f.Reason = reason
	}
	if v.Text == "" {
		return c.showSuppressions(w, r, who, http.StatusUnprocessableEntity, say("Write or paste addresses, one a line.", "주소를 한 줄에 하나씩 적어 주십시오."), v)
	}
	var err error
	v.Result, err = c.Desk.Many(r.Context(), v.Text, f, v.Did, c.noteOf(r, who))
	if desk.Mistaken(err) {
		return c.showSuppressions(w, r, who, http.StatusUnprocessableEntity, say("At most 10,000 lines are taken at once.", "한 번에 10,000줄까지 받습니다."), v)
	} else if err != nil {
		return err
	}
	v.Found = newSuppressionViews(v.Result.Found[:min(len(v.Result.Found), shownSuppressions)], lang)
	return c.showSuppressions(w, r, who, http.StatusOK, "", v)
}
