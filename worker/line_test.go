package worker_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A switchboard is a gateway for texts that knows how many are on their way at a
// time. While it is shut none goes on.
type switchboard struct {
	open        chan struct{}
	mu          sync.Mutex
	there, most int
}

func (s *switchboard) Send(ctx context.Context, _ gateway.Message) (gateway.Receipt, error) {
	s.mu.Lock()
	s.there++
	s.most = max(s.most, s.there)
	s.mu.Unlock()
	select {
	case <-s.open:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.there--
	return gateway.Receipt{}, nil
}

func (s *switchboard) count() (there, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.there, s.most
}

// Two batches stand ready at each connection, and no more texts are on their way
// than there are connections.
func TestTwoBatchesShareAConnection(t *testing.T) {
	t.Parallel()
	const people, lines = 160, 2
	d := newDesk(t)
	var csv strings.Builder
	csv.WriteString("name,sms,language\n")
	for i := range people {
		fmt.Fprintf(&csv, "Kim %d,+8210%08d,ko\n", i, 20000000+i)
	}
	d.load(csv.String())
	s := &switchboard{open: make(chan struct{})}
	d.gates = []worker.Gate{{Name: builtin.RehearsalName(address.SMS), Channel: address.SMS, Gateway: s, Connections: lines}}
	d.startWith(worker.Config{})
	id := d.launchAs(example(t, `"sms"`), broadcast.Call{})
	d.await("both connections, and twice as many batches in hand", func() bool {
		owners, err := d.ledger.Owners(t.Context(), id)
		d.must(err)
		there, _ := s.count()
		return there == lines && len(owners) == 2*lines
	})
	close(s.open)
	d.await("the call's end", d.ended(id))
	if _, most := s.count(); most != lines {
		t.Errorf("%d texts were on their way at a time over %d connections", most, lines)
	}
	for to, state := range d.states(id) {
		if state != "sent" {
			t.Errorf("%s is %s", to, state)
		}
	}
}
