package worker

import (
	"fmt"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// Three answers within moments, each asking for a second, blame the rate once; a
// later one blames it again.
func TestOneWaveBlamesTheRateOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	lane := laneLimit(address.Email, "naver.com", false)
	soon := &gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28", RetryAfter: time.Second}
	learned := func(step time.Duration) float64 {
		t.Helper()
		clk.Advance(step)
		if _, err := p.hold(ctx, lane, soon, tooFast, rateBlame{slow: true, seen: 80}); err != nil {
			t.Fatal(err)
		}
		rate, err := p.rdb.HGet(ctx, keyHold.Name(lane), "rate").Float64()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.release(ctx, lane); err != nil {
			t.Fatal(err)
		}
		return rate
	}
	for i, c := range []struct {
		after time.Duration
		least float64
	}{{0, 40}, {3 * time.Second, 40}, {5 * time.Second, 40}, {8 * time.Second, 20}} {
		if got := learned(c.after); got < c.least || got > c.least*1.05 {
			t.Errorf("answer %d: the rate is %.1f, want %.0f", i+1, got, c.least)
		}
	}
}

func TestBoardOfLanes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	naver := laneLimit(address.Email, "naver.com", false)
	for _, id := range []string{"a", "b"} {
		w := &Worker{id: id, rdb: p.rdb, clk: clk, pace: p}
		w.meter.add(naver, 100, clk.Now())
		w.meter.add(laneLimit(address.Email, "naver.com", true), 7, clk.Now())
		clk.Advance(10 * time.Second)
		if err := w.tellRates(ctx); err != nil {
			t.Fatal(err)
		}
	}
	e := &gateway.Error{Kind: gateway.Refused, Reason: gateway.Policy, Code: "5.7.1"}
	if _, err := p.hold(ctx, naver, e, refusing, rateBlame{}); err != nil {
		t.Fatal(err)
	}
	now := board(t, p, &broadcast.Call{}, &broadcast.Counters{Lanes: []broadcast.Slice{
		{Channel: address.Email, Name: "daum.net", Counts: broadcast.Counts{broadcast.Pending: 5, broadcast.Sending: 1}},
		{Channel: address.Email, Name: "naver.com", Counts: broadcast.Counts{broadcast.Pending: 200, broadcast.Deferred: 12, broadcast.Sent: 40, broadcast.Delivered: 2, broadcast.Bounced: 3, broadcast.Failed: 1, broadcast.Suppressed: 9}},
	}})
	rows := now.Rows
	if len(rows) != 2 || len(now.Holds) != 1 {
		t.Fatalf("%+v, %+v", rows, now.Holds)
	}
	if want := (Row{Channel: address.Email, Lane: "daum.net", Waiting: 6}); rows[0] != want {
		t.Errorf("%+v, want %+v", rows[0], want)
	}
	if rows[1].Hold == nil || rows[1].Hold.Waiting != 212 {
		t.Errorf("%+v is not held, or not for all that wait", rows[1])
	}
	rows[1].Hold = nil
	if want := (Row{Channel: address.Email, Lane: "naver.com", Sent: 42, Delivered: 2, Deferred: 12, Failed: 4, Waiting: 200, Rate: 20}); rows[1] != want {
		t.Errorf("%+v, want %+v", rows[1], want)
	}
	if speeds, err := Speeds(ctx, p.rdb, clk); err != nil || len(speeds) != 1 || speeds[address.Email] != 20 {
		t.Errorf("channels go at %v, %v, want email at 20 without the rehearsal", speeds, err)
	}
	clk.Advance(heldKept)
	for range 2 { // what a worker said that is gone since is not told, nor kept
		if now := board(t, p, &broadcast.Call{}, &broadcast.Counters{Lanes: []broadcast.Slice{{Channel: address.Email, Name: "naver.com"}}}); now.Rows[0].Rate != 0 {
			t.Errorf("long after: %+v", now.Rows)
		}
		w := &Worker{id: "c", rdb: p.rdb, clk: clk, pace: p}
		w.meter.add("lane:email:daum.net", 1, clk.Now())
		if err := w.tellRates(ctx); err != nil {
			t.Fatal(err)
		}
		if n := p.rdb.HLen(ctx, keyRates.Name()).Val(); n != 1 {
			t.Errorf("%d workers are kept", n)
		}
	}
	clk.Advance(time.Hour)
	if now := board(t, p, &broadcast.Call{}, &broadcast.Counters{Lanes: []broadcast.Slice{{Channel: address.Email, Name: "naver.com"}}}); len(now.Holds) != 0 {
		t.Errorf("a day after its hold ended: %+v", now.Holds)
	}
	if _, err := p.hold(ctx, gateLimit("relay"), e, refusing, rateBlame{}); err != nil {
		t.Fatal(err)
	}
	if n := p.rdb.HLen(ctx, keyHeld.Name()).Val(); n != 1 {
		t.Errorf("%d are kept as left alone", n)
	}
}

// board sets a call beside what all calls share.
// Of a lane that bears so many connections the board says how many are in use; of one
// whose worker fell silent none is.
func TestBoardCountsConnections(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	places := newPlaces(p, 5*time.Second)
	lanes := Lanes{address.Email: {"naver.com": {Connections: 3}, DefaultLane: {Connections: 8}}, address.SMS: {DefaultLane: {Rate: 5}}}
	for i, at := range []string{laneLimit(address.Email, "naver.com", false), laneLimit(address.Email, "naver.com", false), laneLimit(address.Email, "naver.com", true), laneLimit(address.Email, "daum.net", false)} {
		if got, _, err := places.occupy(ctx, at, 3, fmt.Sprint("c/1/", i), fmt.Sprint("c/2/", i)); err != nil || got == nil {
			t.Fatal(err)
		}
	}
	counted := func(rehearsal bool) string {
		t.Helper()
		b := &Board{Progress: &broadcast.Progress{Call: &broadcast.Call{Rehearsal: rehearsal}}, Rows: []Row{
			{Channel: address.Email, Lane: "naver.com"}, {Channel: address.Email, Lane: "daum.net"}, {Channel: address.Email, Lane: OtherLane}, {Channel: address.SMS, Lane: "SKT"}}}
		if err := b.countConnections(ctx, p.rdb, lanes, clk.Now()); err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, r := range b.Rows {
			out += fmt.Sprintf("%d/%d ", r.InUse, r.Bears)
		}
		return out
	}
	if got := counted(false); got != "2/3 1/8 0/0 0/0 " {
		t.Errorf("of a call: %s", got)
	}
	if got := counted(true); got != "1/3 0/8 0/0 0/0 " {
		t.Errorf("of a rehearsal: %s", got)
	}
	clk.Advance(5 * time.Second)
	if got := counted(false); got != "0/3 0/8 0/0 0/0 " {
		t.Errorf("after a worker fell silent: %s", got)
	}
}

func board(t *testing.T, p *pace, c *broadcast.Call, n *broadcast.Counters) *Board {
	t.Helper()
	pipe := p.rdb.Pipeline()
	read := queueShared(t.Context(), pipe, p.clk)
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return s.board(&broadcast.Progress{Call: c, Counters: n})
}
