package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// keep keeps a request for as long as its key counts; a fresh one only if there is
// none of its name, which it reports.
func (a *api) keep(ctx context.Context, name string, d *doing, fresh bool) (bool, error) {
	sealed, err := a.sealDoing(name, d)
	if err != nil {
		return false, fmt.Errorf("keep a request: %w", err)
	}
	mode := "XX"
	if fresh {
		mode = "NX"
	}
	err = a.Desk.Redis.SetArgs(ctx, name, sealed, redis.SetArgs{Mode: mode, TTL: answerKept}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("keep a request: %w", err)
	}
	return true, nil
}

// kept reads a request; nil if there is none of the name.
func (a *api) kept(ctx context.Context, name string) (*doing, error) {
	sealed, err := a.Desk.Redis.Get(ctx, name).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	d, err := a.openDoing(name, sealed)
	if err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	return d, nil
}

func (a *api) forget(ctx context.Context, name string) error {
	if err := a.Desk.Redis.Del(ctx, name).Err(); err != nil {
		return fmt.Errorf("forget a request: %w", err)
	}
	return nil
}
