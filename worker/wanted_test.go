package worker_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A shelf is a gateway that holds what it has taken, and gives back what nobody
// wants any more.
type shelf struct {
	*recorder
	mu     sync.Mutex
	held   []string
	wanted func(context.Context, string) bool
}

func (s *shelf) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	r, err := s.recorder.Send(ctx, m)
	if err == nil {
		s.mu.Lock()
		s.held = append(s.held, m.Delivery)
		s.mu.Unlock()
	}
	return r, err
}

func (s *shelf) WithdrawUnless(wanted func(context.Context, string) bool) { s.wanted = wanted }

func (s *shelf) Poll(ctx context.Context) ([]gateway.Report, error) {
	s.mu.Lock()
	held := slices.Clone(s.held)
	s.mu.Unlock()
	var back []gateway.Report
	for _, d := range held {
		if !s.wanted(ctx, d) {
			back = append(back, gateway.Report{Delivery: d, Event: gateway.EventFailed, Err: &gateway.Error{Kind: gateway.Failed, Code: "aborted"}})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = slices.DeleteFunc(s.held, func(d string) bool {
		return slices.ContainsFunc(back, func(r gateway.Report) bool { return r.Delivery == d })
	})
	return back, nil
}

func (s *shelf) holds() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// A call whose messages were all taken is done, and what the gateway holds of it
// comes back all the same.
func TestDoneCallIsWithdrawn(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 8)
	s := &shelf{recorder: f.recorders[address.SMS]}
	for i := range f.gates {
		if f.gates[i].Channel == address.SMS {
			f.gates[i].Gateway = s
		}
	}
	f.worker(1, 0)
	id := f.launchAs(example(t, `"sms"`), broadcast.Call{})
	f.await("the call to be done", func() bool {
		c, err := f.ledger.Call(t.Context(), id)
		f.must(err)
		return c.State == broadcast.Done
	})
	_, err := f.ledger.Do(t.Context(), id, broadcast.ActWithdraw)
	f.must(err)
	f.await("what was held to be taken back", func() bool {
		p, err := f.ledger.Progress(t.Context(), id)
		f.must(err)
		return s.holds() == 0 && p.State == broadcast.Stopped && p.Channels[address.SMS][broadcast.Failed] == 8
	})
}

// What a gateway holds of a call that somebody stops comes back, and of another
// call nothing does.
func TestStoppedCallIsWithdrawn(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, 8)
	half := f.recorders[address.SMS]
	late := map[string]bool{}
	half.answer = func(to string, _ int) (bool, error) {
		if _, met := late[to]; !met {
			late[to] = len(late)%2 == 1
		}
		if late[to] { // so that the call is not done
			return false, &gateway.Error{Kind: gateway.Temporary, RetryAfter: time.Hour}
		}
		return true, nil
	}
	s := &shelf{recorder: half}
	for i := range f.gates {
		if f.gates[i].Channel == address.SMS {
			f.gates[i].Gateway = s
		}
	}
	f.worker(1, 0)
	stays := f.launchAs(example(t, `"sms"`), broadcast.Call{})
	f.await("the first call's half to be held", func() bool { return s.holds() == 4 })
	stops := f.launchAs(example(t, `"sms"`), broadcast.Call{})
	f.await("both calls' halves to be held", func() bool { return s.holds() == 8 })
	_, err := f.ledger.Do(t.Context(), stops, broadcast.ActStop)
	f.must(err)
	f.await("the stopped one's to be taken back", func() bool {
		c, err := f.ledger.Counters(t.Context(), stops)
		f.must(err)
		return s.holds() == 4 && c.Channels[address.SMS][broadcast.Failed] == 4
	})
	c, err := f.ledger.Counters(t.Context(), stays)
	f.must(err)
	if n := c.Channels[address.SMS][broadcast.Sent]; n != 4 {
		t.Errorf("of the call that goes on %d are sent, want 4", n)
	}
}
