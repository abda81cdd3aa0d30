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

// PlanWork is the number under which planning itself is owned, as works are.
const PlanWork = 0

// A Lease names a work in a worker's hands: the fence tells owners apart.
type Lease struct {
	Call   ID
	Work   uint32
	Fence  int64
	Worker string
}

// Next is the lease under which the work is put back: in nobody's hands.
func (l Lease) Next() Lease { return Lease{Call: l.Call, Work: l.Work, Fence: l.Fence + 1} }

func (l Lease) owner() string { return strconv.FormatInt(l.Fence, 10) + "|" + l.Worker }

// Outcomes of Begin and Claim beside a call's state.
const (
	OK     = "ok"
	Over   = "over"   // finished, or handed out anew: nothing to do
	Owned  = "owned"  // another holds it
	Fenced = "fenced" // it was taken over
)

// Begin takes a work into the worker's hands. It returns OK, Over, Owned, or the
// call's state when it is not running.
func (l *Ledger) Begin(ctx context.Context, lease Lease) (string, error) {
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyOwn.Name(lease.Call)}
	s, err := l.lua.begin.Run(ctx, l.rdb, keys, lease.Work, lease.Fence, lease.Worker).Text()
	if err != nil {
		return "", fmt.Errorf("begin batch %s/%d: %w", lease.Call, lease.Work, err)
	}
	return s, nil
}

// ErrNoWork means that a work is over and forgotten, or never was.
var ErrNoWork = errors.New("there is no such batch")

// Work reads a work; the error is ErrNoWork when there is none.
func (l *Ledger) Work(ctx context.Context, call ID, number uint32) (*Work, error) {
	b, err := l.rdb.Get(ctx, keyWork.Name(call, number)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read batch %s/%d: %w", call, number, ErrNoWork)
	} else if err != nil {
		return nil, fmt.Errorf("read batch %s/%d: %w", call, number, err)
	}
	return decodeWork(number, b)
}

// run is a stretch of one batch's states.
type run struct {
	key      int // place among the state keys
	batch    uint32
	start, n int
	behind   string // attempts behind each, a byte each
}

// runs says where deliveries [from,to) of a work stand: their state keys, and
// stretches of them.
func runs(call ID, w *Work, from, to int) (keys []string, out []run) {
	if !w.Again() {
		return []string{keyStates.Name(call, w.Number)}, []run{{0, w.Number, from, to - from, strings.Repeat("\x00", to-from)}}
	}
	at := map[uint32]int{}
	for i := from; i < to; i++ {
		r := w.Refs[i]
		k, ok := at[r.Batch]
		if !ok {
			k = len(keys)
			at[r.Batch] = k
			keys = append(keys, keyStates.Name(call, r.Batch))
		}
		out = append(out, run{k, r.Batch, int(r.Index), 1, string([]byte{w.Attempts[i]})})
	}
	return keys, out
}

// A Group is a stretch of a work's deliveries, claimed and committed together.
type Group struct {
	Call     ID
	Work     *Work
	From, To int
}

// Len is the number of deliveries.
func (g Group) Len() int { return g.To - g.From }

// An Outcome is a group that was handed to a gateway: the attempts that its claim
// returned, and how each ended. Deliveries with attempt 0 are left alone.
type Outcome struct {
	Group
	Attempts []byte
	Results  []Result
	// Recalled says that Redis may have lost what it had answered: where it has
	// forgotten the claim, the results are entered all the same.
	Recalled bool
}

// A Result says how an attempt ended.
type Result struct {
	State  State // Pending: it was not begun
	Reason uint8 // gateway.Reason, 0 for none
	Due    time.Time
	Detail string // status code or provider's id, "" for none; no personal data
	// Unsure says that it was not begun if it was claimed at all, or not given back
	// already: Pending is entered only while the work is still its owner's. Later,
	// another may have claimed it for an attempt of the same number. In doubt, it says
	// that the delivery is in hand, and is so only where Redis has forgotten that.
	Unsure bool
}

