package worker

import (
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

var slower = &gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28"}

// A lane that asks us to go slower is left alone for 1, 2, 4 … minutes; what was
// under way when a wait began says nothing new; a message that is taken ends it.
func TestBackOffInVirtualTime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	lane, well := laneLimit(address.Email, "naver.com", false), laneLimit(address.Email, "daum.net", false)
	hold := func(e *gateway.Error, how backOff) time.Duration {
		t.Helper()
		d, err := p.hold(ctx, lane, e, how, rateBlame{slow: how == tooFast})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	stands := func() standing {
		t.Helper()
		now, err := p.heldNow(ctx, lane, well)
		if err != nil {
			t.Fatal(err)
		}
		if now[1].wait != 0 || now[1].uneasy {
			t.Fatalf("another lane is left alone too: %+v", now[1])
		}
		return now[0]
	}
	for i, minutes := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := hold(slower, tooFast); got != minutes*time.Minute {
			t.Fatalf("wait %d is %s, want %d minutes", i+1, got, minutes)
		}
		clk.Advance(30 * time.Second)
		if got := hold(slower, tooFast); got != minutes*time.Minute-30*time.Second {
			t.Fatalf("an answer of the same wave: %s", got)
		}
		clk.Advance(minutes*time.Minute - 30*time.Second)
	}
	told := func() []Hold {
		return board(t, p, &broadcast.Call{}, &broadcast.Counters{Lanes: []broadcast.Slice{{Channel: address.Email, Name: "naver.com"}, {Channel: address.Email, Name: "daum.net"}}}).Holds
	}
	if s, h := stands(), told(); s.wait != 0 || !s.uneasy || len(h) != 1 ||
		h[0] != (Hold{What: "naver.com", Channel: address.Email, Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.28", Since: opening}) {
		t.Errorf("being tried again: %+v, %+v", s, h)
	}
	if err := p.release(ctx, lane); err != nil {
		t.Fatal(err)
	}
	if s, h := stands(), told(); s.uneasy || len(h) != 0 {
		t.Errorf("a message was taken, and it stands as %+v, %+v", s, h)
	}
	if got := hold(slower, tooFast); got != time.Minute {
		t.Errorf("the first wait of a new episode is %s", got)
	}
	if err := p.release(ctx, lane); err != nil || stands().wait != time.Minute {
		t.Errorf("a late answer ended a wait: %v", err)
	}
	clk.Advance(time.Minute)
	asked := *slower
	asked.RetryAfter = 7 * time.Second
	if got := hold(&asked, tooFast); got != 14*time.Second {
		t.Errorf("asked for 7 s the second time in a row: %s", got)
	}
}

// What was too fast is halved, and grows again by as much in ten minutes, up to
// what is set.
func TestLearnedRateInVirtualTime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	// spacing is the rate at which slots are handed out now.
	spacing := func(name string, set float64) float64 {
		t.Helper()
		clk.Advance(3 * time.Second) // past what was reserved before
		for {
			g, err := p.take(ctx, []limit{{name: name, rate: set}}, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			if g.n == 1 && g.wait > 0 {
				return 1 / g.wait.Seconds()
			}
			if g.n == 0 {
				t.Fatalf("%s: no slot within %s", name, g.wait)
			}
		}
	}
	about := func(what string, got, want float64) {
		t.Helper()
		if got < 0.98*want || got > 1.02*want {
			t.Errorf("%s: %.2f a second, want %.2f", what, got, want)
		}
	}
	hold := func(name string, blame rateBlame) {
		t.Helper()
		d, err := p.hold(ctx, name, slower, tooFast, blame)
		if err != nil {
			t.Fatal(err)
		}
		clk.Advance(d)
	}
	about("as set", spacing("a", 40), 40)
	hold("a", rateBlame{slow: true, set: 40, seen: 3})
	about("once too fast", spacing("a", 40), 20)
	hold("a", rateBlame{slow: true, set: 40, seen: 3})
	about("twice", spacing("a", 40), 10)
	clk.Advance(10 * time.Minute)
	about("ten minutes later", spacing("a", 40), 20)
	clk.Advance(time.Hour)
	about("at last as set", spacing("a", 40), 40)

	hold("b", rateBlame{slow: true, seen: 30})
	about("where none is set, of what was seen", spacing("b", 0), 15)
	hold("c", rateBlame{set: 40})
	about("where the rate is not to blame", spacing("c", 40), 40)
}

// A rehearsal meets made-up throttling more often than a real call: it waits, and
// learns no rate from it.
func TestRehearsalLearnsNoRate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := redistest.New(t)
	w := liveWorker(rdb, "w", time.Minute)
	w.clk = clock.NewManual(opening)
	w.pace = newPace(rdb, w.clk, time.UTC)
	for _, rehearsal := range []bool{false, true} {
		b := &batch{w: w, work: &broadcast.Work{Channel: address.SMS, Lane: "kr"}, gate: &gate{Gate: Gate{Name: "g", Channel: address.SMS, Rehearsal: rehearsal}}}
		w.meter.add(b.laneLimit(), 300, w.clk.Now())
		if wait := b.holdLane(ctx, slower, tooFast); wait != time.Minute {
			t.Errorf("rehearsal %v: left alone for %v", rehearsal, wait)
		}
		now, err := w.pace.heldNow(ctx, b.laneLimit())
		if err != nil {
			t.Fatal(err)
		}
		if now[0].wait == 0 || now[0].slowed == rehearsal {
			t.Errorf("rehearsal %v: %+v", rehearsal, now[0])
		}
	}
}

