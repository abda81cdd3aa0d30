package broadcast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// collectAtOnce is how many due deliveries one look takes up.
const collectAtOnce = 4 * BatchSize

// Collect makes works of the deliveries that are due (of all that wait, when the
// call is stopping), and returns the works to hand out. Each holds deliveries
// that are alike, so that it can wait, sleep and be counted as a batch is.
func (l *Ledger) Collect(ctx context.Context, call ID, all bool) ([]Lease, error) {
	until := strconv.FormatInt(l.clk.Now().UnixMilli(), 10)
	if all {
		until = "+inf"
	}
	members, err := l.rdb.ZRangeByScore(ctx, keyDue.Name(call), &redis.ZRangeBy{Min: "-inf", Max: until, Count: collectAtOnce}).Result()
	if err != nil {
		return nil, fmt.Errorf("collect due deliveries of %s: %w", call, err)
	}
	if len(members) == 0 {
		return nil, nil
	}
	type header struct {
		channel          address.Channel
		lang, lane, zone string
		small            bool
	}
	type item struct {
		ref     Ref
		contact uint32
	}
	groups := map[header][]item{}
	homes := map[uint32]*Work{}
	for _, m := range members {
		ref, err := parseRef(m)
		if err != nil {
			return nil, fmt.Errorf("collect due deliveries of %s: %w", call, err)
		}
		home, ok := homes[ref.Batch]
		if !ok {
			if home, err = l.Work(ctx, call, ref.Batch); err != nil {
				return nil, err
			}
			homes[ref.Batch] = home
		}
		h := header{home.Channel, home.Lang, home.Lane, home.Zone, home.Small}
		groups[h] = append(groups[h], item{ref, home.Contacts[ref.Index]})
	}
	var out []Lease
	for h, items := range groups {
		slices.SortFunc(items, func(a, b item) int {
			return cmp.Or(cmp.Compare(a.ref.Batch, b.ref.Batch), cmp.Compare(a.ref.Index, b.ref.Index))
		})
		for part := range slices.Chunk(items, batchSize(h.channel, len(items))) {
			w := &Work{Channel: h.channel, Lang: h.lang, Lane: h.lane, Zone: h.zone, Small: h.small}
			for _, it := range part {
				w.Refs = append(w.Refs, it.ref)
				w.Contacts = append(w.Contacts, it.contact)
			}
			lease, ok, err := l.collectWork(ctx, call, w)
			if err != nil {
				return out, err
			}
			if ok {
				out = append(out, lease)
			}
		}
	}
	return out, nil
}

// collectWork stores one work of due deliveries, unless another collector took them all.
func (l *Ledger) collectWork(ctx context.Context, call ID, w *Work) (Lease, bool, error) {
	number, err := l.rdb.HIncrBy(ctx, keyCall.Name(call), "works", 1).Result()
	if err != nil {
		return Lease{}, false, fmt.Errorf("collect due deliveries of %s: %w", call, err)
	}
	w.Number = uint32(number)
	pipe := l.rdb.Pipeline()
	entries := make([]*redis.StringCmd, len(w.Refs))
	for i, r := range w.Refs {
		entries[i] = pipe.GetRange(ctx, keyStates.Name(call, r.Batch), int64(r.Index)*entryBytes, int64(r.Index)*entryBytes+entryBytes-1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return Lease{}, false, fmt.Errorf("collect due deliveries of %s: %w", call, err)
	}
	w.Attempts = make([]uint8, len(w.Refs))
	for i, e := range entries {
		if s := e.Val(); len(s) == entryBytes {
			w.Attempts[i] = s[1]
		}
	}
	states, rs := runs(call, w, 0, w.Len())
	keys := append([]string{keyDue.Name(call), keyOpen.Name(call), keyWork.Name(call, w.Number)}, states...)
	args := []any{w.Number, string(w.encode())}
	for i, r := range rs {
		args = append(args, r.key+4, r.start, w.Refs[i].String(), w.Attempts[i])
	}
	taken, err := l.lua.collect.Run(ctx, l.rdb, keys, args...).Int()
	if err != nil {
		return Lease{}, false, fmt.Errorf("collect due deliveries of %s: %w", call, err)
	}
	return Lease{Call: call, Work: w.Number, Fence: 1}, taken > 0, nil
}

// Waiting returns the works whose waiting time is over, and forgets that they
// waited. One that is lost between here and the queue is found by Idle.
func (l *Ledger) Waiting(ctx context.Context, call ID) ([]Lease, error) {
	now := l.clk.Now()
	until := strconv.FormatInt(now.UnixMilli(), 10)
	works, err := l.rdb.ZRangeByScore(ctx, keyLater.Name(call), &redis.ZRangeBy{Min: "-inf", Max: until}).Result()
	if err != nil || len(works) == 0 {
		return nil, err
	}
	pipe := l.rdb.Pipeline()
	fences := make([]*redis.StringCmd, len(works))
	for i, w := range works {
		fences[i] = pipe.HGet(ctx, keyOpen.Name(call), w)
		pipe.ZRem(ctx, keyLater.Name(call), w)
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return nil, fmt.Errorf("take up waiting batches of %s: %w", call, err)
	}
	if err := l.wake(ctx, call, now); err != nil {
		return nil, err
	}
	var out []Lease
	for i, w := range works {
		n, err := strconv.ParseUint(w, 10, 32)
		fence, err2 := fences[i].Int64()
		if err == nil && err2 == nil {
			out = append(out, Lease{Call: call, Work: uint32(n), Fence: fence})
		}
	}
	return out, nil
}

// TakeUp ends the waiting of a work before its time, if it waits under the lease's
// fence and its call is running: it is the caller's to hand out then. One that is
// lost between here and the queue is found by Idle. Of a work that sleeps it must
// not be asked: those of one time wake together.
func (l *Ledger) TakeUp(ctx context.Context, lease Lease) (bool, error) {
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyLater.Name(lease.Call)}
	n, err := l.lua.takeUp.Run(ctx, l.rdb, keys, lease.Work, lease.Fence).Int()
	if err != nil {
		return false, fmt.Errorf("take up batch %s/%d: %w", lease.Call, lease.Work, err)
	}
	return n == 1, nil
}

// NextDue returns when the next delivery or work of a call is due, the zero time when none waits.
func (l *Ledger) NextDue(ctx context.Context, call ID) (time.Time, error) {
	pipe := l.rdb.Pipeline()
	next := queueNextDue(ctx, pipe, call)
	_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	return next()
}

// queueNextDue adds what NextDue reads to pipe; the answer is there once pipe has run.
func queueNextDue(ctx context.Context, pipe redis.Pipeliner, call ID) func() (time.Time, error) {
	var firsts []*redis.ZSliceCmd
	for _, key := range []string{keyDue.Name(call), keyLater.Name(call)} {
		firsts = append(firsts, pipe.ZRangeWithScores(ctx, key, 0, 0))
	}
	return func() (time.Time, error) {
		first := math.Inf(1)
		for _, cmd := range firsts {
			z, err := cmd.Result()
			if err != nil {
				return time.Time{}, fmt.Errorf("read what is due of %s: %w", call, err)
			}
			if len(z) > 0 {
				first = min(first, z[0].Score)
			}
		}
		if math.IsInf(first, 1) {
			return time.Time{}, nil
		}
		return time.UnixMilli(int64(first)).UTC(), nil
	}
}
