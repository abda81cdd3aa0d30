package worker

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/rkey"
)

// All pace keys share one slot, so that one script reserves on all limits.
var (
	keyPace     = rkey.Key{Pattern: "{pace}:slot:<limit>", Type: rkey.String, Expiry: "a minute after the last slot", Doc: "time that is taken: of a call on a channel, a gateway, a lane"}
	keyWarm     = rkey.Key{Pattern: "{pace}:warmup:<limit>", Type: rkey.Hash, Expiry: "a month after a day with a message", Doc: "a warm-up: its day, and what was sent on it"}
	keyHold     = rkey.Key{Pattern: "{pace}:hold:<what>", Type: rkey.Hash, Expiry: "a day after the hold ends", Doc: "since when and until when a gateway or a lane is left alone, and the rate it was found to bear"}
	keyHeld     = rkey.Key{Pattern: "{pace}:held", Type: rkey.Hash, Expiry: "a day after the last hold ends", Doc: "all that is left alone: until when, since when, and what it answered (kind, reason, code)"}
	keyLive     = rkey.Key{Pattern: "worker:<id>", Type: rkey.String, Expiry: "the liveness time after the last sign of life", Doc: "a worker is alive: its channels"}
	keyLives    = rkey.Key{Pattern: "workers", Type: rkey.ZSet, Expiry: "kept", Doc: "workers by their last sign of life"}
	keyLineage  = rkey.Key{Pattern: "workers:redis", Type: rkey.String, Expiry: "kept", Doc: "the replication id of the Redis that workers last saw, where another may take its place"}
	keyService  = rkey.Key{Pattern: "service:text:<id>", Type: rkey.String, Expiry: "a day", Personal: true, Doc: "one service text or letter to be sent, sealed"}
	keyAnswered = rkey.Key{Pattern: "service:answered:<id>", Type: rkey.String, Expiry: "5 minutes, a day for a service text", Personal: true, Doc: "a number was answered lately, or a service text or a letter went; the number's keyed hash, or the letter's id"}
	keyTurn     = rkey.Key{Pattern: "turn:<at>", Type: rkey.String, Expiry: "15 seconds to a minute after it was last taken", Doc: "the process whose turn it is to read the mailbox, or to look for alarms"}
	keyReplies  = rkey.Key{Pattern: "inbox:replies", Type: rkey.List, Expiry: "kept", Personal: true, Doc: "texts from people, sealed, newest first"}
	keyRates    = rkey.Key{Pattern: "{pace}:rates", Type: rkey.Hash, Expiry: "15 seconds", Doc: "by worker the messages a second that it sent lately, by lane"}
	keySystems  = rkey.Key{Pattern: "mail:systems", Type: rkey.Hash, Expiry: "90 days after the last entry", Personal: true, Doc: "by the keyed hash of a mail domain the lane of the system that receives for it, and when that was asked; sealed"}
	keyWanted   = rkey.Key{Pattern: "mail:systems:wanted", Type: rkey.Hash, Expiry: "30 days after the last entry", Personal: true, Doc: "mail domains of which nobody asked yet who receives for them; sealed, by their keyed hash"}
)

// Redis is the client that the worker shares with the queue.
type Redis = redis.UniversalClient

// Keys declares the Redis keys of this package; asynq's own begin with "asynq:".
func Keys() []rkey.Key {
	return []rkey.Key{keyPace, keyWarm, keyHold, keyHeld, keyLive, keyLives, keyLineage, keyService, keyAnswered, keyTurn, keyReplies, keyHanded, keyRates, keySystems, keyWanted, keyTestMail, keyPlaces, keyLine, keyLetters}
}

const (
	// paceAhead is how far ahead a group may reserve its slots; who would wait
	// longer puts the work back and frees the worker (DESIGN: pace).
	paceAhead = time.Second
	// paceLine is how long the line may be in which works wait that were put back.
	// Each then asks again, which bounds what a rate that has changed costs.
	paceLine = time.Minute
	// paceRecovery is in which time a learned rate grows by what it began with.
	paceRecovery = 10 * time.Minute
	// paceWave is how long answers may belong to the messages of before a rate was
	// learned: they do not lower it again.
	paceWave = 10 * time.Second
)

//go:embed lua/pace_common.lua
var luaPaceCommon string

