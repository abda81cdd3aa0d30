package worker_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"clarion/broadcast"
	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// Another Redis takes the place of the one before, which has heard nothing of the
// last moments: of claims, of results, of works that were begun, ended, or collected
// for a further attempt. Nobody is written to twice, and nobody is left out.
func TestRedisThatForgets(t *testing.T) {
	t.Parallel()
	for round := range uint64(2) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(round, 17))
			const people = 400
			f := newFaultyOn(t, redistest.Replicated(t), people)
			markAt := 50 + random.IntN(people)
			killAt := markAt + 40 + random.IntN(people/2)
			planned, killed := make(chan struct{}), make(chan struct{})
			var mu sync.Mutex
			var mark int64
			n, tried := 0, map[string]bool{}
			for _, r := range f.recorders {
				r.answer = func(to string, _ int) (bool, error) {
					<-planned
					mu.Lock()
					defer mu.Unlock()
					switch n++; n {
					case markAt:
						mark = f.server.Mark()
					case killAt:
						f.server.Kill()
						close(killed)
					}
					if !tried[to] && random.IntN(10) == 0 {
						tried[to] = true
						return false, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Greylisted}
					}
					return true, nil
				}
			}
			f.worker(1, 0)
			f.worker(2, 0)
			id := f.launchAs(example(t, `"email", "sms"`), broadcast.Call{Hold: true, Rehearsal: true})
			f.await("the plan", func() bool {
				c, err := f.ledger.Counters(t.Context(), id)
				f.must(err)
				return len(c.Channels) == 2 && c.Unplan[address.Email]+c.Unplan[address.SMS] == 0
			})
			close(planned)
			<-killed
			f.server.Rewind(mark)
			f.await("the call's end", f.ended(id))
			f.account(id)
			c, err := f.ledger.Counters(t.Context(), id)
			f.must(err)
			if doubt := c.Channels[address.Email][broadcast.InDoubt] + c.Channels[address.SMS][broadcast.InDoubt]; doubt > 0 {
				t.Errorf("%d are in doubt, and their workers know", doubt)
			}
		})
	}
}
