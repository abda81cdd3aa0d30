package petition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/redistest"
)

func issue(t testing.TB, r *Roll, n int) []Sheet {
	t.Helper()
	sheets, err := r.Issue(t.Context(), n, Sheet{Lines: 20, Print: PrintNormal, Volunteer: 3, Label: "서울고등학교", Due: testStart.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return sheets
}

func TestASheetsWay(t *testing.T) {
	r, clk := openRoll(t)
	ctx := t.Context()
	if sheets := issue(t, r, 3); sheets[0].Number != 1 || sheets[2].Number != 3 {
		t.Fatalf("the first sheets are %+v", sheets)
	}
	if sheets := issue(t, r, 1); sheets[0].Number != 4 {
		t.Fatalf("the next sheet is %+v", sheets)
	}
	if n, err := r.OpenSheetToken(r.SheetToken(2)); err != nil || n != 2 {
		t.Errorf("the code of sheet 2 is of %d, %v", n, err)
	}
	if n, err := r.OpenSheetToken(" https://save9.example/v/204118?sheet=" + r.SheetToken(2) + "\n"); err != nil || n != 2 {
		t.Errorf("the link of sheet 2 is of %d, %v", n, err)
	}
	if _, err := r.OpenSheetToken(r.ConfirmToken(2)); !errors.Is(err, ErrSheetCode) {
		t.Errorf("a link of a signer opens a sheet: %v", err)
	}
	must(t, r.Mark(ctx, 1, SheetOut))
	clk.Advance(2 * time.Hour)
	must(t, r.Mark(ctx, 2, SheetBack))
	late, err := r.LateSheets(ctx)
	if err != nil || len(late) != 3 || late[0].Number != 1 || late[0].Label != "서울고등학교" {
		t.Errorf("late are %+v, %v", late, err)
	}
	if err := r.CountAgain(ctx, 2, 18, 5); !errors.Is(err, ErrNotCounted) {
		t.Errorf("a second count comes first: %v", err)
	}
	must(t, r.Count(ctx, 2, 18, 4))
	must(t, r.Count(ctx, 2, 17, 4)) // mended
	for want, err := range map[*Refusal]error{
		ErrCounted: r.Count(ctx, 2, 17, 5), ErrSamePerson: r.CountAgain(ctx, 2, 18, 4), ErrSheetLines: r.Count(ctx, 2, 21, 4),
		ErrSheetForward: r.Mark(ctx, 2, SheetOut), ErrNoSheet: r.Mark(ctx, 9, SheetOut),
	} {
		if !errors.Is(err, want) {
			t.Errorf("in place of %q: %v", want, err)
		}
	}
	must(t, r.CountAgain(ctx, 2, 19, 5))
	must(t, r.CountAgain(ctx, 2, 19, 5))
	if err := r.Count(ctx, 2, 16, 4); !errors.Is(err, ErrCountedTwice) {
		t.Errorf("a first count is mended after the second: %v", err)
	}
	got := tally(t, r)
	if want := (SheetTally{Issued: 2, Out: 1, Counted: 1, Twice: 1, First: 17, Second: 19, Low: 17, High: 19}); got.Sheets != want || got.AtLeast != 17 || got.AtMost != 19 {
		t.Errorf("the count is %+v", got)
	}
	must(t, r.Mark(ctx, 2, SheetLost))
	if err := r.Count(ctx, 2, 17, 4); !errors.Is(err, ErrSheetLost) {
		t.Errorf("a lost sheet is counted: %v", err)
	}
	if got := tally(t, r); got.AtMost != 0 || got.Sheets.Lost != 1 {
		t.Errorf("with the sheet lost the count is %+v", got)
	}
	must(t, r.Mark(ctx, 2, SheetBack))
	must(t, r.Box(ctx, 2, 1))
	if n, err := r.AdvanceSheets(ctx, HandedOver); err != nil || n != 1 {
		t.Errorf("%d sheets were handed over, %v", n, err)
	}
	if s, err := r.Sheet(ctx, 2); err != nil || s.Stage != HandedOver || s.Box != 1 || s.State != SheetCounted {
		t.Errorf("the sheet is %+v, %v", s, err)
	}
	if err := r.Box(ctx, 2, 3); !errors.Is(err, ErrSheetForward) {
		t.Errorf("a sheet that was handed over is in another box: %v", err)
	}
	if a := audited(t, r); a.Sheets != 4 {
		t.Errorf("the audit saw %d sheets", a.Sheets)
	}
	redistest.Undeclared(t, r.rdb, Keys())
}

// Whatever is done with sheets, the counters are what a recount says, and what counts
// lies between the lower and the higher counts.
func TestSheetCountersAreTheRecount(t *testing.T) {
	base, _ := openRoll(t)
	turn := 0
	rapid.Check(t, func(rt *rapid.T) {
		turn++
		r := base.another(fmt.Sprintf("t%d", turn))
		ctx := context.Background()
		if _, err := r.Issue(ctx, 3, Sheet{Lines: 10, Print: PrintLarge}); err != nil {
			rt.Fatal(err)
		}
		number := func() uint32 { return rapid.Uint32Range(1, 3).Draw(rt, "sheet") }
		by := func() uint32 { return rapid.Uint32Range(1, 3).Draw(rt, "who") }
		lines := func() int { return rapid.IntRange(0, 10).Draw(rt, "lines") }
		ok := func(err error) {
			if refusal := (*Refusal)(nil); err != nil && !errors.As(err, &refusal) {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"mark": func(rt *rapid.T) {
				to := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(SheetStates), func(s SheetState) bool { return s == SheetCounted })).Draw(rt, "state")
				ok(r.Mark(ctx, number(), to))
			},
			"count": func(*rapid.T) { ok(r.Count(ctx, number(), lines(), by())) },
			"again": func(*rapid.T) { ok(r.CountAgain(ctx, number(), lines(), by())) },
			"box":   func(*rapid.T) { ok(r.Box(ctx, number(), by())) },
			"": func(rt *rapid.T) {
				a, err := r.Audit(ctx)
				count, cerr := r.Tally(ctx)
				if err := errors.Join(err, cerr); err != nil || !a.OK() {
					rt.Fatalf("the audit: %+v, %v", a, err)
				}
				s := count.Sheets
				if s.Low > s.First || s.First > s.High || s.Issued+s.Out+s.Back+s.Scanned+s.Counted+s.Lost != 3 {
					rt.Fatalf("the count of sheets is %+v", s)
				}
				all, err := r.Sheets(ctx)
				for _, one := range all {
					if err != nil || one.Second != nil && one.Second.By == one.First.By {
						rt.Fatalf("sheet %+v was counted twice by one person, %v", one, err)
					}
				}
			},
		})
	})
}
