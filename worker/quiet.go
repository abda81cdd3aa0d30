package worker

import (
	"context"
	"time"

	"clarion/broadcast"
	"clarion/internal/quiet"
	"clarion/lists/address"
	"clarion/templates"
)

// Quiet is when an installation disturbs nobody. The zero value: never.
type Quiet struct {
	Hours map[address.Channel]quiet.Span // a channel that is not named has no quiet hours
	Zone  *time.Location                 // of contacts of whom nobody knows where they are; nil for UTC
	Laxer bool                           // a call's own quiet hours may be shorter than these
}

// Place is where a batch's contacts are, and its name. An error is for a zone that
// this program does not know: it counts as unknown.
func (q Quiet) Place(zone string) (quiet.Place, string, error) {
	unknown := q.Zone
	if unknown == nil {
		unknown = time.UTC
	}
	if zone == "" {
		zone = unknown.String()
	}
	place, err := quiet.Find(zone, unknown)
	return place, zone, err
}

// korea is where advertising by night needs a consent of its own.
const korea = "Asia/Seoul"

// Of returns the quiet hours of a call on a channel at a place. They are the
// installation's and the call's together, so that a call is never laxer, unless
// the installation lets it. What asks for money counts as advertising, which in
// Korea goes to nobody at night who has not agreed to just that (Network Act
// art. 50(3); email is excepted by its decree): consents do not say so, hence it
// waits, whatever is set.
func (q Quiet) Of(c *templates.Call, ch address.Channel, place quiet.Place) quiet.Hours {
	var hours quiet.Hours
	own, has := c.Quiet[ch]
	if !has || !q.Laxer {
		hours = append(hours, q.Hours[ch])
	}
	if has {
		hours = append(hours, own)
	}
	if c.Class == templates.Fundraising && ch != address.Email {
		for _, z := range place {
			if z.String() == korea {
				hours = append(hours, quiet.Law())
			}
		}
	}
	return hours
}

// sleepless is how long a batch waits whose place never wakes by the hours set:
// somebody may change them.
const sleepless = 24 * time.Hour

// A night is what a batch knows of the quiet hours of its contacts.
type night struct {
	hours  quiet.Hours
	place  quiet.Place
	name   string    // the place's
	asleep bool      // from looked up to until
	looked time.Time // when that was found out
	until  time.Time
}

// night looks up where the batch's contacts are. A rehearsal reaches nobody and
// sleeps never.
func (b *batch) night() *night {
	if b.call.Rehearsal {
		return &night{}
	}
	q := b.w.cfg.Quiet
	place, name, err := q.Place(b.work.Zone)
	if err != nil {
		b.w.log.Warn("a batch goes by the time of contacts of whom nothing is known", "call", b.lease.Call, "batch", b.lease.Work, "error", err)
	}
	return &night{hours: q.Of(b.call.text, b.work.Channel, place), place: place, name: name}
}

// at reports whether quiet hours hold now, and until when.
func (n *night) at(now time.Time) (asleep bool, until time.Time) {
	if n.hours.None() {
		return false, time.Time{}
	}
	if now.Before(n.looked) || !now.Before(n.until) {
		n.looked = now
		if n.asleep, n.until = n.hours.At(now, n.place); n.until.IsZero() {
			n.until = now.Add(sleepless)
		}
	}
	return n.asleep, n.until
}

// awake returns t, or when the place wakes if it sleeps then.
func (n *night) awake(t time.Time) time.Time {
	asleep, until := n.hours.At(t, n.place)
	switch {
	case !asleep:
		return t
	case until.IsZero():
		return t.Add(sleepless)
	}
	return until
}

// goOn reports whether the next message of a claimed group may begin.
func (b *batch) goOn() bool {
	if !b.w.alive() {
		return false
	}
	asleep, _ := b.quiet.at(b.w.clk.Now())
	return !asleep
}

// sleep puts the batch back until its contacts wake.
func (b *batch) sleep(ctx context.Context, until time.Time) error {
	return b.w.persist(ctx, func(ctx context.Context) error {
		return b.w.ledger.Sleep(ctx, b.lease, b.work, broadcast.Sleep{Channel: b.work.Channel, Place: b.quiet.name, Until: until})
	})
}
