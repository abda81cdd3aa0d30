package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
)

// snapshot reads how all stands. It reads counters, and scans nothing.
func (w *Watcher) snapshot(ctx context.Context) (s Snapshot, err error) {
	s = Snapshot{At: w.parts.Clock.Now(), Zone: w.parts.Zone, Gates: w.parts.Gates}
	if s.Calls, err = w.calls(ctx, s.At); err != nil {
		return s, err
	}
	if s.Queues, err = w.queues(ctx); err != nil {
		return s, err
	}
	if w.parts.Reply != nil {
		if s.Reply, err = w.parts.Reply(ctx); err != nil {
			return s, err
		}
	}
	s.Redis, err = w.parts.Figures(ctx)
	return s, err
}

// Calls that have ended are looked at too, since most bounces and complaints come
// after the last message has left.
const (
	newest    = 10 // of all calls, beside the active ones
	comesBack = 24 * time.Hour
)

func (w *Watcher) calls(ctx context.Context, now time.Time) ([]Call, error) {
	ids, err := w.parts.Ledger.Active(ctx)
	if err != nil {
		return nil, err
	}
	all, err := w.parts.Ledger.Calls(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range all[:min(len(all), newest)] {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	backlogs, err := w.parts.Ledger.Backlogs(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []Call
	for i, id := range ids {
		b, err := worker.BoardOf(ctx, w.parts.Redis, w.parts.Clock, w.parts.Ledger, id, nil)
		if errors.Is(err, broadcast.ErrNoCall) {
			continue // it was deleted meanwhile
		} else if err != nil {
			return nil, err
		}
		if b.Rehearsal || !b.Finished.IsZero() && now.Sub(b.Finished) > comesBack {
			continue
		}
		c := Call{Board: b, Backlog: backlogs[i]}
		if c.Ends, err = w.ends(ctx, c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	w.window.pass(out, now)
	return out, nil
}

// ends is when a call's last attempt may begin.
func (w *Watcher) ends(ctx context.Context, c Call) (time.Time, error) {
	if !c.Call.Ends.IsZero() || c.Started.IsZero() {
		return c.Call.Ends, nil
	}
	span, known := w.window.spans[c.ID]
	if !known {
		files, err := w.parts.Ledger.Files(ctx, c.ID)
		if err != nil {
			return time.Time{}, err
		}
		text, problems := templates.Parse(files)
		if len(problems) > 0 {
			return time.Time{}, fmt.Errorf("read the texts of call %s: %s", c.ID, problems[0])
		}
		span = text.EndsAfter
		w.window.spans[c.ID] = span
	}
	return c.Started.Add(span), nil
}

func (w *Watcher) queues(ctx context.Context) ([]Queue, error) {
	states, err := w.parts.Queue.States()
	if err != nil {
		return nil, err
	}
	serve, err := worker.Alive(ctx, w.parts.Redis)
	if err != nil {
		return nil, err
	}
	out := make([]Queue, len(states))
	for i, q := range states {
		ch, err := address.ParseChannel(strings.TrimSuffix(q.Name, "-again"))
		out[i] = Queue{q, err == nil && serve[ch] || err != nil && len(serve) > 0}
	}
	return out, nil
}

// A window remembers the counters of running calls from one look to the next, as
// far back as what counts as lately. A watcher that begins knows nothing of before,
// but that a call had sent nothing before it started.
type window struct {
	span  time.Duration
	past  map[broadcast.ID][]sample
	spans map[broadcast.ID]time.Duration // for how long after its start a call sends
}

type sample struct {
	at time.Time
	of map[address.Channel]Tally
}

func newWindow(span time.Duration) window {
	return window{span, map[broadcast.ID][]sample{}, map[broadcast.ID]time.Duration{}}
}

// pass gives each call its counters of when the window began, and remembers those
// of now.
func (w *window) pass(calls []Call, now time.Time) {
	seen := map[broadcast.ID]bool{}
	for i := range calls {
		c := &calls[i]
		seen[c.ID] = true
		s := sample{now, map[address.Channel]Tally{}}
		for _, ch := range address.Channels {
			s.of[ch] = c.tally(ch)
		}
		past := w.past[c.ID]
		if len(past) == 0 && now.Sub(c.Started) < w.span {
			past = []sample{{at: c.Started}}
		}
		for len(past) > 1 && now.Sub(past[1].at) >= w.span {
			past = past[1:]
		}
		// One sample in a twentieth of the window is enough.
		if len(past) == 0 || now.Sub(past[len(past)-1].at) >= w.span/20 {
			past = append(past, s)
		}
		w.past[c.ID], c.Before = past, past[0].of
	}
	for id := range w.past {
		if !seen[id] {
			delete(w.past, id)
			delete(w.spans, id)
		}
	}
}
