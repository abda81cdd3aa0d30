package alarm

import (
	"strings"
	"testing"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists/address"
	"clarion/worker"
	"clarion/worker/gateway"
)

var (
	noon   = time.Date(2013, 6, 10, 12, 0, 0, 0, time.UTC)
	limits = Limits{Window: 10 * time.Minute, Least: 50, DeliveryBelow: .7, BouncesAbove: .05, ComplaintsAbove: .001,
		GatewayDown: time.Minute, LaneHeld: 10 * time.Minute, Stuck: 2 * time.Minute, RedisAbove: .8, RunsOut: time.Hour}
)

// running is a call that is well; change makes it another.
func running(change func(*Call)) Snapshot {
	c := Call{Board: &worker.Board{Progress: &broadcast.Progress{
		Call: &broadcast.Call{ID: "c7", Name: "Save 9", State: broadcast.Running, Audience: 1000, Made: noon.Add(-time.Hour), Started: noon.Add(-time.Hour)},
		Counters: &broadcast.Counters{Channels: map[address.Channel]broadcast.Counts{address.Email: {broadcast.Sent: 500, broadcast.Bounced: 10, broadcast.Pending: 490}},
			Flags: map[address.Channel]map[broadcast.Flag]int{}}}},
		Ends: noon.Add(24 * time.Hour), Before: map[address.Channel]Tally{address.Email: {Reached: 100, Bounced: 2}}}
	change(&c)
	return Snapshot{At: noon, Zone: time.UTC, Calls: []Call{c}}
}

func counts(n broadcast.Counts) func(*Call) {
	return func(c *Call) { c.Channels[address.Email] = n }
}

func hold(name string, ch address.Channel, k gateway.Kind, since time.Duration) func(*Call) {
	return func(c *Call) {
		c.Holds = append(c.Holds, worker.Hold{What: name, Channel: ch, Kind: k, Reason: gateway.Network, Since: noon.Add(-since), Till: noon.Add(time.Minute), Waiting: 9})
	}
}

func gated(s Snapshot, names ...string) Snapshot {
	for _, name := range names {
		s.Gates = append(s.Gates, worker.Gate{Name: name, Channel: address.Email})
	}
	return s
}

