package worker

import (
	"context"
	"errors"
	"fmt"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/templates"
)

// watchLimits pauses a call whose hard bounces or complaints pass its limits. What
// leaves before every worker heeds it is what goes in one look of a sweep, and the
// groups in hand: a claim is refused as soon as the call is paused.
func (s *sweeper) watchLimits(ctx context.Context, c *broadcast.Call) error {
	if c.Note.Cause == broadcast.Overridden {
		return nil
	}
	compiled, err := s.w.calls.get(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("watch the limits: %w", err)
	}
	counters, err := s.w.ledger.Counters(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, ch := range address.Channels {
		why := passed(ch, counters.Channels[ch], counters.Flags[ch][broadcast.Complained], compiled.text.Limits)
		if why == (broadcast.Note{}) {
			continue
		}
		s.w.log.Warn("a call pauses itself", "call", c.ID, "why", why.Sentence("en"))
		return lateToPause(s.w.ledger.Pause(ctx, c.ID, why))
	}
	return nil
}

// lateToPause forgives that another worker paused the call first, or that a person
// paused or stopped it.
func lateToPause(err error) error {
	var other *broadcast.StateError
	if errors.As(err, &other) {
		return nil
	}
	return err
}

// passed says which of its limits a channel has passed, the zero value while it is at
// none or at most at one.
func passed(ch address.Channel, n broadcast.Counts, complained int, limits templates.Limits) broadcast.Note {
	ended := n[broadcast.Sent] + n[broadcast.Delivered] + n[broadcast.Bounced]
	if ended < max(limits.After, 1) {
		return broadcast.Note{}
	}
	for _, why := range []broadcast.Note{
		{Cause: broadcast.TooManyBounced, Channel: ch, N: n[broadcast.Bounced], Of: ended, Limit: limits.HardBounces},
		{Cause: broadcast.TooManyComplained, Channel: ch, N: complained, Of: ended, Limit: limits.Complaints},
	} {
		if why.Limit > 0 && float64(why.N)/float64(why.Of) > why.Limit {
			return why
		}
	}
	return broadcast.Note{}
}
