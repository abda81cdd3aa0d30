package alarm

import (
	"slices"
	"time"
)

// A Notice is what one person is told at one time: all that is due together.
type Notice struct {
	To    *Person
	New   []*Alarm // raised, or worse than was told
	Still []*Alarm // told before, and nobody has seen to them
	Over  []*Alarm // told before, and over
}

// all are the alarms of the notice, what matters most first.
func (n *Notice) all() []*Alarm { return slices.Concat(n.New, n.Still, n.Over) }

// Due returns what a person is to be told now, nil for nothing. Once they have had
// as many notices within an hour as they may, the rest waits and comes together.
func (b *Book) Due(p *Person, now time.Time, c *Config) *Notice {
	if r := b.People[p.key]; r != nil && len(lately(r.Sent, now)) >= c.Notices {
		return nil
	}
	n := &Notice{To: p}
	for _, a := range b.Alarms {
		told := a.Told[p.key]
		switch {
		case now.Before(a.Quiet):
		case !a.Over.IsZero(): // what ended while it was to be quiet is not spoken of
			if told != nil && !told.Over && !a.Over.Before(a.Quiet) {
				n.Over = append(n.Over, a)
			}
		case a.Level.below(p.Level) || !a.Well.IsZero():
		case told == nil || told.Level.below(a.Level):
			n.New = append(n.New, a)
		case a.Quiet.After(told.At), a.Level == Critical && a.Acknowledged.IsZero() && now.Sub(told.At) >= c.Remind:
			n.Still = append(n.Still, a)
		}
	}
	if len(n.all()) == 0 {
		return nil
	}
	return n
}

// Told enters that a notice went to its person, or with lost that it cannot be
// brought: it is not tried again.
func (b *Book) Told(n *Notice, now time.Time, lost bool) {
	if b.People == nil {
		b.People = map[string]*Reader{}
	}
	r := b.People[n.To.key]
	if r == nil {
		r = &Reader{}
		b.People[n.To.key] = r
	}
	r.Sent, r.Lost = append(lately(r.Sent, now), now), time.Time{}
	if lost {
		r.Lost = now
	}
	for _, of := range n.all() {
		a := b.find(of.ID)
		if a == nil {
			continue
		}
		if a.Told == nil {
			a.Told = map[string]*Telling{}
		}
		// As it was in the notice: it may have become worse since.
		a.Told[n.To.key] = &Telling{At: now, Level: of.Level, Over: !of.Over.IsZero()}
	}
}

// lately are the times within the hour before now.
func lately(sent []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(sent), func(t time.Time) bool { return now.Sub(t) >= time.Hour })
}
