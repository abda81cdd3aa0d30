package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A badLine loses commands on their way to Redis, and answers on their way back.
type badLine struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64 // of commands that are lost, and of answers
	cut    atomic.Bool
}

var errLine = errors.New("the line broke")

func (l *badLine) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (l *badLine) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return l.carry([]redis.Cmder{cmd}, func() error { return next(ctx, cmd) })
	}
}

func (l *badLine) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return l.carry(cmds, func() error { return next(ctx, cmds) })
	}
}

func (l *badLine) carry(cmds []redis.Cmder, run func() error) error {
	l.mu.Lock()
	there, back := l.random.Float64() < l.share, l.random.Float64() < l.share
	l.mu.Unlock()
	var err error
	if !l.cut.Load() && !there {
		err = run()
		if !back && !l.cut.Load() {
			return err
		}
	}
	for _, c := range cmds {
		c.SetErr(errLine)
	}
	return errLine
}

// A recorder is a gateway that takes every message, and counts them by address.
type recorder struct {
	mu  sync.Mutex
	got map[string]int
	// answer decides what is said of the nth message to an address; taken, whether it counts.
	answer func(to string, n int) (taken bool, err error)
}

func (r *recorder) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := m.To.Reveal()
	taken, err := r.answer(to, r.got[to])
	if taken {
		r.got[to]++
	}
	return gateway.Receipt{}, err
}

func (r *recorder) total() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.got {
		n += k
	}
	return n
}

// faulty is a call that workers on bad lines send to recorders.
type faulty struct {
	*desk
	server    *redistest.Instance
	recorders map[address.Channel]*recorder
}

func newFaulty(t *testing.T, contacts int) *faulty {
	t.Helper()
	return newFaultyOn(t, redistest.Server(t, "--appendonly", "no"), contacts)
}

func newFaultyOn(t *testing.T, server *redistest.Instance, contacts int) *faulty {
	t.Helper()
	f := &faulty{desk: &desk{t: t}, server: server, recorders: map[address.Channel]*recorder{}}
	f.rdb = f.server.Client()
	var err error
	f.keys, err = seal.New([]byte(strings.Repeat("k", 32)))
	f.must(err)
	f.people, err = lists.Open(t.Context(), f.rdb, f.keys, clock.System{})
	f.must(err)
	f.ledger = broadcast.Open(f.rdb, clock.System{})
	f.queue = worker.NewQueue(f.rdb)
	for _, ch := range []address.Channel{address.Email, address.SMS} {
		r := &recorder{got: map[string]int{}, answer: func(string, int) (bool, error) { return true, nil }}
		f.recorders[ch] = r
		f.gates = append(f.gates, worker.Gate{Name: builtin.RehearsalName(ch), Channel: ch, Gateway: r, Connections: 3})
	}
	var csv strings.Builder
	csv.WriteString("name,email,mobile,language\n")
	for i := range contacts {
		fmt.Fprintf(&csv, "p%d,p%d@mail%d.example,010-2%03d-%04d,%s\n", i, i, i%3, i/10000, i%10000, []string{"ko", "en"}[i%2])
	}
	f.load(csv.String())
	return f
}

// worker starts a worker on a line of its own.
func (f *faulty) worker(seed uint64, share float64) (*worker.Worker, *badLine) {
	f.t.Helper()
	line := &badLine{random: rand.New(rand.NewPCG(seed, 0))}
	db, err := redisdb.Open(f.t.Context(), redisdb.Config{URL: f.server.URL(), AllowLossy: true}, slog.New(slog.DiscardHandler))
	f.must(err)
	f.t.Cleanup(func() { db.Close() })
	client := db.Client()
	client.AddHook(line)
	people, err := lists.Open(f.t.Context(), client, f.keys, clock.System{})
	f.must(err)
	parts := worker.Parts{Redis: client, Ledger: broadcast.Open(client, clock.System{}), People: people, Keys: f.keys, Clock: clock.System{},
		Log: slog.New(slog.DiscardHandler), Gates: f.gates, Lineage: db.Lineage()}
	w, err := worker.New(short(worker.Config{}), parts)
	f.must(err)
	f.must(w.Start(f.t.Context()))
	f.t.Cleanup(w.Shutdown)
	line.mu.Lock()
	line.share = share
	line.mu.Unlock()
	return w, line
}

