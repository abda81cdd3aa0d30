package desk

import (
	"cmp"
	"context"
	"slices"

	"clarion/broadcast"
	"clarion/lists/address"
)

// How many calls are set beside each other, how many of those before a call its
// report is held against, and among how many of the newest they are looked for.
const (
	compareMost = 12
	earlierMost = 10
	lookedAt    = 100
)

// A Comparison sets calls beside each other, the oldest first.
type Comparison struct {
	Rehearsals bool // nothing has gone out for good yet: these are rehearsals
	Calls      []*broadcast.Call
	Lines      []ComparedLine
}

// A ComparedLine is a group of people over the calls; of one whose Total is 0 there
// was nobody in that call.
type ComparedLine struct {
	Channel address.Channel
	Name    string
	Rates   []ReportLine
}

// Comparisons are what calls can be compared by.
var Comparisons = [...]string{"channel", "lane", "gateway", "language"}

// Compare sets the newest calls that have begun beside each other by one of
// Comparisons. It reads counters and scans nothing.
func (d *Desk) Compare(ctx context.Context, by, lang string) (*Comparison, error) {
	if !slices.Contains(Comparisons[:], by) {
		return nil, Mistake("calls are compared by channel, lane, gateway or language, not by %q", by)
	}
	all, err := d.begun(ctx)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Rehearsals: !slices.ContainsFunc(all, func(p *broadcast.Progress) bool { return !p.Rehearsal })}
	all = slices.DeleteFunc(all, func(p *broadcast.Progress) bool { return p.Rehearsal != c.Rehearsals })
	all = all[:min(len(all), compareMost)]
	slices.Reverse(all)
	lines := map[[2]string]*ComparedLine{}
	for i, p := range all {
		c.Calls = append(c.Calls, p.Call)
		for _, row := range reportRows(p) {
			if row.By != by {
				continue
			}
			key := [2]string{row.Channel, row.Name}
			if lines[key] == nil {
				ch, _ := address.ParseChannel(row.Channel) // as it was written
				lines[key] = &ComparedLine{ch, newReportLine(row, lang).Name, make([]ReportLine, len(all))}
			}
			lines[key].Rates[i] = newReportLine(row, lang)
		}
	}
	for _, l := range lines {
		c.Lines = append(c.Lines, *l)
	}
	slices.SortFunc(c.Lines, func(a, b ComparedLine) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(b.total(), a.total()), cmp.Compare(a.Name, b.Name))
	})
	return c, nil
}

func (l *ComparedLine) total() (n int) {
	for _, r := range l.Rates {
		n += r.Total
	}
	return n
}

// begun are the newest calls that have begun, the newest first.
func (d *Desk) begun(ctx context.Context) ([]*broadcast.Progress, error) {
	ids, err := d.Ledger.Calls(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.Ledger.Progresses(ctx, ids[:min(len(ids), lookedAt)])
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p *broadcast.Progress) bool { return p.Started.IsZero() })
	slices.SortStableFunc(all, func(a, b *broadcast.Progress) int { return b.Started.Compare(a.Started) })
	return all, nil
}

// A group is the people of a row.
type group struct{ by, channel, name string }

// earlier sums the counters of the calls before one, those of its kind alone:
// rehearsals say nothing of calls. What a call's own report does not tell is not in it.
func (d *Desk) earlier(ctx context.Context, of *broadcast.Progress) (map[group]broadcast.Counts, error) {
	out := map[group]broadcast.Counts{}
	all, err := d.begun(ctx)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, p := range all {
		if p.ID == of.ID || p.Rehearsal != of.Rehearsal || !of.Started.IsZero() && !p.Started.Before(of.Started) || n == earlierMost {
			continue
		}
		n++
		for _, row := range reportRows(p) {
			if !row.Told() {
				continue
			}
			g := group{row.By, row.Channel, row.Name}
			if out[g] == nil {
				out[g] = broadcast.Counts{}
			}
			for state, k := range row.counts {
				out[g][state] += k
			}
		}
	}
	return out, nil
}

// compare holds a row against the calls before.
func (row *ReportRow) compare(earlier map[group]broadcast.Counts) {
	n := earlier[group{row.By, row.Channel, row.Name}]
	if row.By != "reason" && n.Sum() >= fewPeople {
		row.earlier, row.EarlierRate = n, deliveryRate(n)
	}
}
