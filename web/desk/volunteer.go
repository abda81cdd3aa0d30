package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"clarion/petition"
)

// A Came is how many people came by a volunteer. Of few nothing is told but that.
type Came struct {
	Few   bool      `json:"few,omitempty"` // fewer than five came
	Total *int      `json:"total"`
	Days  []CameDay `json:"days"` // those on which somebody came, the first one first; none while they are few in all
}

// A CameDay is how many came on one day, in UTC.
type CameDay struct {
	Date  string `json:"date"` // 2013-06-10
	Few   bool   `json:"few,omitempty"`
	Total *int   `json:"total"`
}

// A Forwarding is what a volunteer carries on: the page that is theirs.
type Forwarding struct {
	Link  string        `json:"link"`
	Code  string        `json:"code"`  // six digits, to be said or written where a link does not go
	Sign  string        `json:"sign"`  // where the link leads people to; "" for nowhere yet
	Texts []ForwardText `json:"texts"` // Korean first; each ends with the link
	Came  Came          `json:"came"`

	Generations []Generation `json:"generations"`      // of those who came: straight by the volunteer, by those, further on; none while they are few in all
	Signed      int          `json:"signed"`           // certain signatures of who came by them; 0 while they are fewer than five
	Sheets      []OwnSheet   `json:"sheets"`           // those that they have and are to bring back, by the day by which
	Number      string       `json:"number,omitempty"` // masked mobile number at which they are asked for late ones
}

// An OwnSheet is a sheet of paper that a volunteer has.
type OwnSheet struct {
	Number uint32    `json:"number"`
	Lines  int       `json:"lines"`
	Due    time.Time `json:"due,omitzero"` // when it is to be back, none for no day
	Late   bool      `json:"late"`
}

// A ForwardText is a text ready to be forwarded. It carries nothing of whoever gets it.
type ForwardText struct {
	Language string `json:"language"`
	Title    string `json:"title"`
	Text     string `json:"text"`
}

// A Carrier is a volunteer among all: who carries the appeal on, and how far.
type Carrier struct {
	Number uint32 `json:"number"` // in the team
	Name   string `json:"name"`
	Code   string `json:"code"`
	Came   Came   `json:"came"`
	Signed int    `json:"signed"` // certain signatures of who came by them; 0 while they are fewer than five
}

// Forwarding is what one of the team carries on, by number.
func (d *Desk) Forwarding(ctx context.Context, number uint32) (*Forwarding, error) {
	came, err := d.Petition.CameBy(ctx, number)
	if err != nil {
		return nil, err
	}
	signed, err := d.signedBy(ctx)
	if err != nil {
		return nil, err
	}
	f := &Forwarding{Generations: generationsOf(came), Code: d.Petition.Code(number), Sign: d.Appeal.URL, Texts: []ForwardText{}, Came: cameOf(came), Signed: signed[number]}
	if f.Sheets, err = d.ownSheets(ctx, number); err != nil {
		return nil, err
	}
	if f.Number, err = d.ownNumber(ctx, number); err != nil {
		return nil, err
	}
	f.Link = strings.TrimSuffix(d.Links.Public, "/") + "/v/" + f.Code
	for _, lang := range []string{"ko", "en"} {
		if title := d.Appeal.Title[lang]; title != "" {
			f.Texts = append(f.Texts, ForwardText{lang, title, d.Appeal.Text[lang] + "\n" + f.Link})
		}
	}
	return f, nil
}

// Carriers are how far those of the team who forward, by number and name, have carried
// the appeal, who came furthest first; and how many came by all of them.
func (d *Desk) Carriers(ctx context.Context, names map[uint32]string) ([]Carrier, Came, error) {
	out, far, all := make([]Carrier, 0, len(names)), map[uint32]int{}, petition.Came{}
	signed, err := d.signedBy(ctx)
	if err != nil {
		return nil, Came{}, err
	}
	for number, name := range names {
		came, err := d.Petition.CameBy(ctx, number)
		if err != nil {
			return nil, Came{}, err
		}
		far[number], all.Total = came.Total, all.Total+came.Total
		out = append(out, Carrier{number, name, d.Petition.Code(number), cameOf(came), signed[number]})
	}
	slices.SortFunc(out, func(a, b Carrier) int {
		if a.Came.Few && b.Came.Few { // their order would tell what their numbers do not
			return cmp.Compare(a.Number, b.Number)
		}
		return cmp.Or(cmp.Compare(far[b.Number], far[a.Number]), cmp.Compare(a.Number, b.Number))
	})
	return out, cameOf(all), nil
}

// ownSheets are the sheets that a volunteer has, those due first in front.
func (d *Desk) ownSheets(ctx context.Context, number uint32) ([]OwnSheet, error) {
	out := []OwnSheet{}
	if d.Roll == nil {
		return out, nil
	}
	all, err := d.Roll.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.Volunteer == number && (s.State == petition.SheetIssued || s.State == petition.SheetOut) {
			out = append(out, OwnSheet{s.Number, s.Lines, s.Due, s.Late(d.Clock.Now())})
		}
	}
	slices.SortStableFunc(out, func(a, b OwnSheet) int {
		if a.Due.IsZero() != b.Due.IsZero() {
			return cmp.Compare(b.Due.Unix(), a.Due.Unix()) // those without a day last
		}
		return a.Due.Compare(b.Due)
	})
	return out, nil
}

// signedBy is how many signatures came by each volunteer, without those of few.
func (d *Desk) signedBy(ctx context.Context) (map[uint32]int, error) {
	if d.Roll == nil {
		return nil, nil
	}
	return d.Roll.SignedBy(ctx)
}

func cameOf(came petition.Came) Came {
	r := Came{Days: []CameDay{}}
	if r.Few, r.Total = told(came.Total); r.Few {
		return r
	}
	for _, day := range came.Days {
		few, n := told(day.Count)
		r.Days = append(r.Days, CameDay{day.Date.Format(time.DateOnly), few, n})
	}
	return r
}

// told is a number of people as it is told: itself, or that they are few.
func told(people int) (few bool, n *int) {
	if isFew(people) {
		return true, nil
	}
	return false, &people
}
