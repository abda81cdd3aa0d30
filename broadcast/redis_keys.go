package broadcast

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/rkey"
)

// The keys of the ledger. All keys of a call share one slot.
var (
	keyCounter = rkey.Key{Pattern: "calls:last", Type: rkey.String, Expiry: "kept", Doc: "number of the newest call"}
	keyCalls   = rkey.Key{Pattern: "calls:all", Type: rkey.ZSet, Expiry: "kept", Doc: "every call by the time it was made"}
	keyActive  = rkey.Key{Pattern: "calls:active", Type: rkey.Set, Expiry: "kept", Doc: "calls that have work to do or to wait for"}

	keyCall    = rkey.Key{Pattern: "{call:<id>}", Type: rkey.Hash, Expiry: "kept", Doc: "a call: state, times, name, audience, gateways; past states, each with its time"}
	keyFiles   = rkey.Key{Pattern: "{call:<id>}:files", Type: rkey.Hash, Expiry: "kept", Doc: "a call's folder as it was launched"}
	keyPicture = rkey.Key{Pattern: "picture:<name>", Type: rkey.Hash, Expiry: "kept", Doc: "a linked picture, by its content: the calls that show it, and its name in their folders, where it lies"}
	keyFrozen  = rkey.Key{Pattern: "{call:<id>}:frozen:<channel>", Type: rkey.String, Expiry: "kept, empty once planned", Doc: "bitmap of contacts not planned yet"}
	keyCanary  = rkey.Key{Pattern: "{call:<id>}:canary:<channel>", Type: rkey.String, Expiry: "kept", Doc: "bitmap of the contacts that go first and are watched"}
	keyLeftOut = rkey.Key{Pattern: "{call:<id>}:left-out", Type: rkey.Hash, Expiry: "kept", Doc: "how many contacts were left out, by channel and reason"}
	keyCounts  = rkey.Key{Pattern: "{call:<id>}:counts", Type: rkey.Hash, Expiry: "kept", Doc: "deliveries by state, per channel, language, lane, gateway, reason"}
	keyMinutes = rkey.Key{Pattern: "{call:<id>}:minutes", Type: rkey.Hash, Expiry: "kept", Doc: "changes of state per channel and minute, per longer span where it is long ago"}
	keyWork    = rkey.Key{Pattern: "{call:<id>}:work:<number>", Type: rkey.String, Expiry: "kept", Doc: "a batch or further attempts: header and contact numbers"}
	keyStates  = rkey.Key{Pattern: "{call:<id>}:states:<number>", Type: rkey.String, Expiry: "kept", Doc: "four bytes a delivery of a batch: state, attempt, gateway, reason"}
	keyOpen    = rkey.Key{Pattern: "{call:<id>}:open", Type: rkey.Hash, Expiry: "until the call ends", Doc: "works not finished, with their fences"}
	keyOwn     = rkey.Key{Pattern: "{call:<id>}:own", Type: rkey.Hash, Expiry: "until the call ends", Doc: "works in a worker's hands: fence and worker"}
	keyDue     = rkey.Key{Pattern: "{call:<id>}:due", Type: rkey.ZSet, Expiry: "until the call ends", Doc: "deliveries to be tried again, by time"}
	keyLater   = rkey.Key{Pattern: "{call:<id>}:later", Type: rkey.ZSet, Expiry: "until the call ends", Doc: "works that wait for their lane or their hour, by time"}
	keyAsleep  = rkey.Key{Pattern: "{call:<id>}:asleep", Type: rkey.Hash, Expiry: "until the call ends", Doc: "deliveries that wait for quiet hours to end, by channel, time and place"}
	keyDetails = rkey.Key{Pattern: "{call:<id>}:details", Type: rkey.Hash, Expiry: "kept", Doc: "status code and provider's id of deliveries that need them"}
)

// Keys declares the Redis keys of this package.
func Keys() []rkey.Key {
	return []rkey.Key{keyCounter, keyCalls, keyActive, keyCall, keyFiles, keyPicture, keyFrozen, keyCanary, keyLeftOut, keyCounts, keyMinutes,
		keyWork, keyStates, keyOpen, keyOwn, keyDue, keyLater, keyAsleep, keyDetails}
}

