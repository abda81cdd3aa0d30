package petition

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
)

// A link says by whom and how far on somebody comes, and nobody makes one up.
func TestGenerations(t *testing.T) {
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	must(t, err)
	others, err := seal.New([]byte(strings.Repeat("o", 32)))
	must(t, err)
	d, ctx := Open(redistest.New(t), keys, clock.System{}), t.Context()
	b := By{Volunteer: 7, Generation: 1}
	if d.Link(b) != d.Code(7) {
		t.Errorf("the first link is %s", d.Link(b))
	}
	for range Furthest + 3 {
		got, err := d.By(d.Link(b))
		if err != nil || got != b {
			t.Errorf("%+v is read as %+v, %v", b, got, err)
		}
		must(t, d.CountBy(ctx, b))
		b = b.Next()
	}
	if b.Generation != Furthest {
		t.Errorf("a chain ends at generation %d", b.Generation)
	}
	second := d.Link(By{7, 2})
	if got, err := d.By(strings.ToUpper(second)); err != nil || got.Generation != 2 {
		t.Errorf("in capitals it is %+v, %v", got, err)
	}
	forged := []string{"", "1", second[:len(second)-1], second + "a", Open(nil, others, nil).Link(By{7, 2}), keys.Token(seal.Volunteer, []byte{0, 0, 0, 7, 2}), keys.Token(seal.Generation, []byte{7})}
	for _, last := range "abcdefgh234567" { // of 32 letters in its place, one fits
		if !strings.HasSuffix(second, string(last)) {
			forged = append(forged, string(last)+second[1:])
		}
	}
	forged = slices.DeleteFunc(forged, func(s string) bool { return s == second })
	for _, link := range forged {
		if got, err := d.By(link); !errors.Is(err, ErrNoVolunteer) {
			t.Errorf("%q is taken for %+v, %v", link, got, err)
		}
	}
	must(t, d.Count(ctx, 7))
	came, err := d.CameBy(ctx, 7)
	if want := [Furthest]int{2, 1, 1, 1, 1, 1, 1, 1, 4}; err != nil || came.Total != 13 || came.Generations != want {
		t.Errorf("came by the volunteer %+v, %v; want generations %v", came, err, want)
	}
}
