package petition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Tally returns the count, from counters alone.
func (r *Roll) Tally(ctx context.Context) (*Tally, error) {
	counts, err := r.rdb.HGetAll(ctx, keyCounts.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the count: %w", err)
	}
	return newTally(r.Campaign, counts)
}

// Days returns the certain signatures by day and way, the first day first.
func (r *Roll) Days(ctx context.Context) ([]DayTally, error) {
	days, err := r.rdb.HGetAll(ctx, keyDays.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the days: %w", err)
	}
	return newDays(days)
}

// SignedBy says how many certain signatures came by each volunteer. Whoever has fewer
// than Fewest is left out, as if there were none: of so few one could tell who they are.
func (r *Roll) SignedBy(ctx context.Context) (map[uint32]int, error) {
	signed, err := r.rdb.HGetAll(ctx, keySigned.Name(r.ID)).Result()
	if err != nil {
		return nil, fmt.Errorf("read by whom signers came: %w", err)
	}
	out := map[uint32]int{}
	for field, text := range signed {
		volunteer, err := strconv.ParseUint(field, 10, 32)
		n, nerr := strconv.Atoi(text)
		if err := errors.Join(err, nerr); err != nil {
			return nil, fmt.Errorf("read by whom signers came: %w", err)
		}
		if n >= Fewest {
			out[uint32(volunteer)] = n
		}
	}
	return out, nil
}

// Audit recounts everything and holds it against the counters. What changes while it
// counts would look like a difference: it counts anew then, three times at most.
func (r *Roll) Audit(ctx context.Context) (*Audit, error) {
	for try := 1; ; try++ {
		before, err := r.counters(ctx)
		if err != nil {
			return nil, err
		}
		a, err := r.recount(ctx, before)
		if err != nil {
			return nil, err
		}
		after, err := r.counters(ctx)
		if err != nil {
			return nil, err
		}
		if try == 3 || before.still(after) {
			return &a.Audit, nil
		}
	}
}

// counters are all that an audit is held against, of one moment.
type counters struct {
	last                        uint32
	counts, days, signed, alike map[string]string
	same                        map[string]string
	standing                    []byte
	purged                      bool
}

// still says whether nothing changed from c to later.
func (c *counters) still(later *counters) bool {
	return c.last == later.last && c.purged == later.purged && bytes.Equal(c.standing, later.standing) &&
		maps.Equal(c.counts, later.counts) && maps.Equal(c.alike, later.alike) && maps.Equal(c.same, later.same)
}

func (r *Roll) counters(ctx context.Context) (*counters, error) {
	var last, standing *redis.StringCmd
	var hashes [5]*redis.MapStringStringCmd
	var purged *redis.IntCmd
	_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		last, standing, purged = pipe.Get(ctx, keyLast.Name(r.ID)), pipe.Get(ctx, keyStanding.Name(r.ID)), pipe.Exists(ctx, keyCertificate.Name(r.ID))
		for i, key := range []string{keyCounts.Name(r.ID), keyDays.Name(r.ID), keySigned.Name(r.ID), keyAlike.Name(r.ID), keySame.Name(r.ID)} {
			hashes[i] = pipe.HGetAll(ctx, key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read the counters: %w", err)
	}
	n, _ := strconv.ParseUint(last.Val(), 10, 32) // "" before the first signature
	return &counters{uint32(n), hashes[0].Val(), hashes[1].Val(), hashes[2].Val(), hashes[3].Val(), hashes[4].Val(), []byte(standing.Val()), purged.Val() > 0}, nil
}

// recount reads all signatures, a hundred at a time.
func (r *Roll) recount(ctx context.Context, kept *counters) (*recount, error) {
	a := newRecount()
	a.Purged = kept.purged
	for bucket := range kept.last/bucketSize + 1 {
		var hashes [4]*redis.MapStringStringCmd
		_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, key := range []string{keyState.Name(r.ID, bucket), keyPerson.Name(r.ID, bucket), keyRecord.Name(r.ID, bucket), keyLeaf.Name(r.ID, bucket)} {
				hashes[i] = pipe.HGetAll(ctx, key)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read signatures: %w", err)
		}
		for n := max(bucket*bucketSize, 1); n <= min(bucket*bucketSize+bucketSize-1, kept.last); n++ {
			field := strconv.Itoa(int(n % bucketSize))
			state, person, record, leaf := hashes[0].Val()[field], hashes[1].Val()[field], hashes[2].Val()[field], hashes[3].Val()[field]
			if state == "" {
				a.differ("signature %d is not there", n)
				continue
			}
			s, err := r.open(n, state, record)
			if err != nil {
				a.differ("%v", err)
				continue
			}
			identity, group, _ := strings.Cut(person, " ")
			a.signature(s, group)
			a.holds(s, person, record, leaf, kept)
			if identity != "" && identity != "-" {
				if kept.same[identity] != strconv.Itoa(int(n)) {
					a.differ("signature %d cannot be found by name and contact", n)
				}
			}
		}
	}
	a.grouped()
	sheets, err := r.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	for i, s := range sheets {
		a.sheet(&s, uint32(i+1))
	}
	a.compare("signatures", kept.counts, a.counts)
	a.compare("days", kept.days, a.days)
	a.compare("volunteers", kept.signed, a.signed)
	if !a.Purged {
		for group, by := range a.groups {
			if kept.alike[group] != groupText(by) {
				a.differ("a group of signatures that are alike says %q, the signatures say %q", kept.alike[group], groupText(by))
			}
		}
		if len(kept.alike) != len(a.groups) {
			a.differ("%d groups of signatures are kept, the signatures make %d", len(kept.alike), len(a.groups))
		}
	}
	return a, nil
}

// holds looks at what must stand beside a signature.
func (a *recount) holds(s *Signature, person, record, leaf string, kept *counters) {
	forgotten := s.Withdrawn || a.Purged
	switch {
	case len(leaf) != leafSize:
		a.differ("signature %d has no leaf", s.Number)
	case forgotten && (person != "" || record != ""):
		a.differ("signature %d is withdrawn or purged, and still says who it is of", s.Number)
	case !forgotten && (person == "" || record == ""):
		a.differ("signature %d does not say who it is of", s.Number)
	}
	if bit := hasBit(kept.standing, s.Number); bit != s.Certain() {
		a.differ("signature %d is certain: %t, the bitmap says %t", s.Number, s.Certain(), bit)
	}
}
