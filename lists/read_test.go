package lists

import (
	"context"
	"slices"
	"testing"

	"clarion/internal/redistest"
)

// However many of a bucket are asked for, and in whatever order, each contact
// comes at its place; one that is not there has Number 0.
func TestReadFewAndMany(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.New(t))
	const last = 3*bucketSize - 7
	fill(t, s, last)
	var all, few []uint32
	for n := uint32(1); n <= last+20; n++ {
		all = append(all, n)
		if n%9 == 0 {
			few = append(few, n)
		}
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	for name, numbers := range map[string][]uint32{"all": all, "few": few, "backwards": backwards, "twice": {5, 5, 205, 5}, "none": nil} {
		got, err := s.Read(context.Background(), numbers)
		if err != nil {
			t.Fatal(err)
		}
		light, err := s.ReadRecipients(context.Background(), nil, numbers)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range numbers {
			if l := light[i]; l.Number != got[i].Number || l.Email != got[i].Email || l.Name != got[i].Name || len(l.Consent) != 0 {
				t.Errorf("%s: the recipient at place %d is not the contact without consent", name, i)
			}
			want := n
			if n > last {
				want = 0
			}
			if got[i].Number != want || (want > 0) == got[i].Email.IsZero() {
				t.Errorf("%s: number %d at place %d, want %d", name, got[i].Number, i, want)
			}
		}
	}
}
