package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clarion/lists/address"
)

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Run pages, workers and inbound in one process", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error { return a.serve(ctx, nil, true) })
		}}
}

func (p *program) workerCommand() *cobra.Command {
	var channels []string
	c := &cobra.Command{Use: "worker", Short: "Run workers alone, as many as wanted, on any machine that reaches Redis", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var of []address.Channel
			for _, name := range channels {
				ch, err := address.ParseChannel(strings.TrimSpace(name))
				if err != nil {
					return &statusError{exitInput, err}
				}
				if !slices.Contains(of, ch) {
					of = append(of, ch)
				}
			}
			return p.with(cmd, func(ctx context.Context, a *app) error { return a.serve(ctx, of, false) })
		}}
	c.Flags().StringSliceVar(&channels, "channels", []string{"email", "sms", "fax"}, "channels to work on")
	return c
}

// garbage is how much of it may gather before it is collected, in percent of what
// is in use. Sending makes little: collecting twice as often as Go does costs a
// hundredth of the processor's time, and planning for a million then takes 10 MB less.
const garbage = 50

// serve runs until the program is told to end, or Redis is lost for good.
func (a *app) serve(ctx context.Context, channels []address.Channel, listeners bool) error {
	if len(channels) == 0 {
		channels = address.Channels[:]
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	findings, err := a.db.Check(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		a.log.Warn(f.String())
	}
	e, err := a.startEngine(ctx, channels, listeners)
	if err != nil {
		return err
	}
	if listeners {
		a.tell("Clarion is running. Pages: http://%s · Redis: %s (%s). End it with Ctrl-C or SIGTERM.", e.Public, a.db.Kind(), a.db.Where())
		if err := a.tellFirst(ctx); err != nil {
			return errors.Join(err, e.shutdown())
		}
	} else {
		a.tell("A worker for %s is running. End it with Ctrl-C or SIGTERM.", names(channels))
	}
	select {
	case <-ctx.Done():
		a.tell("Ending: what is in hand is finished, the rest goes back to the queue.")
	case err = <-a.db.Failed():
	case err = <-e.ended:
		e.running--
	}
	return errors.Join(err, e.shutdown())
}
