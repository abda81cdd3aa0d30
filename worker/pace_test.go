package worker

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clarion/internal/clock"
	"clarion/internal/redistest"
)

// opening is when virtual time begins.
var opening = time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC)

// went is a group of messages, and when it went.
type went struct {
	at time.Time
	n  int
}

// within fails unless in every span of time at most rate × span and one group
// went: the slots of all groups but the last lie in it.
func within(t rapid.TB, what string, rate float64, groups []went) {
	t.Helper()
	slices.SortStableFunc(groups, func(a, b went) int { return a.at.Compare(b.at) })
	// The sum up to each group less what the rate allows until it: it must never rise
	// above its own lowest value so far.
	sum, lowest := 0.0, math.Inf(1)
	for _, g := range groups {
		excess := sum - rate*g.at.Sub(opening).Seconds()
		lowest = min(lowest, excess)
		if excess > lowest+0.01+rate*2e-6 {
			t.Fatalf("%s, %g a second: %.3f messages more than it allows went in a span up to %s", what, rate, excess-lowest, g.at.Sub(opening))
		}
		sum += float64(g.n)
	}
}

// Many processes take slots of several limits at once, at random times, and give
// some back: no limit is ever passed.
func TestNoSpanOfTimeHoldsMoreThanALimit(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		rdb.FlushAll(t.Context())
		clk := clock.NewManual(opening)
		p := newPace(rdb, clk, time.UTC)
		all := make([]limit, rapid.IntRange(1, 4).Draw(t, "limits"))
		sent := map[string][]went{}
		for i := range all {
			rate := rapid.OneOf(rapid.Float64Range(0.5, 50), rapid.Float64Range(50, 30_000)).Draw(t, "rate")
			all[i] = limit{name: string(rune('a' + i)), rate: rate}
		}
		for range rapid.IntRange(1, 60).Draw(t, "takes") {
			clk.Advance(time.Duration(rapid.IntRange(0, 300_000).Draw(t, "µs later")) * time.Microsecond)
			var limits []limit
			for _, l := range all {
				if rapid.Bool().Draw(t, l.name) {
					limits = append(limits, l)
				}
			}
			n := rapid.IntRange(1, 16).Draw(t, "messages")
			g, err := p.take(t.Context(), limits, n, n+rapid.IntRange(0, 240).Draw(t, "left"))
			if err != nil {
				t.Fatal(err)
			}
			if g.n > n || g.n < 0 || (g.n > 0 && g.wait > paceAhead) || (g.n == 0 && g.wait <= 0) {
				t.Fatalf("asked for %d: %d in %s", n, g.n, g.wait)
			}
			used := rapid.IntRange(0, g.n).Draw(t, "used")
			if err := p.unused(t.Context(), g, used); err != nil {
				t.Fatal(err)
			}
			for _, l := range limits {
				if used > 0 {
					sent[l.name] = append(sent[l.name], went{clk.Now().Add(g.wait), used})
				}
			}
		}
		for _, l := range all {
			within(t, l.name, l.rate, sent[l.name])
		}
	})
}

// Where somebody always wants to send, no slot stays empty, though groups are cut
// and given back and limits are mixed: of the limit that is the narrowest for all
// together, everything is used.
func TestNoSlotIsWasted(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		rdb.FlushAll(t.Context())
		clk := clock.NewManual(opening)
		p := newPace(rdb, clk, time.UTC)
		gate := limit{name: "gateway", rate: rapid.Float64Range(20, 2000).Draw(t, "gateway")}
		lane := limit{name: "lane", rate: gate.rate / rapid.Float64Range(2, 20).Draw(t, "slower")}
		narrowest, asking := lane, [][]limit{{gate, lane}}
		if rapid.Bool().Draw(t, "others too") {
			narrowest, asking = gate, append(asking, []limit{gate})
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		const group, steps = 16, 60
		got := 0
		// All ask until they are refused, whenever time has moved on by half a group's or half a second.
		step := time.Duration(min(group/gate.rate/2, 0.5) * float64(time.Second))
		for range steps {
			for _, limits := range asking {
				for {
					g, err := p.take(t.Context(), limits, group, group)
					if err != nil {
						t.Fatal(err)
					}
					if g.n == 0 {
						break
					}
					used := g.n
					if random.IntN(10) == 0 {
						used--
						if err := p.unused(t.Context(), g, used); err != nil {
							t.Fatal(err)
						}
					}
					got += used
				}
			}
			clk.Advance(step)
		}
		seconds := (steps - 1) * step.Seconds()
		if float64(got) < narrowest.rate*seconds-group || float64(got) > narrowest.rate*(seconds+paceAhead.Seconds())+group {
			t.Fatalf("%s: %d messages at %.0f a second in %.2f s", narrowest.name, got, narrowest.rate, seconds)
		}
	})
}

func TestPaceIsExactInVirtualTime(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(opening)
	rdb := redistest.New(t)
	// Two processes share the pace of a call and that of a gateway; the slower rules.
	processes := []*pace{newPace(rdb, clk, time.UTC), newPace(rdb, clk, time.UTC)}
	limits := []limit{{name: "call:c1:email", rate: 160}, {name: "gateway:relay", rate: 1000}}
	sent, refused := 0, 0
	for range 10 * 100 { // ten seconds in steps of ten milliseconds
		for _, p := range processes {
			g, err := p.take(t.Context(), limits, 16, 256)
			if err != nil {
				t.Fatal(err)
			}
			if g.n == 0 {
				refused++
			}
			sent += g.n
		}
		clk.Advance(10 * time.Millisecond)
	}
	// Ten seconds' worth, and what is reserved a second ahead.
	if sent < 10*160 || sent > 11*160+16 {
		t.Errorf("%d messages in ten seconds at 160 a second", sent)
	}
	if refused == 0 {
		t.Error("nobody was put back")
	}
}

