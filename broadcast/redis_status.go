package broadcast

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/lists/address"
)

// Counts are deliveries by state.
type Counts map[State]int

// Sum is the number of deliveries over all states.
func (c Counts) Sum() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

// Reached is how many were taken by a gateway, or have arrived.
func (c Counts) Reached() int { return c[Sent] + c[Delivered] }

// Waiting is how many have not ended.
func (c Counts) Waiting() int { return c[Pending] + c[Sending] + c[Deferred] }

// Failed is how many ended without having arrived, whoever is to blame.
func (c Counts) Failed() int { return c[Bounced] + c[Rejected] + c[Failed] }

// A Slice is one row of the counters: the deliveries of a channel that share a
// language, a lane, a gateway or a reason.
type Slice struct {
	Channel address.Channel
	Name    string
	Counts  Counts
}

// Counters are all counters of a call. They change in the same script as the
// states, so that they always add up to the audience.
type Counters struct {
	Channels map[address.Channel]Counts // pending includes what is not planned yet
	Unplan   map[address.Channel]int    // not planned yet
	Langs    []Slice
	Lanes    []Slice
	Gateways []Slice // by gateway number, in Name
	Reasons  []Slice // by reason number, in Name
	Flags    map[address.Channel]map[Flag]int
}

// Counters reads the counters of a call, without looking at any delivery.
func (l *Ledger) Counters(ctx context.Context, id ID) (*Counters, error) {
	m, err := l.rdb.HGetAll(ctx, keyCounts.Name(id)).Result()
	if err == nil {
		var c *Counters
		if c, err = parseCounters(m); err == nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("read counters of call %s: %w", id, err)
}

// Progress is where a call stands, as people watch it.
type Progress struct {
	*Call
	*Counters
	NextDue time.Time // when the next delivery or work is due, the zero time when none waits
	Asleep  []Sleep   // what waits for quiet hours to end
}

// Progress reads where a call stands, in one round trip.
func (l *Ledger) Progress(ctx context.Context, id ID) (*Progress, error) {
	pipe := l.rdb.Pipeline()
	progress := l.QueueProgress(ctx, pipe, id)
	_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	return progress()
}

// Progresses reads where calls stand, in the order of ids, in one round trip.
func (l *Ledger) Progresses(ctx context.Context, ids []ID) ([]*Progress, error) {
	pipe := l.rdb.Pipeline()
	read := make([]func() (*Progress, error), len(ids))
	for i, id := range ids {
		read[i] = l.QueueProgress(ctx, pipe, id)
	}
	if len(ids) > 0 {
		_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	}
	out := make([]*Progress, len(ids))
	for i, p := range read {
		var err error
		if out[i], err = p(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// QueueProgress adds what Progress reads to pipe; the answer is there once pipe has run.
func (l *Ledger) QueueProgress(ctx context.Context, pipe redis.Pipeliner, id ID) func() (*Progress, error) {
	call, counts, next := pipe.HGetAll(ctx, keyCall.Name(id)), pipe.HGetAll(ctx, keyCounts.Name(id)), queueNextDue(ctx, pipe, id)
	asleep := l.queueAsleep(ctx, pipe, id)
	return func() (*Progress, error) {
		if err := errors.Join(call.Err(), counts.Err()); err != nil {
			return nil, fmt.Errorf("read where call %s stands: %w", id, err)
		}
		if len(call.Val()) == 0 {
			return nil, fmt.Errorf("read call %s: %w", id, ErrNoCall)
		}
		counters, err := parseCounters(counts.Val())
		if err != nil {
			return nil, fmt.Errorf("read counters of call %s: %w", id, err)
		}
		due, err := next()
		if err != nil {
			return nil, err
		}
		sleeps, err := asleep()
		if err != nil {
			return nil, err
		}
		return &Progress{parseCall(id, call.Val()), counters, due, sleeps}, nil
	}
}

func parseCounters(m map[string]string) (*Counters, error) {
	c := &Counters{Channels: map[address.Channel]Counts{}, Unplan: map[address.Channel]int{}, Flags: map[address.Channel]map[Flag]int{}}
	rows := map[string]Counts{}
	for field, value := range m {
		n, err := strconv.Atoi(value)
		if err != nil {
			return nil, fmt.Errorf("field %s is no number", field)
		}
		kind, rest, _ := strings.Cut(field, ":")
		chName, rest, _ := strings.Cut(rest, ":")
		ch, err := address.ParseChannel(chName)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field, err)
		}
		if c.Channels[ch] == nil {
			c.Channels[ch] = Counts{}
		}
		if n == 0 {
			continue
		}
		if kind == "u" {
			c.Unplan[ch] = n
			c.Channels[ch][Pending] += n
			continue
		}
		if kind == "f" {
			f, _ := strconv.Atoi(rest)
			if c.Flags[ch] == nil {
				c.Flags[ch] = map[Flag]int{}
			}
			c.Flags[ch][Flag(f)] = n
			continue
		}
		cut := strings.LastIndexByte(rest, ':')
		s, err := strconv.Atoi(rest[cut+1:])
		if err != nil || s >= int(stateCount) {
			return nil, fmt.Errorf("field %s has no state", field)
		}
		if kind == "c" {
			c.Channels[ch][State(s)] += n
			continue
		}
		row := kind + ":" + chName + ":" + rest[:max(cut, 0)]
		if rows[row] == nil {
			rows[row] = Counts{}
		}
		rows[row][State(s)] += n
	}
	for row, counts := range rows {
		parts := strings.SplitN(row, ":", 3)
		ch, _ := address.ParseChannel(parts[1])
		slice := Slice{ch, parts[2], counts}
		switch parts[0] {
		case "l":
			c.Langs = append(c.Langs, slice)
		case "d":
			c.Lanes = append(c.Lanes, slice)
		case "g":
			c.Gateways = append(c.Gateways, slice)
		case "r":
			c.Reasons = append(c.Reasons, slice)
		}
	}
	for _, rows := range [][]Slice{c.Langs, c.Lanes, c.Gateways, c.Reasons} {
		sortSlices(rows)
	}
	return c, nil
}

// Audit recounts the ledger against the counters, the batches, the due set and
// the audience, and names every difference. All is read in one transaction, so
// that it agrees at any moment of a run; reading a million deliveries holds
// Redis for some milliseconds.
func (l *Ledger) Audit(ctx context.Context, id ID) (*Audit, error) {
	// While a call is planned, batches may come in between the two looks: then both are
	// taken again. The last look counts as it is.
	const looks = 20
	for look := 1; ; look++ {
		works, err := l.works(ctx, id)
		if err != nil {
			return nil, err
		}
		a, moved, err := l.auditAt(ctx, id, works)
		if err != nil || !moved || look == looks {
			return a, err
		}
	}
}

// works reads all works of a call by number; they never change.
func (l *Ledger) works(ctx context.Context, id ID) (map[uint32]*Work, error) {
	if _, err := l.Call(ctx, id); err != nil {
		return nil, err
	}
	n, err := l.rdb.HGet(ctx, keyCall.Name(id), "works").Int()
	if err != nil {
		return nil, fmt.Errorf("audit call %s: %w", id, err)
	}
	out := make(map[uint32]*Work, n)
	const atOnce = 500
	for from := 1; from <= n; from += atOnce {
		pipe := l.rdb.Pipeline()
		to := min(from+atOnce-1, n)
		texts := make([]*redis.StringCmd, to-from+1)
		for i := range texts {
			texts[i] = pipe.Get(ctx, keyWork.Name(id, from+i))
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("audit call %s: %w", id, err)
		}
		for i, text := range texts {
			b, err := text.Bytes()
			if errors.Is(err, redis.Nil) {
				continue // a number taken by a planner or collector that then died
			}
			w, err := decodeWork(uint32(from+i), b)
			if err != nil {
				return nil, fmt.Errorf("audit call %s: %w", id, err)
			}
			out[w.Number] = w
		}
	}
	return out, nil
}

// auditAt recounts at one moment; moved says that works were added meanwhile.
func (l *Ledger) auditAt(ctx context.Context, id ID, works map[uint32]*Work) (a *Audit, moved bool, err error) {
	fail := func(err error) (*Audit, bool, error) { return nil, false, fmt.Errorf("audit call %s: %w", id, err) }
	tx := l.rdb.TxPipeline()
	call, counts := tx.HGetAll(ctx, keyCall.Name(id)), tx.HGetAll(ctx, keyCounts.Name(id))
	due, open, own := tx.ZRange(ctx, keyDue.Name(id), 0, -1), tx.HGetAll(ctx, keyOpen.Name(id)), tx.HGetAll(ctx, keyOwn.Name(id))
	frozen := map[address.Channel]*redis.IntCmd{}
	for _, ch := range address.Channels {
		frozen[ch] = tx.BitCount(ctx, keyFrozen.Name(id, ch), nil)
	}
	states := map[uint32]*redis.StringCmd{}
	for n, w := range works {
		if !w.Again() {
			states[n] = tx.Get(ctx, keyStates.Name(id, n))
		}
	}
	if _, err := tx.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fail(err)
	}
	a = newAudit(parseCall(id, call.Val()))
	for ch, cmd := range frozen {
		a.unplanned(ch, int(cmd.Val()))
	}
	for _, m := range due.Val() {
		a.due[m] = true
	}
	a.open, a.own = len(open.Val()), len(own.Val())
	for number := range open.Val() {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return fail(err)
		}
		if n == PlanWork {
			continue
		}
		w := works[uint32(n)]
		if w == nil {
			moved = true
			continue
		}
		a.openWork(w)
	}
	for n, cmd := range states {
		if err := entriesOf(works[n], cmd.Val(), a.entry); err != nil {
			return fail(err)
		}
	}
	counters, err := parseCounters(counts.Val())
	if err != nil {
		return fail(err)
	}
	a.compare(counters)
	return a, moved, nil
}