// Each condition finds what is wrong and leaves alone what is not: "" is nothing.
func TestConditions(t *testing.T) {
	t.Parallel()
	queue := func(q Queue) Snapshot {
		q.Name = "sms"
		return Snapshot{At: noon, Zone: time.UTC, Queues: []Queue{q}}
	}
	figures := func(f redisdb.Figures) Snapshot {
		return Snapshot{At: noon, Zone: time.UTC, Redis: []redisdb.Figures{f}}
	}
	for name, c := range map[string]struct {
		s    Snapshot
		want string // kind object level
		says string // in English
	}{
		"all is well": {running(func(*Call) {}), "", ""},

		"much is put off": {running(counts(broadcast.Counts{broadcast.Sent: 140, broadcast.Deferred: 30, broadcast.Bounced: 2})), "delivery_falls c7:email warning", "Save 9 (c7), email: of 70 that were tried lately only 57 % was taken."},
		"much is refused": {running(counts(broadcast.Counts{broadcast.Sent: 110, broadcast.Rejected: 30, broadcast.Failed: 20, broadcast.Bounced: 2})), "delivery_falls c7:email critical", "only 17 %"},
		"too few to say":  {running(counts(broadcast.Counts{broadcast.Sent: 100, broadcast.Failed: 49, broadcast.Bounced: 2})), "", ""},
		"it was bad, and is not": {running(func(c *Call) {
			counts(broadcast.Counts{broadcast.Sent: 300, broadcast.Failed: 900})(c)
			c.Before[address.Email] = Tally{Failed: 900}
		}), "", ""},

		"some bounce":  {running(counts(broadcast.Counts{broadcast.Sent: 192, broadcast.Bounced: 10})), "bounces_rise c7:email warning", "of the last 100 messages 8 % bounced for good"},
		"many bounce":  {running(counts(broadcast.Counts{broadcast.Sent: 180, broadcast.Bounced: 22})), "bounces_rise c7:email critical", "20 %"},
		"came back":    {running(counts(broadcast.Counts{broadcast.Sent: 40, broadcast.Bounced: 62})), "bounces_rise c7:email critical", "of the last 60 messages 100 %"},
		"a few bounce": {running(counts(broadcast.Counts{broadcast.Sent: 197, broadcast.Bounced: 7})), "", ""},

		"complaints": {running(func(c *Call) {
			c.Channels[address.Email][broadcast.Delivered] = 2000
			c.Before = nil
			c.Flags[address.Email] = map[broadcast.Flag]int{broadcast.Complained: 4}
		}), "complaints_rise c7:email warning", "4 of 2500 who were reached call it spam (0.16 %)"},
		"many complaints":  {running(func(c *Call) { c.Flags[address.Email] = map[broadcast.Flag]int{broadcast.Complained: 4} }), "complaints_rise c7:email critical", "0.80 %"},
		"two are not many": {running(func(c *Call) { c.Flags[address.Email] = map[broadcast.Flag]int{broadcast.Complained: 2} }), "", ""},
		"all reached complain": {running(func(c *Call) {
			counts(nil)(c)
			c.Flags[address.Email] = map[broadcast.Flag]int{broadcast.Complained: 4}
		}), "complaints_rise c7:email critical", "4 of 4"},

		"it paused itself": {running(func(c *Call) {
			c.State, c.Note = broadcast.Paused, broadcast.Note{Cause: broadcast.TooManyBounced, Channel: address.Email, N: 9, Of: 100, Limit: .05}
		}), "call_held c7 critical", "Save 9 (c7) paused itself: email: 9.0 % of 100 messages bounced for good"},
		"a person paused it":    {running(func(c *Call) { c.State = broadcast.Paused }), "", ""},
		"nobody takes it up":    {running(func(c *Call) { c.Next = noon.Add(-3 * time.Minute) }), "call_late c7 critical", "what was due at 11:57"},
		"it is due":             {running(func(c *Call) { c.Next = noon.Add(-time.Minute) }), "", ""},
		"what is paused is not": {running(func(c *Call) { c.State, c.Next = broadcast.Paused, noon.Add(-time.Hour) }), "", ""},

		"it ends soon": {running(func(c *Call) { c.Ends = noon.Add(50 * time.Minute) }), "clock_runs_out c7 warning", "ends at 12:50, and 490 messages have not left"},
		"it ends":      {running(func(c *Call) { c.State, c.Ends = broadcast.Paused, noon.Add(10*time.Minute) }), "clock_runs_out c7 critical", "12:10"},
		"a few are tried to the end": {running(func(c *Call) {
			counts(broadcast.Counts{broadcast.Sent: 100, broadcast.Deferred: 10})(c)
			c.Ends = noon.Add(time.Minute)
		}), "", ""},
		"many are": {running(func(c *Call) {
			counts(broadcast.Counts{broadcast.Sent: 100, broadcast.Deferred: 11})(c)
			c.Ends = noon.Add(time.Minute)
		}), "clock_runs_out c7 critical", "11 messages"},
		"it has ended": {running(func(c *Call) { c.Ends = noon.Add(-time.Minute) }), "", ""},

		"no answer for long":  {Snapshot{At: noon, Zone: time.UTC, Reply: noon.Add(73 * time.Hour)}, "", ""},
		"an answer is due":    {Snapshot{At: noon, Zone: time.UTC, Reply: noon.Add(48 * time.Hour)}, "reply_due petition warning", "is to answer by 2013-06-12 12:00"},
		"there was no answer": {Snapshot{At: noon, Zone: time.UTC, Reply: noon.Add(-time.Hour)}, "reply_due petition critical", "was to answer by 11:00, and has not"},

		"its time comes":   {running(func(c *Call) { c.State, c.Start, c.Ends = broadcast.Planned, noon.Add(time.Minute), time.Time{} }), "release_waits c7 warning", "is to go out at 12:01, and nobody has released it"},
		"its time is past": {running(func(c *Call) { c.State, c.Start, c.Ends = broadcast.Planned, noon.Add(-13*time.Hour), time.Time{} }), "release_waits c7 critical", "was to go out at 2013-06-09 23:00"},
		"its time is far":  {running(func(c *Call) { c.State, c.Start, c.Ends = broadcast.Planned, noon.Add(2*time.Hour), time.Time{} }), "", ""},
		"it was just made": {running(func(c *Call) { c.State, c.Start, c.Ends, c.Made = broadcast.Planned, noon, time.Time{}, noon }), "", ""},
		"it has no time":   {running(func(c *Call) { c.State, c.Ends = broadcast.Planned, time.Time{} }), "", ""},
		"it was scheduled": {running(func(c *Call) { c.State, c.Start, c.Ends = broadcast.Scheduled, noon, time.Time{} }), "", ""},

		"the only gateway":   {gated(running(hold("relay", 0, gateway.Temporary, time.Minute)), "relay"), "gateway_down relay critical", "relay cannot be reached since"},
		"one of two":         {gated(running(hold("relay", 0, gateway.Misconfigured, time.Minute)), "relay", "other"), "gateway_down relay warning", "relay has not let us in since"},
		"for a moment":       {gated(running(hold("relay", 0, gateway.Temporary, 50*time.Second)), "relay"), "", ""},
		"slower":             {gated(running(hold("relay", 0, gateway.Throttled, time.Hour)), "relay"), "", ""},
		"nobody needs it":    {gated(running(func(c *Call) { c.State = broadcast.Paused; hold("relay", 0, gateway.Temporary, time.Hour)(c) }), "relay"), "", ""},
		"a lane":             {running(hold("naver.com", address.Email, gateway.Refused, 10*time.Minute)), "lane_held email:naver.com warning", "naver.com has refused us since 11:50 UTC."},
		"a lane for a while": {running(hold("naver.com", address.Email, gateway.Refused, 9*time.Minute)), "", ""},

		"no worker":     {queue(Queue{QueueState: worker.QueueState{Waiting: 1, Oldest: 3 * time.Minute}}), "queue_stuck sms critical", "Work has waited in the queue sms since 11:57: no worker runs for it."},
		"a dead worker": {queue(Queue{QueueState: worker.QueueState{Waiting: 1, Oldest: 3 * time.Minute}, Served: true}), "queue_stuck sms critical", "nobody takes it"},
		"a technician":  {queue(Queue{QueueState: worker.QueueState{Waiting: 1, Active: 1, Oldest: 3 * time.Minute, Paused: true}, Served: true}), "queue_stuck sms critical", "has paused it"},
		"long batches":  {queue(Queue{QueueState: worker.QueueState{Waiting: 1, Active: 1, Oldest: 3 * time.Hour}, Served: true}), "", ""},
		"just put in":   {queue(Queue{QueueState: worker.QueueState{Waiting: 1, Oldest: time.Minute}}), "", ""},
		"empty":         {queue(Queue{QueueState: worker.QueueState{Oldest: time.Hour}}), "", ""},

		"memory":         {figures(redisdb.Figures{Used: 81, Limit: 100, Written: true}), "redis_full redis:memory warning", "The memory of Redis is 81 % full."},
		"little memory":  {figures(redisdb.Figures{Used: 91, Limit: 100, Written: true, Node: "10.0.0.7:6379"}), "redis_full 10.0.0.7:6379:memory critical", "91 %"},
		"disk":           {figures(redisdb.Figures{Disk: 100, DiskFree: 5, Written: true}), "redis_full redis:disk critical", "disk of Redis is 95 %"},
		"room":           {figures(redisdb.Figures{Used: 80, Limit: 100, Disk: 100, DiskFree: 20, Written: true}), "", ""},
		"no limit known": {figures(redisdb.Figures{Used: 80, Written: true}), "", ""},
		"not written":    {figures(redisdb.Figures{}), "redis_unsaved redis critical", "could not write"},

		"a person": {Snapshot{At: noon, Zone: time.UTC, Lost: []int{2}}, "notice_lost person:2 warning", "person 2"},
	} {
		found := Find(c.s, limits)
		got := make([]string, len(found))
		for i, f := range found {
			got[i] = strings.Join([]string{string(f.Kind), f.Object, string(f.Level)}, " ")
			if !strings.Contains(f.Sentence.En, c.says) || strings.Contains(f.Sentence.En, "%!") || !strings.ContainsAny(f.Sentence.Ko, "가나다라마바사아자은는이에의다까지") || strings.Contains(f.Sentence.Ko, "%!") {
				t.Errorf("%s: it says %q and %q, want %q", name, f.Sentence.En, f.Sentence.Ko, c.says)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: found %q, want %q", name, s, c.want)
		}
	}
}

// Every kind has its words.
func TestKindsSpeak(t *testing.T) {
	t.Parallel()
	if len(advice) != len(Kinds) {
		t.Errorf("%d kinds, and words for %d", len(Kinds), len(advice))
	}
	for _, k := range Kinds {
		for _, lang := range []string{"ko", "en"} {
			if k.Word(lang) == "" || !strings.HasSuffix(k.Do(lang), ".") {
				t.Errorf("%s in %s: %q, %q", k, lang, k.Word(lang), k.Do(lang))
			}
		}
	}
}

// What came before the window does not count; a call that a watcher meets late has
// no past, and one that it meets early had sent nothing.
func TestWindow(t *testing.T) {
	t.Parallel()
	w := newWindow(10 * time.Minute)
	s := running(counts(broadcast.Counts{broadcast.Sent: 100}))
	w.pass(s.Calls, noon)
	if n := s.Calls[0].lately(address.Email); n != (Tally{}) {
		t.Errorf("met late: %+v", n)
	}
	for minute := 1; minute <= 30; minute++ {
		counts(broadcast.Counts{broadcast.Sent: 100 + minute})(&s.Calls[0])
		w.pass(s.Calls, noon.Add(time.Duration(minute)*time.Minute))
	}
	if n := s.Calls[0].lately(address.Email); n.Reached != 10 {
		t.Errorf("in ten minutes: %+v", n)
	}
	w.pass(nil, noon)
	if len(w.past) != 0 {
		t.Errorf("a call that is gone is remembered: %v", w.past)
	}
	s = running(func(c *Call) { counts(broadcast.Counts{broadcast.Sent: 70})(c); c.Started = noon.Add(-9 * time.Second) })
	w.pass(s.Calls, noon)
	if n := s.Calls[0].lately(address.Email); n.Reached != 70 {
		t.Errorf("met early: %+v", n)
	}
}
