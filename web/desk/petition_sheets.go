package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/petition"
)

// A SheetRow is a sheet as the team sees it.
type SheetRow struct {
	petition.Sheet
	Label string `json:"label,omitempty"` // school or team
	Late  bool   `json:"late"`
	Again bool   `json:"count_again"` // it is of the sample that a second person is to count
}

func newSheetRow(c *petition.Campaign, s petition.Sheet, now time.Time) SheetRow {
	return SheetRow{s, s.Label, s.Late(now), Sampled(c, &s)}
}

// Sampled says whether a sheet is of the tenth that a second person is to count, and was
// not counted twice yet. Which are is settled by hash, so that nobody chooses; it shows
// only once the first count is entered.
func Sampled(c *petition.Campaign, s *petition.Sheet) bool {
	if s.State != petition.SheetCounted || s.First == nil || s.Second != nil {
		return false
	}
	// The time of the first count is in it: nobody who counts first can tell before.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", c.ID, s.Number, s.Times[petition.SheetCounted].Unix()))
	return sum[0] < 26 // of 256
}

// A SheetWish is what sheets are to be like.
type SheetWish struct {
	Count     int            `json:"count"` // 1 to 500
	Lines     int            `json:"lines"` // 1 to 100; sheets are printed with 10 or 20
	Print     petition.Print `json:"print"`
	Volunteer uint32         `json:"volunteer,omitempty"` // number in the team of who gets them
	Label     string         `json:"label,omitempty"`     // school or team
	Due       time.Time      `json:"due,omitzero"`        // when they are to be back
}

// IssueSheets makes new sheets, noted first.
func (d *Desk) IssueSheets(ctx context.Context, w SheetWish, note Note) ([]SheetRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	like := petition.Sheet{Lines: w.Lines, Print: w.Print, Volunteer: w.Volunteer, Label: w.Label, Due: w.Due.UTC()}
	if err := petition.MayIssue(w.Count, like); err != nil {
		return nil, err
	}
	if err := note(audit.SheetsIssued, petitionObject(roll), map[string]string{"sheets": strconv.Itoa(w.Count)}); err != nil {
		return nil, err
	}
	made, err := roll.Issue(ctx, w.Count, like)
	if err != nil {
		return nil, err
	}
	rows := make([]SheetRow, 0, len(made))
	for _, s := range made {
		rows = append(rows, newSheetRow(roll.Campaign, s, d.Clock.Now()))
	}
	return rows, nil
}

// Sheets are all sheets, the late ones first, then by state and number.
func (d *Desk) Sheets(ctx context.Context) ([]SheetRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	all, err := roll.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]SheetRow, 0, len(all))
	for _, s := range all {
		rows = append(rows, newSheetRow(roll.Campaign, s, d.Clock.Now()))
	}
	place := func(r SheetRow) int {
		if r.Late {
			return -1
		}
		return slices.Index(petition.SheetStates, r.State)
	}
	slices.SortStableFunc(rows, func(a, b SheetRow) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Number, b.Number))
	})
	return rows, nil
}

// Sheet is one sheet.
func (d *Desk) Sheet(ctx context.Context, number uint32) (*SheetRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	s, err := roll.Sheet(ctx, number)
	if err != nil {
		return nil, err
	}
	row := newSheetRow(roll.Campaign, *s, d.Clock.Now())
	return &row, nil
}

// FindSheet is the number of a sheet by what somebody types or scans: its number, the
// code of its QR, or the address that has it.
func (d *Desk) FindSheet(text string) (uint32, error) {
	roll, err := d.signatures()
	if err != nil {
		return 0, err
	}
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 10, 32); err == nil {
		return uint32(n), nil
	}
	return roll.OpenSheetToken(text)
}

// onSheet does something with a sheet that it bears, noted first.
func (d *Desk) onSheet(ctx context.Context, number uint32, may func(s *petition.Sheet) error, did audit.Action, details map[string]string, note Note, do func(r *petition.Roll) error) (*SheetRow, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	s, err := roll.Sheet(ctx, number)
	if err != nil {
		return nil, err
	}
	if err := may(s); err != nil {
		return nil, err
	}
	if err := note(did, fmt.Sprintf("sheet:%s/%d", roll.ID, number), details); err != nil {
		return nil, err
	}
	if err := do(roll); err != nil {
		return nil, err
	}
	return d.Sheet(ctx, number)
}

// MarkSheet brings a sheet to a state: out, back, scanned or lost.
func (d *Desk) MarkSheet(ctx context.Context, number uint32, to petition.SheetState, note Note) (*SheetRow, error) {
	if !slices.Contains(petition.SheetStates, to) || to == petition.SheetCounted || to == petition.SheetIssued {
		return nil, Mistake("state: a sheet is marked out, back, scanned or lost")
	}
	return d.onSheet(ctx, number, func(s *petition.Sheet) error { return s.MayMark(to) }, audit.SheetMarked, map[string]string{"state": string(to)}, note,
		func(r *petition.Roll) error { return r.Mark(ctx, number, to) })
}

// CountSheet enters somebody's count of a sheet; again is for the second count, which
// whoever made the first is refused.
func (d *Desk) CountSheet(ctx context.Context, number uint32, signatures int, again bool, by uint32, note Note) (*SheetRow, error) {
	which, do := "first", (*petition.Roll).Count
	if again {
		which, do = "second", (*petition.Roll).CountAgain
	}
	return d.onSheet(ctx, number, func(s *petition.Sheet) error { return s.MayCount(signatures, by, again) },
		audit.SheetCounted, map[string]string{"count": which, "signatures": strconv.Itoa(signatures)}, note,
		func(r *petition.Roll) error { return do(r, ctx, number, signatures, by) })
}

// BoxSheet notes in which box a counted sheet lies.
func (d *Desk) BoxSheet(ctx context.Context, number, box uint32, note Note) (*SheetRow, error) {
	if box == 0 {
		return nil, Mistake("box: boxes have numbers from 1")
	}
	return d.onSheet(ctx, number, func(s *petition.Sheet) error {
		if s.State != petition.SheetCounted {
			return petition.ErrNotCounted
		}
		return nil
	}, audit.SheetBoxed, map[string]string{"box": strconv.FormatUint(uint64(box), 10)}, note, func(r *petition.Roll) error { return r.Box(ctx, number, box) })
}
