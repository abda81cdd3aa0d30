package worker

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/rkey"
)

var (
	keyPlaces = rkey.Key{Pattern: "{pace}:places:<lane>", Type: rkey.ZSet, Expiry: "a minute after the last place ends", Doc: "connections to a lane that are in use: the batch that has each, and until when unless its worker gives a sign of life"}
	keyLine   = rkey.Key{Pattern: "{pace}:line:<lane>", Type: rkey.ZSet, Expiry: "15 minutes after the last that came", Doc: "batches that wait for a connection to a lane, by when they came"}
)

//go:embed lua/place.lua
var luaPlace string

//go:embed lua/unplace.lua
var luaUnplace string

//go:embed lua/renew.lua
var luaRenew string

// A place is one of the connections that a lane bears, in a batch's hands.
type place struct {
	lane, batch string
	most        int
	lost        bool // it has ended, and another may have it: this process gave no sign of life for too long. Under places.mu
}

// places keep in Redis which connections of each lane are in use, for all
// processes. Each holds for lease, counted anew with each sign of life of the
// process: those of one that was killed are free after that.
type places struct {
	*pace
	lease                 time.Duration
	enter, leave, prolong *redis.Script

	mu   sync.Mutex
	mine map[*place]bool // this process's
}

func newPlaces(p *pace, lease time.Duration) *places {
	s := func(text string) *redis.Script { return redis.NewScript(luaPaceCommon + text) }
	return &places{pace: p, lease: lease, enter: s(luaPlace), leave: s(luaUnplace), prolong: s(luaRenew), mine: map[*place]bool{}}
}

// occupy takes one of a lane's most places for a batch. Without one it is nil, and
// the batch stands in line under the name with which it is put back; before is how
// many stand there before it.
func (p *places) occupy(ctx context.Context, lane string, most int, batch, putBack string) (got *place, before int, err error) {
	before, err = p.enter.Run(ctx, p.rdb, []string{keyPlaces.Name(lane), keyLine.Name(lane)}, p.now(), most, p.lease.Microseconds(), batch, putBack).Int()
	if err != nil {
		return nil, 0, fmt.Errorf("take a connection of %s: %w", lane, err)
	}
	if before >= 0 {
		return nil, before, nil
	}
	got = &place{lane: lane, batch: batch, most: most}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mine[got] = true
	return got, 0, nil
}

// has reports whether a place is still its batch's.
func (p *places) has(pl *place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !pl.lost
}

// vacate gives a place up. With pass it returns the batch that has stood in line
// longest, "" for none: the place is kept for it for one lease.
func (p *places) vacate(ctx context.Context, pl *place, pass bool) (next string, err error) {
	p.mu.Lock()
	delete(p.mine, pl)
	p.mu.Unlock()
	next, err = p.leave.Run(ctx, p.rdb, []string{keyPlaces.Name(pl.lane), keyLine.Name(pl.lane)}, p.now(), pl.most, p.lease.Microseconds(), pl.batch, flag(pass)).Text()
	if err != nil {
		return "", fmt.Errorf("give up a connection of %s: %w", pl.lane, err)
	}
	return next, nil
}

// waits reports whether a batch stands in a lane's line.
func (p *places) waits(ctx context.Context, lane, batch string) (bool, error) {
	err := p.rdb.ZScore(ctx, keyLine.Name(lane), batch).Err()
	if err != nil && err != redis.Nil {
		return false, fmt.Errorf("look into the line of %s: %w", lane, err)
	}
	return err == nil, nil
}

// renew makes the places of this process hold from now on.
func (p *places) renew(ctx context.Context) error {
	p.mu.Lock()
	all := make([]*place, 0, len(p.mine))
	keys, args := make([]string, 0, len(p.mine)), []any{p.now(), p.lease.Microseconds()}
	for pl := range p.mine {
		all, keys, args = append(all, pl), append(keys, keyPlaces.Name(pl.lane)), append(args, pl.batch)
	}
	p.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	held, err := p.prolong.Run(ctx, p.rdb, keys, args...).Int64Slice()
	if err != nil {
		return fmt.Errorf("keep connections of lanes: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, pl := range all {
		if held[i] == 0 {
			pl.lost = true
			delete(p.mine, pl)
		}
	}
	return nil
}
