package broadcast

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// A Sleep is a part of a call that waits for the quiet hours of a place to end.
type Sleep struct {
	Channel address.Channel
	Place   string // time zones, joined by commas
	Until   time.Time
	Count   int // deliveries
}

func (s Sleep) field() string {
	return s.Channel.String() + "|" + strconv.FormatInt(s.Until.UnixMilli(), 10) + "|" + s.Place
}

func parseSleep(field, count string) (Sleep, error) {
	ch, rest, _ := strings.Cut(field, "|")
	until, place, _ := strings.Cut(rest, "|")
	channel, err := address.ParseChannel(ch)
	ms, err2 := strconv.ParseInt(until, 10, 64)
	n, err3 := strconv.Atoi(count)
	return Sleep{channel, place, time.UnixMilli(ms).UTC(), n}, errors.Join(err, err2, err3)
}

// Sleep puts a work back, under the next fence, until the quiet hours of its
// contacts end, and counts who waits. It does nothing when the work is not the
// worker's any more.
func (l *Ledger) Sleep(ctx context.Context, lease Lease, w *Work, s Sleep) error {
	open, err := l.Unclaimed(ctx, lease.Call, w)
	if err != nil {
		return err
	}
	s.Until = s.Until.Add(time.Millisecond - 1).Truncate(time.Millisecond) // not before
	n := 0
	for _, is := range open {
		if is {
			n++
		}
	}
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyOwn.Name(lease.Call), keyLater.Name(lease.Call), keyAsleep.Name(lease.Call)}
	args := []any{lease.Work, lease.Fence, lease.owner(), lease.Fence + 1, s.Until.UnixMilli(), s.field(), n}
	if err := l.lua.release.Run(ctx, l.rdb, keys, args...).Err(); err != nil {
		return fmt.Errorf("put batch %s/%d to sleep: %w", lease.Call, lease.Work, err)
	}
	return nil
}

// Asleep lists what of a call waits for quiet hours to end, the first to wake first.
func (l *Ledger) Asleep(ctx context.Context, call ID) ([]Sleep, error) {
	pipe := l.rdb.Pipeline()
	asleep := l.queueAsleep(ctx, pipe, call)
	_, _ = pipe.Exec(ctx) // the command says itself what went wrong
	return asleep()
}

// queueAsleep adds what Asleep reads to pipe; the answer is there once pipe has run.
func (l *Ledger) queueAsleep(ctx context.Context, pipe redis.Pipeliner, call ID) func() ([]Sleep, error) {
	cmd := pipe.HGetAll(ctx, keyAsleep.Name(call))
	return func() ([]Sleep, error) {
		m, err := cmd.Result()
		if err != nil {
			return nil, fmt.Errorf("read what of %s sleeps: %w", call, err)
		}
		all, err := parseSleeps(call, m)
		now := l.clk.Now()
		all = slices.DeleteFunc(all, func(s Sleep) bool { return !s.Until.After(now) || s.Count == 0 })
		slices.SortFunc(all, func(a, b Sleep) int {
			return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.field(), b.field()))
		})
		return all, err
	}
}

func parseSleeps(call ID, m map[string]string) ([]Sleep, error) {
	out := make([]Sleep, 0, len(m))
	for field, count := range m {
		s, err := parseSleep(field, count)
		if err != nil {
			return nil, fmt.Errorf("read what of %s sleeps: %w", call, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// wake forgets the counts of who has slept out. All works that wait for one time
// are taken up together, so that a count ends as a whole.
func (l *Ledger) wake(ctx context.Context, call ID, now time.Time) error {
	m, err := l.rdb.HGetAll(ctx, keyAsleep.Name(call)).Result()
	if err != nil {
		return fmt.Errorf("wake what of %s sleeps: %w", call, err)
	}
	all, err := parseSleeps(call, m)
	if err != nil {
		return err
	}
	var over []string
	for _, s := range all {
		if !s.Until.After(now) {
			over = append(over, s.field())
		}
	}
	if len(over) == 0 {
		return nil
	}
	if err := l.rdb.HDel(ctx, keyAsleep.Name(call), over...).Err(); err != nil {
		return fmt.Errorf("wake what of %s sleeps: %w", call, err)
	}
	return nil
}
