package desk

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/petition"
	"clarion/petition/pack"
)

// A PackWish is what a delivery pack is to be like.
type PackWish struct {
	Language string `json:"language,omitempty"` // of book, totals and labels, one of the petition's; its first if empty
	Masked   bool   `json:"masked,omitempty"`   // nobody's name stands in the book, whatever they agreed to
}

// A PackSurvey is what a delivery pack would hold now.
type PackSurvey struct {
	Signatures int      // in the book
	Sheets     int      // that count
	Unboxed    []uint32 // of those, the ones that lie in no box
	Languages  []string // of the petition
}

// SurveyPack says what a delivery pack would hold, and makes none.
func (d *Desk) SurveyPack(ctx context.Context) (*PackSurvey, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	s, err := roll.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	out := &PackSurvey{Signatures: s.Tally.Certain(), Sheets: s.Tally.Sheets.Counted, Languages: roll.Languages}
	for i := range s.Sheets {
		if s.Sheets[i].State == petition.SheetCounted && s.Sheets[i].Box == 0 {
			out.Unboxed = append(out.Unboxed, s.Sheets[i].Number)
		}
	}
	return out, nil
}

// Pack prepares a delivery pack, noted first as what takes names out; its Write makes it.
func (d *Desk) Pack(ctx context.Context, w PackWish, note Note) (*pack.Pack, error) {
	s, err := d.SurveyPack(ctx)
	if err != nil {
		return nil, err
	}
	if w.Language == "" {
		w.Language = s.Languages[0]
	}
	switch {
	case !slices.Contains(s.Languages, w.Language):
		return nil, Mistake("language: the petition has no words in %q: %s are right", w.Language, strings.Join(s.Languages, ", "))
	case len(pack.Letters(d.Roll.Campaign)) == 0:
		return nil, petition.ErrNoLetter
	case s.Signatures+s.Sheets == 0:
		return nil, petition.ErrNothing
	}
	details := map[string]string{"signatures": strconv.Itoa(s.Signatures), "masked": strconv.FormatBool(w.Masked)}
	if err := note(audit.PetitionPacked, petitionObject(d.Roll), details); err != nil {
		return nil, err
	}
	return &pack.Pack{Roll: d.Roll, Language: w.Language, Masked: w.Masked, Public: d.Links.Public, Sender: d.Links.Organisation, From: cmp.Or(d.Office, "delivery@"+d.Links.BounceDomain)}, nil
}

// PackZip is Pack as an archive, which write makes as it goes.
func (d *Desk) PackZip(ctx context.Context, w PackWish, note Note) (write func(io.Writer) error, err error) {
	p, err := d.Pack(ctx, w, note)
	if err != nil {
		return nil, err
	}
	return func(to io.Writer) error {
		z := pack.NewZip(to, PackName(d.Roll.ID), d.Clock.Now())
		if _, err := p.Write(ctx, z); err != nil {
			return err
		}
		return z.Finish()
	}, nil
}

// PackName is what the pack of a petition is called as a file, without its ending.
func PackName(petition string) string { return "delivery-" + petition }
