package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/petition"
)

// PaperWays are those by which staff enter signatures.
var PaperWays = []petition.Way{petition.WayPost, petition.WayFax, petition.WayHand, petition.WayReply}

// A SignerForm is what somebody filled in, and staff type.
type SignerForm struct {
	Name      string          `json:"name"`
	Region    string          `json:"region"` // id of one of the petition's regions
	District  string          `json:"district,omitempty"`
	Contact   string          `json:"contact,omitempty"` // email address or number, for who wants to hear
	Language  string          `json:"language,omitempty"`
	Agreed    petition.Agreed `json:"agreed"`
	Age       bool            `json:"age"`                 // the line on age is ticked
	Volunteer string          `json:"volunteer,omitempty"` // six digits of the volunteer by whom it came
	At        time.Time       `json:"at,omitzero"`         // when it was signed; now where it does not say

	Once []byte `json:"-"` // tells forms apart that are sent twice
}

// A PaperForm is one that came on paper, or in an answer that staff read.
type PaperForm struct {
	Way petition.Way `json:"way"`
	SignerForm
}

// Entered is what became of a form.
type Entered struct {
	Number uint32 `json:"number"`
	Again  bool   `json:"again"`          // it was there already: the same form, or the same name and contact
	Code   string `json:"code,omitempty"` // of the slip
	Slip   string `json:"slip,omitempty"` // to print for the signer; it is told here alone
}

// EnterPaper enters a signature that came on paper, noted first. What is wrong with it is
// a *petition.Refusal or an *InputError.
func (d *Desk) EnterPaper(ctx context.Context, f PaperForm, note Note) (*Entered, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(PaperWays, f.Way) {
		return nil, Mistake("way: staff enter post, fax, hand and reply")
	}
	s, err := d.signingOf(f.Way, f.SignerForm)
	if err != nil {
		return nil, err
	}
	if err := roll.Check(s); err != nil {
		return nil, err
	}
	if err := note(audit.SignatureEntered, petitionObject(roll), map[string]string{"way": string(f.Way)}); err != nil {
		return nil, err
	}
	added, err := roll.Add(ctx, s)
	if err != nil {
		return nil, err
	}
	return d.entered(ctx, added)
}

// signingOf is a form as it is entered.
func (d *Desk) signingOf(way petition.Way, f SignerForm) (s petition.Signing, err error) {
	s = petition.Signing{Way: way, Name: f.Name, Region: f.Region, District: f.District, Language: f.Language, Agreed: f.Agreed, Age: f.Age, At: f.At, Once: f.Once}
	if f.Contact = strings.TrimSpace(f.Contact); f.Contact != "" {
		all, err := ReadAddress(f.Contact, d.Links.Region, 0)
		if err != nil {
			return s, err
		}
		s.Contact = all[0] // of a mobile number, the text message
	}
	s.Volunteer, err = d.VolunteerOf(f.Volunteer)
	return s, err
}

// entered is what became of a form. Who agreed to hear is on the list of those.
func (d *Desk) entered(ctx context.Context, added petition.Added) (*Entered, error) {
	s, err := d.Roll.Read(ctx, added.Number)
	if err == nil && hears(s) {
		err = d.news().Join(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	e := &Entered{Number: added.Number, Again: added.Again}
	if added.Slip != nil {
		e.Code, e.Slip = added.Slip.Code(), added.Slip.String()
	}
	return e, nil
}

// VolunteerOf is the number in the team of who has a code, 0 for no code.
func (d *Desk) VolunteerOf(code string) (uint32, error) {
	code = strings.Join(strings.Fields(code), "")
	if code == "" || d.Petition == nil {
		return 0, nil
	}
	n, err := d.Petition.Volunteer(code)
	if err != nil {
		return 0, Mistake("volunteer: a code has six digits")
	}
	return n, nil
}
