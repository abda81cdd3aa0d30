// Command chaos proves under faults that a call loses nothing and doubles
// nothing unexplained: it runs many small calls through the built program, breaks
// something in each, and sets a sink that records every message beside the
// ledger, delivery by delivery.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"clarion/internal/redisdb"
)

// An order is what the command line asks for.
type order struct {
	rounds, lossy, lanes, only int
	seed                       uint64
	limit                      time.Duration
	state, doc, fault, kit     string
	each                       bool
}

func main() {
	var o order
	flag.IntVar(&o.rounds, "rounds", 1000, "how many rounds in all")
	flag.IntVar(&o.lossy, "everysec", 40, "how many rounds with a Redis that syncs once a second; these are counted, not judged")
	flag.IntVar(&o.lanes, "lanes", 3, "how many rounds at a time")
	flag.IntVar(&o.only, "only", -1, "play this round alone, and enter it nowhere")
	flag.Uint64Var(&o.seed, "seed", 1, "the same seed draws the same faults")
	flag.DurationVar(&o.limit, "for", 24*time.Hour, "stop after so long")
	flag.StringVar(&o.state, "state", "", "a file to resume from")
	flag.StringVar(&o.kit, "kit", "", "a folder to build the program into, or to find it built in")
	flag.StringVar(&o.doc, "doc", "", "write this page from the state, and play nothing")
	flag.StringVar(&o.fault, "fault", "", "this fault in every round, entered nowhere")
	flag.BoolVar(&o.each, "each", false, "every fault once, entered nowhere")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(o order) error {
	apart := o.only >= 0 || o.fault != "" || o.each
	if apart {
		if o.doc != "" {
			return fmt.Errorf("-doc writes from the whole record, not from one round or fault")
		}
		o.state = ""
	}
	r, err := load(o.state, o.seed)
	if err != nil {
		return err
	}
	if o.doc != "" {
		return r.write(o.doc)
	}
	redisdb.LogTo(slog.New(slog.DiscardHandler)) // that Redis is away is what is played
	r.begin()
	k, err := newKit(o.kit)
	if err != nil {
		return err
	}
	defer k.close()
	all := faults()
	p := newPlan(r.Seed, all)
	c := &campaign{kit: k, record: r, lanes: o.lanes, sync: "always", fault: p.fault, second: seconds(all), until: time.Now().Add(o.limit)}
	c.tell = func(x result, before int) {
		fmt.Fprintf(os.Stderr, "%4d %-45s %-30s %5.1f s, %d tries, struck %v, in doubt %d\n", x.Round, x.Fault, x.Second, x.Took.Seconds(), before+1, x.Struck, x.Doubted)
		if x.Failure != "" {
			fmt.Fprintln(os.Stderr, x.Failure)
		}
		if err := r.save(o.state); err != nil {
			fmt.Fprintln(os.Stderr, "chaos:", err)
		}
	}
	for _, t := range r.Faults {
		c.next += t.Entered
	}
	end := o.rounds
	switch {
	case o.only >= 0:
		c.next, end = o.only, o.only+1
	case o.each:
		once := each(all)
		end, c.fault = len(once), func(n int) *fault { return once[n] }
	case o.fault != "":
		i := slices.IndexFunc(all, func(f *fault) bool { return f.name == o.fault })
		if i < 0 {
			return fmt.Errorf("there is no fault %q", o.fault)
		}
		c.fault = func(int) *fault { return all[i] }
	}
	if err := c.play(end); err != nil {
		return err
	}
	if !apart {
		// A Redis that may lose, apart.
		weighed := newPlan(r.Seed, lossyFaults())
		c.sync, c.fault, c.second, c.next = "everysec", weighed.fault, nil, 0
		for _, t := range r.Lossy {
			c.next += t.Entered
		}
		if err := c.play(o.lossy); err != nil {
			return err
		}
	}
	r.print(os.Stdout)
	if n := r.failed(); n > 0 {
		return fmt.Errorf("%d of %d rounds failed", n, r.played())
	}
	return nil
}
