package broadcast

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
)

// ErrNoDelivery means that a receipt names a delivery that the ledger does not have.
var ErrNoDelivery = errors.New("there is no such delivery")

// ReceiptsFor is how long after a call has ended its receipts are applied.
const ReceiptsFor = 14 * 24 * time.Hour

// A Flag marks a delivery beside its state.
type Flag uint8

// The flags.
const (
	Replied    Flag = flagReplied    // the person wrote back
	Complained Flag = flagComplained // the person called it spam
	OptedOut   Flag = flagOptedOut   // the person said stop because of it
	Doubted    Flag = flagDoubted    // it was in doubt once: the person may have it, or have it twice; no receipt sets it
)

// A Says is what a report, or a person at the desk, says of a delivery.
type Says struct {
	Change Change // one of SaysGone, SaysDead, SaysFail, SaysNo, Settle, SendAgain, Offer; ignored when NoChange
	// NoChange leaves the state alone: only Flag counts.
	NoChange bool
	Reason   uint8
	Detail   string
	Flag     Flag
	Due      time.Time // of SendAgain and Offer, which open a call that is done, and move nothing in one that is stopped
}

// Applied tells what a receipt did. Said again, it does nothing.
type Applied struct {
	Moved   bool  // the state changed
	Flagged bool  // the flag is new
	Found   State // the state that it found
}

// Apply enters a receipt: once, however often it is said, and in any order.
func (l *Ledger) Apply(ctx context.Context, call ID, ref Ref, says Says) (Applied, error) {
	w, err := l.Work(ctx, call, ref.Batch)
	if errors.Is(err, ErrNoWork) || (err == nil && (w.Again() || int(ref.Index) >= w.Len())) {
		return Applied{}, fmt.Errorf("apply a receipt to %s/%s: %w", call, ref, ErrNoDelivery)
	} else if err != nil {
		return Applied{}, err
	}
	to, from := "", mask(0)
	if !says.NoChange {
		row := deliveryTable[says.Change]
		from = row.from
		for s := range stateCount {
			if row.to == 1<<s {
				to = strconv.Itoa(int(s))
			}
		}
	}
	due := ""
	if !says.NoChange && (says.Change == SendAgain || says.Change == Offer) {
		due = strconv.FormatInt(says.Due.UnixMilli(), 10)
		// Known as active first: the call may have ended, and goes on.
		if err := l.activate(ctx, call); err != nil {
			return Applied{}, fmt.Errorf("apply a receipt to %s/%s: %w", call, ref, err)
		}
	}
	keys := []string{keyCounts.Name(call), keyMinutes.Name(call), keyDue.Name(call), keyDetails.Name(call), keyStates.Name(call, ref.Batch), keyCall.Name(call)}
	v, err := l.lua.receipt.Run(redisdb.Kept(ctx), l.rdb, keys, w.Channel.String(), w.Lang, w.counted(), l.minute(), ref.Index, ref.String(),
		int(from), to, says.Reason, says.Detail, uint8(says.Flag), due).Int64Slice()
	if errors.Is(err, redis.Nil) {
		return Applied{}, fmt.Errorf("apply a receipt to %s/%s: %w", call, ref, ErrNoDelivery)
	} else if err != nil {
		return Applied{}, fmt.Errorf("apply a receipt to %s/%s: %w", call, ref, err)
	}
	if len(v) != 3 {
		return Applied{}, fmt.Errorf("apply a receipt to %s/%s: unexpected answer", call, ref)
	}
	if due != "" { // a sweep that saw the call as done may have retired it meanwhile
		if err := l.activate(ctx, call); err != nil {
			return Applied{}, fmt.Errorf("apply a receipt to %s/%s: %w", call, ref, err)
		}
	}
	return Applied{v[0] == 1, v[1] == 1, State(v[2])}, nil
}

// An Entry is one delivery as the ledger has it.
type Entry struct {
	Ref     Ref
	Work    *Work // the batch it was planned in
	Contact uint32
	State   State
	Flags   Flag
	Attempt uint8
	Gateway uint8
	Reason  uint8
	Detail  string
}

// FailedThrough reports whether the delivery has ended without arriving, through
// a gateway and for a reason (0 for any), and was never in doubt, so that the
// person cannot have it.
func (e Entry) FailedThrough(gateway, reason uint8) bool {
	return maskOf(Bounced, Rejected, Failed)&(1<<e.State) != 0 && e.Gateway == gateway && (reason == 0 || e.Reason == reason) &&
		e.Flags&(Doubted|Complained|OptedOut) == 0
}

// Entries walks all planned deliveries of a call in order; yield ends the walk
// by an error, which is returned.
func (l *Ledger) Entries(ctx context.Context, id ID, yield func(Entry) error) error {
	return l.batches(ctx, id, func(w *Work, states string) error { return entriesOf(w, states, yield) })
}

// entriesOf walks the deliveries of one batch.
func entriesOf(w *Work, states string, yield func(Entry) error) error {
	if len(states) != w.Len()*entryBytes {
		return fmt.Errorf("batch %d: %w", w.Number, errBatchCoding)
	}
	for i := range w.Len() {
		s := states[i*entryBytes : (i+1)*entryBytes]
		e := Entry{Ref: Ref{w.Number, uint8(i)}, Work: w, Contact: w.Contacts[i], State: State(s[0] & stateBits),
			Flags: Flag(s[0] &^ stateBits), Attempt: s[1], Gateway: s[2], Reason: s[3]}
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// batches walks the planned batches of a call with their states.
func (l *Ledger) batches(ctx context.Context, id ID, yield func(w *Work, states string) error) error {
	works, err := l.rdb.HGet(ctx, keyCall.Name(id), "works").Int64()
	if err != nil {
		return fmt.Errorf("walk call %s: %w", id, err)
	}
	numbers := make([]uint32, works)
	for i := range numbers {
		numbers[i] = uint32(i + 1)
	}
	for part := range slices.Chunk(numbers, 200) {
		pipe := l.rdb.Pipeline()
		texts, states := make([]*redis.StringCmd, len(part)), make([]*redis.StringCmd, len(part))
		for i, n := range part {
			texts[i], states[i] = pipe.Get(ctx, keyWork.Name(id, n)), pipe.Get(ctx, keyStates.Name(id, n))
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("walk call %s: %w", id, err)
		}
		for i, n := range part {
			text, err := texts[i].Bytes()
			if errors.Is(err, redis.Nil) {
				continue // a number taken by a planner or collector that then died
			}
			w, err := decodeWork(n, text)
			if err != nil {
				return fmt.Errorf("walk call %s: %w", id, err)
			}
			if w.Again() {
				continue
			}
			if err := yield(w, states[i].Val()); err != nil {
				return fmt.Errorf("walk call %s: %w", id, err)
			}
		}
	}
	return nil
}

// Details returns the stored details of deliveries, "" where there are none.
func (l *Ledger) Details(ctx context.Context, id ID, refs []Ref) ([]string, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.String()
	}
	v, err := l.rdb.HMGet(ctx, keyDetails.Name(id), names...).Result()
	if err != nil {
		return nil, fmt.Errorf("read details of call %s: %w", id, err)
	}
	out := make([]string, len(refs))
	for i := range v {
		out[i], _ = v[i].(string)
	}
	return out, nil
}
