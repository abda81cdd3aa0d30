package desk

import (
	"fmt"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/templates"
)

// quietProblems names quiet hours of a call that are shorter than they may be, or
// leave no time to send in.
func (d *Desk) quietProblems(draft *Draft) []conf.Problem {
	q := d.Quiet
	var out []conf.Problem
	for _, ch := range address.Channels {
		own, has := draft.Text.Quiet[ch]
		if !has {
			continue
		}
		tell := func(format string, args ...any) {
			out = append(out, conf.Problem{File: templates.CallFile, Line: draft.line("quiet", ch.String(), "from"), Message: fmt.Sprintf(format, args...)})
		}
		if span := q.Hours[ch]; !q.Laxer && !own.Covers(span) {
			tell("quiet.%s is %s, which leaves open some of the %s that %s asks for: a call may have longer quiet hours, not shorter ones", ch, own, span, d.Settings)
		} else if place, _, _ := q.Place(""); !q.Of(draft.Text, ch, place).Open() {
			tell("quiet.%s is %s: with the other quiet hours that hold for the call, no message would ever go", ch, own)
		}
	}
	return out
}
