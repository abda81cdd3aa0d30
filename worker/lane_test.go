package worker_test

import (
	"fmt"
	"strings"
	"testing"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
	"clarion/worker/gateway/builtin"
)

// A lane that takes nothing and has nine of ten messages stops alone: all others
// arrive while it waits, it is asked by a few groups at most, and no worker keeps
// any of its batches.
func TestASickLaneStopsAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const sick, well = 2700, 300
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range sick + well {
		domain := "sick.example"
		if i%10 == 9 {
			domain = fmt.Sprintf("well%d.example", i/10%3)
		}
		fmt.Fprintf(&csv, "p%d,p%d@%s\n", i, i, domain)
	}
	d.load(csv.String())
	asked := &recorder{got: map[string]int{}}
	asked.answer = func(to string, _ int) (bool, error) {
		if strings.HasSuffix(to, "@sick.example") {
			return true, &gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28"}
		}
		return true, nil
	}
	const connections, group = 4, 16
	d.gates = []worker.Gate{{Name: builtin.RehearsalName(address.Email), Channel: address.Email, Gateway: asked, Connections: connections}}
	d.start()
	id := d.launchAs(example(t, `"email"`), broadcast.Call{})
	ctx := t.Context()
	d.await("all that are not of the sick lane, and everything put back", func() bool {
		c, err := d.ledger.Counters(ctx, id)
		d.must(err)
		owners, err := d.ledger.Owners(ctx, id)
		d.must(err)
		return c.Channels[address.Email][broadcast.Sent] == well && len(owners) == 0
	})
	// Each connection may have had a group under way when the first answer came.
	if n := asked.total() - well; n == 0 || n > 2*connections*group {
		t.Errorf("the sick lane was asked %d times", n)
	}
	board, err := worker.BoardOf(ctx, d.rdb, clock.System{}, d.ledger, id)
	d.must(err)
	holds := board.Holds
	if len(holds) != 1 || holds[0].What != "sick.example" || holds[0].Kind != gateway.Throttled || holds[0].Waiting != sick || holds[0].Till.IsZero() {
		t.Errorf("left alone: %+v", holds)
	}
	_, err = d.ledger.Do(ctx, id, broadcast.ActStop)
	d.must(err)
	d.await("the call's end", d.ended(id))
	d.states(id)
}

// Lanes that wait for their slots keep no connection: with one connection, a lane
// without a limit is through before the slow ones are.
func TestAWaitingLaneKeepsNoConnection(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range 300 {
		fmt.Fprintf(&csv, "p%d,p%d@%s\n", i, i, []string{"slow.example", "slower.example", "well.example"}[i%3])
	}
	d.load(csv.String())
	all := &recorder{got: map[string]int{}, answer: func(string, int) (bool, error) { return true, nil }}
	d.gates = []worker.Gate{{Name: builtin.RehearsalName(address.Email), Channel: address.Email, Gateway: all, Connections: 1}}
	d.startWith(worker.Config{Samples: true, Lanes: worker.Lanes{address.Email: {"slow.example": {Rate: 40}, "slower.example": {Rate: 20}}}})
	id := d.launchAs(example(t, `"email"`), broadcast.Call{})
	done := map[string]bool{}
	d.await("the call's end", func() bool {
		// Asked before the counters are read: what ended is counted in them.
		ended := d.ended(id)()
		c, err := d.ledger.Counters(t.Context(), id)
		d.must(err)
		for _, lane := range c.Lanes {
			if lane.Counts[broadcast.Sent] == 100 && !done[lane.Name] {
				done[lane.Name] = true
				if lane.Name != "well.example" && !done["well.example"] {
					t.Errorf("%s ended before the lane that had not to wait", lane.Name)
				}
			}
		}
		return ended
	})
	if len(done) != 3 {
		t.Errorf("lanes that ended: %v", done)
	}
	d.states(id)
}
