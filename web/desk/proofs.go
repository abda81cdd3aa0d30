package desk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates/email"
	"clarion/templates/fax"
	"clarion/templates/sms"
	"clarion/worker"
)

// A Proof is a draft in one language as people will get it who have none of the
// merge fields: every fall-back stands there. What the call does not have, or what
// cannot be made, is nil.
type Proof struct {
	Language string         `json:"language"`
	Email    *EmailProof    `json:"email"`
	SMS      *SMSProof      `json:"sms"`
	Fax      *FaxProof      `json:"fax"`
	Problems []conf.Problem `json:"problems"` // why something cannot be made
}

// An EmailProof is the mail. Pictures are within the HTML, as data URLs, so that it
// stands alone.
type EmailProof struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// An SMSProof is the text message: what it says, its very parts, and what would do
// better.
type SMSProof struct {
	Text string `json:"text"`
	sms.Info
	Hints []conf.Problem `json:"hints"`
}

// A FaxProof is the fax: the PDF that is handed over, and the pages as the machine
// at the other end prints them (fine mode, 204 by 196 pels an inch).
type FaxProof struct {
	PDF    []byte   `json:"pdf"`
	Pages  [][]byte `json:"pages"` // a PNG each
	Width  int      `json:"width"` // in pels
	Height int      `json:"height"`
}

// Proofs makes the proofs of every channel of a draft in one of its languages. A
// draft with mistakes in its files gives these as conf.Problems.
func (d *Desk) Proofs(ctx context.Context, draft *Draft, lang string) (*Proof, error) {
	if err := draft.in(lang); err != nil {
		return nil, err
	}
	p := &Proof{Language: lang, Problems: []conf.Problem{}}
	for _, ch := range draft.Text.Channels {
		var err error
		switch ch {
		case address.Email:
			p.Email, err = d.EmailProof(draft, lang)
		case address.SMS:
			p.SMS, err = d.SMSProof(draft, lang)
		case address.Fax:
			p.Fax, err = d.FaxProof(ctx, draft, lang)
		}
		var problems conf.Problems
		switch {
		case errors.As(err, &problems):
			p.Problems = append(p.Problems, problems...)
		case err != nil:
			return nil, err
		}
	}
	return p, nil
}

// in refuses a language that the draft does not have, and a draft with mistakes.
func (d *Draft) in(lang string) error {
	if err := d.Problems.Err(); err != nil {
		return err
	}
	if !slices.Contains(d.Text.Languages, lang) {
		return Mistake("the call is not in language %q: it is in %s", lang, strings.Join(d.Text.Languages, ", "))
	}
	return nil
}

// EmailProof makes the mail of a draft.
func (d *Desk) EmailProof(draft *Draft, lang string) (*EmailProof, error) {
	if err := draft.in(lang); err != nil {
		return nil, err
	}
	m, problems := email.Compile(draft.Text, lang, d.Links.Mail())
	if len(problems) > 0 {
		return nil, conf.Problems(problems)
	}
	var p EmailProof
	p.Subject, p.Text, p.HTML = m.Preview(worker.SamplePerson(d.Links))
	for _, shown := range m.Pictures() {
		picture, _ := draft.Text.File(shown.File)
		data := "data:" + http.DetectContentType(picture) + ";base64," + base64.StdEncoding.EncodeToString(picture)
		p.HTML = strings.ReplaceAll(p.HTML, `"`+shown.URL+`"`, `"`+data+`"`)
	}
	return &p, nil
}

// SMSProof makes the text message of a draft.
func (d *Desk) SMSProof(draft *Draft, lang string) (*SMSProof, error) {
	if err := draft.in(lang); err != nil {
		return nil, err
	}
	m, problems := sms.Compile(draft.Text, lang)
	if len(problems) > 0 {
		return nil, conf.Problems(problems)
	}
	text := m.Text(d.speaker)
	return &SMSProof{text, sms.Count(text), append([]conf.Problem{}, m.Hints()...)}, nil
}

// speaker finds {{ organisation }}, which is all that is known of nobody.
func (d *Desk) speaker(field string) (string, bool) {
	return d.Links.Organisation, field == "organisation" && d.Links.Organisation != ""
}

// FaxProof makes the fax of a draft, and draws it with Ghostscript.
func (d *Desk) FaxProof(ctx context.Context, draft *Draft, lang string) (*FaxProof, error) {
	pdf, err := FaxPDF(draft, lang, d.Links, d.speaker, d.Clock.Now())
	if err != nil {
		return nil, err
	}
	return DrawFax(ctx, pdf)
}

// FaxPages counts the pages of a draft's fax, without drawing them.
func (d *Desk) FaxPages(draft *Draft, lang string) (int, error) {
	if err := draft.in(lang); err != nil {
		return 0, err
	}
	doc, problems := fax.Compile(draft.Text, lang, fax.Options{OptOutURL: d.Links.OptOut})
	if len(problems) > 0 {
		return 0, conf.Problems(problems)
	}
	return doc.Pages(&fax.Person{At: d.Clock.Now(), Lookup: worker.SamplePerson(d.Links).Lookup}), nil
}

// FaxPDF makes the fax of a draft for somebody with the merge fields that lookup
// finds, as it is handed over at a time.
func FaxPDF(draft *Draft, lang string, links worker.Links, lookup func(field string) (string, bool), at time.Time) ([]byte, error) {
	if err := draft.Problems.Err(); err != nil {
		return nil, err
	}
	doc, problems := fax.Compile(draft.Text, lang, fax.Options{OptOutURL: links.OptOut})
	if len(problems) > 0 {
		return nil, conf.Problems(problems)
	}
	return doc.PDF(&fax.Person{At: at, Lookup: lookup})
}

// DrawFax draws the pages of a fax as the machine at the other end prints them.
func DrawFax(ctx context.Context, pdf []byte) (*FaxProof, error) {
	dir, err := os.MkdirTemp("", "clarion-fax-")
	if err != nil {
		return nil, fmt.Errorf("draw fax: %w", err)
	}
	defer os.RemoveAll(dir)
	raster, err := fax.Rasterize(ctx, pdf, dir)
	if err != nil {
		return nil, err
	}
	p := &FaxProof{PDF: pdf, Width: raster.Width, Height: raster.Height}
	for _, file := range raster.Files {
		page, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("draw fax: %w", err)
		}
		p.Pages = append(p.Pages, page)
	}
	return p, nil
}
