package e2e_test

import (
	"maps"
	"slices"
	"strings"
)

// What the commands print, as far as it is looked at here (the contract of the
// command line).
type (
	status struct {
		State    string
		Audience int
		Channels map[string]struct {
			Total    int
			States   map[string]int
			OptedOut int `json:"opted_out"`
			Replied  int
		}
		InDoubt int `json:"in_doubt"`
		Lanes   []struct {
			Lane                            string
			Sent, Deferred, Failed, Waiting int
		}
		Waiting []held
	}
	held struct {
		What, Channel, Kind, Reason, Code string
		Seconds                           float64
		Waiting                           int
	}
	check struct {
		Problems []any
		Audience map[string]int
		LeftOut  []leftOut `json:"left_out"`
		Parts    map[string]int
	}
	leftOut struct {
		Channel, Reason string
		Count           int
	}
	launched struct {
		ID string
	}
	audit struct {
		OK          bool
		Audience    int
		States      map[string]int
		Differences []string
	}
	report struct {
		Rows []struct {
			By, Channel, Name string
			Few, Withheld     bool
			Total             int
			States            map[string]int
		}
	}
	delivery struct {
		Call, Channel, State, Reason, Detail string
	}
	contact struct {
		History []delivery
	}
	suppression struct {
		Suppressed     bool
		Reason, Source string
	}
	amnesty struct {
		DryRun                               bool `json:"dry_run"`
		Found, Restored, Deliveries, Offered int
		Reasons, Calls                       map[string]int
		TooLate                              []string `json:"too_late"`
	}
	imported struct {
		Records, Accepted, New, Updated int
		Rejected                        []any
		Encoding                        string
	}
)

// states are the states of the main call's deliveries, by channel.
func (c *crowd) states() map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, channel := range []string{email, sms, fax} {
		all[channel] = map[string]int{}
		for _, p := range c.spots(channel, func(p *spot) bool { return p.left == "" }) {
			all[channel][p.state]++
		}
	}
	return all
}

func statesOf(st status) map[string]map[string]int {
	all := map[string]map[string]int{}
	for name, ch := range st.Channels {
		all[name] = ch.States
	}
	return all
}

// checks has call check say whom a call would reach and whom not.
func (s *site) checks(folder string, c *crowd, call string) {
	t := s.t
	t.Helper()
	left := func(p *spot) string { return p.left }
	channels := []string{email, sms, fax}
	if call == "second" {
		left, channels = func(p *spot) string { return p.next }, []string{email, sms}
	}
	audience := map[string]int{"contacts": 0, email: 0, sms: 0, fax: 0}
	out := map[string]int{}
	for _, p := range c.people {
		reached := 0
		for _, channel := range channels {
			switch spot := p.at(channel); {
			case spot == nil:
				out[channel+" no_address"]++
			case left(spot) != "":
				out[channel+" "+left(spot)]++
			default:
				audience[channel]++
				reached = 1
			}
		}
		audience["contacts"] += reached
	}
	got := ask[check](s, 0, "call", "check", folder)
	if len(got.Problems) > 0 || !maps.Equal(got.Audience, audience) || !maps.Equal(counts(got.LeftOut), out) {
		t.Errorf("call check says %+v, want the audience %v without %v", got, audience, out)
	}
	if got.Parts["sms_segments"] != 2 || call == "main" && got.Parts["fax_pages"] != 1 {
		t.Errorf("call check counts %v", got.Parts)
	}
}

func counts(rows []leftOut) map[string]int {
	all := map[string]int{}
	for _, r := range rows {
		all[strings.TrimSpace(r.Channel+" "+r.Reason)] += r.Count
	}
	return all
}

// recorded asks Clarion what became of the main call: of each address with a
// fate of its own, and of all by reason.
func (s *site) recorded(c *crowd, id string) {
	t := s.t
	t.Helper()
	reasons := map[string]int{}
	for _, channel := range []string{email, sms, fax} {
		for _, p := range c.spots(channel, func(p *spot) bool { return p.left == "" }) {
			if p.reason != "" {
				reasons[channel+" "+p.reason+" "+p.state]++
			}
			if p.reason == "" && p.stop == "" && !strings.Contains(p.address, "grey") {
				continue
			}
			v := ask[contact](s, 0, "contact", "show", p.address)
			at := slices.IndexFunc(v.History, func(d delivery) bool { return d.Call == id && d.Channel == channel })
			if at < 0 {
				t.Errorf("%s has no delivery of the main call", p.address)
			} else if d := v.History[at]; d.State != p.state || d.Reason != p.reason {
				t.Errorf("%s is %s %s, want %s %s", p.address, d.State, d.Reason, p.state, p.reason)
			}
		}
	}
	r := ask[report](s, 0, "call", "report", id)
	said := map[string]int{}
	audience := ask[audit](s, 0, "call", "audit", id).Audience
	totals, few := map[string]int{}, map[string]int{}
	for _, row := range r.Rows {
		totals[row.By] += row.Total
		if row.Few { // four people at most
			few[row.By] += 4
		}
		if row.Withheld { // any number: more of it is not to be had
			few[row.By] = audience
		}
		for state, n := range row.States {
			if row.By == "reason" {
				said[row.Channel+" "+row.Name+" "+state] += n
			}
		}
	}
	if !maps.Equal(said, reasons) {
		t.Errorf("call report has the reasons %v, want %v", said, reasons)
	}
	for _, by := range []string{"channel", "lane", "language"} {
		if n := totals[by]; n > audience || n+few[by] < audience {
			t.Errorf("call report by %s sums to %d of %d", by, n, audience)
		}
	}
	if out, said, code := s.run("call", "report", id); code != 0 || !strings.Contains(out, "What went wrong") {
		t.Errorf("call report ended with status %d: %s%s", code, out, said)
	}
}
