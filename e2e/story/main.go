// Command story plays the campaign that Clarion was made for, from the launch to the
// deletion of the names: seventeen days of 2013 within minutes. Each day it holds
// the count of the petition against a model of its own, and says a line of it.
//
//	go run ./e2e/story
//	go run ./e2e/story -contacts 2000 -signatures 1500
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	o := options{out: os.Stdout}
	flag.IntVar(&o.contacts, "contacts", 20_000, "how many people the call goes to")
	flag.IntVar(&o.signatures, "signatures", 15_000, "how many people sign")
	flag.Uint64Var(&o.seed, "seed", 9, "the same seed tells the same story")
	flag.DurationVar(&o.pause, "pause", 0, "between two days, for who watches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	if _, err := play(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "story:", err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "It took %.0f s.\n", time.Since(began).Seconds())
}
