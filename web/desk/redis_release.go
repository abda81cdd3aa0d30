package desk

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
)

func (d *Desk) saveRelease(ctx context.Context, id broadcast.ID, r Release) error {
	fields := []any{"launched_by", r.LaunchedBy, "launched", r.Launched.UnixMilli(), "correction", r.Correction}
	if !r.Released.IsZero() {
		fields = append(fields, "released_by", r.ReleasedBy, "released", r.Released.UnixMilli())
	}
	if err := d.Redis.HSet(ctx, keyRelease.Name(string(id)), fields...).Err(); err != nil {
		return fmt.Errorf("note who launched call %s: %w", id, err)
	}
	return nil
}

// ReleaseOf is who launched and released a call; nil when nobody noted it.
func (d *Desk) ReleaseOf(ctx context.Context, id broadcast.ID) (*Release, error) {
	return parseRelease(id, d.Redis.HGetAll(ctx, keyRelease.Name(string(id))))
}

func parseRelease(id broadcast.ID, read *redis.MapStringStringCmd) (*Release, error) {
	m, err := read.Result()
	if err != nil {
		return nil, fmt.Errorf("read who launched call %s: %w", id, err)
	}
	if len(m) == 0 {
		return nil, nil
	}
	r := &Release{Correction: m["correction"]}
	for name, into := range map[string]func(n int64){
		"launched_by": func(n int64) { r.LaunchedBy = uint32(n) }, "launched": func(n int64) { r.Launched = time.UnixMilli(n).UTC() },
		"released_by": func(n int64) { r.ReleasedBy = uint32(n) }, "released": func(n int64) { r.Released = time.UnixMilli(n).UTC() },
	} {
		text, ok := m[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read who launched call %s: %w", id, err)
		}
		into(n)
	}
	return r, nil
}
