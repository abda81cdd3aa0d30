package broadcast

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists"
	"clarion/lists/address"
)

// CanaryPhase is how far the part of a channel has come that goes first.
type CanaryPhase string

// The phases of a canary.
const (
	CanarySending  CanaryPhase = "sending"  // it goes out; the rest is held
	CanaryWatching CanaryPhase = "watching" // it has gone and is watched; the rest is held
	CanaryPassed   CanaryPhase = "passed"   // the rest goes
)

// CanaryPhases lists every phase of a canary.
var CanaryPhases = [...]CanaryPhase{CanarySending, CanaryWatching, CanaryPassed}

// A CanaryState is where the part of a channel stands that goes first.
type CanaryState struct {
	Phase CanaryPhase
	Size  int
	Until time.Time // when it will have been watched for long enough; zero before it is watched
}

// canaries reads what a call's record says of its canaries.
func canaries(m map[string]string) map[address.Channel]CanaryState {
	var out map[address.Channel]CanaryState
	for _, ch := range address.Channels {
		field := canaryField(ch)
		phase := CanaryPhase(m[field])
		if phase == "" {
			continue
		}
		s := CanaryState{Phase: phase}
		s.Size, _ = strconv.Atoi(m[field+":size"])
		if ms, err := strconv.ParseInt(m[field+":until"], 10, 64); err == nil {
			s.Until = time.UnixMilli(ms).UTC()
		}
		if out == nil {
			out = map[address.Channel]CanaryState{}
		}
		out[ch] = s
	}
	return out
}

func canaryField(ch address.Channel) string { return "canary:" + ch.String() }

// fieldCanaryHeld is the field that names the channel whose canary paused the call.
const fieldCanaryHeld = "canary_held"

// ErrCanary means that all is planned that may be: the rest of the audience is held
// until the part that goes first has proven well.
var ErrCanary = errors.New("the rest of the call waits for its canary")

// slice returns as a bitmap who of the channel may be planned, nil for all of them.
// At first it chooses who goes first, and keeps that.
func (p *planner) slice(ctx context.Context, people *lists.Store, size func(address.Channel, int) int, alive func() bool) ([]byte, error) {
	l := p.ledger
	text, err := l.rdb.HGet(ctx, keyCall.Name(p.call), canaryField(p.channel)).Result()
	if err != nil && err != redis.Nil {
		return nil, fmt.Errorf("read the canary: %w", err)
	}
	if CanaryPhase(text) == CanaryPassed {
		return nil, nil
	}
	if text == "" {
		all, err := l.rdb.Get(ctx, keyFrozen.Name(p.call, p.channel)).Bytes()
		if err == redis.Nil {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the audience: %w", err)
		}
		n := 0
		for _, b := range all {
			n += bits.OnesCount8(b)
		}
		first := size(p.channel, n)
		if first == 0 {
			return nil, nil
		}
		chosen, err := p.choose(ctx, people, all, first, alive)
		if err != nil {
			return nil, err
		}
		// If another planner was quicker, its choice holds.
		if _, err := l.canary(ctx, p.call, p.channel, "", CanarySending, chosen, first); err != nil {
			return nil, err
		}
	}
	who, err := l.rdb.Get(ctx, keyCanary.Name(p.call, p.channel)).Bytes()
	if err != nil {
		return nil, fmt.Errorf("read the canary: %w", err)
	}
	return who, nil
}

// canary brings a channel's canary from one phase to the next; false when it is in another.
func (l *Ledger) canary(ctx context.Context, id ID, ch address.Channel, from, to CanaryPhase, more ...any) (bool, error) {
	args := append([]any{ch.String(), string(from), string(to)}, more...)
	found, err := l.lua.canary.Run(ctx, l.rdb, []string{keyCall.Name(id), keyCanary.Name(id, ch)}, args...).Text()
	if err != nil {
		return false, fmt.Errorf("bring the canary of call %s on: %w", id, err)
	}
	return CanaryPhase(found) == from, nil
}

// WatchCanary notes that a channel's canary has gone and is watched until a time.
func (l *Ledger) WatchCanary(ctx context.Context, id ID, ch address.Channel, until time.Time) error {
	_, err := l.canary(ctx, id, ch, CanarySending, CanaryWatching, until.UnixMilli())
	return err
}

// PassCanary lets the rest of a channel follow that has been watched for long enough.
func (l *Ledger) PassCanary(ctx context.Context, id ID, ch address.Channel) error {
	_, err := l.canary(ctx, id, ch, CanaryWatching, CanaryPassed)
	return err
}

// PassCanaries lets the rest follow at once, since a person says so; false when
// nothing waits for a canary.
func (l *Ledger) PassCanaries(ctx context.Context, id ID) (bool, error) {
	passed := false
	for _, ch := range address.Channels {
		for _, from := range []CanaryPhase{CanarySending, CanaryWatching} {
			ok, err := l.canary(ctx, id, ch, from, CanaryPassed)
			if err != nil {
				return passed, err
			}
			passed = passed || ok
		}
	}
	return passed, nil
}

// Park puts planning back until Unpark: what is left of the audience is held.
func (l *Ledger) Park(ctx context.Context, lease Lease) error {
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyOwn.Name(lease.Call), keyLater.Name(lease.Call)}
	if err := l.lua.release.Run(ctx, l.rdb, keys, lease.Work, lease.Fence, lease.owner(), lease.Fence+1, "+inf").Err(); err != nil {
		return fmt.Errorf("hold the rest of call %s: %w", lease.Call, err)
	}
	return nil
}

// Unpark ends the waiting of planning, if it waits: Idle lists it from then on.
func (l *Ledger) Unpark(ctx context.Context, id ID) error {
	if err := l.rdb.ZRem(ctx, keyLater.Name(id), strconv.Itoa(PlanWork)).Err(); err != nil {
		return fmt.Errorf("let the rest of call %s follow: %w", id, err)
	}
	return nil
}
