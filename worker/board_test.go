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
		w := &Worker{id: id, rdb: p.rdb, clk: clk, cfg: Config{Liveness: time.Minute}}
		if err := w.beat(ctx); err != nil {
			t.Fatal(err)
		}
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
	rows, holds, err := Board(ctx, p.rdb, clk, &broadcast.Call{}, &broadcast.Counters{Lanes: []broadcast.Slice{
		{Channel: address.Email, Name: "daum.net", Counts: broadcast.Counts{broadcast.Pending: 5, broadcast.Sending: 1}},
		{Channel: address.Email, Name: "naver.com", Counts: broadcast.Counts{broadcast.Pending: 200, broadcast.Deferred: 12, broadcast.Sent: 40, broadcast.Delivered: 2, broadcast.Bounced: 3, broadcast.Failed: 1, broadcast.Suppressed: 9}},
	}})
	if err != nil || len(rows) != 2 || len(holds) != 1 {
		t.Fatalf("%+v, %+v, %v", rows, holds, err)
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
}
