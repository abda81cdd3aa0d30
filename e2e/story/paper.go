package main

import (
	"context"
	"fmt"

	"clarion/petition"
)

var schools = []string{"한빛중학교", "새봄고등학교", "푸른초등학교", "하늘고등학교", "다솜교회 청년부", "시청 앞 거리"}

// issue makes the sheets, and gives each school its own.
func (s *story) issue(ctx context.Context) error {
	need := (s.signatures-s.byName())/(lines-4) + 1
	for i, school := range schools {
		n := need*(i+1)/len(schools) - need*i/len(schools)
		made, err := s.roll.Issue(ctx, n, petition.Sheet{Lines: lines, Print: petition.PrintNormal, Label: school, Volunteer: uint32(1 + i), Due: s.clk.Now().AddDate(0, 0, 13)})
		if err != nil {
			return err
		}
		s.sheets = append(s.sheets, made...)
	}
	s.say("%d sheets are printed for %d schools and streets", len(s.sheets), len(schools))
	return nil
}

// handOut gives them to volunteers.
func (s *story) handOut(ctx context.Context) error {
	for _, sheet := range s.sheets {
		if err := s.roll.Mark(ctx, sheet.Number, petition.SheetOut); err != nil {
			return err
		}
	}
	s.say("volunteers take them along")
	return nil
}

// bringBack brings the day's part of the sheets back. They are counted, each
// tenth by a second person, who does not always come to the same number.
func (s *story) bringBack(ctx context.Context) error {
	n := len(s.sheets) / (days - s.day + 1)
	back, signed, lost := s.sheets[:n], 0, 0
	s.sheets = s.sheets[n:]
	for _, sheet := range back {
		if s.random.IntN(60) == 0 {
			lost++
			if err := s.roll.Mark(ctx, sheet.Number, petition.SheetLost); err != nil {
				return err
			}
			continue
		}
		for _, state := range []petition.SheetState{petition.SheetBack, petition.SheetScanned} {
			if err := s.roll.Mark(ctx, sheet.Number, state); err != nil {
				return err
			}
		}
		count := lines - s.random.IntN(8)
		if err := s.roll.Count(ctx, sheet.Number, count, counter); err != nil {
			return err
		}
		again := count
		if sheet.Number%10 == 0 {
			if s.random.IntN(4) == 0 {
				again--
			}
			if err := s.roll.CountAgain(ctx, sheet.Number, again, counter); err == nil {
				return fmt.Errorf("who counted sheet %d may count it a second time", sheet.Number)
			}
			if err := s.roll.CountAgain(ctx, sheet.Number, again, recounter); err != nil {
				return err
			}
		}
		if err := s.roll.Box(ctx, sheet.Number, 1+sheet.Number/100); err != nil {
			return err
		}
		s.model.low, s.model.high, signed = s.model.low+min(count, again), s.model.high+max(count, again), signed+count
	}
	s.say("%d sheets come back with %d signatures%s", len(back)-lost, signed, plus(lost, "; lost: %d"))
	return nil
}

// plus is a phrase about n, nothing for none.
func plus(n int, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}
