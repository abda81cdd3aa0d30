package main

import (
	"time"

	"clarion/internal/quiet"
	"clarion/lists/address"
	"clarion/worker"
)

// A quietConf is the section [quiet] of clarion.toml.
type quietConf struct {
	Zone  string     `toml:"zone"`
	Laxer bool       `toml:"laxer"`
	Email quiet.Span `toml:"email"`
	SMS   quiet.Span `toml:"sms"`
	Fax   quiet.Span `toml:"fax"`
}

func (q quietConf) spans() map[address.Channel]quiet.Span {
	return map[address.Channel]quiet.Span{address.Email: q.Email, address.SMS: q.SMS, address.Fax: q.Fax}
}

// rules are the quiet hours as the worker takes them; the zone has been checked.
func (q quietConf) rules() worker.Quiet {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		zone = time.UTC
	}
	return worker.Quiet{Hours: q.spans(), Zone: zone, Laxer: q.Laxer}
}

// lawful are the channels for which the law asks for quiet hours; mail wakes nobody.
func lawful(ch address.Channel) bool { return ch != address.Email }

func (c *config) checkQuiet(wrong func(key []string, format string, args ...any)) {
	q := c.Quiet
	if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "" || q.Zone == "Local" {
		wrong([]string{"quiet", "zone"}, `zone is %q: a time zone is right, such as "Asia/Seoul" or "America/New_York"`, q.Zone)
	}
	for _, ch := range address.Channels {
		span := q.spans()[ch]
		if !(quiet.Hours{span}).Open() {
			wrong([]string{"quiet", ch.String()}, "quiet.%s is the whole day: no message would ever go", ch)
		} else if lawful(ch) && !q.Laxer && !span.Covers(quiet.Law()) {
			wrong([]string{"quiet", ch.String(), "from"}, "quiet.%s is %s, which leaves open some of the law's %s: widen it, or set quiet.laxer = true", ch, span, quiet.Law())
		}
	}
}
