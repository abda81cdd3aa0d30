package metrics

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/alarm"
)

// A metric is a figure that is read from Redis when Prometheus asks.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("clarion_"+name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("clarion_"+name, help, labels, nil), prometheus.CounterValue}
}

// The figures. Calls are the active ones and the callsTold newest; lanes are those
// that the ledger counts, at most 50 a channel, each shared by many people or named in
// the settings.
var (
	up = gauge("up", "1 if all figures of this scrape could be read from Redis.")

	callState     = gauge("call_state", "1 for the state that a call is in.", "call", "state", "rehearsal")
	deliveries    = gauge("call_deliveries", "Deliveries of a call by state.", "call", "channel", "state")
	gateDelivered = gauge("call_gateway_deliveries", "Deliveries of a call by the gateway of their last attempt, and state.", "call", "channel", "gateway", "state")
	receipts      = gauge("call_receipts", "Deliveries of a call that somebody said something of: replied, complained, opted_out.", "call", "channel", "said")
	works         = gauge("call_works", "Works of a call that are not finished: open counts all, owned and later are parts of it.", "call", "set")
	due           = gauge("call_due_deliveries", "Deliveries of a call that wait to be tried again.", "call")
	overdue       = gauge("call_overdue_seconds", "How long the first work or delivery of a running call that waits for a time is past it; 0 if none is.", "call")
	speed         = gauge("messages_per_second", "Messages a second that all workers sent lately, rehearsals not counted.", "channel")
	held          = gauge("held_seconds", "Since when a gateway or a lane is left alone that an active call needs, in seconds.", "what", "channel", "name")

	queueTasks     = gauge("queue_tasks", "Tasks in a queue, by state.", "queue", "state")
	queueOldest    = gauge("queue_oldest_seconds", "How long the first task of a queue has waited for a worker.", "queue")
	queuePaused    = gauge("queue_paused", "1 if a technician has paused the queue.", "queue")
	queueProcessed = counter("queue_processed_total", "Tasks of a queue that ended, those that failed among them.", "queue")
	queueFailed    = counter("queue_failed_total", "Tasks of a queue that ended with an error.", "queue")

	workers       = gauge("workers", "Workers alive that serve a channel.", "channel")
	workersSilent = gauge("workers_silent", "Workers of the last day that ended without signing off.")

	alarms = gauge("alarms", "Alarms that are open.", "kind", "level")

	suppressed = gauge("suppressed_contacts", "Contacts whose address on a channel must not be written to, by reason.", "channel", "reason")

	redisUsed     = gauge("redis_memory_bytes", "Memory that Redis uses.", "node")
	redisShare    = gauge("redis_memory_share", "Memory that Redis uses, as a share of maxmemory, else of the machine's; 0 if that is not known.", "node")
	redisDisk     = gauge("redis_disk_share", "How full the disk is that a Redis of our own is on; 0 of any other.", "node")
	redisKeeps    = gauge("redis_persistent", "1 if Redis keeps an append-only file, and last wrote to disk without an error.", "node")
	redisClients  = gauge("redis_clients", "Connections to Redis.", "node")
	redisReplicas = gauge("redis_replicas", "Replicas of Redis.", "node")
	redisFigures  = [...]metric{redisUsed, redisShare, redisDisk, redisKeeps, redisClients, redisReplicas}
)

// callsTold is how many calls are told of beside the active ones, the newest first.
const callsTold = 20

// figures reads Redis whenever Prometheus asks.
type figures struct{ Parts }

// Describe lists the figures.
func (f *figures) Describe(out chan<- *prometheus.Desc) {
	for _, m := range append([]metric{up, callState, deliveries, gateDelivered, receipts, works, due, overdue, speed, held,
		queueTasks, queueOldest, queuePaused, queueProcessed, queueFailed, workers, workersSilent, alarms, suppressed}, redisFigures[:]...) {
		out <- m.desc
	}
}

// Collect reads the figures. What cannot be read is left out, and up says so.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tell := func(m metric, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
	}
	err := errors.Join(f.calls(ctx, tell), f.queues(tell), f.workers(ctx, tell), f.alarms(ctx, tell), f.people(ctx, tell), f.redis(ctx, tell))
	if err != nil {
		f.Log.Warn("not all figures could be read", "error", err)
	}
	tell(up, flag(err == nil))
}

