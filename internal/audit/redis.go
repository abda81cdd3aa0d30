package audit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/rkey"
	"clarion/internal/seal"
)

var (
	keyEntries = rkey.Key{Pattern: "{audit}:entries", Type: rkey.List, Expiry: "kept", Doc: "the audit trail, appended to alone: keyed hash and entry, each entry with the hash of the one before"}
	keyHead    = rkey.Key{Pattern: "{audit}:head", Type: rkey.String, Expiry: "kept", Doc: "where the audit trail ends: how many entries, the last one's hash, signed"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key { return []rkey.Key{keyEntries, keyHead} }

//go:embed append.lua
var appendSource string

var appendScript = redis.NewScript(appendSource)

// A Trail is the audit trail in Redis. It is safe for concurrent use, also by
// several processes.
type Trail struct {
	rdb    redis.UniversalClient
	keys   *seal.Keyring
	clk    clock.Clock
	log    *slog.Logger
	anchor *anchor
}

// Open returns the trail in rdb. anchorFile is where this machine notes how far
// the trail reached when it last wrote to it, "" for nowhere: without it nobody
// can tell a trail whose end was cut off together with all that names it.
func Open(rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock, anchorFile string, log *slog.Logger) *Trail {
	return &Trail{rdb, keys, clk, log, &anchor{path: anchorFile}}
}

func (t *Trail) readHead(ctx context.Context) (string, error) {
	raw, err := t.rdb.Get(ctx, keyHead.Name()).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read the head of the audit trail: %w", err)
	}
	return raw, nil
}

func (t *Trail) length(ctx context.Context) (uint64, error) {
	n, err := t.rdb.LLen(ctx, keyEntries.Name()).Result()
	if err != nil {
		return 0, fmt.Errorf("read the audit trail: %w", err)
	}
	return uint64(n), nil
}

// push appends a line. continues says that the entry which this machine has
// noted is where it was.
func (t *Trail) push(ctx context.Context, seen, line, next string, noted head) (done, continues bool, err error) {
	n, err := appendScript.Run(redisdb.Kept(ctx), t.rdb, []string{keyEntries.Name(), keyHead.Name()}, seen, line, next, int64(noted.n)-1, noted.hash).Int()
	if err != nil {
		return false, false, fmt.Errorf("note in the audit trail: %w", err)
	}
	return n > 0, n == 1, nil
}

// end reads at one moment where the trail says that it ends, and where it does.
func (t *Trail) end(ctx context.Context) (raw string, length uint64, err error) {
	var get *redis.StringCmd
	var llen *redis.IntCmd
	_, err = t.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		get, llen = pipe.Get(ctx, keyHead.Name()), pipe.LLen(ctx, keyEntries.Name())
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", 0, fmt.Errorf("read the audit trail: %w", err)
	}
	return get.Val(), uint64(llen.Val()), nil
}

// lines returns the entries from, inclusive, to, exclusive, counted from 0.
func (t *Trail) lines(ctx context.Context, from, to uint64) ([]string, error) {
	lines, err := t.rdb.LRange(ctx, keyEntries.Name(), int64(from), int64(to)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return lines, nil
}