// A Turning is the answer to QueueTurn, ready once its pipeline has run.
type Turning struct {
	cmd *redis.Cmd
	n   int
}

// QueueTurn adds to pipe, as one step of the ledger, the results of sent and
// after them the claim of next through gateway (1 to 255, its place in the call's
// gateways). Either may be the zero value; both are of one work. Done again it
// changes nothing, and answers the same.
func (l *Ledger) QueueTurn(ctx context.Context, pipe redis.Pipeliner, sent Outcome, lease Lease, next Group, gateway uint8) *Turning {
	g := next
	if g.Work == nil {
		g = sent.Group
	}
	w := g.Work
	keys := make([]string, 6, 8)
	keys[0], keys[1], keys[2] = keyCall.Name(g.Call), keyCounts.Name(g.Call), keyMinutes.Name(g.Call)
	keys[3], keys[4], keys[5] = keyOwn.Name(g.Call), keyDue.Name(g.Call), keyDetails.Name(g.Call)
	args := make([]any, 12, 32)
	args[0], args[1], args[2], args[3], args[4] = w.Channel.String(), w.Lang, w.counted(), l.minute(), l.clk.Now().UnixMilli()
	args[5], args[6] = int(deliveryTable[Commit].from), 0
	args[7], args[8], args[9], args[10], args[11] = lease.Work, lease.owner(), gateway, flag(w.Again()), 0
	var extras []any
	if sent.Work != nil {
		states, rs := runs(g.Call, w, sent.From, sent.To)
		args[6] = len(rs)
		args, extras = sent.arguments(args, rs, len(keys)+1)
		keys = append(keys, states...)
	}
	if next.Work != nil {
		states, rs := runs(g.Call, w, next.From, next.To)
		args[11] = len(rs)
		for _, r := range rs {
			args = append(args, len(keys)+1+r.key, r.start*entryBytes, (r.start+r.n)*entryBytes-1, r.behind)
		}
		keys = append(keys, states...)
	}
	return &Turning{l.lua.turn.EvalSha(ctx, pipe, keys, append(args, extras...)...), next.Len()}
}

// arguments appends to args the runs of what was sent, whose state keys begin at
// number key, and returns apart what some of the results need beside them.
func (s *Outcome) arguments(args []any, rs []run, key int) (out, extras []any) {
	i := 0
	for _, r := range rs {
		bytes := make([]byte, 2*r.n) // states, reasons
		first := i
		for j := range r.n {
			res := &s.Results[i]
			bytes[j], bytes[r.n+j] = byte(res.State)|byte(flag(res.Unsure))<<4|byte(flag(s.Recalled))<<5, res.Reason
			if s.Attempts[i] != 0 && (!res.Due.IsZero() || res.Detail != "") {
				due := ""
				if !res.Due.IsZero() {
					due = strconv.FormatInt(res.Due.UnixMilli(), 10)
				}
				extras = append(extras, key+r.key, r.start+j, Ref{r.batch, uint8(r.start + j)}.String(), due, res.Detail)
			}
			i++
		}
		args = append(args, key+r.key, r.start*entryBytes, (r.start+r.n)*entryBytes-1, r.batch, s.Attempts[first:i], bytes[:r.n], bytes[r.n:])
	}
	return args, extras
}

// Claimed returns OK and for each delivery its attempt number now (0: not to be
// had), or Fenced, or the call's state when it is not running.
func (t *Turning) Claimed() (status string, attempts []byte, err error) {
	v, err := t.cmd.Slice()
	if err != nil {
		return "", nil, fmt.Errorf("claim: %w", err)
	}
	status, _ = v[0].(string)
	text, _ := v[1].(string)
	if status == OK && len(text) != t.n {
		return "", nil, fmt.Errorf("claim: %d answers for %d deliveries", len(text), t.n)
	}
	return status, []byte(text), nil
}

// Committed returns how many deliveries the results changed.
func (t *Turning) Committed() (int, error) {
	v, err := t.cmd.Slice()
	if err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	n, _ := v[2].(int64)
	return int(n), nil
}