//go:embed lua/common.lua
var luaCommon string

//go:embed lua/begin.lua
var luaBegin string

//go:embed lua/turn.lua
var luaTurn string

//go:embed lua/finish.lua
var luaFinish string

//go:embed lua/release.lua
var luaRelease string

//go:embed lua/takeover.lua
var luaTakeover string

//go:embed lua/collect.lua
var luaCollect string

//go:embed lua/addbatch.lua
var luaAddBatch string

//go:embed lua/receipt.lua
var luaReceipt string

//go:embed lua/cancel.lua
var luaCancel string

//go:embed lua/cancelplan.lua
var luaCancelPlan string

//go:embed lua/settle.lua
var luaSettle string

//go:embed lua/transition.lua
var luaTransition string

//go:embed lua/refence.lua
var luaRefence string

//go:embed lua/takeup.lua
var luaTakeUp string

//go:embed lua/canary.lua
var luaCanary string

//go:embed lua/rollup.lua
var luaRollUp string

type scripts struct {
	begin, turn, finish, release, takeover, collect, addBatch, receipt, cancel, cancelPlan, settle, transition, refence, rollUp, canary, takeUp *redis.Script
}

func newScripts() scripts {
	s := func(text string) *redis.Script { return redis.NewScript(luaCommon + text) }
	return scripts{s(luaBegin), s(luaTurn), s(luaFinish), s(luaRelease), s(luaTakeover), s(luaCollect),
		s(luaAddBatch), s(luaReceipt), s(luaCancel), s(luaCancelPlan), s(luaSettle), s(luaTransition), s(luaRefence), s(luaRollUp), s(luaCanary), s(luaTakeUp)}
}

// A Ledger keeps calls and the states of all their deliveries in Redis. It is
// safe for concurrent use, by any number of processes.
type Ledger struct {
	rdb redis.UniversalClient
	clk clock.Clock
	lua scripts
}

// Open returns the ledger in rdb.
func Open(rdb redis.UniversalClient, clk clock.Clock) *Ledger {
	return &Ledger{rdb: rdb, clk: clk, lua: newScripts()}
}

// load puts the scripts that run in pipelines into Redis's script cache.
func (l *Ledger) load(ctx context.Context) error {
	for _, s := range []*redis.Script{l.lua.turn, l.lua.finish, l.lua.addBatch} {
		if err := s.Load(ctx, l.rdb).Err(); err != nil {
			return fmt.Errorf("load ledger scripts: %w", err)
		}
	}
	return nil
}

// Pipelined runs fill's commands in one round trip, and returns the first error.
func (l *Ledger) Pipelined(ctx context.Context, fill func(redis.Pipeliner)) error {
	return l.PipelinedTogether(ctx, []func(redis.Pipeliner){fill})[0]
}

// PipelinedTogether runs the commands of all fills in one round trip, and returns
// for each fill the first error of its own commands. A Redis that was started
// anew has lost its scripts: then they are loaded and the whole is run once
// more, which is safe since the scripts do nothing the second time that they did
// the first.
func (l *Ledger) PipelinedTogether(ctx context.Context, fills []func(redis.Pipeliner)) []error {
	errs, ends := make([]error, len(fills)), make([]int, len(fills))
	for try := 0; ; try++ {
		pipe := l.rdb.Pipeline()
		for i, fill := range fills {
			fill(pipe)
			ends[i] = pipe.Len()
		}
		cmds, err := pipe.Exec(ctx)
		clear(errs)
		if err == nil {
			return errs
		}
		lost, start := false, 0
		for i, end := range ends {
			for _, c := range cmds[start:end] {
				cerr := c.Err()
				if cerr == nil || cerr == redis.Nil {
					continue
				}
				lost = lost || redis.HasErrorPrefix(cerr, "NOSCRIPT")
				if errs[i] == nil {
					errs[i] = cerr
				}
			}
			start = end
		}
		if !lost || try > 0 {
			return errs
		}
		if err := l.load(ctx); err != nil {
			for i := range errs {
				errs[i] = err
			}
			return errs
		}
	}
}
