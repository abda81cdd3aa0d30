package amnesty

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/rkey"
	"clarion/lists"
	"clarion/lists/address"
)

var (
	keyNext    = rkey.Key{Pattern: "{aud}:amnesties:next", Type: rkey.String, Expiry: "kept", Doc: "how many amnesties were given"}
	keyRecords = rkey.Key{Pattern: "{aud}:amnesties", Type: rkey.List, Expiry: "kept", Doc: "record of amnesties, appended to alone: each as it begins, and again as it ends"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key { return []rkey.Key{keyNext, keyRecords} }

// A Desk gives amnesties. It is safe for concurrent use.
type Desk struct {
	rdb    redis.UniversalClient
	people *lists.Store
	ledger *broadcast.Ledger
	clk    clock.Clock
}

// Open returns the desk over rdb.
func Open(rdb redis.UniversalClient, people *lists.Store, ledger *broadcast.Ledger, clk clock.Clock) *Desk {
	return &Desk{rdb, people, ledger, clk}
}

// begin gives the record its number and appends it.
func (d *Desk) begin(ctx context.Context, r Record) (int64, error) {
	n, err := d.rdb.Incr(ctx, keyNext.Name()).Result()
	if err != nil {
		return 0, fmt.Errorf("number an amnesty: %w", err)
	}
	r.ID = n
	return n, d.end(ctx, r)
}

// end appends the record as it is now.
func (d *Desk) end(ctx context.Context, r Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("record an amnesty: %w", err)
	}
	if err := d.rdb.RPush(redisdb.Kept(ctx), keyRecords.Name(), line).Err(); err != nil {
		return fmt.Errorf("record an amnesty: %w", err)
	}
	return nil
}

// Records returns every amnesty that was given, the oldest first. One that broke
// off tells what it was about to do.
func (d *Desk) Records(ctx context.Context) ([]Record, error) {
	lines, err := d.rdb.LRange(ctx, keyRecords.Name(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read the record of amnesties: %w", err)
	}
	last := map[int64]Record{}
	for _, line := range lines {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("read the record of amnesties: %w", err)
		}
		last[r.ID] = r
	}
	out := make([]Record, 0, len(last))
	for _, r := range last {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Record) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// mayBeWritten says of each delivery whether its contact may be written to, now
// or once freed.
func (d *Desk) mayBeWritten(ctx context.Context, some []broadcast.Entry, freed map[address.Channel]map[uint32]bool) ([]bool, error) {
	may := make([]bool, 0, len(some))
	for part := range slices.Chunk(some, 256) {
		pipe := d.rdb.Pipeline()
		answers := make([]*lists.Eligible, len(part))
		for i, e := range part {
			answers[i] = d.people.QueueEligible(ctx, pipe, e.Work.Channel, []uint32{e.Contact})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, fmt.Errorf("read who may be written to: %w", err)
		}
		for i, e := range part {
			may = append(may, answers[i].At(0) || freed[e.Work.Channel][e.Contact])
		}
	}
	return may, nil
}