//go:embed lua/reserve.lua
var luaReserve string

//go:embed lua/giveback.lua
var luaGiveBack string

//go:embed lua/backoff.lua
var luaBackOff string

//go:embed lua/calm.lua
var luaCalm string

//go:embed lua/held.lua
var luaHeld string

//go:embed lua/rates.lua
var luaRates string

// A Warmup raises from day to day what a new sender sends, as large receivers
// advise: From messages on the first day and To on the last of Days, each day as
// many times more than the day before. Only days on which something is sent
// count. After that there is no limit; the zero value is none at all.
type Warmup struct {
	From, To, Days int
}

// A limit is a pace that holds across all processes.
type limit struct {
	name   string  // under {pace}:slot:, and where it may be left alone, {pace}:hold:
	rate   float64 // messages a second, 0 for none
	warmup Warmup
}

// A grant is the right to send a group, or the first part of one.
type grant struct {
	n       int           // messages; 0: none, come again after wait
	wait    time.Duration // until they may go
	limits  []limit
	at, day string // as the script says
	steps   []any
}

// pace keeps limits and holds in Redis, for all processes.
type pace struct {
	rdb                                           redis.UniversalClient
	clk                                           clock.Clock
	zone                                          *time.Location // whose days warm-ups count
	reserve, giveBack, backOff, calm, held, rates *redis.Script
}

func newPace(rdb redis.UniversalClient, clk clock.Clock, zone *time.Location) *pace {
	s := func(text string) *redis.Script { return redis.NewScript(luaPaceCommon + text) }
	return &pace{rdb, clk, zone, s(luaReserve), s(luaGiveBack), s(luaBackOff), s(luaCalm), s(luaHeld), s(luaRates)}
}

// now is the time for a script: ” where the machine's clock is meant. What all
// machines share is the clock of Redis: one that is wrong would hold the others up.
func (p *pace) now() any {
	if _, real := p.clk.(clock.System); real {
		return ""
	}
	return p.clk.Now().UnixMicro()
}

// take reserves slots for n messages, or for as many of them as there is room
// for, on all limits. left is how many messages of the work are still to go.
// Nothing is reserved when the wait would be longer than paceAhead.
func (p *pace) take(ctx context.Context, limits []limit, n, left int) (grant, error) {
	if len(limits) == 0 {
		return grant{n: n}, nil
	}
	keys, args := make([]string, 0, 3*len(limits)), make([]any, 0, 9+4*len(limits))
	args = append(args, p.now(), n, left, paceAhead.Microseconds(), paceLine.Microseconds(), paceRecovery.Microseconds())
	y, m, d := p.clk.Now().In(p.zone).Date()
	for i := range 3 {
		args = append(args, time.Date(y, m, d+i, 0, 0, 0, 0, p.zone).UnixMicro())
	}
	for _, l := range limits {
		keys = append(keys, keyPace.Name(l.name), keyHold.Name(l.name), keyWarm.Name(l.name))
		args = append(args, l.rate, l.warmup.From, l.warmup.To, l.warmup.Days)
	}
	v, err := p.reserve.Run(ctx, p.rdb, keys, args...).Slice()
	if err != nil {
		return grant{}, fmt.Errorf("reserve slots: %w", err)
	}
	granted, _ := v[0].(int64)
	wait, _ := v[1].(int64)
	g := grant{n: int(granted), wait: time.Duration(wait) * time.Microsecond}
	if g.n > 0 {
		g.at, _ = v[2].(string)
		g.day, _ = v[3].(string)
		g.limits, g.steps = limits, v[4:]
	}
	return g, nil
}

// unused gives back what a grant was not used for: went of its messages went.
// It is tried once: done twice it would free what somebody else has by then.
func (p *pace) unused(ctx context.Context, g grant, went int) error {
	if went >= g.n || len(g.limits) == 0 {
		return nil
	}
	keys := make([]string, 0, 2*len(g.limits))
	for _, l := range g.limits {
		keys = append(keys, keyPace.Name(l.name), keyWarm.Name(l.name))
	}
	args := append([]any{p.now(), g.at, g.n, went, g.day}, g.steps...)
	if err := p.giveBack.Run(ctx, p.rdb, keys, args...).Err(); err != nil && err != redis.Nil {
		return fmt.Errorf("give slots back: %w", err)
	}
	return nil
}
