package worker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A crowd is a gateway that knows how many messages of narrow.example are on their
// way at a time. While it is shut none of them goes on.
type crowd struct {
	mu           sync.Mutex
	open         chan struct{}
	there, most  int
	narrow, wide int // taken
}

func (c *crowd) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	if m.To.Domain() != "narrow.example" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wide++
		return gateway.Receipt{}, nil
	}
	c.mu.Lock()
	c.there++
	c.most = max(c.most, c.there)
	c.mu.Unlock()
	select {
	case <-c.open:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.there--
	c.narrow++
	return gateway.Receipt{}, nil
}

func (c *crowd) count() (there, most, narrow, wide int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.there, c.most, c.narrow, c.wide
}

// A narrow is a desk for a call to a lane that bears two connections, and to one
// that bears any number. Its clock stands still.
type narrow struct {
	*timed
	server *redistest.Instance
}

const (
	narrowContacts = 8 * broadcast.BatchSize
	wideContacts   = 200
)

func newNarrow(t *testing.T) *narrow {
	t.Helper()
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range narrowContacts + wideContacts {
		domain := "narrow.example"
		if i >= narrowContacts {
			domain = "wide.example"
		}
		fmt.Fprintf(&csv, "p%d,p%d@%s\n", i, i, domain)
	}
	server := redistest.Server(t, "--appendonly", "no")
	return &narrow{newTimedOn(t, server.Client(), "2013-06-10T12:00:00+09:00", csv.String()), server}
}

// process starts a worker with a line of its own to Redis, and a gateway of its own.
func (n *narrow) process(seed uint64, liveness time.Duration) (*crowd, *badLine) {
	n.t.Helper()
	c, line := &crowd{open: make(chan struct{})}, &badLine{random: rand.New(rand.NewPCG(seed, 0))}
	client, err := redisdb.Connect(n.server.URL())
	n.must(err)
	n.t.Cleanup(func() { client.Close() })
	client.AddHook(line)
	people, err := lists.Open(n.t.Context(), client, n.keys, n.clk)
	n.must(err)
	parts := n.parts()
	parts.Redis, parts.Ledger, parts.People = client, broadcast.Open(client, n.clk), people
	parts.Gates = []worker.Gate{{Name: builtin.RehearsalName(address.Email), Channel: address.Email, Gateway: c, Connections: 6}}
	cfg := short(worker.Config{Lanes: worker.Lanes{address.Email: {"narrow.example": {Connections: 2}}}})
	cfg.Liveness = liveness
	w, err := worker.New(cfg, parts)
	n.must(err)
	n.must(w.Start(n.t.Context()))
	n.t.Cleanup(w.Shutdown)
	return c, line
}

// Over two workers no more than two groups of the narrow lane are ever on their
// way. What waits for a place keeps no worker from the rest, and is called as soon
// as there is one: no time passes.
func TestConnectionsOfALaneAreCountedOverAllWorkers(t *testing.T) {
	t.Parallel()
	n := newNarrow(t)
	one, _ := n.process(1, time.Minute) // nobody is to be taken for dead, however busy the machine is
	two, _ := n.process(2, time.Minute)
	id := n.launchAs(example(t, `"email"`), broadcast.Call{})
	n.await("all but the narrow lane", func() bool {
		t1, _, _, w1 := one.count()
		t2, _, _, w2 := two.count()
		owners, err := n.ledger.Owners(t.Context(), id)
		n.must(err)
		return w1+w2 == wideContacts && t1+t2 == 2 && len(owners) == 2
	})
	close(one.open)
	close(two.open)
	n.await("the call's end", n.ended(id))
	_, m1, n1, _ := one.count()
	_, m2, n2, _ := two.count()
	if m1 > 2 || m2 > 2 || m1+m2 < 2 || n1+n2 != narrowContacts {
		t.Errorf("at most %d and %d at a time, %d of %d sent", m1, m2, n1+n2, narrowContacts)
	}
	n.states(id)
}

// A worker that is gone with both places gives them back by being silent.
func TestConnectionsOfADeadWorkerAreFree(t *testing.T) {
	t.Parallel()
	n := newNarrow(t)
	dead, line := n.process(1, time.Second)
	id := n.launchAs(example(t, `"email"`), broadcast.Call{Hold: true})
	n.await("both places in use", func() bool {
		there, _, _, _ := dead.count()
		owners, err := n.ledger.Owners(t.Context(), id)
		n.must(err)
		return there == 2 && len(owners) == 2
	})
	line.cut.Store(true)
	alive, _ := n.process(2, time.Second)
	n.await("the dead one's batches", func() bool {
		c, err := n.ledger.Counters(t.Context(), id)
		n.must(err)
		owners, err := n.ledger.Owners(t.Context(), id)
		n.must(err)
		return c.Channels[address.Email][broadcast.InDoubt] > 0 && len(owners) == 0
	})
	if _, most, _, _ := alive.count(); most > 0 {
		t.Errorf("%d connections before the dead one's have ended", most)
	}
	n.clk.Advance(15 * time.Second)
	n.await("both places in use again", func() bool { there, _, _, _ := alive.count(); return there == 2 })
	close(alive.open)
	n.await("the call's end", n.ended(id))
	if _, most, _, _ := alive.count(); most != 2 {
		t.Errorf("%d at a time, want 2", most)
	}
	n.states(id)
	line.cut.Store(false)
	close(dead.open)
}