func TestWhatHoldsALane(t *testing.T) {
	t.Parallel()
	policy := &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Policy, Code: "4.7.0"}
	grey := &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Greylisted, Code: "4.7.1"}
	shut := &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Code: "421"}
	refused := &gateway.Error{Kind: gateway.Refused, Reason: gateway.Policy, Code: "5.7.1"}
	ofGateway := &gateway.Error{Kind: gateway.Throttled, Reason: gateway.RateLimited, Code: "4.7.1", OfGateway: true}
	for _, c := range []struct {
		name  string
		times int
		e     *gateway.Error
		lane  string
		want  backOff
	}{
		{"one throttled", 1, slower, "naver.com", tooFast},
		{"one 421", 1, shut, "naver.com", tooFast},
		{"all slowed by the gateway itself", 16, ofGateway, "naver.com", backOff{}},
		{"one throttled among small systems", 1, slower, OtherLane, backOff{}},
		{"half throttled among small systems", 8, slower, OtherLane, tooFast},
		{"one 4.7.0", 1, policy, "naver.com", backOff{}},
		{"half 4.7.0", 8, policy, "naver.com", tooFast},
		{"all greylisted", 16, grey, "naver.com", backOff{}},
		{"half refused", 8, refused, "naver.com", refusing},
		{"seven refused", 7, refused, "naver.com", backOff{}},
	} {
		var a tally
		for i := range 16 {
			if i < c.times {
				a.add(c.e)
			} else {
				a.add(nil)
			}
		}
		e, how := a.verdict(16, c.lane)
		if how != c.want || (e != nil) != (c.want != backOff{}) {
			t.Errorf("%s: %v, %v", c.name, e, how)
		}
	}
}

func TestHoldsInWords(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	e := &gateway.Error{Kind: gateway.Refused, Reason: gateway.Policy, Code: "5.7.1"}
	if _, err := p.hold(ctx, laneLimit(address.Email, "naver.com", false), e, refusing, rateBlame{}); err != nil {
		t.Fatal(err)
	}
	call := &broadcast.Call{Gateways: []string{"", "relay"}}
	counters := &broadcast.Counters{Lanes: []broadcast.Slice{
		{Channel: address.Email, Name: "daum.net", Counts: broadcast.Counts{broadcast.Pending: 5}},
		{Channel: address.Email, Name: "naver.com", Counts: broadcast.Counts{broadcast.Pending: 200, broadcast.Deferred: 12, broadcast.Sent: 40}},
	}}
	holds := board(t, p, call, counters).Holds
	if len(holds) != 1 {
		t.Fatalf("%+v", holds)
	}
	at, till := opening.Format("15:04")+" UTC", opening.Add(5*time.Minute).Format("15:04")+" UTC"
	for lang, want := range map[string]string{
		"en": "naver.com has refused us since " + at + ". The receiver's rules refuse it (5.7.1). 212 messages wait for it. It is tried again at " + till + ".",
		"ko": "naver.com: " + at + "부터 받기를 거부합니다. 받는 쪽의 정책에 따라 거부되었습니다 (5.7.1). 212건이 기다립니다. " + till + "에 다시 시도합니다.",
	} {
		if got := holds[0].Sentence(lang, opening); got != want {
			t.Errorf("%s: %s\nwant %s", lang, got, want)
		}
	}
	yesterday := opening.AddDate(0, 0, -1)
	for _, c := range []struct {
		h      Hold
		en, ko string
	}{
		{Hold{What: OtherLane, Channel: address.Email, Kind: gateway.Throttled, Since: opening, Waiting: 1},
			"One of the small systems has asked us to go slower since " + at + ". 1 message waits for it. It is being tried again.",
			"작은 수신처 가운데 하나: " + at + "부터 속도를 줄여 달라고 합니다. 1건이 기다립니다. 지금 다시 시도합니다."},
		{Hold{What: "relay", Kind: gateway.Misconfigured, Reason: gateway.Authentication, Since: yesterday},
			"relay has not let us in since " + yesterday.Format("2006-01-02 15:04") + " UTC. SPF, DKIM, DMARC or the login failed. It is being tried again.",
			"relay: " + yesterday.Format("2006-01-02 15:04") + " UTC부터 접속을 거부합니다. SPF, DKIM, DMARC 또는 로그인 인증에 실패했습니다. 지금 다시 시도합니다."},
		{Hold{What: "relay", Kind: gateway.Temporary, Code: "421", Since: opening},
			"relay has asked us to come back later since " + at + ". It answered 421. It is being tried again.",
			"relay: " + at + "부터 나중에 다시 오라고 합니다. 응답은 421입니다. 지금 다시 시도합니다."},
	} {
		if en, ko := c.h.Sentence("en", opening), c.h.Sentence("ko", opening); en != c.en || ko != c.ko {
			t.Errorf("%s\n%s\nwant %s\n%s", en, ko, c.en, c.ko)
		}
	}
	call.Rehearsal = true
	if holds := board(t, p, call, counters).Holds; len(holds) != 0 {
		t.Errorf("a rehearsal waits for a real lane: %+v", holds)
	}
	seoul := opening.In(time.FixedZone("KST", 9*60*60))
	if said := (Hold{What: "relay", Kind: gateway.Refused, Since: opening}).Sentence("en", seoul); !strings.Contains(said, "since 18:00 KST.") {
		t.Errorf("in Seoul it says %s", said)
	}
	for _, k := range gateway.Kinds {
		h := Hold{What: "relay", Kind: k, Since: opening}
		if en, ko := h.Sentence("en", opening), h.Sentence("ko", opening); en == ko || strings.Contains(en+ko, "%!") {
			t.Errorf("%s: %s, %s", k, en, ko)
		}
	}
}
