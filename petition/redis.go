package petition

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/seal"
)

// A Desk knows volunteers by their codes, and counts who came by them. It is safe
// for concurrent use, by any number of processes.
type Desk struct {
	rdb  redis.UniversalClient
	keys *seal.Keyring
	clk  clock.Clock
}

// Open returns the desk in rdb.
func Open(rdb redis.UniversalClient, keys *seal.Keyring, clk clock.Clock) *Desk {
	return &Desk{rdb, keys, clk}
}

// Count notes that one more person came by a volunteer.
func (d *Desk) Count(ctx context.Context, volunteer uint32) error {
	day := d.clk.Now().UTC().Format(time.DateOnly)
	if err := d.rdb.HIncrBy(ctx, keyCame.Name(volunteer), day, 1).Err(); err != nil {
		return fmt.Errorf("count who came: %w", err)
	}
	return nil
}

// CameBy says how many came by a volunteer.
func (d *Desk) CameBy(ctx context.Context, volunteer uint32) (Came, error) {
	days, err := d.rdb.HGetAll(ctx, keyCame.Name(volunteer)).Result()
	if err != nil {
		return Came{}, fmt.Errorf("read who came: %w", err)
	}
	var c Came
	for day, text := range days {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return Came{}, fmt.Errorf("read who came: %w", err)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return Came{}, fmt.Errorf("read who came: %w", err)
		}
		c.Total += n
		c.Days = append(c.Days, Day{at, n})
	}
	slices.SortFunc(c.Days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return c, nil
}