type teller func(m metric, value float64, labels ...string)

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (f *figures) calls(ctx context.Context, tell teller) error {
	active, err := f.Ledger.Active(ctx)
	if err != nil {
		return err
	}
	ids, err := f.Ledger.Calls(ctx)
	if err != nil {
		return err
	}
	ids = slices.Clone(ids[:min(len(ids), callsTold)])
	for _, id := range active {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	backlogs, err := f.Ledger.Backlogs(ctx, ids)
	if err != nil {
		return err
	}
	heldBy := map[[3]string]float64{} // for how long, by the labels of held
	for i, id := range ids {
		b, err := worker.BoardOf(ctx, f.DB.Client(), f.Clock, f.Ledger, id, nil)
		if errors.Is(err, broadcast.ErrNoCall) {
			continue // it was deleted meanwhile
		} else if err != nil {
			return err
		}
		f.call(b.Progress, backlogs[i], tell)
		if !slices.Contains(active, id) {
			continue
		}
		for _, h := range b.Holds {
			labels := [3]string{"gateway", "", h.What}
			if h.Channel != 0 {
				labels = [3]string{"lane", h.Channel.String(), h.What}
			}
			heldBy[labels] = max(heldBy[labels], f.Clock.Now().Sub(h.Since).Seconds())
		}
	}
	for labels, seconds := range heldBy {
		tell(held, seconds, labels[:]...)
	}
	return nil
}

func (f *figures) call(p *broadcast.Progress, b broadcast.Backlog, tell teller) {
	id := string(p.ID)
	tell(callState, 1, id, string(p.State), strconv.FormatBool(p.Rehearsal))
	for _, ch := range address.Channels {
		n := p.Channels[ch]
		if n.Sum() == 0 {
			continue
		}
		for _, s := range broadcast.States {
			tell(deliveries, float64(n[s]), id, ch.String(), s.String())
		}
		for said, flag := range map[string]broadcast.Flag{"replied": broadcast.Replied, "complained": broadcast.Complained, "opted_out": broadcast.OptedOut} {
			tell(receipts, float64(p.Flags[ch][flag]), id, ch.String(), said)
		}
	}
	for _, g := range p.Counters.Gateways {
		i, err := strconv.Atoi(g.Name)
		if err != nil || i < 1 || i >= len(p.Call.Gateways) {
			continue
		}
		for s, n := range g.Counts {
			tell(gateDelivered, float64(n), id, g.Channel.String(), p.Call.Gateways[i], s.String())
		}
	}
	tell(works, float64(b.Open), id, "open")
	tell(works, float64(b.Owned), id, "owned")
	tell(works, float64(b.Later), id, "later")
	tell(due, float64(b.Due), id)
	late := 0.0
	if p.State == broadcast.Running && !b.Next.IsZero() {
		late = max(0, f.Clock.Now().Sub(b.Next).Seconds())
	}
	tell(overdue, late, id)
}

func (f *figures) queues(tell teller) error {
	states, err := f.Queue.States()
	for _, q := range states {
		for state, n := range map[string]int{"waiting": q.Waiting, "active": q.Active, "later": q.Later, "archived": q.Archived} {
			tell(queueTasks, float64(n), q.Name, state)
		}
		tell(queueOldest, q.Oldest.Seconds(), q.Name)
		tell(queuePaused, flag(q.Paused), q.Name)
		tell(queueProcessed, float64(q.Processed), q.Name)
		tell(queueFailed, float64(q.Failed), q.Name)
	}
	return err
}

func (f *figures) workers(ctx context.Context, tell teller) error {
	all, err := worker.Workers(ctx, f.DB.Client())
	if err != nil {
		return err
	}
	speeds, err := worker.Speeds(ctx, f.DB.Client(), f.Clock)
	if err != nil {
		return err
	}
	silent := 0
	serve := map[address.Channel]int{}
	for _, w := range all {
		if !w.Alive {
			silent++
		}
		for _, ch := range w.Channels {
			serve[ch]++
		}
	}
	for _, ch := range address.Channels {
		tell(workers, float64(serve[ch]), ch.String())
		tell(speed, speeds[ch], ch.String())
	}
	tell(workersSilent, float64(silent))
	return nil
}

func (f *figures) alarms(ctx context.Context, tell teller) error {
	book, err := f.Alarms.Read(ctx)
	if err != nil {
		return err
	}
	open := map[[2]string]int{}
	for _, a := range book.Open() {
		open[[2]string{string(a.Kind), string(a.Level)}]++
	}
	for _, k := range alarm.Kinds {
		for _, l := range alarm.Levels {
			tell(alarms, float64(open[[2]string{string(k), string(l)}]), string(k), string(l))
		}
	}
	return nil
}

func (f *figures) people(ctx context.Context, tell teller) error {
	counts, err := f.People.SuppressedCounts(ctx)
	if err != nil {
		return err
	}
	for _, ch := range address.Channels {
		for _, r := range lists.Reasons {
			tell(suppressed, float64(counts[ch][r]), ch.String(), r.String())
		}
	}
	return nil
}

func (f *figures) redis(ctx context.Context, tell teller) error {
	nodes, err := f.DB.Figures(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		values := [...]float64{float64(n.Used), n.MemoryShare(), n.DiskShare(), flag(n.Keeps && n.Written), float64(n.Clients), float64(n.Replicas)}
		for i, m := range redisFigures {
			tell(m, values[i], n.Node)
		}
	}
	return nil
}
