package texting

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/rkey"
	"clarion/lists"
	"clarion/lists/address"
)

// All keys share one slot, so that a contact goes from hand to hand in one script,
// also in a Cluster.
var (
	keyRounds  = rkey.Key{Pattern: "{texting}:rounds", Type: rkey.Hash, Expiry: "kept", Doc: "rounds of texting by volunteers, by number: name, list, script"}
	keyLast    = rkey.Key{Pattern: "{texting}:last", Type: rkey.String, Expiry: "kept", Doc: "the last number of a round"}
	keyWaiting = rkey.Key{Pattern: "{texting}:<round>:waiting", Type: rkey.List, Expiry: "until all had their turn", Doc: "numbers of contacts who wait for a volunteer"}
	keyHeld    = rkey.Key{Pattern: "{texting}:<round>:held", Type: rkey.Hash, Expiry: "until settled", Doc: "the contact in each volunteer's hands, by number, since when, and whether they saw it"}
	keyDone    = rkey.Key{Pattern: "{texting}:<round>:done", Type: rkey.Hash, Expiry: "kept", Doc: "what became of each contact, by number: outcome, volunteer, when"}
	keyCounts  = rkey.Key{Pattern: "{texting}:<round>:counts", Type: rkey.Hash, Expiry: "kept", Doc: "how many came to each outcome, in all and by volunteer"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{keyRounds, keyLast, keyWaiting, keyHeld, keyDone, keyCounts}
}

var (
	//go:embed take.lua
	luaTake string
	//go:embed show.lua
	luaShow string
	//go:embed settle.lua
	luaSettle string

	scriptTake   = redis.NewScript(luaTake)
	scriptShow   = redis.NewScript(luaShow)
	scriptSettle = redis.NewScript(luaSettle)
)

// A Desk entrusts contacts. It is safe for concurrent use, by any number of processes.
type Desk struct {
	Settings
	rdb    redis.UniversalClient
	people *lists.Store
	clk    clock.Clock
}

// Open returns the desk in rdb.
func Open(s Settings, rdb redis.UniversalClient, people *lists.Store, clk clock.Clock) *Desk {
	return &Desk{s, rdb, people, clk}
}

// atOnce is how many contacts are entered together.
const atOnce = 1000

// Begin begins a round with everyone on its list who may get texts now. Name,
// List, Script and By are taken.
func (d *Desk) Begin(ctx context.Context, r Round) (*Round, error) {
	who, err := d.people.Resolve(ctx, lists.Audience{Lists: []string{r.List}, Channels: []address.Channel{address.SMS}})
	if err != nil {
		return nil, err
	}
	last, err := d.rdb.Incr(ctx, keyLast.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("begin a round: %w", err)
	}
	r.ID, r.Begun, r.Closed, r.Total = uint32(last), d.clk.Now().UTC().Truncate(time.Second), false, 0
	numbers := slices.Collect(lists.Numbers(who.Bitmaps[address.SMS]))
	for part := range slices.Chunk(numbers, atOnce) {
		values := make([]any, len(part))
		for i, n := range part {
			values[i] = n
		}
		if err := d.rdb.RPush(ctx, keyWaiting.Name(r.ID), values...).Err(); err != nil {
			return nil, fmt.Errorf("begin a round: %w", err)
		}
	}
	r.Total = len(numbers)
	return &r, d.save(ctx, r) // the round is there once all of its contacts are
}

// Close ends a round: nobody else is entrusted. Who is in somebody's hands is still
// settled.
func (d *Desk) Close(ctx context.Context, id uint32) error {
	r, err := d.Round(ctx, id)
	if err != nil || r.Closed {
		return err
	}
	r.Closed = true
	return d.save(ctx, *r)
}

func (d *Desk) save(ctx context.Context, r Round) error {
	r.Waiting, r.Held, r.Counts = 0, 0, nil
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save a round: %w", err)
	}
	if err := d.rdb.HSet(ctx, keyRounds.Name(), r.ID, data).Err(); err != nil {
		return fmt.Errorf("save a round: %w", err)
	}
	return nil
}

// Rounds returns all rounds, the last one first.
func (d *Desk) Rounds(ctx context.Context) ([]Round, error) {
	ids, err := d.rdb.HKeys(ctx, keyRounds.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("read the rounds: %w", err)
	}
	out := make([]Round, 0, len(ids))
	for _, text := range ids {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the rounds: %w", err)
		}
		r, err := d.Round(ctx, uint32(id))
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Round) int { return int(b.ID) - int(a.ID) })
	return out, nil
}

// Round returns a round with how it stands. The error is ErrNoRound where there
// is none.
func (d *Desk) Round(ctx context.Context, id uint32) (*Round, error) {
	var data *redis.StringCmd
	var waiting, held *redis.IntCmd
	var counts *redis.MapStringStringCmd
	_, err := d.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		data = p.HGet(ctx, keyRounds.Name(), strconv.FormatUint(uint64(id), 10))
		waiting, held, counts = p.LLen(ctx, keyWaiting.Name(id)), p.HLen(ctx, keyHeld.Name(id)), p.HGetAll(ctx, keyCounts.Name(id))
		return nil
	})
	if errors.Is(data.Err(), redis.Nil) {
		return nil, ErrNoRound
	}
	if err != nil {
		return nil, fmt.Errorf("read a round: %w", err)
	}
	r := &Round{}
	if err := json.Unmarshal([]byte(data.Val()), r); err != nil {
		return nil, fmt.Errorf("read a round: %w", err)
	}
	r.Waiting, r.Held = int(waiting.Val()), int(held.Val())
	all, err := tally(counts.Val())
	r.Counts = all[0]
	return r, err
}

