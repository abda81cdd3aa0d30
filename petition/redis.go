package petition

import (
	"context"
	"errors"
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

// Count notes that one more person came by a volunteer, straight.
func (d *Desk) Count(ctx context.Context, volunteer uint32) error {
	return d.CountBy(ctx, By{volunteer, 1})
}

// CountBy notes that one more person came. Those of later generations are counted apart
// too; the others are straight by the volunteer.
func (d *Desk) CountBy(ctx context.Context, b By) error {
	day := d.clk.Now().UTC().Format(time.DateOnly)
	_, err := d.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.HIncrBy(ctx, keyCame.Name(b.Volunteer), day, 1)
		if b.Generation > 1 {
			pipe.HIncrBy(ctx, keyFurther.Name(b.Volunteer), strconv.Itoa(b.Generation), 1)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count who came: %w", err)
	}
	return nil
}

// CameBy says how many came by a volunteer.
func (d *Desk) CameBy(ctx context.Context, volunteer uint32) (Came, error) {
	var days, further *redis.MapStringStringCmd
	_, err := d.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		days, further = pipe.HGetAll(ctx, keyCame.Name(volunteer)), pipe.HGetAll(ctx, keyFurther.Name(volunteer))
		return nil
	})
	if err != nil {
		return Came{}, fmt.Errorf("read who came: %w", err)
	}
	var c Came
	for day, text := range days.Val() {
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
	c.Generations[0] = c.Total
	for field, text := range further.Val() {
		generation, err := strconv.Atoi(field)
		n, nerr := strconv.Atoi(text)
		if err := errors.Join(err, nerr); err != nil || generation < 2 || generation > Furthest {
			return Came{}, fmt.Errorf("read who came: generation %q: %w", field, err)
		}
		c.Generations[generation-1] = n
		c.Generations[0] -= n
	}
	slices.SortFunc(c.Days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return c, nil
}
