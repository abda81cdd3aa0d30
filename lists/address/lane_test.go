package address

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestZones(t *testing.T) {
	t.Parallel()
	for number, want := range map[string][]string{
		"+821012345678": {"Asia/Seoul"},
		"+12125550123":  {"America/New_York"},
		"+13105550123":  {"America/Los_Angeles"},
		"+88216123456":  nil, // a satellite's
	} {
		if got := Zones(Canonical(SMS, number)); !slices.Equal(got, want) {
			t.Errorf("%s is in %v, want %v", number, got, want)
		}
	}
	// A toll-free number may ring anywhere from Newfoundland to Guam.
	free := Zones(Canonical(Fax, "+18005550123"))
	if len(free) < 10 || !slices.Contains(free, "America/St_Johns") || !slices.Contains(free, "Pacific/Honolulu") {
		t.Errorf("a toll-free number is in %v", free)
	}
	for _, zone := range free {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Error(err)
		}
	}
	if got := Zones(Canonical(Email, "kim@example.org")); got != nil {
		t.Errorf("an email address is in %v", got)
	}
}

func BenchmarkZones(b *testing.B) {
	a := Canonical(SMS, "+821012345678")
	for b.Loop() {
		Zones(a)
	}
}

func BenchmarkCarrier(b *testing.B) {
	a := Canonical(SMS, "+821012345678")
	for b.Loop() {
		Carrier(a)
	}
}
