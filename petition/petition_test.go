package petition

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
)

func open(t *testing.T, key byte) (*Desk, *clock.Manual) {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(time.Date(2013, 6, 10, 14, 0, 0, 0, time.UTC))
	return Open(redistest.New(t), keys, clk), clk
}

// A code leads back to its volunteer, and to nobody else.
func TestCodes(t *testing.T) {
	d, _ := open(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32Range(0, codes-1).Draw(t, "volunteer")
		code := d.Code(n)
		back, err := d.Volunteer(code)
		if err != nil || back != n || len(code) != 6 {
			t.Fatalf("volunteer %d has code %q, which is of %d, %v", n, code, back, err)
		}
	})
	seen := map[string]bool{}
	for n := range uint32(2000) {
		seen[d.Code(n)] = true
	}
	if len(seen) != 2000 {
		t.Errorf("2000 volunteers have %d codes", len(seen))
	}
	for _, code := range []string{"", "12345", "1234567", "12 456", "-12345", "abcdef", "+12345"} {
		if _, err := d.Volunteer(code); !errors.Is(err, ErrNoVolunteer) {
			t.Errorf("%q is a code: %v", code, err)
		}
	}
	other, _ := open(t, 2)
	same := 0
	for n := range uint32(100) {
		if other.Code(n) == d.Code(n) {
			same++
		}
	}
	if same > 2 {
		t.Errorf("%d of 100 codes are the same under another key", same)
	}
}

func TestWhoCameIsCountedByDay(t *testing.T) {
	d, clk := open(t, 1)
	for _, hours := range []int{0, 1, 11} { // the last one after midnight
		clk.Advance(time.Duration(hours) * time.Hour)
		if err := d.Count(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
	}
	came, err := d.CameBy(t.Context(), 7)
	if err != nil || came.Total != 3 || len(came.Days) != 2 || came.Days[0].Count != 2 || came.Days[0].Date.Day() != 10 || came.Days[1].Count != 1 {
		t.Errorf("who came is %+v, %v", came, err)
	}
	if came, err := d.CameBy(t.Context(), 8); err != nil || came.Total != 0 {
		t.Errorf("who came by another is %+v, %v", came, err)
	}
}
