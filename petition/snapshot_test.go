package petition

import (
	"errors"
	"slices"
	"testing"
)

// walked are the numbers of a snapshot.
func walked(t *testing.T, r *Roll, s *Snapshot) (out []uint32, err error) {
	t.Helper()
	err = r.WalkSnapshot(t.Context(), s, func(one *Signature) error {
		out = append(out, one.Number)
		return nil
	})
	return out, err
}

// A snapshot has what was certain at its moment: neither who came later, nor who waits,
// nor who is gone; who goes afterwards makes it stale.
func TestSnapshot(t *testing.T) {
	r, _ := openRoll(t)
	ctx := t.Context()
	add(t, r, signing("김영희"))
	waits := signing("이철수")
	waits.Way = WayWeb
	add(t, r, waits)
	add(t, r, signing("박지민"))
	must(t, r.Withdraw(ctx, 3))
	add(t, r, signing("최은주"))
	_, err := r.Issue(ctx, 1, Sheet{Lines: 10, Print: PrintNormal, Label: "학교"})
	must(t, err)
	must(t, r.Count(ctx, 1, 6, 1))
	must(t, r.CountAgain(ctx, 1, 5, 2))
	root, err := r.Publish(ctx, "2013-06-09")
	must(t, err)

	s, err := r.Snapshot(ctx)
	must(t, err)
	add(t, r, signing("정하늘"))
	must(t, r.Confirm(ctx, 2))
	if got, err := walked(t, r, s); err != nil || !slices.Equal(got, []uint32{1, 4}) {
		t.Errorf("walked are %v, %v", got, err)
	}
	if s.Tally.Certain() != 2 || s.Tally.AtLeast != 7 || s.Tally.AtMost != 9 || s.Root == nil || s.Root.Root != root.Root || !s.At.Equal(testStart) {
		t.Errorf("it is %+v", s)
	}
	want := []DayTally{{"2013-06-10", WayPost, 2}, {"2013-06-10", WaySheet, 5}}
	if !slices.Equal(s.Days, want) || len(s.Sheets) != 1 || s.Sheets[0].Label != "" {
		t.Errorf("days and sheets are %+v, %+v", s.Days, s.Sheets)
	}
	must(t, r.Withdraw(ctx, 4))
	if _, err := walked(t, r, s); !errors.Is(err, ErrStale) {
		t.Errorf("after a withdrawal: %v", err)
	}

	// A count that does not agree with the signatures is told of nobody.
	must(t, r.rdb.HIncrBy(ctx, keyCounts.Name(r.ID), "confirmed:web", 1).Err())
	if _, err := r.Snapshot(ctx); !errors.Is(err, errDisagree) {
		t.Errorf("a wrong counter: %v", err)
	}
}

func TestNoSnapshotAfterThePurge(t *testing.T) {
	r, clk := openRoll(t)
	add(t, r, signing("김영희"))
	s, err := r.Snapshot(t.Context())
	must(t, err)
	clk.Advance(r.Closes.Sub(clk.Now()))
	_, err = r.Purge(t.Context(), 1)
	must(t, err)
	if _, err := walked(t, r, s); !errors.Is(err, ErrStale) {
		t.Errorf("the names are gone, and walked: %v", err)
	}
	if _, err := r.Snapshot(t.Context()); !errors.Is(err, ErrPurged) {
		t.Errorf("after the purge: %v", err)
	}
}
