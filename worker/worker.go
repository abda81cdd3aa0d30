package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/dkim"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// Config sets how a worker works. The zero value of a field is its default.
type Config struct {
	Channels []address.Channel // all
	// Group is how many deliveries are claimed and committed together: it bounds
	// what a crash can put in doubt. Default 16 for email, 4 for sms, 1 for fax.
	Group map[address.Channel]int
	// Liveness is how long a worker is believed to live after its last sign of
	// life. Default 5 s.
	Liveness time.Duration
	// Grace is how long an email in doubt waits before it is sent again, so that
	// a late result can still settle it. Default 1 minute.
	Grace time.Duration
	// Drain is how long a worker that is told to end may take to finish the groups
	// in hand. Default 20 s.
	Drain time.Duration
	// Sweep is how often a worker looks for dead workers, due deliveries and
	// scheduled calls. Default 1 s.
	Sweep time.Duration
	Retry map[address.Channel]Retry
	// Journal is a folder on a disk of this machine where a worker notes what it
	// has in hand, so that what a killed one left in doubt is about one a
	// connection. "" for none.
	Journal string
	// Run is how many calls in a row must fail at an address, for a reason that
	// counts (see Weight), before it is suppressed. Default 5 within 60 days.
	Run   lists.Run
	Quiet Quiet
	Lanes Lanes
	Zone  *time.Location // whose days a warm-up counts. Default UTC
	Links Links
	// Exchangers returns the hosts that take mail for a domain, the preferred one
	// first; a *gateway.Error that is Dead says that none ever will. nil: nobody is
	// asked, and mail lanes are domains.
	Exchangers func(ctx context.Context, domain string) ([]string, error)
	// Samples says that the lists hold made-up people, so that what a rehearsal
	// makes up may suppress them too. For the demo alone.
	Samples bool
}

// Links are what messages carry of the installation: addresses, and signatures.
type Links struct {
	Organisation string       // as it signs service texts
	Public       string       // base URL of the public pages: "https://act.example.org"
	BounceDomain string       // domain of envelope senders and unsubscribe mails
	OptOut       string       // page that takes opt-outs of any address free of charge, "" if there is none
	Region       string       // of phone numbers that people type: "KR"
	TextFrom     string       // number that letters by text come from, "" for none
	Signers      dkim.Domains // who signs mail, by the domain of its From
}

func (c Config) withDefaults() Config {
	if c.Run.Calls <= 0 || c.Run.Within <= 0 {
		c.Run = lists.Run{Calls: 5, Within: 60 * 24 * time.Hour}
	}
	if len(c.Channels) == 0 {
		c.Channels = address.Channels[:]
	}
	group := map[address.Channel]int{address.Email: 16, address.SMS: 4, address.Fax: 1}
	for ch, n := range c.Group {
		group[ch] = n
	}
	c.Group = group
	retry := map[address.Channel]Retry{}
	for _, ch := range address.Channels {
		retry[ch] = defaultRetry[ch]
		if r, ok := c.Retry[ch]; ok {
			retry[ch] = r
		}
	}
	c.Retry = retry
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&c.Liveness, 5 * time.Second}, {&c.Grace, time.Minute}, {&c.Drain, 20 * time.Second}, {&c.Sweep, time.Second}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	return c
}

// connections are how many messages of a channel one process sends at once by default.
var connections = [...]int{address.Email: 16, address.SMS: 8, address.Fax: 2}

// A Worker takes work from the queue until it is told to end. It is made by New,
// started by Start, and ended by Shutdown.
type Worker struct {
	cfg       Config
	id        string
	rdb       Redis
	ledger    *broadcast.Ledger
	people    *lists.Store
	keys      *seal.Keyring
	clk       clock.Clock
	log       *slog.Logger
	queue     *Queue
	pace      *pace
	places    *places
	systems   *Systems
	meter     meter
	shares    shares
	trips     trips
	scratches sync.Pool // of *scratch
	gates     map[string]*gate
	calls     calls
	journal   *journal // nil for none
	lineage   *redisdb.Lineage
	watcher   Watcher
	signs     Replies
	deeds     deeds
	recalled  int64 // turn of lineage for which deeds were entered again

	servers    []*asynq.Server
	draining   atomic.Bool
	beats      atomic.Int64
	liveTill   atomic.Int64 // monotonic: nanoseconds since born
	born       time.Time
	hands      hands
	fewSaid    turns
	recallSaid turns
	stop       context.CancelFunc
	done       sync.WaitGroup
	apart      sync.WaitGroup // batches that wait for their slots
	busy       sync.WaitGroup // handlers; asynq does not wait for those that outlast the drain time
}

