package petition

import (
	"maps"
	"time"
)

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
