package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/lists"
)

// ManyAction is what is done to each of many addresses.
type ManyAction string

// What can be done to many addresses.
const (
	ManyCheck    ManyAction = "check"    // say whether they are suppressed, and why
	ManySuppress ManyAction = "suppress" // keep them from being written to
	ManyFree     ManyAction = "free"     // let them be written to again
)

// maxAddresses is how many are taken at once: each is a step of its own.
const maxAddresses = 10_000

// A ManyResult is what became of many addresses.
type ManyResult struct {
	Read    int   // addresses that could be read
	Changed int   // of these, newly suppressed, or freed
	Kept    int   // of these, not freed: the people themselves have asked for it
	Unread  []int // lines that hold no address, from 1
	Found   []SuppressionLine
}

// Many does to all addresses of a text, one a line, what action says. The filter's
// channel narrows it, and so does its reason, which is that of a suppression that is
// set. Who said stop or complained is freed only where the filter names that reason:
// never by the way. Lines that hold no address are told by number. note comes first.
func (d *Desk) Many(ctx context.Context, text string, f lists.SuppressionFilter, action ManyAction, note Note) (*ManyResult, error) {
	var lines []Line
	for i, line := range strings.Split(strings.TrimRight(text, "\r\n"), "\n") {
		lines = append(lines, Line{i + 1, line})
	}
	return d.ManyLines(ctx, lines, f, action, note)
}

// ManyLines is Many for addresses that stand in lines, as AddressLines reads them.
func (d *Desk) ManyLines(ctx context.Context, lines []Line, f lists.SuppressionFilter, action ManyAction, note Note) (*ManyResult, error) {
	if len(lines) > maxAddresses {
		return nil, Mistake("these are %s lines: %s at once are taken", Number(len(lines)), Number(maxAddresses))
	}
	did, ok := map[ManyAction]audit.Action{ManyCheck: "", ManySuppress: audit.Suppressed, ManyFree: audit.Freed}[action]
	if !ok {
		return nil, Mistake("%q is nothing that can be done to addresses", action)
	}
	if action == ManySuppress && f.Reason == 0 {
		f.Reason = lists.Blocked
	}
	if did != "" {
		if err := note(did, "address", map[string]string{"lines": strconv.Itoa(len(lines))}); err != nil {
			return nil, err
		}
	}
	out := &ManyResult{}
	for _, one := range lines {
		line := strings.TrimSpace(one.Text)
		if line == "" {
			continue
		}
		if _, err := ReadAddress(line, d.Links.Region, f.Channel); err != nil {
			out.Unread = append(out.Unread, one.Number)
			continue
		}
		out.Read++
		_, found, err := d.SuppressionsOf(ctx, line, f)
		switch {
		case err != nil:
			return nil, err
		case action == ManyFree && len(found) > 0:
			found, err = d.free(ctx, line, f, found, out)
		case action == ManySuppress:
			found, err = d.Suppress(ctx, line, f.Channel, lists.Suppression{Reason: f.Reason, Source: "staff"})
			for _, l := range found {
				if l.Fresh != nil && *l.Fresh {
					out.Changed++
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
		out.Found = append(out.Found, found...)
	}
	return out, nil
}

// free takes back what was found of one address, and counts it.
func (d *Desk) free(ctx context.Context, line string, f lists.SuppressionFilter, found []SuppressionLine, out *ManyResult) (freed []SuppressionLine, err error) {
	kept := false
	for _, l := range found {
		if f.Reason == 0 && l.Asked() {
			kept = true
			continue
		}
		one, err := d.Restore(ctx, line, lists.SuppressionFilter{Channel: l.Kind, Reason: l.Reason})
		if err != nil {
			return nil, err
		}
		freed = append(freed, one...)
	}
	if len(freed) > 0 {
		out.Changed++
	}
	if kept {
		out.Kept++
	}
	return freed, nil
}

// SuppressedCounts are how many contacts must not be written to on a channel for a
// reason, channels and reasons in their order.
func (d *Desk) SuppressedCounts(ctx context.Context) ([]lists.LeftOut, error) {
	counts, err := d.People.SuppressedCounts(ctx)
	if err != nil {
		return nil, err
	}
	var out []lists.LeftOut
	for ch, by := range counts {
		for reason, n := range by {
			if n > 0 {
				out = append(out, lists.LeftOut{Channel: ch, Reason: reason.String(), Count: n})
			}
		}
	}
	slices.SortFunc(out, func(a, b lists.LeftOut) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return out, nil
}
