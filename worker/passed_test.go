package worker

import (
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/templates"
)

func TestLimitsAtTheirBorders(t *testing.T) {
	t.Parallel()
	limits := templates.Limits{HardBounces: 0.05, Complaints: 0.002, After: 200}
	for _, c := range []struct {
		sent, delivered, bounced, complained int
		limits                               templates.Limits
		want                                 string
	}{
		{190, 0, 10, 0, limits, ""}, // just at it
		{189, 0, 11, 0, limits, "sms: 5.5 % of 200 messages bounced for good, the call's limit is 5.0 %"},
		{0, 189, 11, 0, limits, "sms: 5.5 % of 200 messages bounced for good, the call's limit is 5.0 %"},
		{0, 0, 199, 0, limits, ""}, // too few to say
		{99_800, 0, 0, 199, limits, ""},
		{100_000, 0, 0, 200, limits, ""},
		{100_000, 0, 0, 201, limits, "sms: 0.20 % of 100000 messages were complained about, the call's limit is 0.20 %"},
		{1, 0, 0, 0, templates.Limits{HardBounces: 0.05, Complaints: 0.002}, ""},
		{0, 0, 0, 0, templates.Limits{HardBounces: 0.05, Complaints: 0.002}, ""},
		{0, 0, 200, 200, templates.Limits{}, ""},
	} {
		n := broadcast.Counts{broadcast.Sent: c.sent, broadcast.Delivered: c.delivered, broadcast.Bounced: c.bounced}
		if got := passed(address.SMS, n, c.complained, c.limits).Sentence("en"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestCanaryAtItsLimits(t *testing.T) {
	t.Parallel()
	canary := &templates.Canary{HardBounces: 0.1, Complaints: 0.05, Failures: 0.2}
	for _, c := range []struct {
		n          broadcast.Counts
		complained int
		want       string
	}{
		{broadcast.Counts{broadcast.Bounced: 4, broadcast.Failed: 5, broadcast.Rejected: 3}, 2, ""},
		{broadcast.Counts{broadcast.Bounced: 5}, 0, "canary, email: 5 of the 40 messages that went first bounced for good, more than 10.00 %"},
		{broadcast.Counts{broadcast.Sent: 40}, 3, "3 of the 40 messages that went first were complained about, more than 5.00 %"},
		{broadcast.Counts{broadcast.Failed: 5, broadcast.Rejected: 4}, 0, "9 of the 40 messages that went first were refused or given up, more than 20.00 %"},
	} {
		p := &broadcast.Progress{Counters: &broadcast.Counters{Channels: map[address.Channel]broadcast.Counts{address.Email: c.n},
			Flags: map[address.Channel]map[broadcast.Flag]int{address.Email: {broadcast.Complained: c.complained}}}}
		if got := badly(p, address.Email, 40, canary).Sentence("en"); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
