package desk

import (
	"context"
	"math"
	"time"

	"clarion/broadcast"
	"clarion/internal/quiet"
	"clarion/lists"
	"clarion/lists/address"
)

// faxPagesAnHour is what one telephone line carries in fine resolution (RULES: trade guides).
const faxPagesAnHour = 30

// finish estimates when the last message would have been handed over, at the paces
// set and with the quiet hours of each place; nil when somebody never wakes. pages is
// how many a fax has.
func (d *Desk) finish(ctx context.Context, draft *Draft, pages int) (*time.Time, error) {
	who, err := d.People.Resolve(ctx, draft.Audience())
	if err != nil {
		return nil, err
	}
	start := d.Clock.Now().UTC()
	if draft.Text.Schedule.After(start) {
		start = draft.Text.Schedule
	}
	last := start
	rules := d.Quiet
	for ch, bits := range who.Bitmaps {
		zones, err := d.zones(ctx, ch, bits, who.Channel[ch])
		if err != nil {
			return nil, err
		}
		// Parts of an audience that have the same quiet hours share the rate; where hours
		// differ (money, Korea) the strictest hold for the estimate.
		var hours quiet.Hours
		var audience []quiet.Share
		for zone, n := range zones {
			place, _, _ := rules.Place(zone) // a zone that is not known counts as unknown
			hours = append(hours, rules.Of(draft.Text, ch, place)...)
			audience = append(audience, quiet.Share{Place: place, Count: n})
		}
		begin := start
		if c := draft.Text.Canary; c.Size(ch, who.Channel[ch]) > 0 {
			begin = begin.Add(c.Wait) // most of them wait for the first to be watched
		}
		end := unique(hours).Finish(begin, d.rate(draft, pages, ch), audience)
		if end.IsZero() {
			return nil, nil
		}
		if end.After(last) {
			last = end
		}
	}
	last = last.Truncate(time.Second)
	return &last, nil
}

func unique(h quiet.Hours) quiet.Hours {
	seen := map[quiet.Span]bool{}
	var out quiet.Hours
	for _, s := range h {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// sampled is how many contacts of a channel an estimate looks at, at most.
const sampled = 20_000

// zones says at how many places how much of an audience is; of a large one, by a
// sample that is spread over all of it.
func (d *Desk) zones(ctx context.Context, ch address.Channel, bits []byte, n int) (map[string]float64, error) {
	step := max(1, (n+sampled-1)/sampled)
	var picked []uint32
	i := 0
	for number := range lists.Numbers(bits) {
		if i%step == 0 {
			picked = append(picked, number)
		}
		i++
	}
	out := map[string]float64{}
	var contacts []lists.Contact
	const atOnce = 1024
	for from := 0; from < len(picked); from += atOnce {
		var err error
		if contacts, err = d.People.ReadRecipients(ctx, contacts, picked[from:min(from+atOnce, len(picked))]); err != nil {
			return nil, err
		}
		for i := range contacts {
			out[broadcast.ZoneOf(&contacts[i], ch)] += float64(n) / float64(len(picked))
		}
	}
	return out, nil
}

// rate is how many messages a second a channel sends at the paces set.
func (d *Desk) rate(draft *Draft, pages int, ch address.Channel) float64 {
	rate := math.Inf(1)
	if v := draft.Text.Pace[ch]; v > 0 {
		rate = v
	}
	through := 0.0 // all gateways together
	for _, g := range d.Gates {
		switch {
		case g.Channel != ch || g.Standby || !g.MaySendFrom(draft.Text.Email.Domain()):
		case g.Rate > 0:
			through += g.Rate
		default:
			through = math.Inf(1)
		}
	}
	if through > 0 {
		rate = min(rate, through)
	}
	if ch == address.Fax {
		rate = min(rate, faxPagesAnHour/3600.0/float64(max(pages, 1)))
	}
	return rate
}
