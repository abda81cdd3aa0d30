package broadcast

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists"
	"clarion/lists/address"
)

// ErrNoCall means that no call has the name asked for.
var ErrNoCall = errors.New("there is no such call")

// A Call is what the ledger knows of a call beside its deliveries.
type Call struct {
	ID        ID
	Name      string
	Campaign  string
	State     CallState
	Audience  int // deliveries
	Contacts  int
	Rehearsal bool
	Gateways  []string // by number, from 1; [0] is ""
	Made      time.Time
	Start     time.Time // when it is to start, zero for at once
	Started   time.Time
	Finished  time.Time
	Ends      time.Time // no attempt begins after it, zero for never
	Hold      bool      // email in doubt is left to a person
	Unplanned int       // cancelled before they were planned
	Note      Note      // why the call paused itself, the zero value if it did not
	Canary    map[address.Channel]CanaryState
	Past      []Turn // since its audience was fixed, the last one is State
}

// A Turn is a state that a call came to be in, and when.
type Turn struct {
	State CallState
	At    time.Time
}

// turnLine is a turn as it is kept, as become in lua/common.lua writes it.
func turnLine(to CallState, at time.Time) string {
	return string(to) + " " + strconv.FormatInt(at.UnixMilli(), 10) + "\n"
}

func parsePast(text string) (out []Turn) {
	for line := range strings.Lines(text) {
		state, at, _ := strings.Cut(strings.TrimSpace(line), " ")
		ms, _ := strconv.ParseInt(at, 10, 64)
		out = append(out, Turn{CallState(state), time.UnixMilli(ms).UTC()})
	}
	return out
}

