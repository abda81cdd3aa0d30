package templates

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScheduleByTheClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schedule, zone, want, problem string }{
		{"2013-06-10T09:00:00", "Asia/Seoul", "2013-06-10T00:00:00Z", ""},
		{"2013-06-10T09:00:00+09:00", "", "2013-06-10T00:00:00Z", ""},
		{"2013-03-10T01:59:59", "America/New_York", "2013-03-10T06:59:59Z", ""},
		{"2013-03-10T02:30:00", "America/New_York", "", "no clock in America/New_York shows 2013-03-10 02:30:00, since they are put forward then; what would be that moment is called 2013-03-10 03:30:00"},
		{"2013-03-10T03:00:00", "America/New_York", "2013-03-10T07:00:00Z", ""},
		{"2013-11-03T01:30:00", "America/New_York", "", "write 2013-11-03T01:30:00-04:00 or 2013-11-03T01:30:00-05:00, without schedule_zone"},
		{"2013-11-03T02:00:00", "America/New_York", "2013-11-03T07:00:00Z", ""},
		{"2013-04-07T01:45:00", "Australia/Lord_Howe", "", "show 2013-04-07 01:45:00 twice"}, // put back by half an hour
		{"2011-12-30T12:00:00", "Pacific/Apia", "", "no clock in Pacific/Apia shows"},        // a day that Samoa skipped
		{"2013-06-10T09:00:00", "", "", "no offset from UTC: write it as 2013-06-10T09:00:00+09:00"},
		{"2013-06-10T09:00:00Z", "Asia/Seoul", "", "take one of them away"},
		{"2013-06-10T09:00:00", "Asia/Soul", "", `schedule_zone is "Asia/Soul"`},
		{"2013-06-10", "Asia/Seoul", "", "needs a date and a time"},
		{`"tomorrow"`, "", "", "a time, as"},
	} {
		files := exampleFiles(t)
		text := "schedule = " + c.schedule + "\n"
		if c.zone != "" {
			text += "schedule_zone = \"" + c.zone + "\"\n"
		}
		replaced(CallFile, "# schedule = 2013-06-10T09:00:00+09:00\n", text)(files)
		call, problems := Parse(files)
		switch {
		case c.problem == "" && (len(problems) > 0 || call.Schedule.Format(time.RFC3339) != c.want):
			t.Errorf("%s in %q is %s, %v", c.schedule, c.zone, call.Schedule, problems)
		case c.problem != "" && (len(problems) == 0 || problems[0].Line == 0 || !strings.Contains(problems[0].Message, c.problem)):
			t.Errorf("%s in %q: %v, want %s", c.schedule, c.zone, problems, c.problem)
		}
	}
}

// Whatever instant it is, it is among those at which clocks show what they show then,
// and no other shows it.
func TestInstants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Europe/London", "America/Santiago"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1262304000, 1924905600).Draw(t, "second"), 0)
		if _, end := at.In(zone).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "near a change of clocks") {
			at = end.Add(time.Duration(rapid.Int64Range(-2*3600, 2*3600).Draw(t, "seconds off")) * time.Second)
		}
		shown := at.In(zone).Format(time.DateTime)
		wall, err := time.Parse(time.DateTime, shown)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		all := instants(wall, zone)
		for _, i := range all {
			found = found || i.Equal(at)
			if i.In(zone).Format(time.DateTime) != shown {
				t.Fatalf("clocks in %s do not show %s at %s", zone, shown, i)
			}
		}
		if !found || len(all) > 2 {
			t.Fatalf("%s in %s: %v, not %s", shown, zone, all, at.UTC())
		}
	})
}
