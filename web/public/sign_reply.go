package public

import (
	"errors"
	"net/http"

	"clarion/petition"
)

// An askView asks somebody who replied with their name what a signer must agree to.
type askView struct {
	Masked string // the name, so that who got a forwarded link learns none
	Values values
	Wrong  map[string]string // by the field that is to be mended
}

// askAgreement shows the question of a link; it changes nothing, whoever follows it.
func (s *signing) askAgreement(w http.ResponseWriter, r *http.Request) {
	a, err := s.Roll.OpenAsk(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showAsk(w, r, http.StatusOK, a, &askView{Values: values{Region: a.Region, District: a.District}})
}

func (s *signing) showAsk(w http.ResponseWriter, r *http.Request, status int, a *petition.Ask, v *askView) {
	v.Masked = masked(a.Name)
	s.write(w, r, status, languageOf(r, a.Language), "reply.html", v)
}

// agree enters the signature of who agrees, and shows their slip.
func (s *signing) agree(w http.ResponseWriter, r *http.Request) {
	a, err := s.Roll.OpenAsk(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := &askView{Values: values{Region: r.PostFormValue("region"), District: r.PostFormValue("district"),
		News: r.PostFormValue("news") != "", Names: r.PostFormValue("names") != "", Opinion: r.PostFormValue("opinion") != "", Age: r.PostFormValue("age") != ""}}
	a.Region, a.District = v.Values.Region, v.Values.District
	lang := languageOf(r, a.Language)
	a.Language = s.campaignLanguage(lang) // the words that stood on the page
	added, err := s.Incoming.Sign(r.Context(), a, petition.Agreed{News: v.Values.News, Names: v.Values.Names, Opinion: v.Values.Opinion}, v.Values.Age)
	var refusal *petition.Refusal
	if errors.As(err, &refusal) && refusal.Field != "" {
		v.Wrong = map[string]string{refusal.Field: sentence(refusal, lang)}
		s.showAsk(w, r, http.StatusUnprocessableEntity, a, v)
		return
	}
	var sig *petition.Signature
	if err == nil {
		sig, err = s.Roll.Read(r.Context(), added.Number)
	}
	if err == nil && sig.Certain() && sig.Agreed.News {
		err = s.News.Join(r.Context(), sig)
	}
	if err == nil {
		err = s.Roll.DropAsk(r.Context(), a)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showAgreed(w, r, sig, added)
}

// showAgreed shows a signature just after its signer agreed, with the slip if it is new.
func (s *signing) showAgreed(w http.ResponseWriter, r *http.Request, sig *petition.Signature, added petition.Added) {
	lang := languageOf(r, sig.Language)
	v := s.view(sig, lang)
	v.Withdraw = "/w/" + s.Roll.WithdrawToken(sig.Number) + "?lang=" + lang
	if v.Slip = added.Slip; v.Slip != nil {
		var err error
		if v.SlipURL, v.QR, err = s.slipLink(v.Slip); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.write(w, r, http.StatusOK, lang, "confirm.html", v)
}

// masked is the first letter of a name.
func masked(name string) string {
	for _, first := range name {
		return string(first) + "…"
	}
	return ""
}
