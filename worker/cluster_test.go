package worker

import (
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// Every script of pace has its keys in one slot.
func TestPaceOnCluster(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.Cluster(t, 0).Client()
	redistest.EveryScript(t, rdb, "lua")
	p := newPace(rdb, clock.System{}, time.UTC)
	limits := []limit{{name: "call:c1:email", rate: 160}, {name: gateLimit("relay"), rate: 1000}}
	g, err := p.take(ctx, limits, 16, 64)
	if err != nil || g.n == 0 {
		t.Fatalf("the first slots: %+v, %v", g, err)
	}
	if err := p.unused(ctx, g, 1); err != nil {
		t.Error(err)
	}
	if _, err := p.hold(ctx, gateLimit("relay"), &gateway.Error{Kind: gateway.Temporary}, backOff{time.Minute, time.Hour}, rateBlame{}); err != nil {
		t.Error(err)
	}
	if all, err := p.heldNow(ctx, gateLimit("relay"), gateLimit("other")); err != nil || all[0].wait <= 0 || all[1].wait != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	w := &Worker{id: "w", rdb: rdb, clk: clock.System{}, pace: p}
	w.meter.add(laneLimit(address.Email, "naver.com", false), 50, time.Now())
	if err := w.tellRates(ctx); err != nil {
		t.Error(err)
	}
	ledger := broadcast.Open(rdb, clock.System{})
	id, err := ledger.New(ctx, broadcast.Call{Name: "c", Gateways: []string{"", "relay"}}, map[string][]byte{"call.toml": nil})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := BoardOf(ctx, rdb, clock.System{}, ledger, id, nil); err != nil || b.Name != "c" || len(b.Holds) != 1 || b.Holds[0].Till.IsZero() {
		t.Errorf("%+v, %v", b, err)
	}
	if err := p.release(ctx, gateLimit("relay")); err != nil {
		t.Error(err)
	}
	all := newPlaces(p, time.Minute)
	got, _, err := all.occupy(ctx, laneLimit(address.Email, "gmail.com", false), 1, "c/1/1", "c/1/2")
	if err != nil || got == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := all.renew(ctx); err != nil || !all.has(got) {
		t.Error(err)
	}
	if next, err := all.vacate(ctx, got, true); err != nil || next != "" {
		t.Errorf("%q, %v", next, err)
	}
}

// One process at a time has the turn at the mailbox; it keeps it as often as it
// asks, and another has it once it is given up.
func TestTurnOnCluster(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.Cluster(t, 0).Client()
	redistest.EveryScript(t, rdb, ".")
	in := &Inbound{rdb: rdb}
	one, other := in.MailTurn(), in.MailTurn()
	for _, c := range []struct {
		who  *Turn
		want bool
	}{{one, true}, {other, false}, {one, true}} {
		if got, err := c.who.Take(ctx, time.Hour); err != nil || got != c.want {
			t.Fatalf("%v, %v; want %v", got, err, c.want)
		}
	}
	if err := other.Leave(ctx); err != nil { // of a turn that is not ours: nothing
		t.Fatal(err)
	}
	if got, err := other.Take(ctx, time.Hour); err != nil || got {
		t.Fatalf("after giving up another's turn: %v, %v", got, err)
	}
	if err := one.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Take(ctx, time.Hour); err != nil || !got {
		t.Fatalf("after it was given up: %v, %v", got, err)
	}
}
