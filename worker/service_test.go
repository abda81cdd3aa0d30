package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

// A pad is a gateway that writes down whom it was given texts for.
type pad struct {
	mu sync.Mutex
	to map[string]int
}

func (p *pad) Send(_ context.Context, m gateway.Message) (gateway.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to[m.To.Reveal()]++
	return gateway.Receipt{}, nil
}

func (p *pad) counts() (people, texts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.to {
		texts += n
	}
	return len(p.to), texts
}

// An impatient person says STOP several times, and the texts come together:
// whichever is entered first, one confirmation goes, and one more for a STOP
// after a START.
func TestStopTextsTogether(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := &pad{to: map[string]int{}}
	d.gates = []worker.Gate{{Name: "sms", Channel: address.SMS, Gateway: p}}
	d.start()
	in := worker.NewInbound(d.parts(), links)
	const people, each = 40, 4
	say := func(text string, times int) {
		var all sync.WaitGroup
		for i := range people {
			from := fmt.Sprintf("010200%02d000", i)
			for range times {
				all.Go(func() {
					if err := in.Text(t.Context(), "sms", gateway.Inbound{Channel: address.SMS, From: from, To: "0212345678", Text: text}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
	}
	queued := func() bool {
		n := 0
		for _, key := range []string{"pending", "active", "retry"} {
			for _, queue := range []string{"sms-again", "sms"} {
				k := "asynq:{" + queue + "}:" + key
				var got int64
				var err error
				if key == "retry" {
					got, err = d.rdb.ZCard(t.Context(), k).Result()
				} else {
					got, err = d.rdb.LLen(t.Context(), k).Result()
				}
				d.must(err)
				n += int(got)
			}
		}
		return n > 0
	}
	check := func(what string, want int) {
		d.await(what, func() bool {
			n, texts := p.counts()
			return n == people && texts >= want && !queued()
		})
		if _, texts := p.counts(); texts != want {
			t.Errorf("%s: %d texts went, want %d", what, texts, want)
		}
	}
	say("STOP", each)
	check("the confirmations", people)
	say("START", 1)
	check("the answers to START", 2*people)
	say("STOP", each)
	check("the second confirmations", 3*people)
}

// A mail that comes again, as after a crash, does not go on again; one that could
// not go on does.
func TestHandedOnOnce(t *testing.T) {
	t.Parallel()
	in := worker.NewInbound(newDesk(t).parts(), links)
	went := 0
	hand := func(mail string, err error) error {
		return in.HandOnce(t.Context(), []byte(mail), func() error {
			went++
			return err
		})
	}
	away := errors.New("the relay is away")
	for i, step := range []struct {
		mail string
		fail error
		want int // times that any went
	}{{"a", away, 1}, {"a", nil, 2}, {"a", nil, 2}, {"b", nil, 3}, {"a", away, 3}} {
		if err := hand(step.mail, step.fail); went != step.want || err != nil && !errors.Is(err, step.fail) {
			t.Errorf("step %d: %d went, %v", i, went, err)
		}
	}
}