// Parts are what a worker works with.
type Parts struct {
	Redis  Redis
	Ledger *broadcast.Ledger
	People *lists.Store
	Keys   *seal.Keyring
	Clock  clock.Clock
	Log    *slog.Logger
	Gates  []Gate
	// Watcher is shown each call that has something to do, until it has ended and the
	// watcher has seen that; nil for none.
	Watcher Watcher
	// Lineage tells when another Redis has taken the place of the one before; nil
	// where none can.
	Lineage *redisdb.Lineage
	// Replies reads what people write back; nil where nobody signs by that.
	Replies Replies
}

// A Watcher looks at calls: it is told what has become of them (webhooks).
type Watcher interface {
	// Look is shown a call. With an error it is shown the call again.
	Look(ctx context.Context, c *broadcast.Call) error
}

// New makes a worker; nothing runs before Start.
func New(cfg Config, p Parts) (*Worker, error) {
	cfg = cfg.withDefaults()
	var tail [4]byte
	rand.Read(tail[:])
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	w := &Worker{
		cfg: cfg, id: fmt.Sprintf("%s-%d-%s", strings.ReplaceAll(host, "|", ""), os.Getpid(), hex.EncodeToString(tail[:])),
		rdb: p.Redis, ledger: p.Ledger, people: p.People, keys: p.Keys, clk: p.Clock, log: p.Log,
		queue: NewQueue(p.Redis), pace: newPace(p.Redis, p.Clock, cfg.Zone), systems: NewSystems(p.Redis, p.Keys, p.Clock), gates: map[string]*gate{}, born: time.Now(), lineage: p.Lineage, watcher: p.Watcher, signs: p.Replies,
	}
	w.places = newPlaces(w.pace, cfg.Liveness)
	w.calls.load = w.loadCall
	w.trips.ledger = p.Ledger
	w.hands.works = map[string]bool{}
	for _, g := range p.Gates {
		if w.gates[g.Name] != nil {
			return nil, fmt.Errorf("two gateways are named %q", g.Name)
		}
		w.gates[g.Name] = newGate(g)
	}
	return w, nil
}

// NewQueue opens the queue in rdb.
func NewQueue(rdb Redis) *Queue {
	return &Queue{asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)}
}

