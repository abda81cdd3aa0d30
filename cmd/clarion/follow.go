package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web/desk"
)

// refreshEvery is how often progress is drawn.
const refreshEvery = 200 * time.Millisecond

// follow shows a call's progress, a bar a channel with rate and time to go,
// until the call ends. Without a terminal it writes a line now and then.
func (a *app) follow(ctx context.Context, id broadcast.ID) error {
	draw := a.lines(id)
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bars := newBars(f)
		defer bars.close()
		draw = bars.draw
	}
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		r, err := a.desk.Status(ctx, id)
		if err != nil {
			return err
		}
		draw(r)
		if r.State == broadcast.Done || r.State == broadcast.Stopped {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the call goes on without this command (clarion call status %s): %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

// lines draws progress as lines of text.
func (a *app) lines(id broadcast.ID) func(*desk.StatusReport) {
	const every = 5 * time.Second
	last, said := time.Time{}, ""
	return func(r *desk.StatusReport) {
		if time.Since(last) < every {
			return
		}
		text := fmt.Sprintf("call %s %s:", id, r.State)
		if note := r.Why(spoken()); note != "" {
			text = fmt.Sprintf("call %s %s (%s):", id, r.State, note)
		}
		for _, ch := range address.Channels {
			if s, ok := r.Channels[ch.String()]; ok {
				text += fmt.Sprintf(" %s %d of %d", ch, s.Total-s.Waiting(), s.Total)
			}
		}
		if text != said {
			last, said = time.Now(), text
			a.tell("%s", text)
		}
	}
}

// bars draws progress on a terminal.
type bars struct {
	progress *mpb.Progress
	bar      map[string]*mpb.Bar
	latest   atomic.Pointer[desk.StatusReport] // the drawing goroutine reads it
}

func newBars(w io.Writer) *bars {
	return &bars{progress: mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(refreshEvery)), bar: map[string]*mpb.Bar{}}
}

func (b *bars) draw(r *desk.StatusReport) {
	b.latest.Store(r)
	for _, ch := range address.Channels {
		s, ok := r.Channels[ch.String()]
		if !ok || s.Total == 0 {
			continue
		}
		bar := b.bar[ch.String()]
		if bar == nil {
			bar = b.progress.AddBar(int64(s.Total),
				mpb.PrependDecorators(decor.Name(ch.String(), decor.WC{W: 6, C: decor.DindentRight}), decor.CountersNoUnit("%d / %d", decor.WCSyncSpace)),
				mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return rate(b.latest.Load(), ch) }, decor.WCSyncSpace)))
			b.bar[ch.String()] = bar
		}
		bar.SetCurrent(int64(s.Total - s.Waiting()))
	}
}

// rate says how fast a channel goes and how long it will take.
func rate(r *desk.StatusReport, ch address.Channel) string {
	s := r.Channels[ch.String()]
	text := fmt.Sprintf("%.0f/s", s.RatePerSecond)
	if r.State == broadcast.Paused {
		return text + ", paused " + r.Why(spoken())
	}
	left := s.States[broadcast.Pending.String()] + s.States[broadcast.Sending.String()]
	if left > 0 && s.RatePerSecond > 0 {
		text += ", " + time.Duration(float64(left)/s.RatePerSecond*float64(time.Second)).Round(time.Second).String() + " to go"
	}
	if n := s.States[broadcast.Deferred.String()]; n > 0 {
		text += fmt.Sprintf(", %d waiting to be tried again", n)
	}
	return text
}

func (b *bars) close() {
	for _, bar := range b.bar {
		bar.Abort(false)
	}
	b.progress.Wait()
}
