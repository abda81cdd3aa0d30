package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A knowing recorder can say what became of a delivery.
type knowing struct {
	*recorder
	mu    sync.Mutex
	taken map[string]bool // by delivery
}

func (k *knowing) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	before := k.total()
	r, err := k.recorder.Send(ctx, m)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.total() > before {
		k.taken[m.Delivery] = true
	}
	return r, err
}

func (k *knowing) Find(_ context.Context, delivery string) (gateway.Report, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return gateway.Report{Delivery: delivery, Event: gateway.EventAccepted}, k.taken[delivery], nil
}

// The line breaks at every first try, in the middle of a text or just after it,
// and with the last text the call is done: what went is settled, what did not go
// goes.
func TestDoubtAtTheEndIsAskedAbout(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 8)
	tries := map[string]int{} // under the recorder's lock
	r := f.recorders[address.SMS]
	r.answer = func(to string, n int) (bool, error) {
		if tries[to]++; tries[to] > 1 {
			return true, nil
		}
		return len(tries)%2 == 0, &gateway.Error{Kind: gateway.Indeterminate, Reason: gateway.Network}
	}
	for i := range f.gates {
		if f.gates[i].Channel == address.SMS {
			f.gates[i].Gateway = &knowing{recorder: r, taken: map[string]bool{}}
			f.gates[i].Connections = 1
		}
	}
	f.worker(1, 0)
	id := f.launchAs(example(t, `"sms"`), broadcast.Call{})
	f.await("all to be sent", func() bool {
		c, err := f.ledger.Counters(t.Context(), id)
		f.must(err)
		return c.Channels[address.SMS][broadcast.Sent] == 8
	})
	f.await("the call's end", f.ended(id))
	f.account(id)
}

// A gateway that gives no answer when it is asked for reports.
type hanging struct{ *recorder }

func (h hanging) Poll(ctx context.Context) ([]gateway.Report, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestHangingGatewayHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 4)
	tries := map[string]int{}
	f.recorders[address.Email].answer = func(to string, n int) (bool, error) {
		if tries[to]++; tries[to] > 1 {
			return true, nil
		}
		return false, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Greylisted, RetryAfter: 10 * time.Millisecond}
	}
	for i := range f.gates {
		if f.gates[i].Channel == address.SMS {
			f.gates[i].Gateway = hanging{f.recorders[address.SMS]}
		}
	}
	f.worker(1, 0)
	// Only the sweep takes up what is deferred.
	id := f.launchAs(example(t, `"email"`), broadcast.Call{Rehearsal: true})
	f.await("the call's end", f.ended(id))
	f.account(id)
}

// A task that failed without end stands in asynq's archive and keeps its id.
func TestArchivedTaskIsHandedOutAnew(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 4)
	id := f.launchAs(example(t, `"email"`), broadcast.Call{})
	f.must(asynq.NewInspectorFromRedisClient(f.rdb).ArchiveTask("control", string(id)+"/0/1"))
	f.worker(1, 0)
	f.await("the call's end", f.ended(id))
	f.account(id)
}
