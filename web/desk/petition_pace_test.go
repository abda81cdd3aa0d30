package desk

import (
	"slices"
	"testing"
	"time"

	"clarion/petition"
)

// aCampaign is open from the 3rd to the 16th of June 2013 in Seoul: fourteen days.
func aCampaign(t *testing.T) *petition.Campaign {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return &petition.Campaign{ID: "save-9", Zone: zone, Opens: time.Date(2013, 6, 3, 0, 0, 0, 0, zone), Closes: time.Date(2013, 6, 17, 0, 0, 0, 0, zone)}
}

// web is how many signed on the web on a day of June.
func web(day string, n int) petition.DayTally {
	return petition.DayTally{Day: "2013-06-" + day, Way: petition.WayWeb, Count: n}
}

func TestPaceOf(t *testing.T) {
	t.Parallel()
	c := aCampaign(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2013, 6, day, hour, minute, 0, 0, c.Zone) }
	for name, k := range map[string]struct {
		now         time.Time
		goal, least int
		days        []petition.DayTally
		want        Pace
	}{
		"the first day":           {at(3, 10, 0), 140, 5, []petition.DayTally{web("03", 5)}, Pace{Left: 135, DaysLeft: 14, Needed: 10, Today: 5}},
		"one whole day behind":    {at(4, 0, 0), 140, 30, []petition.DayTally{web("03", 30)}, Pace{Left: 110, DaysLeft: 13, Needed: 9, Lately: 30}},
		"today is not a day yet":  {at(5, 23, 59), 100, 30, []petition.DayTally{web("03", 10), web("04", 10), web("05", 10)}, Pace{Left: 70, DaysLeft: 12, Needed: 6, Lately: 10, Today: 10}},
		"seven days, and before":  {at(16, 9, 0), 200, 105, []petition.DayTally{web("03", 7), web("08", 7), web("09", 21), web("15", 70)}, Pace{Left: 95, DaysLeft: 1, Needed: 95, Lately: 13, Before: 2}},
		"the goal is reached":     {at(10, 9, 0), 100, 120, nil, Pace{DaysLeft: 7}},
		"closed":                  {at(17, 0, 0), 100, 40, []petition.DayTally{web("16", 14)}, Pace{Left: 60, Lately: 2}},
		"before it opens":         {at(1, 9, 0), 28, 0, nil, Pace{Left: 28, DaysLeft: 16, Needed: 2}},
		"late in the day, in UTC": {at(4, 8, 0).UTC(), 140, 3, []petition.DayTally{web("04", 3)}, Pace{Left: 137, DaysLeft: 13, Needed: 11, Today: 3}},
	} {
		if got := paceOf(c, &petition.Tally{Goal: k.goal, AtLeast: k.least}, k.days, k.now); got != k.want {
			t.Errorf("%s: %+v, want %+v", name, got, k.want)
		}
	}
}

func TestLagging(t *testing.T) {
	t.Parallel()
	c := aCampaign(t)
	now := time.Date(2013, 6, 17, 9, 0, 0, 0, c.Zone) // the seven days before are the 10th to the 16th
	by := func(way petition.Way, before, late int) []petition.DayTally {
		return []petition.DayTally{{Day: "2013-06-09", Way: way, Count: before}, {Day: "2013-06-10", Way: way, Count: late}, {Day: "2013-06-17", Way: way, Count: 100}}
	}
	for name, k := range map[string]struct {
		days []petition.DayTally
		want []petition.Way
	}{
		"nobody signed":              {nil, nil},
		"half is not less than half": {by(petition.WayFax, 10, 5), nil},
		"less than half":             {by(petition.WayFax, 10, 4), []petition.Way{petition.WayFax}},
		"few before":                 {by(petition.WayFax, 4, 0), nil},
		"five before, and none":      {by(petition.WayFax, 5, 0), []petition.Way{petition.WayFax}},
		"more than before":           {by(petition.WayFax, 5, 9), nil},
		"the greatest loss first":    {slices.Concat(by(petition.WayWeb, 9, 0), by(petition.WayPost, 30, 10), by(petition.WayHand, 9, 0)), []petition.Way{petition.WayPost, petition.WayWeb, petition.WayHand}},
	} {
		if got := lagging(c, k.days, now); !slices.Equal(got, k.want) {
			t.Errorf("%s: %v, want %v", name, got, k.want)
		}
	}
}
