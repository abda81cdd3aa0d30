package quiet

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Places whose clocks do what clocks can do: half hours, half-hour summer time, no
// summer time, a month without it (Casablanca), midnight jumps (Cairo, Beirut), the
// ends of the day line.
func places() []string {
	return []string{"Asia/Seoul", "UTC", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/St_Johns", "Europe/London", "Europe/Berlin",
		"Australia/Lord_Howe", "Australia/Sydney", "Asia/Kathmandu", "Asia/Kolkata", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "America/Santiago",
		"America/Havana", "America/Asuncion", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll", "Asia/Tehran"}
}

// oracle says by the digits that clocks show whether it is quiet somewhere.
func oracle(t time.Time, h Hours, p Place) bool {
	for _, z := range p {
		shown := t.In(z).Format("15:04")
		for _, s := range h {
			from, to := s.From.String(), s.To.String()
			if from == to {
				continue // nothing is quiet, be it from 24:00 to 24:00
			}
			if from == "24:00" {
				from = "00:00"
			}
			switch {
			case from == to:
			case from < to && shown >= from && shown < to, from > to && (shown >= from || shown < to):
				return true
			}
		}
	}
	return false
}

func drawTime(t *rapid.T) time.Time {
	at := time.Unix(rapid.Int64Range(1262304000, 1924905600).Draw(t, "second"), rapid.Int64Range(0, 999).Draw(t, "ms")*1e6).UTC()
	if rapid.Bool().Draw(t, "near a change of clocks") {
		z, err := time.LoadLocation(rapid.SampledFrom(places()).Draw(t, "whose clocks"))
		if err != nil {
			t.Fatal(err)
		}
		if _, end := at.In(z).ZoneBounds(); !end.IsZero() {
			at = end.Add(time.Duration(rapid.Int64Range(-36*3600, 3600).Draw(t, "seconds off")) * time.Second).UTC()
		}
	}
	return at
}

func drawHours(t *rapid.T) Hours {
	var h Hours
	for range rapid.IntRange(1, 2).Draw(t, "spans") {
		if rapid.Bool().Draw(t, "law") {
			h = append(h, Law())
			continue
		}
		h = append(h, Span{TimeOfDay(rapid.IntRange(0, day).Draw(t, "from")), TimeOfDay(rapid.IntRange(0, day).Draw(t, "to"))})
	}
	return h
}

func drawPlace(t *rapid.T) Place {
	p, err := Find(Name(rapid.SliceOfN(rapid.SampledFrom(places()), 1, 4).Draw(t, "zones")), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// It stays as At says up to the last minute, and changes at the first: nothing
// goes in quiet hours, and nothing waits longer than it must.
func TestAt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, p, at := drawHours(t), drawPlace(t), drawTime(t)
		asleep, until := h.At(at, p)
		if asleep != oracle(at, h, p) {
			t.Fatalf("at %s asleep is %v", at, asleep)
		}
		end := until
		if until.IsZero() {
			end = at.Add(7 * 24 * time.Hour)
		}
		for m := at; m.Before(end); m = m.Truncate(time.Minute).Add(time.Minute) {
			if oracle(m, h, p) != asleep {
				t.Fatalf("from %s asleep is %v until %s, but not at %s", at, asleep, until, m)
			}
		}
		if !until.IsZero() && (oracle(until, h, p) == asleep || !until.After(at)) {
			t.Fatalf("from %s asleep is %v, and still at %s", at, asleep, until)
		}
	})
}

