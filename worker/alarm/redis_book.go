package alarm

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/rkey"
	"clarion/worker"
)

var keyBook = rkey.Key{Pattern: "{alarm}:book", Type: rkey.Hash, Expiry: "kept; an alarm that is over for a week", Doc: "all alarms, and by the keyed hash of an address from the settings what was told there; its version"}

// Keys declares the Redis keys of this package.
func Keys() []rkey.Key { return []rkey.Key{keyBook} }

//go:embed save.lua
var luaSave string

// A Store keeps the Book. It is safe for concurrent use.
type Store struct {
	rdb  worker.Redis
	save *redis.Script
}

// Open opens the alarms in rdb.
func Open(rdb worker.Redis) *Store { return &Store{rdb, redis.NewScript(luaSave)} }

// Read returns the book as it is.
func (s *Store) Read(ctx context.Context) (*Book, error) {
	b, _, _, err := s.read(ctx)
	return b, err
}

func (s *Store) read(ctx context.Context) (b *Book, version string, text []byte, err error) {
	m, err := s.rdb.HGetAll(ctx, keyBook.Name()).Result()
	if err != nil {
		return nil, "", nil, fmt.Errorf("read the alarms: %w", err)
	}
	b, version = &Book{}, "0"
	if len(m) == 0 {
		return b, version, nil, nil
	}
	text = []byte(m["book"])
	if err := json.Unmarshal(text, b); err != nil {
		return nil, "", nil, fmt.Errorf("read the alarms: %w", err)
	}
	return b, m["version"], text, nil
}

// Change reads the book, has it changed, and saves it; change is called again with
// what somebody else saved meanwhile.
func (s *Store) Change(ctx context.Context, change func(*Book) error) (*Book, error) {
	for {
		b, version, before, err := s.read(ctx)
		if err != nil {
			return nil, err
		}
		if err := change(b); err != nil {
			return nil, err
		}
		after, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("save the alarms: %w", err)
		}
		if bytes.Equal(before, after) {
			return b, nil
		}
		saved, err := s.save.Run(redisdb.Kept(ctx), s.rdb, []string{keyBook.Name()}, version, after).Bool()
		if err != nil {
			return nil, fmt.Errorf("save the alarms: %w", err)
		}
		if saved {
			return b, nil
		}
	}
}
