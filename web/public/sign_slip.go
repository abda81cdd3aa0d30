package public

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"clarion/petition"
)

// A signatureView is a signature as its signer sees it, by a link that they got.
type signatureView struct {
	*petition.Signature
	Masked   string // the name, so that who got a forwarded link learns none
	State    string // names the sentences: waiting, certain, withdrawn, invalid, purged
	Action   string // where the button leads
	Withdraw string // path by which it is withdrawn
	Slip     *petition.Slip
	SlipURL  string
	QR       template.HTML
	Share    string
}

func (s *signing) view(sig *petition.Signature, lang string) *signatureView {
	v := &signatureView{Signature: sig, Share: s.sharePath(sig.By(), lang), State: "waiting", Masked: masked(sig.Name)}
	switch {
	case sig.Withdrawn:
		v.State = "withdrawn"
	case sig.Invalid:
		v.State = "invalid"
	case sig.Confirmed:
		v.State = "certain"
	}
	return v
}

// linked does something for the signature of a link, and then shows it; where there is
// nothing to do it changes nothing, whoever follows the link.
func (s *signing) linked(open func(token string) (uint32, error), do func(ctx context.Context, number uint32) error, show func(w http.ResponseWriter, r *http.Request, number uint32)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := open(r.PathValue("token"))
		if err == nil && do != nil {
			err = do(r.Context(), number)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		show(w, r, number)
	}
}

// confirm confirms a signature, as often as somebody presses. Who agreed to news is on
// its list before the page says so.
func (s *signing) confirm(ctx context.Context, number uint32) error {
	if err := s.Roll.Confirm(ctx, number); err != nil {
		return err
	}
	sig, err := s.Roll.Read(ctx, number)
	if err == nil && sig.Certain() && sig.Agreed.News && !sig.Contact.IsZero() {
		err = s.News.Join(ctx, sig)
	}
	return err
}

