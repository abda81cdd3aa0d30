package petition

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Snapshot is a petition as it stood at one moment: its numbers agree with each other,
// whatever comes afterwards.
type Snapshot struct {
	At       time.Time
	Tally    Tally
	Days     []DayTally // certain signatures, those on sheets by the day of the first count
	Sheets   []Sheet    // all of them, in order of number, without labels
	Root     *Root      // the last one, nil before the first night
	standing []byte     // bitmap of the certain signatures
}

// ErrStale means that a signature of a Snapshot is not certain any more.
var ErrStale = &Refusal{"", [2]string{"a signature was withdrawn or made invalid in the meantime: begin anew", "그사이 서명이 철회되거나 무효가 되었습니다. 다시 시작해 주십시오."}}

var errDisagree = errors.New("the count and the signatures do not agree: clarion petition audit says where")

// Snapshot reads how the petition stands. The error is ErrPurged as soon as the names are
// being deleted.
func (r *Roll) Snapshot(ctx context.Context) (*Snapshot, error) {
	var bitmap *redis.StringCmd
	var counts, days, sheets *redis.MapStringStringCmd
	var roots *redis.StringSliceCmd
	var gone *redis.IntCmd
	_, err := r.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		bitmap, gone, roots = pipe.Get(ctx, keyStanding.Name(r.ID)), pipe.Exists(ctx, keyCertificate.Name(r.ID)), pipe.LRange(ctx, keyRoots.Name(r.ID), -1, -1)
		counts, days, sheets = pipe.HGetAll(ctx, keyCounts.Name(r.ID)), pipe.HGetAll(ctx, keyDays.Name(r.ID)), pipe.HGetAll(ctx, keySheets.Name(r.ID))
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read how the petition stands: %w", err)
	}
	if gone.Val() > 0 {
		return nil, ErrPurged
	}
	tally, err := newTally(r.Campaign, counts.Val())
	if err != nil {
		return nil, err
	}
	s := &Snapshot{At: r.clk.Now().UTC().Truncate(time.Second), Tally: *tally, standing: []byte(bitmap.Val())}
	if s.Sheets, err = r.openSheets(sheets.Val(), nil); err != nil {
		return nil, err
	}
	if s.Days, err = newDays(days.Val()); err != nil {
		return nil, err
	}
	s.Days = r.WithSheets(s.Days, s.Sheets)
	published, err := parseRoots(roots.Val())
	if err != nil {
		return nil, err
	}
	if len(published) > 0 {
		s.Root = &published[0]
	}
	certain := 0
	for _, b := range s.standing {
		certain += bits.OnesCount8(b)
	}
	if certain != tally.Certain() {
		return nil, errDisagree
	}
	return s, nil
}

// WalkSnapshot hands the signatures that were certain then to do, in order of number. It
// reads a hundred at a time; whoever signed since is not among them. The error is
// ErrStale when it comes to one that is not certain any more, or whose name is gone.
func (r *Roll) WalkSnapshot(ctx context.Context, s *Snapshot, do func(*Signature) error) error {
	return r.Walk(ctx, func(one *Signature) error {
		switch {
		case !hasBit(s.standing, one.Number):
			return nil
		case !one.Certain() || one.Name == "":
			return ErrStale
		}
		return do(one)
	})
}