// Start begins to take work. It returns once the worker has given its first
// sign of life.
func (w *Worker) Start(ctx context.Context) error {
	err := w.expect(ctx)
	if err == nil {
		err = w.refresh(ctx)
	}
	if err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	if w.cfg.Journal != "" {
		pages, group := 0, 0
		for _, g := range w.gates {
			pages, group = pages+cap(g.slots), max(group, w.cfg.Group[g.Channel])
		}
		var err error
		if w.journal, err = openJournal(w.cfg.Journal, w.id, pages, group); err != nil {
			w.log.Warn("no journal is kept: should this process be killed, more is in doubt", "error", err)
		}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	w.done.Go(func() { w.live(run) })
	w.done.Go(func() { w.sweepLoop(run) })
	w.done.Go(func() { w.doubtLoop(run) })
	if w.cfg.Exchangers != nil {
		w.done.Go(func() { w.findSystems(run) })
	}
	for _, g := range w.gates {
		if _, ok := g.Gateway.(gateway.Poller); ok {
			w.withdraws(g)
			w.done.Go(func() { w.pollLoop(run, g) })
		}
	}
	for _, ch := range w.cfg.Channels {
		n := 0
		for _, g := range w.gates {
			if g.Channel == ch {
				n += cap(g.slots)
			}
		}
		if n == 0 {
			continue
		}
		mux := asynq.NewServeMux()
		mux.HandleFunc(taskBatch, w.under(run, w.handleBatch))
		mux.HandleFunc(taskService, w.under(run, w.handleService))
		if err := w.serve(run, mux, n, map[string]int{queueOf(ch, true): 2, queueOf(ch, false): 1}); err != nil {
			return err
		}
	}
	mux := asynq.NewServeMux()
	mux.HandleFunc(taskPlan, w.under(run, w.handlePlan))
	mux.HandleFunc(taskReceipt, w.handleReceipt)
	mux.HandleFunc(taskHouse, w.handleHouse)
	return w.serve(run, mux, 8, map[string]int{queueControl: 1})
}

// under runs a handler until the worker ends. asynq's own context ends when its
// lease runs out, as when Redis was away for long, and would keep what was sent
// from being entered. The task that asynq then runs a second time finds in the
// ledger whose the work is.
func (w *Worker) under(run context.Context, h asynq.HandlerFunc) asynq.HandlerFunc {
	return func(_ context.Context, t *asynq.Task) error {
		w.busy.Add(1)
		defer w.busy.Done()
		return h(run, t)
	}
}

func (w *Worker) serve(ctx context.Context, h asynq.Handler, n int, queues map[string]int) error {
	s := asynq.NewServerFromRedisClient(w.rdb, asynq.Config{
		Concurrency:              n,
		Queues:                   queues,
		StrictPriority:           true,
		BaseContext:              func() context.Context { return ctx },
		TaskCheckInterval:        50 * time.Millisecond,
		DelayedTaskCheckInterval: time.Second,
		ShutdownTimeout:          w.cfg.Drain,
		RetryDelayFunc:           w.retryDelay,
		LogLevel:                 asynq.WarnLevel,
		Logger:                   asynqLog{w.log},
	})
	if err := s.Start(h); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	w.servers = append(w.servers, s)
	return nil
}

// retryDelay is how long a task rests that failed. One message alone waits longer and
// longer, up to a minute: it has a day, and asynq gives up after a number of tries.
func (w *Worker) retryDelay(failed int, _ error, t *asynq.Task) time.Duration {
	if t.Type() != taskService {
		return w.cfg.Sweep
	}
	return min(time.Duration(failed+1)*w.cfg.Sweep, time.Minute)
}

// Shutdown ends the worker: no new work is begun, the groups in hand are sent
// and committed, and the rest of their batches goes back to the queue. It
// returns when all has ended, at the latest after the drain time.
func (w *Worker) Shutdown() {
	w.draining.Store(true)
	late := time.After(w.cfg.Drain)
	for _, s := range w.servers {
		s.Stop()
	}
	var all sync.WaitGroup
	for _, s := range w.servers {
		all.Go(s.Shutdown)
	}
	all.Wait()
	await(&w.apart, late)
	if w.stop != nil {
		w.stop()
	}
	// Handlers that outlasted the drain time end now, and say what they sent.
	await(&w.busy, time.After(lastWordsWait+time.Second))
	w.done.Wait()
	w.liveTill.Store(0) // nothing begins once others may take over
	for _, g := range w.gates {
		g.close()
	}
	if err := w.journal.close(); err != nil {
		w.log.Warn("the journal could not be closed", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.goodbye(ctx, w.id)
}

// await waits for all of a group, or until it is too late.
func await(group *sync.WaitGroup, late <-chan time.Time) {
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-late:
	}
}

// live renews the sign of life, and enters again what another Redis does not know.
func (w *Worker) live(ctx context.Context) {
	tick := time.NewTicker(w.cfg.Liveness / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.refresh(ctx); err != nil && ctx.Err() == nil {
				w.log.Warn("no sign of life could be given; sending stops when the last one runs out", "error", err)
			}
			if err := w.recall(ctx); err != nil && ctx.Err() == nil && w.recallSaid.turn(fewEvery) {
				w.log.Warn("what was done before another Redis took over is not entered again yet", "error", err)
			}
		}
	}
}

// refresh gives a sign of life, and notes on the monotonic clock until when it
// holds, counted from before it was given.
func (w *Worker) refresh(ctx context.Context) error {
	began := time.Since(w.born)
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Liveness)
	defer cancel()
	if err := w.beat(ctx); err != nil {
		return err
	}
	if err := w.places.renew(ctx); err != nil {
		return err
	}
	w.liveTill.Store(int64(began + w.cfg.Liveness))
	return nil
}

// alive reports whether the sign of life holds for a while yet, and Redis is the
// same as before. The margin is time for one message to leave.
func (w *Worker) alive() bool {
	return int64(time.Since(w.born)+w.cfg.Liveness/4) < w.liveTill.Load() && w.lineage.Stood(w.turnWait())
}

func (w *Worker) channelNames() string {
	names := make([]string, len(w.cfg.Channels))
	for i, ch := range w.cfg.Channels {
		names[i] = ch.String()
	}
	return strings.Join(names, ",")
}

func containsWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// hands are the works that this process holds: asynq may deliver a task twice
// to one process.
type hands struct {
	mu    sync.Mutex
	works map[string]bool
}

func (h *hands) take(l broadcast.Lease) bool {
	key := workID(l)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.works[key] {
		return false
	}
	h.works[key] = true
	return true
}

func (h *hands) drop(l broadcast.Lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.works, workID(l))
}
