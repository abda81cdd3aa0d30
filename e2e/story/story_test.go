package main

import (
	"io"
	"testing"
	"time"
)

// The whole story, with a tenth of the people. What must be true on each day,
// and in the end, play itself holds against the model.
func TestStory(t *testing.T) {
	const signatures = 1500
	end, err := play(t.Context(), options{contacts: 2000, signatures: signatures, seed: 9, out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	// Some withdraw, some sheets are lost, and not every line of a sheet is signed.
	if end.tally.AtLeast < signatures*9/10 || end.tally.AtMost < signatures*19/20 || end.tally.AtMost > signatures*11/10 {
		t.Errorf("%d people signed, and the count is %d to %d", signatures, end.tally.AtLeast, end.tally.AtMost)
	}
	if end.told == 0 || end.proven != 100 || end.certificate.Records == 0 {
		t.Errorf("%d were told, %d slips proven, %d records deleted", end.told, end.proven, end.certificate.Records)
	}
	if late := end.certificate.Done.Sub(time.Date(2013, 6, 20, 0, 0, 0, 0, time.UTC)); late < 0 {
		t.Errorf("the names were deleted %v before the end", -late)
	}
}
