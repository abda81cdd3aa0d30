package broadcast

import (
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
)

// BenchmarkGroup claims and commits groups of 16 as a worker does, the commit of
// one with the claim of the next. It reports the processor time of redis-server
// for each delivery, which is what a group's scripts cost.
func BenchmarkGroup(b *testing.B) {
	const size = 16
	ctx := b.Context()
	rdb := redistest.New(b)
	l := Open(rdb, clock.System{})
	lease := Lease{Call: "c1", Work: 1, Fence: 1, Worker: "w"}
	fresh := string(make([]byte, BatchSize*entryBytes))
	for _, err := range []error{
		rdb.HSet(ctx, keyCall.Name(lease.Call), "state", string(Running)).Err(),
		rdb.HSet(ctx, keyOwn.Name(lease.Call), 1, lease.owner()).Err(),
		rdb.Set(ctx, keyStates.Name(lease.Call, 1), fresh, 0).Err(),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	// The counters of a call with as many languages and lanes as one has.
	for i := range 40 {
		for state := range 3 {
			if err := rdb.HIncrBy(ctx, keyCounts.Name(lease.Call), "d:email:lane"+strconv.Itoa(i)+".example:"+strconv.Itoa(state), 1).Err(); err != nil {
				b.Fatal(err)
			}
		}
	}
	w := &Work{Number: 1, Channel: address.Email, Lang: "ko", Lane: "naver.example", Contacts: make([]uint32, BatchSize)}
	results := make([]Result, size)
	for i := range results {
		results[i].State = Sent
	}
	cpu := func() float64 {
		info := rdb.InfoMap(ctx, "cpu").Val()["CPU"]
		user, _ := strconv.ParseFloat(info["used_cpu_user"], 64)
		sys, _ := strconv.ParseFloat(info["used_cpu_sys"], 64)
		return user + sys
	}
	sent := Outcome{}
	b.ReportAllocs()
	before := cpu()
	for i := 0; b.Loop(); i++ {
		from := i * size % BatchSize
		g := Group{Call: lease.Call, Work: w, From: from, To: from + size}
		var turn *Turning
		if err := l.Pipelined(ctx, func(p redis.Pipeliner) {
			if from == 0 {
				if sent.Work != nil {
					l.QueueTurn(ctx, p, sent, lease, Group{}, 0)
				}
				p.Set(ctx, keyStates.Name(lease.Call, 1), fresh, 0)
				sent = Outcome{}
			}
			turn = l.QueueTurn(ctx, p, sent, lease, g, 1)
		}); err != nil {
			b.Fatal(err)
		}
		status, attempts, err := turn.Claimed()
		if err != nil || status != OK || attempts[0] != 1 {
			b.Fatal(status, err, attempts)
		}
		sent = Outcome{Group: g, Attempts: attempts, Results: results}
	}
	b.ReportMetric((cpu()-before)*1e6/float64(size*b.N), "redis-µs/delivery")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(size*b.N), "µs/delivery")
}
