package petition

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
)

// Chosen says how many signatures a filter would make invalid now.
func (r *Roll) Chosen(ctx context.Context, f Filter) (int, error) {
	n := 0
	err := r.walk(ctx, false, func(s *Signature) error {
		if !s.Withdrawn && !s.Invalid && f.Matches(s) {
			n++
		}
		return nil
	})
	return n, err
}

// Invalidate makes the signatures that a filter chooses invalid, of those that there are
// now, and returns the number under which Restore undoes that. What is invalid already
// stays with its own bulk. After an error the rest is done by Nightly.
func (r *Roll) Invalidate(ctx context.Context, f Filter, reason string, by uint32) (uint32, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" || len([]rune(reason)) > 200 {
		return 0, ErrReason
	}
	if HasResidentNumber(reason) {
		return 0, ErrResident
	}
	last, err := r.last(ctx)
	if err != nil {
		return 0, err
	}
	text, err := json.Marshal(Bulk{Reason: reason, By: by, At: r.clk.Now().UTC().Truncate(time.Second), Filter: f, Last: last})
	if err != nil {
		return 0, fmt.Errorf("make signatures invalid: %w", err)
	}
	keys := []string{keyCertificate.Name(r.ID), keyBulks.Name(r.ID), keyPending.Name(r.ID)}
	id, err := bulkScript.Run(redisdb.Kept(ctx), r.rdb, keys, text).Int64()
	if err != nil {
		return 0, fmt.Errorf("make signatures invalid: %w", err)
	}
	if id == purged {
		return 0, ErrPurged
	}
	return uint32(id), r.finish(ctx, uint32(id), "invalidate")
}

// Restore undoes a bulk for good: what is invalid by it stands again as it did. After an
// error the rest is done by Nightly.
func (r *Roll) Restore(ctx context.Context, id uint32) error {
	exists, err := r.rdb.HExists(ctx, keyBulks.Name(r.ID), strconv.Itoa(int(id))).Result()
	if err != nil {
		return fmt.Errorf("restore signatures: %w", err)
	}
	if !exists {
		return ErrNoBulk
	}
	if c, err := r.Certificate(ctx); err != nil {
		return err
	} else if c != nil {
		return ErrPurged
	}
	_, err = r.rdb.TxPipelined(redisdb.Kept(ctx), func(pipe redis.Pipeliner) error {
		pipe.SAdd(ctx, keyPending.Name(r.ID), pending(id, "restore"))
		pipe.SAdd(ctx, keyRestored.Name(r.ID), id) // from here on the script makes nothing invalid by it
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore signatures: %w", err)
	}
	return r.finish(ctx, id, "restore")
}

// pending is a member of what is to be done.
func pending(id uint32, what string) string { return fmt.Sprintf("%d %s", id, what) }

// finish does all of what is to be done with a bulk, as often as it is called.
func (r *Roll) finish(ctx context.Context, id uint32, what string) error {
	text, err := r.rdb.HGet(ctx, keyBulks.Name(r.ID), strconv.Itoa(int(id))).Result()
	if err != nil {
		return fmt.Errorf("%s signatures: %w", what, err)
	}
	var b Bulk
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return fmt.Errorf("%s signatures: %w", what, err)
	}
	c := change{what: what, value: strconv.Itoa(int(id)), only: b.Filter}
	if _, err := r.each(ctx, c, b.Filter.Numbers, b.Last); err != nil {
		return err
	}
	if err := r.rdb.SRem(ctx, keyPending.Name(r.ID), pending(id, what)).Err(); err != nil {
		return fmt.Errorf("%s signatures: %w", what, err)
	}
	return nil
}

// finishAll does what others left undone.
func (r *Roll) finishAll(ctx context.Context) error {
	todo, err := r.rdb.SMembers(ctx, keyPending.Name(r.ID)).Result()
	if err != nil {
		return fmt.Errorf("read what is to be done: %w", err)
	}
	for _, member := range todo {
		number, what, _ := strings.Cut(member, " ")
		id, perr := strconv.ParseUint(number, 10, 32)
		if perr != nil {
			err = errors.Join(err, fmt.Errorf("read what is to be done: %w", perr))
			continue
		}
		err = errors.Join(err, r.finish(ctx, uint32(id), what))
	}
	return err
}

// Bulks returns what was made invalid, the last first.
func (r *Roll) Bulks(ctx context.Context) ([]Bulk, error) {
	var bulks, counts *redis.MapStringStringCmd
	var restored, todo *redis.StringSliceCmd
	_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		bulks, counts = pipe.HGetAll(ctx, keyBulks.Name(r.ID)), pipe.HGetAll(ctx, keyCounts.Name(r.ID))
		restored, todo = pipe.SMembers(ctx, keyRestored.Name(r.ID)), pipe.SMembers(ctx, keyPending.Name(r.ID))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is invalid: %w", err)
	}
	out := make([]Bulk, 0, len(bulks.Val()))
	for field, text := range bulks.Val() {
		id, err := strconv.ParseUint(field, 10, 32)
		var b Bulk
		if err = errors.Join(err, json.Unmarshal([]byte(text), &b)); err != nil {
			return nil, fmt.Errorf("read what is invalid: %w", err)
		}
		b.ID, b.Restored = uint32(id), slices.Contains(restored.Val(), field)
		b.Pending = slices.Contains(todo.Val(), pending(b.ID, "invalidate")) || slices.Contains(todo.Val(), pending(b.ID, "restore"))
		b.Invalid, _ = strconv.Atoi(counts.Val()["bulk:"+field]) // "" before the first
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Bulk) int { return int(b.ID) - int(a.ID) })
	return out, nil
}
