package worker

import (
	"context"
	"errors"
	"slices"

	"clarion/worker/gateway"
)

// SendOne sends one message outside of any call, through the first gateway of its
// channel that takes it, in their order, a standby last. The error is a
// *gateway.Error: of a kind that will not change when all refuse it for good.
func SendOne(ctx context.Context, gates []Gate, m gateway.Message) error {
	ch := m.To.Channel()
	gates = slices.DeleteFunc(slices.Clone(gates), func(g Gate) bool { return g.Channel != ch || g.Rehearsal })
	slices.SortStableFunc(gates, func(a, b Gate) int { return flag(a.Standby) - flag(b.Standby) })
	var last *gateway.Error
	for _, g := range gates {
		_, err := g.Gateway.Send(ctx, m)
		if err == nil {
			return nil
		}
		e := gateway.Classify(err, true)
		if e.Kind == gateway.Indeterminate {
			return e // it may have gone: no other is asked
		}
		if last == nil || verdicts[e.Kind].retry {
			last = e // one that may take it later outweighs one that never will
		}
	}
	if last == nil {
		return &gateway.Error{Kind: gateway.Misconfigured, Reason: gateway.OtherReason, Err: errors.New("no gateway takes " + ch.String())}
	}
	return last
}

// ForGood reports whether a failure will be the same however often it is tried.
func ForGood(err error) bool {
	e := gateway.Classify(err, true)
	return e != nil && !verdicts[e.Kind].retry && e.Kind != gateway.Indeterminate
}

// Uncertain reports whether a message may have gone although sending it failed.
func Uncertain(err error) bool {
	e := gateway.Classify(err, true)
	return e != nil && e.Kind == gateway.Indeterminate
}