func place(t *testing.T, name string) Place {
	t.Helper()
	p, err := Find(name, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAtOnDaysWhenClocksChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, at, until string }{
		{"Asia/Seoul", "2013-06-10T12:00:00Z", "2013-06-10T23:00:00Z"},
		{"America/New_York", "2013-03-10T05:00:00Z", "2013-03-10T12:00:00Z"}, // forward at 2: 08:00 comes an hour sooner
		{"America/New_York", "2013-11-03T05:00:00Z", "2013-11-03T13:00:00Z"}, // back at 2: an hour later
		{"America/New_York,America/Los_Angeles", "2013-06-10T02:00:00Z", "2013-06-10T15:00:00Z"},
		{"America/New_York,Asia/Seoul", "2013-06-10T03:00:00Z", "2013-06-10T23:00:00Z"}, // both wake for two hours a day
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		asleep, until := Hours{Law()}.At(at, place(t, c.zone))
		if !asleep || until.Format(time.RFC3339) != c.until {
			t.Errorf("%s at %s: asleep %v until %s, want %s", c.zone, c.at, asleep, until.Format(time.RFC3339), c.until)
		}
	}
	// In June 13 hours lie between them, and each is awake for 11.
	if asleep, until := (Hours{{20 * 60, 9 * 60}}).At(time.Date(2013, 6, 10, 0, 0, 0, 0, time.UTC), place(t, "Europe/London,Pacific/Kiritimati")); !asleep || !until.IsZero() {
		t.Errorf("places that are never awake together: asleep %v until %s", asleep, until)
	}
	if asleep, until := (Hours{{}}).At(time.Now(), place(t, "Asia/Seoul")); asleep || !until.IsZero() {
		t.Errorf("without quiet hours: asleep %v until %s", asleep, until)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := Find("", seoul); err != nil || len(p) != 1 || p[0] != seoul {
		t.Errorf("nobody knows where: %v, %v", p, err)
	}
	if p, err := Find("Asia/Nowhere,America/New_York", seoul); err == nil || len(p) != 2 || p[0] != seoul || p[1].String() != "America/New_York" {
		t.Errorf("a zone that is not: %v, %v", p, err)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]TimeOfDay{"00:00": 0, "08:00": 480, "21:30": 1290, "24:00": 1440} {
		var d TimeOfDay
		if err := d.UnmarshalText([]byte(text)); err != nil || d != want || d.String() != text {
			t.Errorf("%q is %d (%s), %v", text, d, d, err)
		}
	}
	for _, text := range []string{"", "8:00", "24:01", "08:60", "0800", "08:00 ", "+8:00", "99:99"} {
		var d TimeOfDay
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %s", text, d)
		}
	}
	for _, c := range []struct {
		a, b Span
		want bool
	}{
		{Law(), Law(), true}, {Span{20 * 60, 9 * 60}, Law(), true}, {Span{22 * 60, 8 * 60}, Law(), false}, {Span{21 * 60, 7 * 60}, Law(), false},
		{Span{}, Law(), false}, {Law(), Span{}, true}, {Span{0, day}, Law(), true}, {Span{21 * 60, day}, Law(), false}, {Law(), Span{0, 60}, true},
	} {
		if got := c.a.Covers(c.b); got != c.want {
			t.Errorf("%s covers %s: %v", c.a, c.b, got)
		}
	}
	if (Hours{{0, day}}).Open() || !(Hours{Law()}).Open() || (Hours{{0, 720}, {720, day}}).Open() {
		t.Error("which hours leave nothing of a day is wrong")
	}
}

func FuzzTimeOfDay(f *testing.F) {
	f.Add("08:00")
	f.Add("24:00")
	f.Fuzz(func(t *testing.T, s string) {
		var d TimeOfDay
		if d.UnmarshalText([]byte(s)) == nil && (d.String() != s || d < 0 || d > day) {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}

func TestFinish(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	seoul, york := place(t, "Asia/Seoul"), place(t, "America/New_York")
	law := Hours{Law()}
	for _, c := range []struct {
		name     string
		hours    Hours
		start    string
		rate     float64
		audience []Share
		want     string
	}{
		{"nobody", law, "2013-06-10T03:00:00Z", 1, nil, "2013-06-10T03:00:00Z"},
		{"by day", law, "2013-06-10T03:00:00Z", 1, []Share{{seoul, 3600}}, "2013-06-10T04:00:00Z"},
		{"over night", law, "2013-06-10T11:00:00Z", 1, []Share{{seoul, 7200}}, "2013-06-11T00:00:00Z"},
		{"as fast as can be", law, "2013-06-10T13:00:00Z", math.Inf(1), []Share{{seoul, 7200}}, "2013-06-10T23:00:00Z"},
		{"two places", law, "2013-06-10T13:00:00Z", 1, []Share{{seoul, 3600}, {york, 3600}}, "2013-06-11T00:00:00Z"},
		{"both at once", law, "2013-06-10T23:00:00Z", 1, []Share{{seoul, 3600}, {york, 3600}}, "2013-06-11T01:00:00Z"},
		{"no quiet hours", nil, "2013-06-10T13:00:00Z", 2, []Share{{seoul, 7200}}, "2013-06-10T14:00:00Z"},
	} {
		if got := c.hours.Finish(at(c.start), c.rate, c.audience); got.Sub(at(c.want)).Abs() > time.Second {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := (Hours{{0, day}}).Finish(at("2013-06-10T13:00:00Z"), 1, []Share{{seoul, 1}}); !got.IsZero() {
		t.Errorf("who never wakes is written to at %s", got)
	}
}