// New stores a draft: the call's folder, and through which gateways it goes.
func (l *Ledger) New(ctx context.Context, c Call, files map[string][]byte) (ID, error) {
	n, err := l.rdb.Incr(ctx, keyCounter.Name()).Result()
	if err != nil {
		return "", fmt.Errorf("make a call: %w", err)
	}
	id := ID("c" + strconv.FormatInt(n, 10))
	now := l.clk.Now()
	fields := map[string]any{
		"state": string(Draft), "name": c.Name, "campaign": c.Campaign, "made": now.UnixMilli(), "works": 0,
		"gateways": strings.Join(c.Gateways, ","), "rehearsal": flag(c.Rehearsal), "hold": flag(c.Hold),
		"start": millis(c.Start), "ends": millis(c.Ends),
	}
	blobs := make(map[string]any, len(files))
	for name, data := range files {
		blobs[name] = data
	}
	pipe := l.rdb.Pipeline()
	pipe.HSet(ctx, keyCall.Name(id), fields)
	pipe.HSet(ctx, keyFiles.Name(id), blobs)
	pipe.ZAdd(ctx, keyCalls.Name(), redis.Z{Score: float64(now.UnixMilli()), Member: string(id)})
	if _, err := pipe.Exec(ctx); err != nil {
		return "", fmt.Errorf("make call %s: %w", id, err)
	}
	return id, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Call reads what is known of a call; the error is ErrNoCall when there is none.
func (l *Ledger) Call(ctx context.Context, id ID) (*Call, error) {
	m, err := l.rdb.HGetAll(ctx, keyCall.Name(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read call %s: %w", id, err)
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("read call %s: %w", id, ErrNoCall)
	}
	return parseCall(id, m), nil
}

func parseCall(id ID, m map[string]string) *Call {
	num := func(field string) int64 {
		n, _ := strconv.ParseInt(m[field], 10, 64)
		return n
	}
	at := func(field string) time.Time {
		if n := num(field); n > 0 {
			return time.UnixMilli(n).UTC()
		}
		return time.Time{}
	}
	return &Call{
		ID: id, Name: m["name"], Campaign: m["campaign"], State: CallState(m["state"]), Audience: int(num("audience")), Contacts: int(num("contacts")),
		Rehearsal: num("rehearsal") == 1, Gateways: strings.Split(m["gateways"], ","), Made: at("made"), Start: at("start"), Started: at("started"),
		Finished: at("finished"), Ends: at("ends"), Hold: num("hold") == 1, Unplanned: int(num("unplanned")), Note: parseNote(m["note"]), Canary: canaries(m), Past: parsePast(m["past"]),
	}
}

// Files returns the call's folder as it was launched.
func (l *Ledger) Files(ctx context.Context, id ID) (map[string][]byte, error) {
	m, err := l.rdb.HGetAll(ctx, keyFiles.Name(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read the texts of call %s: %w", id, err)
	}
	out := make(map[string][]byte, len(m))
	for name, data := range m {
		out[name] = []byte(data)
	}
	return out, nil
}

// Calls lists all calls, the newest first.
func (l *Ledger) Calls(ctx context.Context) ([]ID, error) {
	names, err := l.rdb.ZRevRange(ctx, keyCalls.Name(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return ids(names), nil
}

// Active lists the calls that have work to do or to wait for.
func (l *Ledger) Active(ctx context.Context) ([]ID, error) {
	names, err := l.rdb.SMembers(ctx, keyActive.Name()).Result()
	if err != nil {
		return nil, fmt.Errorf("list active calls: %w", err)
	}
	slices.Sort(names)
	return ids(names), nil
}

func ids(names []string) []ID {
	out := make([]ID, len(names))
	for i, n := range names {
		out[i] = ID(n)
	}
	return out
}

// Retire takes a call that has ended off the active ones, of which nothing is in
// doubt. One that was opened again stays: whoever settled the last doubt may have
// said that it never went, and a person may have its messages taken back, between
// the caller's look at the call and this. So its state is asked once more afterwards.
func (l *Ledger) Retire(ctx context.Context, id ID) error {
	over, err := l.over(ctx, id)
	if err != nil || !over {
		return err
	}
	if err := l.rdb.SRem(ctx, keyActive.Name(), string(id)).Err(); err != nil {
		return fmt.Errorf("retire call %s: %w", id, err)
	}
	over, err = l.over(ctx, id)
	if err == nil && over {
		return nil
	}
	// Whoever cannot be asked costs a look; a call that nobody looks at never ends.
	return errors.Join(err, l.activate(ctx, id))
}

// over reports whether a call has ended, or is none.
func (l *Ledger) over(ctx context.Context, id ID) (bool, error) {
	state, err := l.rdb.HGet(ctx, keyCall.Name(id), "state").Result()
	if err != nil && err != redis.Nil {
		return false, fmt.Errorf("ask for the state of call %s: %w", id, err)
	}
	return err == redis.Nil || CallState(state) == Done || CallState(state) == Stopped, nil
}

// activate puts a call among those that are looked at.
func (l *Ledger) activate(ctx context.Context, id ID) error {
	if err := l.rdb.SAdd(ctx, keyActive.Name(), string(id)).Err(); err != nil {
		return fmt.Errorf("put call %s among the active ones: %w", id, err)
	}
	return nil
}

// Do carries out an action on a call, with fields to set in the same step, and
// returns its new state. A *StateError says that the call does not allow it.
func (l *Ledger) Do(ctx context.Context, id ID, action Action, set ...any) (CallState, error) {
	for {
		text, err := l.rdb.HGet(ctx, keyCall.Name(id), "state").Result()
		if err == redis.Nil {
			return "", fmt.Errorf("%s call %s: %w", action, id, ErrNoCall)
		} else if err != nil {
			return "", fmt.Errorf("%s call %s: %w", action, id, err)
		}
		from := CallState(text)
		to, err := from.Next(string(id), action)
		if err != nil {
			return from, err
		}
		if action == ActLaunch {
			set = append(set, "started", l.clk.Now().UnixMilli())
		}
		if action == ActResume {
			// A call that paused itself was looked at by a person: it does not pause for the same again.
			why, err := l.rdb.HMGet(ctx, keyCall.Name(id), "note", fieldCanaryHeld).Result()
			if err != nil {
				return from, fmt.Errorf("%s call %s: %w", action, id, err)
			}
			if held, _ := why[1].(string); held != "" {
				set = append(set, "note", "", fieldCanaryHeld, "", "canary:"+held, string(CanaryPassed))
			} else if note, _ := why[0].(string); note != "" {
				over, err := Note{Cause: Overridden}.text()
				if err != nil {
					return from, fmt.Errorf("%s call %s: %w", action, id, err)
				}
				set = append(set, "note", over)
			}
		}
		if to == Stopped {
			set = append(set, "finished", l.clk.Now().UnixMilli())
		}
		// Known as active first: a crash in between costs a look, not a call.
		if err := l.activate(ctx, id); err != nil {
			return from, fmt.Errorf("%s call %s: %w", action, id, err)
		}
		found, err := l.lua.transition.Run(redisdb.Kept(ctx), l.rdb, []string{keyCall.Name(id)}, append([]any{string(from), string(to), l.clk.Now().UnixMilli()}, set...)...).Text()
		if err != nil {
			return from, fmt.Errorf("%s call %s: %w", action, id, err)
		}
		if found == string(from) {
			if from == Done { // a sweep that saw it so may have retired it meanwhile
				err = l.activate(ctx, id)
			}
			return to, err
		}
	}
}

// Pause pauses a running call by its own limits, and keeps why. Whoever resumes a
// call that its canary paused lets the rest of that channel follow.
func (l *Ledger) Pause(ctx context.Context, id ID, why Note) error {
	text, err := why.text()
	if err != nil {
		return fmt.Errorf("pause call %s: %w", id, err)
	}
	set := []any{"note", text}
	if why.Canary {
		set = append(set, fieldCanaryHeld, why.Channel.String())
	}
	_, err = l.Do(ctx, id, ActPause, set...)
	return err
}

// Freeze fixes a draft's audience: from here on the call reaches these contacts
// and no others. A *StateError says that it has been fixed before.
func (l *Ledger) Freeze(ctx context.Context, id ID, r lists.Resolved) error {
	audience := 0
	counts, frozen, left := map[string]any{}, map[string][]byte{}, map[string]any{}
	for ch, bits := range r.Bitmaps {
		n := r.Channel[ch]
		audience += n
		counts["u:"+ch.String()] = n
		frozen[keyFrozen.Name(id, ch)] = bits
	}
	for _, lo := range r.LeftOut {
		ch := "" // left out on every channel
		if lo.Channel != 0 {
			ch = lo.Channel.String()
		}
		left[ch+":"+lo.Reason] = lo.Count
	}
	// Known as active first: a crash in between costs a look, not a call.
	if err := l.activate(ctx, id); err != nil {
		return fmt.Errorf("fix the audience: %w", err)
	}
	// In one step with the call's state, or not at all: a call that is under way must not begin again.
	err := l.rdb.Watch(ctx, func(tx *redis.Tx) error {
		text, err := tx.HGet(ctx, keyCall.Name(id), "state").Result()
		if err == redis.Nil {
			return ErrNoCall
		} else if err != nil {
			return err
		}
		to, err := CallState(text).Next(string(id), ActPlan)
		if err != nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Del(ctx, keyCounts.Name(id), keyLeftOut.Name(id))
			for _, key := range slices.Sorted(maps.Keys(frozen)) {
				pipe.Set(ctx, key, frozen[key], 0)
			}
			if len(counts) > 0 {
				pipe.HSet(ctx, keyCounts.Name(id), counts)
			}
			if len(left) > 0 {
				pipe.HSet(ctx, keyLeftOut.Name(id), left)
			}
			pipe.HSet(ctx, keyOpen.Name(id), strconv.Itoa(PlanWork), 1)
			pipe.HSet(ctx, keyCall.Name(id), "state", string(to), "past", turnLine(to, l.clk.Now()), "audience", audience, "contacts", r.Contacts)
			return nil
		})
		return err
	}, keyCall.Name(id))
	if err != nil {
		return fmt.Errorf("fix the audience of call %s: %w", id, err)
	}
	return nil
}

// LeftOut returns whom the call does not reach, by channel and reason.
func (l *Ledger) LeftOut(ctx context.Context, id ID) ([]lists.LeftOut, error) {
	m, err := l.rdb.HGetAll(ctx, keyLeftOut.Name(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read whom call %s leaves out: %w", id, err)
	}
	var out []lists.LeftOut
	for _, field := range slices.Sorted(maps.Keys(m)) {
		ch, reason, _ := strings.Cut(field, ":")
		var c address.Channel
		var err error
		if ch != "" {
			c, err = address.ParseChannel(ch)
		}
		n, err2 := strconv.Atoi(m[field])
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("read whom call %s leaves out: %w", id, err)
		}
		out = append(out, lists.LeftOut{Channel: c, Reason: reason, Count: n})
	}
	return out, nil
}

// Settle ends a call that has nothing left to do, and returns its state.
func (l *Ledger) Settle(ctx context.Context, id ID) (CallState, error) {
	keys := []string{keyCall.Name(id), keyOpen.Name(id), keyOwn.Name(id), keyDue.Name(id)}
	s, err := l.lua.settle.Run(ctx, l.rdb, keys, l.clk.Now().UnixMilli()).Text()
	if err != nil {
		return "", fmt.Errorf("settle call %s: %w", id, err)
	}
	return CallState(s), nil
}

// Cancel gives up a stopping call's work that nobody holds, and returns how many
// deliveries were cancelled; -1 when a worker holds it.
func (l *Ledger) Cancel(ctx context.Context, id ID, number uint32) (int, error) {
	fail := func(err error) (int, error) { return 0, fmt.Errorf("cancel batch %s/%d: %w", id, number, err) }
	if number == PlanWork {
		keys := []string{keyCall.Name(id), keyCounts.Name(id), keyMinutes.Name(id), keyOpen.Name(id), keyOwn.Name(id)}
		args := []any{number, l.minute()}
		for _, c := range address.Channels {
			args = append(args, c.String())
		}
		n, err := l.lua.cancelPlan.Run(ctx, l.rdb, keys, args...).Int()
		if err != nil {
			return fail(err)
		}
		return n, nil
	}
	w, err := l.Work(ctx, id, number)
	if err != nil {
		return 0, err
	}
	states, rs := runs(id, w, 0, w.Len())
	keys := append([]string{keyCall.Name(id), keyCounts.Name(id), keyMinutes.Name(id), keyOpen.Name(id), keyOwn.Name(id)}, states...)
	args := []any{number, w.Channel.String(), w.Lang, w.counted(), l.minute(), flag(w.Again()), len(rs)}
	for _, r := range rs {
		args = append(args, r.key+6, r.start, r.n, r.behind)
	}
	n, err := l.lua.cancel.Run(ctx, l.rdb, keys, args...).Int()
	if err != nil {
		return fail(err)
	}
	return n, nil
}

// Wind brings a stopping call to its end as far as that goes without its
// workers: what waits or is due is cancelled, what a worker holds is left to it.
func (l *Ledger) Wind(ctx context.Context, id ID) (CallState, error) {
	for {
		works, err := l.Collect(ctx, id, true)
		if err != nil {
			return "", err
		}
		if len(works) == 0 {
			break
		}
	}
	if err := l.rdb.Del(ctx, keyLater.Name(id), keyAsleep.Name(id)).Err(); err != nil {
		return "", fmt.Errorf("wind up call %s: %w", id, err)
	}
	idle, err := l.Idle(ctx, id)
	if err != nil {
		return "", err
	}
	for _, lease := range idle {
		if _, err := l.Cancel(ctx, id, lease.Work); err != nil {
			return "", err
		}
	}
	return l.Settle(ctx, id)
}
