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
	if c.Note == broadcast.NoteOverridden {
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
		if why == "" {
			continue
		}
		s.w.log.Warn("a call pauses itself", "call", c.ID, "why", why)
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

// passed says which of its limits a channel has passed, "" while it is at none or at
// most at one.
func passed(ch address.Channel, n broadcast.Counts, complained int, limits templates.Limits) string {
	ended := n[broadcast.Sent] + n[broadcast.Delivered] + n[broadcast.Bounced]
	if ended < max(limits.After, 1) {
		return ""
	}
	if share := float64(n[broadcast.Bounced]) / float64(ended); limits.HardBounces > 0 && share > limits.HardBounces {
		return fmt.Sprintf("%s: %.1f %% of %d messages bounced for good, the call's limit is %.1f %%", ch, 100*share, ended, 100*limits.HardBounces)
	}
	if share := float64(complained) / float64(ended); limits.Complaints > 0 && share > limits.Complaints {
		return fmt.Sprintf("%s: %.2f %% of %d messages were complained about, the call's limit is %.2f %%", ch, 100*share, ended, 100*limits.Complaints)
	}
	return ""
}
