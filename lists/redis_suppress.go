package lists

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

//go:embed suppress.lua
var suppressSource string

//go:embed restore.lua
var restoreSource string

var (
	suppressScript = redis.NewScript(suppressSource)
	restoreScript  = redis.NewScript(restoreSource)
)

// Suppress notes that the address behind k, on ch, must not be written to, and
// takes every contact that has it out of every audience, in one step. It may be
// an address that no contact has; no import revives it. An address can be
// suppressed for several reasons, the first suppression for each stands; fresh
// says that it was not suppressed for this one yet.
func (s *Store) Suppress(ctx context.Context, ch address.Channel, k AddressKey, sup Suppression) (fresh bool, err error) {
	if sup.Reason == 0 || int(sup.Reason) > len(Reasons) {
		return false, fmt.Errorf("suppress an address: %s is no reason", sup.Reason)
	}
	if sup.Since.IsZero() {
		sup.Since = s.clk.Now()
	}
	if sup.Scope == "" {
		sup.Scope = ScopeAll
	}
	keys := []string{keySuppression.Name(ch), k.bucket(), keyOut.Name(ch, sup.Reason), keyOK.Name(ch)}
	n, err := suppressScript.Run(redisdb.Kept(ctx), s.rdb, keys, k[:], k.field(), sup.Reason.letter(), sup.line()).Int()
	if err != nil {
		return false, fmt.Errorf("suppress an address: %w", err)
	}
	return n == 1, nil
}

// Restore takes back those suppressions of the address behind k, on ch, that
// from selects (its Channel aside), and no others: START takes back what STOP
// took and leaves a bounce standing. changed says that there was one.
func (s *Store) Restore(ctx context.Context, ch address.Channel, k AddressKey, from SuppressionFilter) (changed bool, err error) {
	keys := append([]string{keySuppression.Name(ch), k.bucket(), keyHas.Name(ch), keyConsent.Name(ch), keyOK.Name(ch)}, outKeys(ch)...)
	letter := ""
	if from.Reason != 0 {
		letter = from.Reason.letter()
	}
	n, err := restoreScript.Run(redisdb.Kept(ctx), s.rdb, keys, k[:], k.field(), letter, word(from.Source), word(from.Call), seconds(from.From), seconds(from.Until)).Int()
	if err != nil {
		return false, fmt.Errorf("restore an address: %w", err)
	}
	return n > 0, nil
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// SuppressionOf returns the suppression that weighs most of the address behind
// k, on ch, or nil if it may be written to.
func (s *Store) SuppressionOf(ctx context.Context, ch address.Channel, k AddressKey) (*Suppression, error) {
	all, err := s.SuppressionsOf(ctx, ch, k)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// SuppressionsOf returns every suppression of the address behind k, on ch, the
// one that weighs most first; none if it may be written to.
func (s *Store) SuppressionsOf(ctx context.Context, ch address.Channel, k AddressKey) ([]Suppression, error) {
	v, err := s.rdb.HGet(ctx, keySuppression.Name(ch), string(k[:])).Result()
	if missing(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read a suppression: %w", err)
	}
	all, err := parseSuppressions(v)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Suppression) int { return cmp.Compare(a.Reason, b.Reason) })
	return all, nil
}

// SuppressedCounts counts the contacts whose address must not be written to, by
// channel and reason. One with two reasons counts for each.
func (s *Store) SuppressedCounts(ctx context.Context) (map[address.Channel]map[Reason]int, error) {
	pipe := s.rdb.Pipeline()
	counts := map[address.Channel]map[Reason]*redis.IntCmd{}
	for _, ch := range address.Channels {
		counts[ch] = map[Reason]*redis.IntCmd{}
		for _, r := range Reasons {
			counts[ch][r] = pipe.BitCount(ctx, keyOut.Name(ch, r), nil)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("count who must not be written to: %w", err)
	}
	out := map[address.Channel]map[Reason]int{}
	for ch, by := range counts {
		out[ch] = map[Reason]int{}
		for r, n := range by {
			out[ch][r] = int(n.Val())
		}
	}
	return out, nil
}

// Suppressions calls yield with every suppression that filter selects, channel
// by channel and in no order within one, until it returns an error. One that is
// set or taken back meanwhile may be missed or, rarely, be yielded twice.
func (s *Store) Suppressions(ctx context.Context, filter SuppressionFilter, yield func(Suppressed) error) error {
	for _, ch := range address.Channels {
		if filter.Channel != 0 && filter.Channel != ch {
			continue
		}
		for cursor := uint64(0); ; {
			pairs, next, err := s.rdb.HScan(ctx, keySuppression.Name(ch), cursor, "", 500).Result()
			if err != nil {
				return fmt.Errorf("list suppressions: %w", err)
			}
			for i := 0; i+1 < len(pairs); i += 2 {
				var k AddressKey
				copy(k[:], pairs[i])
				all, err := parseSuppressions(pairs[i+1])
				if err != nil {
					return err
				}
				for _, sup := range all {
					if filter.matches(sup) {
						if err := yield(Suppressed{ch, k, sup}); err != nil {
							return err
						}
					}
				}
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return nil
}