// String is the delivery's name within its call, "batch:index".
func (r Ref) String() string { return string(r.Append(nil)) }

// Append appends the delivery's name to dst.
func (r Ref) Append(dst []byte) []byte {
	dst = append(strconv.AppendUint(dst, uint64(r.Batch), 10), ':')
	return strconv.AppendUint(dst, uint64(r.Index), 10)
}

func parseRef(s string) (Ref, error) {
	b, i, _ := strings.Cut(s, ":")
	batch, err1 := strconv.ParseUint(b, 10, 32)
	index, err2 := strconv.ParseUint(i, 10, 8)
	return Ref{uint32(batch), uint8(index)}, errors.Join(err1, err2)
}

// ErrOpen means that a work cannot be finished, since some of it is not entered.
var ErrOpen = errors.New("part of the batch is open in the ledger: Redis has lost what it had answered")

// A Finishing is the answer to QueueFinish, ready once its pipeline has run.
type Finishing struct {
	cmd   *redis.Cmd
	lease Lease
}

// QueueFinish adds to pipe that nothing of the work is open any more. w is the
// work, nil for planning. Done again it changes nothing.
func (l *Ledger) QueueFinish(ctx context.Context, pipe redis.Pipeliner, lease Lease, w *Work) *Finishing {
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyOwn.Name(lease.Call), keyDue.Name(lease.Call)}
	args := []any{lease.Work, lease.Fence, lease.owner(), l.clk.Now().UnixMilli(), 0, 0}
	if w != nil {
		states, rs := runs(lease.Call, w, 0, w.Len())
		args[4], args[5] = flag(w.Again()), len(rs)
		for _, r := range rs {
			args = append(args, len(keys)+1+r.key, r.start, r.n, r.behind)
		}
		keys = append(keys, states...)
	}
	return &Finishing{l.lua.finish.EvalSha(ctx, pipe, keys, args...), lease}
}

// State is the call's state. What the ledger shows as open all the same is an
// ErrOpen, and the lease's owner keeps the work until it is taken over.
func (f *Finishing) State() (CallState, error) {
	s, err := f.cmd.Text()
	if err == nil && s == "open" {
		err = ErrOpen
	}
	if err != nil {
		return "", fmt.Errorf("finish batch %s/%d: %w", f.lease.Call, f.lease.Work, err)
	}
	return CallState(s), nil
}

// Finish is QueueFinish in a round trip of its own.
func (l *Ledger) Finish(ctx context.Context, lease Lease, w *Work) (CallState, error) {
	var f *Finishing
	if err := l.Pipelined(ctx, func(pipe redis.Pipeliner) { f = l.QueueFinish(ctx, pipe, lease, w) }); err != nil {
		return "", fmt.Errorf("finish batch %s/%d: %w", lease.Call, lease.Work, err)
	}
	return f.State()
}

// Release puts a work back under the next fence: for anyone at once, or not
// before a time. It returns the call's state, and whether the work was still
// the worker's to give.
func (l *Ledger) Release(ctx context.Context, lease Lease, notBefore time.Time) (CallState, bool, error) {
	keys := []string{keyCall.Name(lease.Call), keyOpen.Name(lease.Call), keyOwn.Name(lease.Call), keyLater.Name(lease.Call)}
	when := ""
	if !notBefore.IsZero() {
		when = strconv.FormatInt(notBefore.UnixMilli(), 10)
	}
	v, err := l.lua.release.Run(ctx, l.rdb, keys, lease.Work, lease.Fence, lease.owner(), lease.Fence+1, when).Slice()
	if err != nil {
		return "", false, fmt.Errorf("release batch %s/%d: %w", lease.Call, lease.Work, err)
	}
	state, _ := v[0].(string)
	return CallState(state), v[1] == int64(1), nil
}

