package templates

import (
	"math"
	"slices"
	"time"

	"clarion/lists/address"
)

// What a canary has unless call.toml says otherwise.
const (
	DefaultCanaryWait     = 30 * time.Minute
	DefaultCanaryFailures = 0.1
)

// A Canary is the small part of a call that goes first and is watched for a while,
// before the rest follows. Its limits are shares (0 to 1) of that part.
type Canary struct {
	Share       float64                 // of the audience of each channel that Count does not name; 0: none
	Count       map[address.Channel]int // messages
	Wait        time.Duration           // how long it is watched, from when all of it has gone
	HardBounces float64
	Complaints  float64
	Failures    float64 // refused, or given up
}

// Size returns how many of a channel's audience of n go first; 0 when there is no
// canary, or when nobody would be left to follow.
func (c *Canary) Size(ch address.Channel, n int) int {
	if c == nil {
		return 0
	}
	size, ok := c.Count[ch]
	if !ok {
		size = int(math.Ceil(c.Share * float64(n)))
	}
	if size >= n {
		return 0
	}
	return size
}

// canary takes the section [canary]; a call without it has none.
func (p *parser) canary(d *document) {
	s := d.Canary
	if s == nil {
		return
	}
	c := &Canary{Count: map[address.Channel]int{}, Wait: DefaultCanaryWait, HardBounces: DefaultHardBounces, Complaints: DefaultComplaints, Failures: DefaultCanaryFailures}
	for _, v := range []struct {
		key  string
		from *float64
		to   *float64
	}{{"share", s.Share, &c.Share}, {"hard_bounces", s.HardBounces, &c.HardBounces}, {"complaints", s.Complaints, &c.Complaints}, {"failures", s.Failures, &c.Failures}} {
		if v.from == nil {
			continue
		}
		if !(*v.from > 0 && *v.from <= 1) {
			p.tell(at("canary", v.key), "canary.%s is %v: a share from 0 to 1 is right (1 %% is 0.01)", v.key, *v.from)
		}
		*v.to = *v.from
	}
	for _, ch := range address.Channels {
		n := map[address.Channel]*int{address.Email: s.Email, address.SMS: s.SMS, address.Fax: s.Fax}[ch]
		switch {
		case n == nil:
			continue
		case *n < 1:
			p.tell(at("canary", ch.String()), "canary.%s is %d: a number of messages, at least 1", ch, *n)
		case !slices.Contains(p.call.Channels, ch):
			p.tell(at("canary", ch.String()), "canary.%s is set, but channels does not name %s", ch, ch)
		}
		c.Count[ch] = *n
	}
	if s.Share == nil && len(c.Count) == 0 {
		p.tell(at("canary"), "the canary has no size: [canary] needs share = 0.01, or a number of messages for a channel, as email = 500")
	}
	if s.Wait != nil {
		c.Wait = time.Duration(*s.Wait)
		if c.Wait < time.Minute || c.Wait > 7*24*time.Hour {
			p.tell(at("canary", "wait"), `canary.wait is %s: from "1m" to "7d" is right`, *s.Wait)
		}
	}
	p.call.Canary = c
}