func (s *signing) showConfirmed(w http.ResponseWriter, r *http.Request, number uint32) {
	sig, err := s.Roll.Read(r.Context(), number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang := languageOf(r, sig.Language)
	v := s.view(sig, lang)
	v.Action, v.Withdraw = r.URL.Path+"?lang="+lang, "/w/"+s.Roll.WithdrawToken(number)+"?lang="+lang
	if code := r.PathValue("code"); code != "" && v.State == "certain" {
		v.Slip, err = s.Roll.SlipOf(r.Context(), code)
		if err == nil && v.Slip.Number != number {
			err = petition.ErrSlip
		}
		if err == nil {
			v.SlipURL, v.QR, err = s.slipLink(v.Slip)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.write(w, r, http.StatusOK, lang, "confirm.html", v)
}

// takeBack withdraws a signature. Its news end first: afterwards nobody knows any more
// whose address it was.
func (s *signing) takeBack(ctx context.Context, number uint32) error {
	sig, err := s.Roll.Read(ctx, number)
	if err != nil {
		return err
	}
	if !sig.Contact.IsZero() {
		if err := s.News.Leave(ctx, sig); err != nil {
			return err
		}
	}
	return s.Roll.Withdraw(ctx, number)
}

func (s *signing) showWithdrawn(w http.ResponseWriter, r *http.Request, number uint32) {
	sig, err := s.Roll.Read(r.Context(), number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang := languageOf(r, sig.Language)
	v := s.view(sig, lang)
	v.Action = r.URL.Path + "?lang=" + lang
	s.write(w, r, http.StatusOK, lang, "withdraw.html", v)
}

// A slipView is what a slip's holder sees.
type slipView struct {
	*signatureView
	Code   string // as it stands on the slip
	Path   string // of the slip's page
	Proof  *petition.Proof
	Proven bool   // the slip leads to the root
	None   string // why there is no proof
	Answer *petition.Answer
}

// A codeView asks for the code of a slip.
type codeView struct{ Code, Wrong string }

// askSlip asks for a code. One in the fragment of the address is filled in by the script.
func (s *signing) askSlip(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, http.StatusOK, languageOf(r, ""), "code.html", codeView{})
}

// showSlip shows the signature of a slip. A form asks by POST, which keeps the code out
// of the addresses that browsers and proxies remember; nothing is changed by it.
func (s *signing) showSlip(w http.ResponseWriter, r *http.Request) {
	code := strings.TrimSpace(r.PathValue("code"))
	if r.Method == http.MethodPost {
		code = strings.TrimSpace(r.PostFormValue("code"))
	}
	sig, err := s.Roll.Find(r.Context(), code)
	if errors.Is(err, petition.ErrSlip) {
		lang := languageOf(r, "")
		s.write(w, r, http.StatusNotFound, lang, "code.html", codeView{code, sentence(petition.ErrSlip, lang)})
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang := languageOf(r, sig.Language)
	v := &slipView{signatureView: s.view(sig, lang), Code: code, Path: "/s/" + strings.NewReplacer("-", "", " ", "").Replace(code)}
	v.Slip, err = s.Roll.SlipOf(r.Context(), code)
	switch {
	case errors.Is(err, petition.ErrNoSignature):
		if v.Slip = nil; !sig.Withdrawn {
			v.State = "purged"
		}
	case err != nil:
		s.fail(w, r, err)
		return
	}
	if err = s.prove(r.Context(), v, lang); err == nil {
		v.Answer, err = s.Roll.Answer(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.Slip != nil {
		v.Code = v.Slip.Code()
		if v.SlipURL, v.QR, err = s.slipLink(v.Slip); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.write(w, r, http.StatusOK, lang, "slip.html", v)
}

// prove holds the slip against the last root.
func (s *signing) prove(ctx context.Context, v *slipView, lang string) error {
	proof, err := s.Roll.Prove(ctx, v.Number)
	var refusal *petition.Refusal
	if errors.As(err, &refusal) {
		v.None = sentence(refusal, lang)
		return nil
	} else if err != nil {
		return err
	}
	v.Proof = proof
	if v.Slip == nil {
		return nil
	}
	if err := petition.Verify(v.Slip, proof); err != nil {
		return fmt.Errorf("a slip of ours does not lead to our root: %w", err)
	}
	v.Proven = true
	return nil
}

// slipFile and proofFile are what `clarion petition verify` reads.
func (s *signing) slipFile(w http.ResponseWriter, r *http.Request) {
	slip, err := s.Roll.SlipOf(r.Context(), r.PathValue("code"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.file(w, "slip.txt", "text/plain; charset=utf-8", []byte(slip.String()))
}

func (s *signing) proofFile(w http.ResponseWriter, r *http.Request) {
	sig, err := s.Roll.Find(r.Context(), r.PathValue("code"))
	var proof *petition.Proof
	if err == nil {
		proof, err = s.Roll.Prove(r.Context(), sig.Number)
	}
	var data []byte
	if err == nil {
		data, err = json.MarshalIndent(proof, "", "  ")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.file(w, "proof.json", "application/json", append(data, '\n'))
}

func (s *signing) file(w http.ResponseWriter, name, kind string, data []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", s.Roll.ID+"-"+name))
	if _, err := w.Write(data); err != nil {
		s.Log.Debug("a file was cut off", "error", err)
	}
}

// withdrawSlip withdraws the signature of a slip, whose page asked.
func (s *signing) withdrawSlip(w http.ResponseWriter, r *http.Request) {
	sig, err := s.Roll.Find(r.Context(), r.PathValue("code"))
	if err == nil {
		err = s.takeBack(r.Context(), sig.Number)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showWithdrawn(w, r, sig.Number)
}

// roots shows what was published, the last night first.
func (s *signing) roots(w http.ResponseWriter, r *http.Request) {
	roots, err := s.Roll.Roots(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	last := make([]petition.Root, 0, len(roots))
	for i := range roots {
		last = append(last, roots[len(roots)-1-i])
	}
	s.write(w, r, http.StatusOK, languageOf(r, ""), "roots.html", last)
}
