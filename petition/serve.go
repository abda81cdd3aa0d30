package petition

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// nightEvery is how often a process looks whether a day has ended.
const nightEvery = time.Minute

// Nightly publishes the root of yesterday, unless that was done, and does the rest of
// what somebody began and was killed at. Any process may, as often as it likes.
func (r *Roll) Nightly(ctx context.Context) error {
	now := r.clk.Now()
	if now.Before(r.Opens) {
		return nil
	}
	err := r.finishAll(ctx)
	if yesterday := r.Day(now.In(r.Zone).AddDate(0, 0, -1)); err == nil && yesterday >= r.Day(r.Opens) {
		_, err = r.Publish(ctx, yesterday)
	}
	if errors.Is(err, ErrPurged) || errors.Is(err, errPast) {
		return nil // the last root stands
	}
	return err
}

// Serve does Nightly until ctx ends.
func (r *Roll) Serve(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(nightEvery)
	defer tick.Stop()
	for {
		if err := r.Nightly(ctx); err != nil && ctx.Err() == nil {
			log.Warn("the petition's root was not published; it will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
