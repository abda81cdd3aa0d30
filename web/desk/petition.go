package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"clarion/petition"
)

// ErrNoPetition means that people do not sign here.
var ErrNoPetition = errors.New("no petition is set")

// signatures is the petition's roll, or ErrNoPetition.
func (d *Desk) signatures() (*petition.Roll, error) {
	if d.Roll == nil {
		return nil, ErrNoPetition
	}
	return d.Roll, nil
}

func petitionObject(r *petition.Roll) string { return "petition:" + r.ID }

// A PetitionReport is how the petition stands, for the team. It names nobody who signed.
type PetitionReport struct {
	ID      string              `json:"id"`
	Title   map[string]string   `json:"title"` // by language
	Opens   time.Time           `json:"opens"`
	Closes  time.Time           `json:"closes"` // the first instant at which one may not sign any more
	Tally   petition.Tally      `json:"tally"`
	Pace    Pace                `json:"pace"`
	Days    []petition.DayTally `json:"days"`    // certain signatures; those on sheets by the day of the first count
	Waiting int                 `json:"waiting"` // faxes, and replies in which no name could be read, that wait for a person
	Push    []Push              `json:"push"`    // what to do today, the weightiest first
	Signed  []SignedBy          `json:"signed"`
	Schools []SchoolRow         `json:"schools"`
	Course  []Moment            `json:"course"` // calls, petition and deliveries on one line of time
	Root    *petition.Root      `json:"root"`   // the last one, null before the first night
}

// A SignedBy is how many certain signatures came by a volunteer.
type SignedBy struct {
	Number uint32 `json:"number"` // in the team
	Name   string `json:"name"`
	Few    bool   `json:"few,omitempty"` // fewer than five, or none
	Total  *int   `json:"total"`
}

// A SchoolRow is how the sheets of a school or team stand.
type SchoolRow struct {
	Label      string `json:"label"`
	Sheets     int    `json:"sheets"`
	Away       int    `json:"away"` // issued or out
	Late       int    `json:"late"`
	Signatures int    `json:"signatures"` // by the lower counts
}

// PetitionReport reads how the petition stands. Forwarders are those of the team who may
// forward, by number and name.
func (d *Desk) PetitionReport(ctx context.Context, forwarders map[uint32]string) (*PetitionReport, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	tally, err := roll.Tally(ctx)
	if err != nil {
		return nil, err
	}
	r := &PetitionReport{ID: roll.ID, Title: roll.Title, Opens: roll.Opens, Closes: roll.Closes, Tally: *tally}
	if r.Days, err = roll.Days(ctx); err != nil {
		return nil, err
	}
	sheets, err := roll.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	r.Days = roll.WithSheets(r.Days, sheets)
	roots, err := roll.Roots(ctx)
	if err != nil {
		return nil, err
	}
	if n := len(roots); n > 0 {
		r.Root = &roots[n-1]
	}
	signed, err := roll.SignedBy(ctx)
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now()
	r.Signed, r.Schools = signedBy(forwarders, signed), schools(sheets, now)
	if r.Waiting, err = roll.CountWaiting(ctx); err != nil {
		return nil, err
	}
	r.Pace = paceOf(roll.Campaign, tally, r.Days, now)
	r.Push = pushes(roll.Campaign, r, sheets, now)
	r.Course, err = d.course(ctx, roll)
	return r, err
}

// signedBy has who brought most first; of those of whom nothing is told, the order does
// not tell it either.
func signedBy(names map[uint32]string, signed map[uint32]int) []SignedBy {
	out := make([]SignedBy, 0, len(names))
	for number, name := range names {
		row := SignedBy{Number: number, Name: name, Few: true}
		if n, ok := signed[number]; ok {
			row.Few, row.Total = false, &n
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b SignedBy) int {
		return cmp.Or(cmp.Compare(signed[b.Number], signed[a.Number]), cmp.Compare(a.Number, b.Number))
	})
	return out
}

// schools has who is behind first.
func schools(sheets []petition.Sheet, now time.Time) []SchoolRow {
	by := map[string]*SchoolRow{}
	for i := range sheets {
		s := &sheets[i]
		if s.Label == "" {
			continue
		}
		row := by[s.Label]
		if row == nil {
			row = &SchoolRow{Label: s.Label}
			by[s.Label] = row
		}
		row.Sheets++
		low, _ := s.Bounds()
		row.Signatures += low
		if s.State == petition.SheetIssued || s.State == petition.SheetOut {
			row.Away++
		}
		if s.Late(now) {
			row.Late++
		}
	}
	out := make([]SchoolRow, 0, len(by))
	for _, row := range by {
		out = append(out, *row)
	}
	slices.SortFunc(out, func(a, b SchoolRow) int {
		return cmp.Or(cmp.Compare(b.Late, a.Late), cmp.Compare(b.Signatures, a.Signatures), cmp.Compare(a.Label, b.Label))
	})
	return out
}
