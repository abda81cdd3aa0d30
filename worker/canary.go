package worker

import (
	"context"
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/templates"
)

// rehearsalCanary is how long the canary of a rehearsal is watched.
const rehearsalCanary = 2 * time.Second

// sorting is how a call's audience is put into batches.
func (w *Worker) sorting(c *Compiled) broadcast.Sorting {
	s := broadcast.Sorting{Language: c.text.Language, Limited: w.cfg.Lanes.Named}
	if w.cfg.Exchangers != nil {
		s.Systems = w.systems.Of
	}
	if c.text.Canary != nil {
		s.Canary = c.text.Canary.Size
	}
	return s
}

// canary brings the parts of a call on that go first: from when all of one has gone
// it is watched, and when nothing spoke against it the rest follows. Each step is
// one change of the call's record, from which any worker goes on. It pauses the call
// when one has gone badly.
func (s *sweeper) canary(ctx context.Context, c *broadcast.Call) error {
	if len(c.Canary) == 0 {
		return nil
	}
	w := s.w
	now, err := w.ledger.Progress(ctx, c.ID)
	if err != nil || now.State != broadcast.Running {
		return err
	}
	compiled, err := w.calls.get(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("watch the canary: %w", err)
	}
	wanted := compiled.text.Canary
	if wanted == nil {
		return fmt.Errorf("watch the canary of call %s: its texts ask for none", c.ID)
	}
	follow := true // nothing more is held
	free := false  // some of a channel that has passed is not planned yet
	for _, ch := range address.Channels {
		state, ok := now.Canary[ch]
		if !ok {
			continue
		}
		if state.Phase == broadcast.CanaryPassed {
			free = free || now.Unplan[ch] > 0
			continue
		}
		follow = false
		if why := badly(now, ch, state.Size, wanted); why != (broadcast.Note{}) {
			w.log.Warn("a call pauses itself", "call", c.ID, "why", why.Sentence("en"))
			return lateToPause(w.ledger.Pause(ctx, c.ID, why))
		}
		switch {
		case state.Phase == broadcast.CanarySending && gone(now, ch, state.Size):
			wait := wanted.Wait
			if c.Rehearsal {
				wait = min(wait, rehearsalCanary)
			}
			err = w.ledger.WatchCanary(ctx, c.ID, ch, w.clk.Now().Add(wait))
		case state.Phase == broadcast.CanaryWatching && !w.clk.Now().Before(state.Until):
			err = w.ledger.PassCanary(ctx, c.ID, ch)
		}
		if err != nil {
			return err
		}
	}
	if follow || free {
		return w.ledger.Unpark(ctx, c.ID)
	}
	return nil
}

// gone reports whether a canary has gone: each of it was tried once, apart from
// those who sleep, and at least half of it was.
func gone(p *broadcast.Progress, ch address.Channel, size int) bool {
	counts := p.Channels[ch]
	waits, sending := counts[broadcast.Pending]-p.Unplan[ch], counts[broadcast.Sending]
	asleep := 0
	for _, s := range p.Asleep {
		if s.Channel == ch {
			asleep += s.Count
		}
	}
	planned := counts.Sum() - p.Unplan[ch]
	return planned >= size && sending == 0 && waits <= asleep && 2*waits <= size
}

// badly says what speaks against a canary, the zero value while nothing does. Its
// shares are of all of it, so that they only rise, and one is passed by the first
// message too many.
func badly(p *broadcast.Progress, ch address.Channel, size int, c *templates.Canary) broadcast.Note {
	counts := p.Channels[ch]
	for _, why := range []broadcast.Note{
		{Cause: broadcast.TooManyBounced, N: counts[broadcast.Bounced], Limit: c.HardBounces},
		{Cause: broadcast.TooManyComplained, N: p.Flags[ch][broadcast.Complained], Limit: c.Complaints},
		{Cause: broadcast.TooManyFailed, N: counts[broadcast.Failed] + counts[broadcast.Rejected], Limit: c.Failures},
	} {
		if why.Limit > 0 && float64(why.N)/float64(size) > why.Limit {
			why.Canary, why.Channel, why.Of = true, ch, size
			return why
		}
	}
	return broadcast.Note{}
}
