package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/audit"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/petition"
)

// Late sheets are asked for by text: a volunteer gets one for all of theirs, once for
// each sheet and its day. Who left no number is named, to be telephoned.
func TestLateSheetsAreAskedFor(t *testing.T) {
	t.Parallel()
	d, ctx, n, letters := withPetition(t, open(t)), t.Context(), &trail{}, postbox{}
	d.Letters, d.Reach = letters, []address.Channel{address.SMS}
	issue := func(volunteer uint32, label string, count int, due time.Time) {
		t.Helper()
		if _, err := d.Roll.Issue(ctx, count, petition.Sheet{Lines: 10, Print: petition.PrintNormal, Volunteer: volunteer, Label: label, Due: due}); err != nil {
			t.Fatal(err)
		}
	}
	now := d.Clock.Now()
	issue(1, "한빛고등학교", 2, now.Add(time.Hour)) // 1 and 2, late in a day
	issue(1, "", 1, now.Add(72*time.Hour))
	issue(2, "", 1, now.Add(time.Hour)) // 4
	issue(0, "새봄고등학교", 2, now.Add(time.Hour))
	for _, wrong := range []string{"02-788-2001", "mail@example.org", "nonsense"} {
		if err := d.LeaveNumber(ctx, 1, wrong, "ko"); !Mistaken(err) {
			t.Errorf("%s is taken for a mobile number: %v", wrong, err)
		}
	}
	if err := d.LeaveNumber(ctx, 1, "010-2345-6789", "ko"); err != nil {
		t.Fatal(err)
	}
	ask := func() *SheetAsk {
		t.Helper()
		got, err := d.AskForSheets(ctx, map[uint32]string{1: "이봉사", 2: "박봉사"}, n.note)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(); got.Asked+got.Before+len(got.Telephone)+len(letters)+len(*n) != 0 {
		t.Fatalf("nothing is late, and asked is %+v", got)
	}
	d.Clock.(*clock.Manual).Advance(24 * time.Hour)
	for i, want := range []SheetAsk{{Asked: 2}, {Before: 2}} {
		got := ask()
		if got.Asked != want.Asked || got.Before != want.Before || len(letters) != 1 {
			t.Errorf("time %d: %+v, %d letters", i+1, got, len(letters))
		}
		if len(got.Telephone) != 2 || got.Telephone[0].Name != "박봉사" || !slices.Equal(got.Telephone[0].Sheets, []uint32{4}) || got.Telephone[1].Label != "새봄고등학교" || !slices.Equal(got.Telephone[1].Sheets, []uint32{5, 6}) {
			t.Errorf("to be telephoned are %+v", got.Telephone)
		}
	}
	for id, l := range letters {
		if l.To.Reveal() != "+821023456789" || !strings.Contains(l.Text, "번호 1, 2") || !strings.Contains(l.Text, "https://act.example.org/volunteer") || strings.Contains(id, "2345") {
			t.Errorf("the letter %s is %+v", id, l)
		}
	}
	// A third becomes late, and is asked for alone; one that came back is asked for no more.
	d.Clock.(*clock.Manual).Advance(72 * time.Hour)
	if err := d.Roll.Mark(ctx, 1, petition.SheetBack); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got.Asked != 1 || got.Before != 1 || len(letters) != 2 {
		t.Errorf("later: %+v, %d letters", got, len(letters))
	}
	if want := (trail{audit.SheetsAskedFor, audit.SheetsAskedFor}); !slices.Equal(*n, want) {
		t.Errorf("noted are %v", *n)
	}
	// The number is kept sealed, shown masked, and taken back.
	if dump := strings.Join(d.Redis.HVals(ctx, "{petition}:numbers").Val(), ""); dump == "" || strings.Contains(dump, "2345") {
		t.Errorf("the number is kept as %q", dump)
	}
	if f, err := d.Forwarding(ctx, 1); err != nil || f.Number == "" || strings.Contains(f.Number, "23456789") {
		t.Errorf("the volunteer sees %q, %v", f.Number, err)
	}
	if err := d.LeaveNumber(ctx, 1, " ", "ko"); err != nil {
		t.Fatal(err)
	}
	if f, err := d.Forwarding(ctx, 1); err != nil || f.Number != "" {
		t.Errorf("taken back, the number is %q, %v", f.Number, err)
	}
}
