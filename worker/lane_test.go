package worker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
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
	d := newTimed(t, "2013-06-10T10:00:00+09:00", csv.String()) // no wait is over before all is seen
	asked := &recorder{got: map[string]int{}}
	asked.answer = func(to string, _ int) (bool, error) {
		if strings.HasSuffix(to, "@sick.example") {
			return true, &gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28"}
		}
		return true, nil
	}
	const connections, group = 4, 16
	d.gates = []worker.Gate{{Name: builtin.RehearsalName(address.Email), Channel: address.Email, Gateway: asked, Connections: connections}}
	d.startWith(worker.Config{})
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
	board, err := worker.BoardOf(ctx, d.rdb, d.clk, d.ledger, id, nil)
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

// Lanes that wait for their slots keep no connection: with one connection, and by a
// clock that stands, a lane without a limit is through, and the slow ones have gone
// as far as slots are reserved ahead.
func TestAWaitingLaneKeepsNoConnection(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("name,email\n")
	for i := range 300 {
		fmt.Fprintf(&csv, "p%d,p%d@%s\n", i, i, []string{"slow.example", "slower.example", "well.example"}[i%3])
	}
	d := newTimed(t, "2013-06-10T10:00:00+09:00", csv.String())
	d.startWith(worker.Config{Lanes: worker.Lanes{address.Email: {"slow.example": {Rate: 40}, "slower.example": {Rate: 20}}}})
	id := d.launchAs(example(t, `"email"`), broadcast.Call{})
	sent := func() map[string]int {
		c, err := d.ledger.Counters(t.Context(), id)
		d.must(err)
		n := map[string]int{}
		for _, lane := range c.Lanes {
			n[lane.Name] = lane.Counts[broadcast.Sent]
		}
		return n
	}
	d.await("the lane that has not to wait", func() bool { return sent()["well.example"] == 100 })
	if n := sent(); n["slow.example"] > 60 || n["slower.example"] > 40 {
		t.Errorf("while the clock stood there went %v", n)
	}
	ended := d.ended(id)
	d.await("the call's end", func() bool { d.clk.Advance(100 * time.Millisecond); return ended() })
	if n := sent(); n["slow.example"] != 100 || n["slower.example"] != 100 {
		t.Errorf("in the end there went %v", n)
	}
	d.states(id)
}
