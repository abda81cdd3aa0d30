package petition

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// An Audit is a recount of all signatures and sheets, held against the counters.
type Audit struct {
	Signatures  int      `json:"signatures"`  // that were ever made
	Sheets      int      `json:"sheets"`      // that were ever issued
	Certain     int      `json:"certain"`     // signatures that count in "at least", before groups
	Purged      bool     `json:"purged"`      // the names are gone, and with them what could tell which are alike
	Differences []string `json:"differences"` // what does not agree, in sentences; empty when all does
}

// OK reports whether all agrees.
func (a *Audit) OK() bool { return len(a.Differences) == 0 }

// mostDifferences are told: more of them say no more.
const mostDifferences = 50

// A recount is what an audit counts.
type recount struct {
	Audit
	counts, days, signed map[string]int
	groups               map[string]map[Way]int // by keyed hash
}

func newRecount() *recount {
	return &recount{Audit: Audit{Differences: []string{}}, counts: map[string]int{}, days: map[string]int{}, signed: map[string]int{}, groups: map[string]map[Way]int{}}
}

func (a *recount) differ(format string, args ...any) {
	if len(a.Differences) < mostDifferences {
		a.Differences = append(a.Differences, fmt.Sprintf(format, args...))
	}
}

// signature counts one, as weigh in lua/common.lua does.
func (a *recount) signature(s *Signature, group string) {
	a.Signatures++
	what := "unconfirmed"
	switch {
	case s.Withdrawn:
		what = "withdrawn"
	case s.Invalid:
		what = "invalid"
	case s.Confirmed:
		what = "confirmed"
	}
	a.counts[what+":"+string(s.Way)]++
	if what == "invalid" {
		a.counts[fmt.Sprintf("bulk:%d", s.Bulk)]++
	}
	if !s.Certain() {
		return
	}
	a.Certain++
	a.counts[fmt.Sprintf("stage:%d", s.Stage)]++
	a.counts["region:"+s.Region]++
	a.days[s.Day+" "+string(s.Way)]++
	if s.Volunteer > 0 {
		a.signed[strconv.FormatUint(uint64(s.Volunteer), 10)]++
	}
	if a.groups[group] == nil {
		a.groups[group] = map[Way]int{}
	}
	a.groups[group][s.Way]++
}

// sheet counts one, which must have the number that comes next.
func (a *recount) sheet(s *Sheet, number uint32) {
	a.Sheets++
	if s.Number != number {
		a.differ("sheet %d stands where sheet %d should", s.Number, number)
	}
	s.weigh(a.counts, 1)
}

// grouped counts what stands in groups.
func (a *recount) grouped() {
	for _, by := range a.groups {
		total := 0
		for _, n := range by {
			total += n
		}
		a.counts["groups"]++
		if total > 1 {
			for way, n := range by {
				a.counts["alike:"+string(way)] += n
			}
		}
	}
}

// groupText is a group as lua/common.lua keeps it.
func groupText(by map[Way]int) string {
	var parts []string
	for way, n := range by {
		parts = append(parts, fmt.Sprintf("%s=%d", way, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// compare holds counters against the recount.
func (a *recount) compare(of string, kept map[string]string, counted map[string]int) {
	fields := map[string]bool{}
	for f := range kept {
		fields[f] = true
	}
	for f := range counted {
		fields[f] = true
	}
	for _, f := range slices.Sorted(maps.Keys(fields)) {
		if a.Purged && (f == "groups" || strings.HasPrefix(f, "alike:")) {
			continue
		}
		text := kept[f]
		if text == "" {
			text = "0"
		}
		if text != strconv.Itoa(counted[f]) {
			a.differ("the counter %s of %s says %s, the signatures say %d", f, of, text, counted[f])
		}
	}
}
