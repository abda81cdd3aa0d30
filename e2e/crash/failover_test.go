package crash

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clarion/internal/redistest"
)

// A failover is a way in which a master loses its place while a call runs.
type failover struct {
	name   string
	wait   int // wait_replicas of the round that is always played
	strike func(*run, *redistest.Group)
}

var failovers = [...]failover{
	{"killed", 1, func(r *run, g *redistest.Group) { g.Masters()[0].Kill() }},
	// What is written after the links are cut, no replica will ever have; the workers have it.
	{"killed, replicas behind", 0, func(r *run, g *redistest.Group) {
		master := g.Masters()[0]
		before := r.sink.Total()
		r.must(master.Client().Do(r.t.Context(), "CLIENT", "KILL", "TYPE", "replica").Err())
		for until := time.Now().Add(300 * time.Millisecond); time.Now().Before(until) && r.sink.Total() < before+200; {
			time.Sleep(time.Millisecond)
		}
		master.Kill()
	}},
	// The old master wakes when another was promoted, and takes writes until it is told.
	{"stopped", 1, func(r *run, g *redistest.Group) {
		master := g.Masters()[0]
		master.Pause()
		g.Await("a new master", func() error { return promoted(g, master) })
		master.Continue()
	}},
	// The old master takes writes until it is told, and the other replica confirms them until it is: but for the
	// workers, who know, all that would be lost.
	{"handed over", 0, func(r *run, g *redistest.Group) {
		master := g.Masters()[0]
		g.Await("the hand-over", g.HandOver)
		g.Await("a new master", func() error { return promoted(g, master) })
	}},
}

func promoted(g *redistest.Group, old *redistest.Instance) error {
	for _, m := range g.Masters() {
		if m != old {
			return nil
		}
	}
	return errors.New("no replica was promoted")
}

// fail plays one round, a call while the master loses its place, and returns how
// it ended and how many doubles nobody reported.
func fail(t *testing.T, f failover, hold bool, wait int) (o outcome, unexplained int) {
	t.Helper()
	inDoubt := "resend"
	if hold {
		inDoubt = "hold"
	}
	g := redistest.Sentinel(t)
	r := beginOn(t, g.URL(), inDoubt, true, wait)
	a, b := r.worker(), r.worker()
	t.Cleanup(func() { t.Logf("%s, %s, WAIT %d:\n%s", f.name, inDoubt, wait, a.log.String()+b.log.String()) })
	r.await("both workers", func() bool {
		return strings.Contains(a.log.String(), "is running") && strings.Contains(b.log.String(), "is running")
	})
	r.launch()
	old := g.Masters()[0]
	g.Hasty()
	f.strike(r, g)
	g.Await("a new master", func() error { return promoted(g, old) })
	if f.name == "killed" {
		old.Restart() // and becomes a replica, perhaps while the call runs
	}
	o = r.end()
	for _, p := range []*process{a, b} {
		r.must(p.cmd.Process.Signal(syscall.SIGTERM))
		<-p.done
	}
	unexplained = o.doubled
	if !hold {
		unexplained = max(0, o.doubled-takenOver(a, b))
	}
	return o, unexplained
}

var failoverRounds = flag.Int("failovers", 0, "play each kind of failover so often, with each number of replicas to wait for, and print a table")

// No failover loses a claim that was acted on, as long as a replica or the worker
// itself has it: nobody is missing, and doubles are those that the ledger knew to be
// in doubt. The table is for docs/failover.md.
func TestFailover(t *testing.T) {
	t.Parallel()
	rounds := max(*failoverRounds, 1)
	var mu sync.Mutex
	var table []string
	for i, f := range failovers {
		for wait := range 3 {
			if *failoverRounds == 0 && wait != f.wait || wait == 2 && f.name != "handed over" { // one of three is gone
				continue
			}
			t.Run(fmt.Sprintf("%s, wait %d", f.name, wait), func(t *testing.T) {
				t.Parallel()
				var missing, doubled, unexplained, inDoubt, wrong int
				for n := range rounds {
					hold := (i+n)%2 == 0
					o, u := fail(t, f, hold, wait)
					if u != 0 || o.missing > o.inDoubt || !hold && o.inDoubt > 0 {
						t.Errorf("%d doubled that nobody reported in doubt, %d missing, %d in doubt", u, o.missing, o.inDoubt)
					}
					missing, doubled, unexplained, inDoubt = missing+max(0, o.missing-o.inDoubt), doubled+o.doubled-u, unexplained+u, inDoubt+o.inDoubt
					wrong += min(1, o.differences)
				}
				mu.Lock()
				defer mu.Unlock()
				table = append(table, fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d |", f.name, wait, rounds, wrong, missing, unexplained, doubled, inDoubt))
			})
		}
	}
	t.Cleanup(func() {
		slices.Sort(table)
		t.Logf("\n| the master was | WAIT | rounds | audit fails | missing | doubled, unexplained | doubled, from doubt | left in doubt |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n%s", strings.Join(table, "\n"))
	})
}

// The built program sends a whole call on a Cluster, and a worker that is killed is
// taken over there as elsewhere.
func TestKilledWorkerOnCluster(t *testing.T) {
	t.Parallel()
	g := redistest.Cluster(t, 0, "--appendonly", "yes", "--appendfsync", "always")
	r := beginOn(t, g.URL(), "resend", true, 0)
	a, b := r.worker(), r.worker()
	r.launch()
	r.must(a.cmd.Process.Kill())
	<-a.done
	o := r.end()
	r.must(b.cmd.Process.Signal(syscall.SIGTERM))
	<-b.done
	if o.missing != 0 || o.inDoubt != 0 || o.doubled > takenOver(b) {
		t.Errorf("%+v, and %d were reported in doubt\n%s", o, takenOver(b), b.log)
	}
}
