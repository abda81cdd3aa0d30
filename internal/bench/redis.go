package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// redisTime is the processor time that redis-server has used, its children included.
func (p *product) redisTime(ctx context.Context) (time.Duration, error) {
	return p.redisTimes(ctx, "used_cpu_sys", "used_cpu_user", "used_cpu_sys_children", "used_cpu_user_children")
}

// serverTime is the same without the children. They write the append-only file
// anew, with everybody in it, in whichever call it has doubled since the last time.
func (p *product) serverTime(ctx context.Context) (time.Duration, error) {
	return p.redisTimes(ctx, "used_cpu_sys", "used_cpu_user")
}

func (p *product) redisTimes(ctx context.Context, fields ...string) (time.Duration, error) {
	info, err := p.info(ctx, "CPU")
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, field := range fields {
		v, err := strconv.ParseFloat(info[field], 64)
		if err != nil {
			return 0, fmt.Errorf("read %s of Redis: %w", field, err)
		}
		sum += v
	}
	return time.Duration(sum * float64(time.Second)), nil
}

// queued says whether any task waits for a worker.
func (p *product) queued(ctx context.Context) (bool, error) {
	queues, err := p.db.Client().Keys(ctx, "asynq:{*}:pending").Result()
	if err != nil {
		return false, fmt.Errorf("look into the queue: %w", err)
	}
	return len(queues) > 0, nil
}

func (p *product) info(ctx context.Context, section string) (map[string]string, error) {
	info, err := p.db.Client().InfoMap(ctx, section).Result()
	if err != nil {
		return nil, fmt.Errorf("ask Redis for its %s: %w", section, err)
	}
	return info[section], nil
}

// memory is how many bytes the keys that match pattern take, each with its name
// and its place in Redis's table.
func (p *product) memory(ctx context.Context, pattern string) (bytes int64, err error) {
	for cursor := uint64(0); ; {
		keys, next, err := p.db.Client().Scan(ctx, cursor, pattern, 1000).Result()
		if err != nil {
			return 0, fmt.Errorf("look through Redis: %w", err)
		}
		pipe := p.db.Client().Pipeline()
		for _, key := range keys {
			pipe.MemoryUsage(ctx, key, 0) // 0: every element is looked at
		}
		cmds, err := pipe.Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("measure keys: %w", err)
		}
		for _, c := range cmds {
			bytes += c.(interface{ Val() int64 }).Val()
		}
		if cursor = next; cursor == 0 {
			return bytes, nil
		}
	}
}