// Shares returns what each volunteer has done in a round, by number.
func (d *Desk) Shares(ctx context.Context, id uint32) ([]Share, error) {
	counts, err := d.rdb.HGetAll(ctx, keyCounts.Name(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read a round: %w", err)
	}
	held, err := d.rdb.HGetAll(ctx, keyHeld.Name(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read a round: %w", err)
	}
	by, err := tally(counts)
	if err != nil {
		return nil, err
	}
	shares := map[uint32]*Share{}
	of := func(v uint32) *Share {
		if shares[v] == nil {
			shares[v] = &Share{Volunteer: v, Counts: map[Outcome]int{}}
		}
		return shares[v]
	}
	for v, c := range by {
		if v != 0 {
			of(v).Counts = c
		}
	}
	for text, value := range held {
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read a round: %w", err)
		}
		h, err := parseHeld(value)
		if err != nil {
			return nil, err
		}
		s := of(uint32(v))
		s.Holds, s.Since = true, h.since
	}
	out := make([]Share, 0, len(shares))
	for _, v := range slices.Sorted(maps.Keys(shares)) {
		out = append(out, *shares[v])
	}
	return out, nil
}

// tally reads counters: by volunteer, 0 for all together.
func tally(counts map[string]string) (map[uint32]map[Outcome]int, error) {
	out := map[uint32]map[Outcome]int{0: {}}
	for field, value := range counts {
		outcome, volunteer, _ := strings.Cut(field, ":")
		n, err := strconv.Atoi(value)
		v := uint64(0)
		if volunteer != "" && err == nil {
			v, err = strconv.ParseUint(volunteer, 10, 32)
		}
		if err != nil {
			return nil, fmt.Errorf("read a round's counters: %w", err)
		}
		if out[uint32(v)] == nil {
			out[uint32(v)] = map[Outcome]int{}
		}
		out[uint32(v)][Outcome(outcome)] = n
	}
	return out, nil
}

// take is the contact in the volunteer's hands, or the next one.
func (d *Desk) take(ctx context.Context, round, volunteer uint32) (h held, err error) {
	r, err := d.Round(ctx, round)
	if err != nil {
		return h, err
	}
	open := 1
	if r.Closed {
		open = 0
	}
	// What is given away must be on the replicas before anybody writes by it.
	value, err := scriptTake.Run(redisdb.Kept(ctx), d.rdb, []string{keyHeld.Name(round), keyWaiting.Name(round)}, volunteer, d.clk.Now().Unix(), open).Text()
	if err != nil {
		return h, fmt.Errorf("entrust a contact: %w", err)
	}
	switch {
	case value != "":
		return parseHeld(value)
	case r.Closed:
		return h, ErrClosed
	}
	return h, ErrNobody
}

// Show notes that a volunteer is shown the contact in their hands. The error is
// ErrNotYours for one that is not there.
func (d *Desk) Show(ctx context.Context, round, volunteer, number uint32) error {
	done, err := scriptShow.Run(redisdb.Kept(ctx), d.rdb, []string{keyHeld.Name(round)}, volunteer, number).Int()
	if err != nil {
		return fmt.Errorf("show a contact: %w", err)
	}
	if done == 0 {
		return ErrNotYours
	}
	return nil
}

// A held is a contact in somebody's hands; number 0 is nobody.
type held struct {
	number uint32
	since  time.Time
	shown  bool
}

// held is the contact in the volunteer's hands.
func (d *Desk) held(ctx context.Context, round, volunteer uint32) (h held, err error) {
	value, err := d.rdb.HGet(ctx, keyHeld.Name(round), strconv.FormatUint(uint64(volunteer), 10)).Result()
	if errors.Is(err, redis.Nil) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read who is in whose hands: %w", err)
	}
	return parseHeld(value)
}

// parseHeld reads what take.lua and show.lua write.
func parseHeld(value string) (h held, err error) {
	var at int64
	if _, err := fmt.Sscanf(value, "%d %d", &h.number, &at); err != nil {
		return h, fmt.Errorf("read who is in whose hands: %w", err)
	}
	h.since, h.shown = time.Unix(at, 0).UTC(), strings.HasSuffix(value, " shown")
	return h, nil
}

// look reads a contact, and whether a text may go there at this moment.
func (d *Desk) look(ctx context.Context, number uint32) (c lists.Contact, may bool, err error) {
	var read *lists.Read
	var eligible *lists.Eligible
	numbers := []uint32{number}
	if _, err := d.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		read, eligible = d.people.QueueRead(ctx, p, numbers), d.people.QueueEligible(ctx, p, address.SMS, numbers)
		return nil
	}); err != nil && !errors.Is(err, redis.Nil) {
		return c, false, fmt.Errorf("read a contact: %w", err)
	}
	all, err := read.Contacts(nil)
	if err == nil {
		err = eligible.Err()
	}
	if err != nil {
		return c, false, err
	}
	return all[0], all[0].Number != 0 && eligible.At(0), nil
}

func (d *Desk) settle(ctx context.Context, round, volunteer, number uint32, o Outcome) error {
	done, err := scriptSettle.Run(redisdb.Kept(ctx), d.rdb, []string{keyHeld.Name(round), keyWaiting.Name(round), keyDone.Name(round), keyCounts.Name(round)},
		volunteer, number, string(o), d.clk.Now().Unix()).Int()
	if err != nil {
		return fmt.Errorf("settle a contact: %w", err)
	}
	if done == 0 {
		return ErrNotYours
	}
	return nil
}
