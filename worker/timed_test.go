package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/quiet"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A timed desk has a clock that moves only when it is told.
type timed struct {
	*desk
	clk  *clock.Manual
	sent *notebook
}

// A notebook is a gateway of one connection that notes when each address was written to.
type notebook struct {
	mu     sync.Mutex
	clk    *clock.Manual
	at     map[string][]time.Time
	answer func(to string, n int) error // to the nth message to an address, from 1; nil: all are taken
}

func (n *notebook) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	to := m.To.Reveal()
	n.at[to] = append(n.at[to], n.clk.Now())
	if n.answer != nil {
		return gateway.Receipt{}, n.answer(to, len(n.at[to]))
	}
	return gateway.Receipt{}, nil
}

// of returns how many addresses were written to.
func (n *notebook) of() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.at)
}

func (n *notebook) times(to string) []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]time.Time{}, n.at[to]...)
}

// newTimed makes a desk whose clock stands at a time such as "2013-06-10T20:59:50+09:00".
func newTimed(t *testing.T, at, csv string) *timed {
	t.Helper()
	return newTimedOn(t, redistest.New(t), at, csv)
}

func newTimedOn(t *testing.T, rdb redis.UniversalClient, at, csv string) *timed {
	t.Helper()
	d := &timed{desk: &desk{t: t, rdb: rdb}, clk: clock.NewManual(moment(t, at))}
	d.sent = &notebook{clk: d.clk, at: map[string][]time.Time{}}
	var err error
	d.keys, err = seal.New([]byte(strings.Repeat("k", 32)))
	d.must(err)
	d.people, err = lists.Open(t.Context(), d.rdb, d.keys, d.clk)
	d.must(err)
	d.ledger = broadcast.Open(d.rdb, d.clk)
	d.queue = worker.NewQueue(d.rdb)
	for _, ch := range address.Channels {
		d.gates = append(d.gates, worker.Gate{Name: builtin.RehearsalName(ch), Channel: ch, Gateway: d.sent, Connections: 1})
	}
	d.load(csv)
	return d
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (d *timed) parts() worker.Parts {
	return worker.Parts{Redis: d.rdb, Ledger: d.ledger, People: d.people, Keys: d.keys, Clock: d.clk, Log: slog.New(slog.DiscardHandler), Gates: d.gates}
}

// lawful is the quiet hours that the law asks for.
func lawful(t *testing.T) worker.Quiet {
	t.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return worker.Quiet{Zone: seoul, Hours: map[address.Channel]quiet.Span{address.SMS: quiet.Law(), address.Fax: quiet.Law()}}
}

func (d *timed) startWith(c worker.Config) *worker.Worker {
	d.t.Helper()
	c.Liveness, c.Grace, c.Sweep, c.Drain, c.Links = time.Minute, time.Minute, 20*time.Millisecond, 5*time.Second, links
	w, err := worker.New(c, d.parts())
	d.must(err)
	d.must(w.Start(d.t.Context()))
	d.t.Cleanup(w.Shutdown)
	return w
}

func (d *timed) asleep(id broadcast.ID) (n int) {
	d.t.Helper()
	sleeps, err := d.ledger.Asleep(d.t.Context(), id)
	d.must(err)
	for _, s := range sleeps {
		n += s.Count
	}
	return n
}

func (d *timed) counts(id broadcast.ID, ch address.Channel) broadcast.Counts {
	d.t.Helper()
	c, err := d.ledger.Counters(d.t.Context(), id)
	d.must(err)
	return c.Channels[ch]
}

// schedule stores a call that begins by the clock.
func (d *timed) schedule(files fstest.MapFS, start time.Time) broadcast.ID {
	d.t.Helper()
	ctx := d.t.Context()
	text, problems, err := templates.LoadFS(files)
	d.must(err)
	if len(problems) > 0 {
		d.t.Fatal(problems)
	}
	who, err := d.people.Resolve(ctx, lists.Audience{Lists: text.Audience.Lists, Channels: text.Channels})
	d.must(err)
	id, err := d.ledger.New(ctx, broadcast.Call{Name: text.Name, Start: start, Gateways: []string{"", builtin.RehearsalName(text.Channels[0])}}, text.Files())
	d.must(err)
	d.must(d.ledger.Freeze(ctx, id, who))
	_, err = d.ledger.Do(ctx, id, broadcast.ActSchedule)
	d.must(err)
	return id
}

// swept reports whether the sweep has come round since: it has launched a call that
// is over its time.
func (d *timed) swept() func() bool {
	probe := d.schedule(example(d.t, `"email"`), d.clk.Now())
	return d.ended(probe)
}