// account sets what the gateways got beside what the ledger says: nobody got it
// twice, and who did not get it is in doubt.
func (f *faulty) account(id broadcast.ID) {
	f.t.Helper()
	ctx := f.t.Context()
	audit, err := f.ledger.Audit(ctx, id)
	f.must(err)
	if !audit.OK() {
		f.t.Errorf("audit: %s", strings.Join(audit.Differences, "\n"))
	}
	doubled, missing, doubt := 0, 0, 0
	f.must(f.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		people, err := f.people.Read(ctx, []uint32{e.Contact})
		if err != nil {
			return err
		}
		r := f.recorders[e.Work.Channel]
		n := r.got[people[0].Address(e.Work.Channel).Reveal()]
		if n > 1 {
			doubled++
		}
		if e.State == broadcast.InDoubt {
			doubt++
		} else if n == 0 {
			missing++
		}
		return nil
	}))
	f.t.Logf("%d sent, %d in doubt, states %v", f.recorders[address.Email].total()+f.recorders[address.SMS].total(), doubt, audit.States)
	if doubled > 0 || missing > 0 {
		f.t.Errorf("%d got it twice, %d not at all although they are not in doubt", doubled, missing)
	}
}

func TestLostCommandsAndAnswers(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 400)
	random := rand.New(rand.NewPCG(7, 0))
	var mu sync.Mutex
	for _, r := range f.recorders {
		r.answer = func(string, int) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			switch random.IntN(20) {
			case 0:
				return false, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Greylisted, RetryAfter: 50 * time.Millisecond}
			case 1:
				return false, gateway.ErrNotSent
			case 2:
				return true, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}
			case 3:
				return false, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}
			}
			return true, nil
		}
	}
	f.worker(1, 0.05)
	f.worker(2, 0.05)
	id := f.launchAs(example(t, `"email", "sms"`), broadcast.Call{Hold: true, Rehearsal: true})
	f.await("the call's end", f.ended(id))
	f.account(id)
}

func TestPartedWorkerIsOvertaken(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 600)
	parted := make(chan struct{})
	for _, r := range f.recorders {
		r.answer = func(string, int) (bool, error) {
			select {
			case <-parted:
			case <-time.After(5 * time.Millisecond):
			}
			return true, nil
		}
	}
	_, line := f.worker(3, 0.01)
	id := f.launchAs(example(t, `"email", "sms"`), broadcast.Call{Hold: true})
	f.await("the first messages", func() bool { return f.recorders[address.Email].total() > 20 })
	line.cut.Store(true)
	f.worker(4, 0.01)
	f.await("the takeover", func() bool {
		owners, err := f.ledger.Owners(t.Context(), id)
		f.must(err)
		names := map[string]bool{}
		for _, l := range owners {
			names[l.Worker] = true
		}
		return len(names) == 1 && f.recorders[address.Email].total() > 100
	})
	line.cut.Store(false)
	close(parted)
	f.await("the call's end", f.ended(id))
	f.await("the late results", func() bool {
		// What a claim took whose answer was lost stays in doubt: nobody knows that it never left.
		c, err := f.ledger.Counters(t.Context(), id)
		f.must(err)
		doubt, got := 0, 0
		for ch, r := range f.recorders {
			doubt, got = doubt+c.Channels[ch][broadcast.InDoubt], got+r.total()
		}
		return doubt+got == 2*600
	})
	// What the late worker says was never begun opens the call again.
	f.await("the end of what was never begun", f.ended(id))
	f.account(id)
}
