package broadcast

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// How much of an audience's bitmap one read takes, in bytes: 8,192 contact
// numbers. The first is smaller, so that the first message leaves sooner.
const (
	frozenChunk = 1024
	firstChunk  = 256
)

// errPlanned means that another planner was there first.
var errPlanned = errors.New("another planner is at work on this call")

// ErrStopped means that the call was stopped while it was planned.
var ErrStopped = errors.New("the call is stopped")

// frozen returns at most size bytes of the frozen audience's bitmap: the contacts
// that are not planned yet. Past the end it is empty.
func (l *Ledger) frozen(ctx context.Context, id ID, ch address.Channel, from, size int) (string, error) {
	s, err := l.rdb.GetRange(ctx, keyFrozen.Name(id, ch), int64(from), int64(from+size)-1).Result()
	if err != nil && err != redis.Nil {
		return "", fmt.Errorf("read the audience: %w", err)
	}
	return s, nil
}

// pieceGap is how many bytes of the audience between two contacts are rather
// compared and written for nothing than named in a piece of their own.
const pieceGap = 64

// takeOut clears the bits of numbers, ascending, in the audience as the planner
// knows it, and returns the pieces that change: first and last byte, how it was,
// how it is to be.
func takeOut(left []byte, numbers []uint32) (pieces []any) {
	for len(numbers) > 0 {
		first := numbers[0] / 8
		last, n := first, 0
		for ; n < len(numbers) && numbers[n]/8 <= last+pieceGap; n++ {
			last = numbers[n] / 8
		}
		piece := left[first : last+1]
		was := string(piece)
		for _, number := range numbers[:n] {
			left[number/8] &^= 0x80 >> (number % 8)
		}
		pieces = append(pieces, first, last, was, string(piece))
		numbers = numbers[n:]
	}
	return pieces
}

// addBatches enters planned batches into the ledger, in two round trips, and takes
// them out of left, the audience as the planner knows it. On an error it returns
// the leases of those that were entered.
func (l *Ledger) addBatches(ctx context.Context, id ID, works []*Work, left []byte) ([]Lease, error) {
	fail := func(leases []Lease, err error) ([]Lease, error) {
		return leases, fmt.Errorf("add batches: %w", err)
	}
	number, err := l.rdb.HIncrBy(ctx, keyCall.Name(id), "works", int64(len(works))).Result()
	if err != nil {
		return fail(nil, err)
	}
	keys, args := make([][]string, len(works)), make([][]any, len(works))
	for i, w := range works {
		w.Number = uint32(number) - uint32(len(works)-1-i)
		keys[i] = []string{keyCall.Name(id), keyCounts.Name(id), keyFrozen.Name(id, w.Channel), keyOpen.Name(id), keyWork.Name(id, w.Number), keyStates.Name(id, w.Number)}
		args[i] = append([]any{w.Number, w.encode(), w.Channel.String(), w.Lang, w.counted(), w.Len()}, takeOut(left, w.Contacts)...)
	}
	cmds := make([]*redis.Cmd, len(works))
	err = l.Pipelined(ctx, func(pipe redis.Pipeliner) {
		for i := range works {
			cmds[i] = l.lua.addBatch.EvalSha(ctx, pipe, keys[i], args[i]...)
		}
	})
	leases := make([]Lease, 0, len(works))
	for i, w := range works {
		s, cerr := cmds[i].Text()
		switch {
		case cerr != nil:
			return fail(leases, errors.Join(cerr, err))
		case s == "planned":
			return fail(leases, errPlanned)
		case s != OK:
			return fail(leases, ErrStopped)
		}
		leases = append(leases, Lease{Call: id, Work: w.Number, Fence: 1})
	}
	return leases, nil
}
