package petition

import (
	"maps"
	"time"
)

// MostSheets are issued or printed at once: a kit for a large school.
const MostSheets = 500

// MayIssue says why n sheets like s cannot be issued, nil where they can.
func MayIssue(n int, s Sheet) error {
	label, ok := line(s.Label)
	switch {
	case !ok:
		return ErrLabel
	case HasResidentNumber(label):
		return ErrResident
	case n < 1 || n > MostSheets, s.Lines < 1 || s.Lines > 100, s.Print != PrintNormal && s.Print != PrintLarge:
		return ErrIssue
	}
	return nil
}

// MayMark says why the sheet cannot be brought to a state now, nil where it can.
func (s *Sheet) MayMark(to SheetState) error {
	_, err := s.trial().enter(to, time.Time{})
	return err
}

// MayCount says why somebody's count cannot be entered now, nil where it can; again is
// for the second count.
func (s *Sheet) MayCount(signatures int, by uint32, again bool) error {
	_, err := s.trial().count(SheetCount{Signatures: signatures, By: by}, again)
	return err
}

// trial is a copy on which something can be tried.
func (s *Sheet) trial() *Sheet {
	c := *s
	if c.Times = maps.Clone(s.Times); c.Times == nil {
		c.Times = map[SheetState]time.Time{}
	}
	return &c
}

// Check says what is wrong with a signing, a *Refusal, and enters nothing.
func (r *Roll) Check(s Signing) error {
	_, err := r.checked(s, r.clk.Now())
	return err
}
