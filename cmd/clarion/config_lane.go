package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/worker"
)

// A laneConf is the section [lane] of clarion.toml: by channel, and there by mail
// domain or carrier.
type laneConf struct {
	Email map[string]worker.Lane `toml:"email"`
	SMS   map[string]worker.Lane `toml:"sms"`
	Fax   map[string]worker.Lane `toml:"fax"`
}

func (l laneConf) lanes() worker.Lanes {
	return worker.Lanes{address.Email: l.Email, address.SMS: l.SMS, address.Fax: l.Fax}
}

func (c *config) checkLanes(wrong func(key []string, format string, args ...any)) {
	lanes := c.Lane.lanes()
	for _, ch := range address.Channels {
		for _, name := range slices.Sorted(maps.Keys(lanes[ch])) {
			key := []string{"lane", ch.String(), name}
			l := lanes[ch][name]
			dotted := ch == address.Email && name != worker.DefaultLane && name != worker.OtherLane
			switch {
			case name != strings.ToLower(name) || dotted != strings.Contains(name, "."):
				wrong(key, `lane.%s.%q can be no lane: a mail domain in small letters between quotes, a carrier as call report names it, "default" and "other" are right`, ch, name)
			case !(l.Rate >= 0 && l.Rate <= 1e6):
				wrong(append(key, "rate"), "rate is %v: messages a second are right (0.5 is one every two seconds)", l.Rate)
			case l.Connections < 0:
				wrong(append(key, "connections"), "connections is %d: how many may be open at a time, over all machines, is right (1 or more)", l.Connections)
			case l == worker.Lane{}:
				wrong(key, "lane.%s.%q sets nothing: rate, connections or warmup are right", ch, name)
			}
			if err := l.Warmup.Check(); err != nil {
				wrong(append(key, "warmup"), "%v", err)
			}
		}
	}
}

// zone is where days begin for a warm-up; it has been checked.
func (c *config) zone() *time.Location {
	zone, err := time.LoadLocation(c.Quiet.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}
