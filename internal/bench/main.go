// Command bench measures how fast a call goes out, how little it takes and how
// it grows, beside others in the same run, and writes what it found to
// bench/results.json and, when asked, into docs/performance.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what a person may ask for.
type options struct {
	rows    []string // which; all when empty
	profile string   // of the processor, over our own halves of the pairs by email
	out     string
	doc     string
	dir     string // for the data folder; "" for a temporary one
	short   bool
	sizes
}

// sizes are how much a run measures.
type sizes struct {
	recipients  int           // of a call where runs are compared
	many        int           // of the largest call
	texts       int           // of a call by SMS
	signed      int           // of a call that is signed by RSA; four times as many by Ed25519
	connections int           // SMTP connections of a process
	pairs       int           // of runs by email and smtp-source
	samples     int           // of all else where figures are compared
	window      time.Duration // of a call under way, where a steady rate is counted
}

// full is a run to go by, and small one to see that all works.
func full() sizes {
	return sizes{recipients: 100_000, many: 1_000_000, texts: 10_000, signed: 10_000, connections: 16, pairs: 7, samples: 5, window: 2 * time.Second}
}

func small() sizes {
	return sizes{recipients: 2_000, many: 6_000, texts: 60, signed: 300, connections: 2, pairs: 1, samples: 1, window: 200 * time.Millisecond}
}

// A row is a question, with the figures that answer it.
type row struct {
	name string
	run  func(context.Context, *bench) error
}

func rows() []row {
	return []row{
		{"email", email}, {"signed", signed}, {"far", far}, {"sms", sms},
		{"import", importing}, {"plan", planning}, {"reads", reads}, {"pages", pages}, {"signatures", signatures}, {"growth", growth}, {"scale", scale}, {"bounces", bounces},
	}
}

func main() {
	o := options{}
	asked := sizes{}
	var names string
	flag.StringVar(&names, "rows", "", "which to measure, with commas between: "+strings.Join(rowNames(), ", ")+" (all)")
	flag.IntVar(&asked.recipients, "recipients", 0, "recipients of each call where runs are compared (100000, with -short 2000)")
	flag.IntVar(&asked.many, "many", 0, "recipients of the largest call (1000000, with -short 6000)")
	flag.IntVar(&asked.texts, "texts", 0, "recipients of each call by SMS (10000, with -short 60)")
	flag.IntVar(&asked.signed, "signed", 0, "recipients of each call that is signed by RSA, and four times as many by Ed25519 (10000, with -short 300)")
	flag.IntVar(&asked.pairs, "pairs", 0, "pairs of runs of Clarion and smtp-source (7, with -short 1)")
	flag.IntVar(&asked.samples, "samples", 0, "samples of every other figure that is a ratio (5, with -short 1)")
	flag.IntVar(&asked.connections, "connections", 0, "SMTP connections, of Clarion and of smtp-source (16, with -short 2)")
	flag.DurationVar(&asked.window, "window", 0, "how long a steady rate is counted for a sample (2s, with -short 200ms)")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a processor profile of Clarion's runs by email to this file")
	flag.StringVar(&o.out, "out", filepath.Join("bench", "results.json"), `where the results go; "" for nowhere`)
	flag.StringVar(&o.doc, "doc", "", "a page, docs/performance.md, whose table and chart are written anew")
	flag.StringVar(&o.dir, "dir", "", "folder for the data (a temporary one): it should be on a disk, since every commit is synced")
	flag.BoolVar(&o.short, "short", false, "a short run, to see that all works")
	flag.Parse()
	debug.SetGCPercent(50) // as the program does where it sends
	o.sizes = asked.or(full())
	if o.short {
		o.sizes = asked.or(small())
	}
	if names != "" {
		o.rows = strings.Split(names, ",")
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// or fills in what s leaves open.
func (s sizes) or(o sizes) sizes {
	return sizes{
		recipients: cmp.Or(s.recipients, o.recipients), many: cmp.Or(s.many, o.many), texts: cmp.Or(s.texts, o.texts), signed: cmp.Or(s.signed, o.signed),
		connections: cmp.Or(s.connections, o.connections), pairs: cmp.Or(s.pairs, o.pairs), samples: cmp.Or(s.samples, o.samples), window: cmp.Or(s.window, o.window),
	}
}

func rowNames() (names []string) {
	for _, r := range rows() {
		names = append(names, r.name)
	}
	return names
}

func run(ctx context.Context, o options) (err error) {
	for _, name := range o.rows {
		if !slices.Contains(rowNames(), name) {
			return fmt.Errorf("there is no row %q: there are %s", name, strings.Join(rowNames(), ", "))
		}
	}
	b, err := openBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, r := range rows() {
		if len(o.rows) > 0 && !slices.Contains(o.rows, r.name) {
			continue
		}
		began := time.Now()
		b.results.begin(r.name)
		if err := r.run(ctx, b); err != nil {
			b.results.print(os.Stdout)
			return fmt.Errorf("%s: %w", r.name, err)
		}
		say("%s took %.0f s", r.name, time.Since(began).Seconds())
	}
	b.results.print(os.Stdout)
	if o.out != "" {
		if err := b.results.write(o.out); err != nil {
			return err
		}
	}
	if o.doc == "" {
		return nil
	}
	return b.results.document(o.doc)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// profile starts a processor profile, if one is asked for; what it returns ends it.
func profile(file string) (func() error, error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("start the profile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