// Owners lists the works of a call that are in a worker's hands.
func (l *Ledger) Owners(ctx context.Context, call ID) ([]Lease, error) {
	m, err := l.rdb.HGetAll(ctx, keyOwn.Name(call)).Result()
	if err != nil {
		return nil, fmt.Errorf("list owners of %s: %w", call, err)
	}
	out := make([]Lease, 0, len(m))
	for work, owner := range m {
		n, err1 := strconv.ParseUint(work, 10, 32)
		fence, worker, _ := strings.Cut(owner, "|")
		f, err2 := strconv.ParseInt(fence, 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("list owners of %s: %w", call, err)
		}
		out = append(out, Lease{call, uint32(n), f, worker})
	}
	return out, nil
}

// Idle lists the works of a call that are open and in nobody's hands, with
// their present fences; those that wait for a time are left out.
func (l *Ledger) Idle(ctx context.Context, call ID) ([]Lease, error) {
	pipe := l.rdb.Pipeline()
	open, own := pipe.HGetAll(ctx, keyOpen.Name(call)), pipe.HKeys(ctx, keyOwn.Name(call))
	later := pipe.ZRange(ctx, keyLater.Name(call), 0, -1)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("list open batches of %s: %w", call, err)
	}
	m := open.Val()
	for _, work := range append(own.Val(), later.Val()...) {
		delete(m, work)
	}
	out := make([]Lease, 0, len(m))
	for work, fence := range m {
		n, err1 := strconv.ParseUint(work, 10, 32)
		f, err2 := strconv.ParseInt(fence, 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("list open batches of %s: %w", call, err)
		}
		out = append(out, Lease{Call: call, Work: uint32(n), Fence: f})
	}
	return out, nil
}

// DoubtAttempts is after how many attempts a delivery in doubt is left to a
// person, so that a system that takes a message and breaks off each time does not
// hand it out for ever.
const DoubtAttempts = 3

// Takeover frees a work whose owner is dead. What the owner had in sending is
// then in doubt, and due again at resend unless that is zero or DoubtAttempts are
// behind it. It returns the next lease and how many are in doubt; false when
// another was quicker.
func (l *Ledger) Takeover(ctx context.Context, dead Lease, reason uint8, resend time.Time) (Lease, int, bool, error) {
	next := dead.Next()
	w := &Work{Channel: address.Email}
	var states []string
	var rs []run
	if dead.Work != PlanWork {
		var err error
		if w, err = l.Work(ctx, dead.Call, dead.Work); err != nil {
			return next, 0, false, err
		}
		states, rs = runs(dead.Call, w, 0, w.Len())
	}
	keys := append([]string{keyCounts.Name(dead.Call), keyMinutes.Name(dead.Call), keyDue.Name(dead.Call), keyOpen.Name(dead.Call), keyOwn.Name(dead.Call)}, states...)
	due := ""
	if !resend.IsZero() {
		due = strconv.FormatInt(resend.UnixMilli(), 10)
	}
	args := []any{dead.Work, dead.owner(), next.Fence, w.Channel.String(), w.Lang, w.counted(), l.minute(), flag(w.Again()), reason, due, DoubtAttempts, len(rs)}
	for _, r := range rs {
		args = append(args, r.key+6, r.batch, r.start, r.n, r.behind)
	}
	n, err := l.lua.takeover.Run(ctx, l.rdb, keys, args...).Int()
	if err != nil {
		return next, 0, false, fmt.Errorf("take over batch %s/%d: %w", dead.Call, dead.Work, err)
	}
	return next, max(n, 0), n >= 0, nil
}

// Refence puts an open work that is in nobody's hands under the next fence, so
// that its old task ends at once; false when it is not as the lease says.
func (l *Ledger) Refence(ctx context.Context, lease Lease) (Lease, bool, error) {
	next := lease
	next.Fence++
	n, err := l.lua.refence.Run(ctx, l.rdb, []string{keyOpen.Name(lease.Call), keyOwn.Name(lease.Call)}, lease.Work, lease.Fence, next.Fence).Int()
	if err != nil {
		return next, false, fmt.Errorf("hand batch %s/%d out anew: %w", lease.Call, lease.Work, err)
	}
	return next, n == 1, nil
}

// minute is the clock's minute, in minutes since 1970.
func (l *Ledger) minute() int64 { return l.clk.Now().Unix() / 60 }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
