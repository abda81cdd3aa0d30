package worker

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/seal"
)

// Systems remember which system receives for each mail domain, for all processes.
// A domain may be one person's: it stands there as a keyed hash, and the rest is sealed.
type Systems struct {
	rdb  redis.UniversalClient
	keys *seal.Keyring
	clk  clock.Clock
}

// What is known is believed for a day and asked anew then; until the answer comes
// it is used as it is. The resolver tells no TTL, and a domain that moves costs
// nothing but the wrong lane for a while.
const (
	systemFresh  = 24 * time.Hour
	systemUnsure = 15 * time.Minute // of one that the name server said nothing of
	systemKept   = 90 * 24 * time.Hour
	wantedAsk    = 64                  // domains looked up in one go
	wantedMost   = 50_000              // domains that wait to be looked up
	wantedKept   = 30 * 24 * time.Hour // people are taken onto a list long before anything runs that could ask
)

// NewSystems opens what is known of mail domains in rdb.
func NewSystems(rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock) *Systems {
	return &Systems{rdb, keys, clk}
}

func (s *Systems) field(domain string) string {
	sum := s.keys.Sum(seal.MailSystem, []byte(domain))
	return hex.EncodeToString(sum[:8])
}

// Of returns the lanes of mail domains, which are in lower case, as far as they
// are known; of the others it is the domain, and they are asked for.
func (s *Systems) Of(ctx context.Context, domains []string) ([]string, error) {
	if len(domains) == 0 {
		return nil, nil
	}
	fields := make([]string, len(domains))
	for i, d := range domains {
		fields[i] = s.field(d)
	}
	known, err := s.rdb.HMGet(ctx, keySystems.Name(), fields...).Result()
	if err != nil {
		return nil, fmt.Errorf("read who receives for mail domains: %w", err)
	}
	lanes, now := make([]string, len(domains)), s.clk.Now()
	var wanted []any
	for i, v := range known {
		lane, asked := s.open(v, fields[i])
		if lanes[i] = lane; lane == "" {
			lanes[i] = domains[i]
		}
		if now.Sub(asked) > systemFresh {
			wanted = append(wanted, fields[i], s.keys.Seal(nil, []byte(domains[i]), []byte(fields[i])))
		}
	}
	return lanes, s.want(ctx, wanted)
}

// open reads an entry; of none, or one that is not ours, the lane is "".
func (s *Systems) open(v any, field string) (lane string, asked time.Time) {
	sealed, _ := v.(string)
	text, err := s.keys.Open(nil, []byte(sealed), []byte(field))
	if err != nil {
		return "", time.Time{}
	}
	at, lane, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return "", time.Time{}
	}
	return lane, time.Unix(n, 0)
}

func (s *Systems) want(ctx context.Context, wanted []any) error {
	if len(wanted) == 0 {
		return nil
	}
	if n, err := s.rdb.HLen(ctx, keyWanted.Name()).Result(); err != nil || n >= wantedMost {
		return err
	}
	pipe := s.rdb.Pipeline()
	pipe.HSet(ctx, keyWanted.Name(), wanted...)
	pipe.Expire(ctx, keyWanted.Name(), wantedKept)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("ask for who receives for mail domains: %w", err)
	}
	return nil
}

// wanted returns some domains that are to be looked up.
func (s *Systems) wanted(ctx context.Context) ([]string, error) {
	some, err := s.rdb.HRandFieldWithValues(ctx, keyWanted.Name(), wantedAsk).Result()
	if err != nil {
		return nil, fmt.Errorf("read mail domains to be looked up: %w", err)
	}
	out := make([]string, 0, len(some))
	for _, kv := range some {
		domain, err := s.keys.Open(nil, []byte(kv.Value), []byte(kv.Key))
		if err != nil {
			s.rdb.HDel(ctx, keyWanted.Name(), kv.Key) // not ours: nobody will ever read it
			continue
		}
		out = append(out, string(domain))
	}
	return out, nil
}

// found notes the lanes of domains.
func (s *Systems) found(ctx context.Context, domains []string, lanes []known) error {
	pipe := s.rdb.Pipeline()
	fields := make([]string, len(domains))
	entries := make([]any, 0, 2*len(domains))
	for i, d := range domains {
		fields[i] = s.field(d)
		asked := s.clk.Now()
		if lanes[i].unsure {
			asked = asked.Add(systemUnsure - systemFresh)
		}
		now := strconv.FormatInt(asked.Unix(), 10)
		entries = append(entries, fields[i], s.keys.Seal(nil, []byte(now+" "+lanes[i].lane), []byte(fields[i])))
	}
	pipe.HSet(ctx, keySystems.Name(), entries...)
	pipe.Expire(ctx, keySystems.Name(), systemKept)
	pipe.HDel(ctx, keyWanted.Name(), fields...)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("note who receives for mail domains: %w", err)
	}
	return nil
}