// Works that are put back come when it is their turn: not all at once, and none
// waits longer than the line.
func TestWorksThatAreBackStandInLine(t *testing.T) {
	t.Parallel()
	p := newPace(redistest.New(t), clock.NewManual(opening), time.UTC)
	limits := []limit{{name: "lane", rate: 20}}
	var waits []time.Duration
	for range 10 {
		g, err := p.take(t.Context(), limits, 16, 256)
		if err != nil {
			t.Fatal(err)
		}
		if g.n == 0 {
			waits = append(waits, g.wait)
		}
	}
	// Two groups have a second's slots; the works behind them take 12.8 s each.
	want := []time.Duration{1600, 14400, 27200, 40000, 52800, 60000, 60000, 60000}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(waits, want) {
		t.Errorf("put back for %v, want %v", waits, want)
	}
}

// A pace so slow that one group takes longer than may be reserved ahead is kept all
// the same: each work comes again when the next slot is near.
func TestSlowPaceIsNotSlower(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(opening)
	p := newPace(redistest.New(t), clk, time.UTC)
	limits := []limit{{name: "call:c1:sms", rate: 2}}
	left, come := [3]int{40, 40, 40}, [3]time.Time{opening, opening, opening}
	for {
		next := -1
		for i := range left {
			if left[i] > 0 && (next < 0 || come[i].Before(come[next])) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		if d := come[next].Sub(clk.Now()); d > 0 {
			clk.Advance(d)
		}
		g, err := p.take(t.Context(), limits, 4, left[next])
		if err != nil {
			t.Fatal(err)
		}
		left[next] -= g.n
		come[next] = clk.Now().Add(max(g.wait-paceAhead/2, time.Millisecond))
	}
	// 120 texts at two a second.
	if took := clk.Now().Sub(opening); took > 66*time.Second {
		t.Errorf("took %v, a minute is right", took)
	}
}

func TestWarmupInVirtualTime(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewManual(opening) // six in the evening in Seoul
	rdb := redistest.New(t)
	processes := []*pace{newPace(rdb, clk, seoul), newPace(rdb, clk, seoul), newPace(rdb, clk, seoul)}
	limits := []limit{{name: "gateway:relay", rate: 1000, warmup: Warmup{From: 50, To: 400, Days: 4}}, {name: "call:c1:email", rate: 2000}}
	// day sends as much as it may until the day is over, and returns how much.
	day := func(skip int) (sent int) {
		until := time.Duration(0)
		for i := 0; until < time.Hour; i++ {
			g, err := processes[i%3].take(t.Context(), limits, 16, 256)
			if err != nil {
				t.Fatal(err)
			}
			sent += g.n
			if g.n > 0 && i%5 == 0 { // one of them may not be written to
				if err := processes[i%3].unused(t.Context(), g, g.n-1); err != nil {
					t.Fatal(err)
				}
				sent--
			}
			until = g.wait
			if g.n == 0 && g.wait < time.Hour {
				clk.Advance(g.wait)
			}
			if sent > 5000 {
				return sent
			}
		}
		next := clk.Now().Add(until).In(seoul)
		if next.Hour() != 0 || next.Minute() != 0 {
			t.Errorf("it goes on at %s", next)
		}
		clk.Set(next.AddDate(0, 0, skip))
		return sent
	}
	// Each day twice as much as the day before; a day without a message does not count.
	for i, want := range []int{50, 100, 200, 400} {
		if got := day(i); got != want {
			t.Errorf("day %d of the warm-up: %d messages, want %d", i+1, got, want)
		}
	}
	if got := day(0); got <= 5000 {
		t.Errorf("after the warm-up: %d messages", got)
	}
}

// A clock that is set back an hour neither stops the pace nor begins the warm-up's
// day anew.
func TestPaceBearsAClockSetBack(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2013, 6, 10, 0, 30, 0, 0, time.UTC))
	p := newPace(redistest.New(t), clk, time.UTC)
	limits := []limit{{name: "lane", rate: 10, warmup: Warmup{From: 40, To: 400, Days: 3}}}
	take := func() grant {
		t.Helper()
		g, err := p.take(t.Context(), limits, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	take()
	clk.Advance(-time.Hour)
	if g := take(); g.n != 16 || g.wait != 0 {
		t.Errorf("set back: %d in %s", g.n, g.wait)
	}
	clk.Advance(10 * time.Minute)
	if g := take(); g.n != 8 {
		t.Errorf("the day before's cap: %d, want the 8 that are left", g.n)
	}
}

func TestLanesOf(t *testing.T) {
	t.Parallel()
	l := Lanes{1: {"naver.com": {Rate: 5}, DefaultLane: {Rate: 50}}}
	for _, c := range []struct {
		name  string
		small bool
		want  float64
	}{{"naver.com", false, 5}, {"naver.com", true, 5}, {"daum.net", false, 50}, {"other", true, 0}} {
		if got := l.Of(1, c.name, c.small); got.Rate != c.want {
			t.Errorf("%s: %g a second, want %g", c.name, got.Rate, c.want)
		}
	}
	if l.Named(1, DefaultLane) || !l.Named(1, "naver.com") || l.Named(2, "naver.com") || cmp.Compare(l.Of(2, "kr", false).Rate, 0) != 0 {
		t.Error("limits of another channel, or none, count")
	}
}
