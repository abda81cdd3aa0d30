package templates

import (
	"slices"
	"strings"
	"time"

	"clarion/internal/conf"
)

// schedule takes when the call is to start. A time by the clock of a zone must be
// one instant: one that the clocks skip or show twice there is for a person to
// decide.
func (p *parser) schedule(d *document) {
	when := d.Schedule
	switch {
	case when.IsZero() && d.ScheduleZone != "":
		p.tell(at("schedule_zone"), "schedule_zone is set, but schedule is not")
	case when.IsZero():
	case !when.ByClock && d.ScheduleZone != "":
		p.tell(at("schedule_zone"), "schedule has an offset from UTC, and schedule_zone is set: take one of them away")
	case !when.ByClock:
		p.call.Schedule = when.UTC()
	case d.ScheduleZone == "":
		p.tell(at("schedule"), `schedule has no offset from UTC: write it as %s+09:00, or name its zone, as schedule_zone = "Asia/Seoul"`, when.Format("2006-01-02T15:04:05"))
	default:
		zone, err := time.LoadLocation(d.ScheduleZone)
		if err != nil || d.ScheduleZone == "Local" {
			p.tell(at("schedule_zone"), `schedule_zone is %q: a time zone is right, such as "Asia/Seoul"`, d.ScheduleZone)
			return
		}
		p.byClock(when, zone)
	}
}

func (p *parser) byClock(when conf.Moment, zone *time.Location) {
	const shown = "2006-01-02 15:04:05"
	all := instants(when.Time, zone)
	switch len(all) {
	case 1:
		p.call.Schedule = all[0].UTC()
	case 0:
		_, before := when.Add(-36 * time.Hour).In(zone).Zone()
		next := when.Add(-time.Duration(before) * time.Second).In(zone)
		p.tell(at("schedule"), "schedule: no clock in %s shows %s, since they are put forward then; what would be that moment is called %s", zone, when.Format(shown), next.Format(shown))
	default:
		var both []string
		for _, t := range all {
			both = append(both, t.In(zone).Format(time.RFC3339))
		}
		p.tell(at("schedule"), "schedule: the clocks in %s show %s twice, since they are put back then: write %s, without schedule_zone", zone, when.Format(shown), strings.Join(both, " or "))
	}
}

// instants are all instants at which clocks in zone show wall, the first first.
func instants(wall time.Time, zone *time.Location) []time.Time {
	var out []time.Time
	for _, near := range []time.Duration{-36 * time.Hour, 0, 36 * time.Hour} { // before and after any change of the clocks
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		local := t.In(zone)
		_, real := local.Zone()
		if real == offset && !slices.ContainsFunc(out, t.Equal) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}
