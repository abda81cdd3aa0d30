package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web/desk"
)

func (a *app) printStatus(ctx context.Context, id broadcast.ID) error {
	r, err := a.desk.Status(ctx, id)
	if err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) { writeStatus(w, r) })
}

func writeStatus(w io.Writer, r *desk.StatusReport) {
	fmt.Fprintf(w, "Call %s, %q: %s. %d deliveries.\n", r.ID, r.Name, r.State, r.Audience)
	if r.Note != "" {
		fmt.Fprintf(w, "  %s\n", r.Note)
	}
	for _, ch := range address.Channels {
		s, ok := r.Channels[ch.String()]
		if !ok || s.Total == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: %d, %.1f a second\n", ch, s.Total, s.RatePerSecond)
		for _, state := range broadcast.States {
			if n := s.States[state.String()]; n > 0 {
				fmt.Fprintf(w, "  %7d  %-10s %s\n", n, state, state.Sentence("en"))
			}
		}
		for _, f := range []struct {
			n     int
			words string
		}{{s.OptedOut, "said stop because of it"}, {s.Complained, "called it spam"}, {s.Replied, "wrote back"}} {
			if f.n > 0 {
				fmt.Fprintf(w, "  %7d  %s\n", f.n, f.words)
			}
		}
	}
	writeLanes(w, r.Lanes, spoken())
	for _, c := range r.Canary {
		if s := c.Sentence(spoken()); s != "" {
			fmt.Fprintf(w, "\n%s%s\n", s, goOn(c, r.ID))
		}
	}
	for i, s := range r.Asleep {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.Sentence(spoken()))
	}
	for _, h := range r.Waiting {
		fmt.Fprintf(w, "\n%s\n", h.Sentence(spoken()))
	}
	if r.NextDue != nil && r.State == broadcast.Running {
		fmt.Fprintf(w, "\nThe next attempt is due at %s.\n", r.NextDue.Local().Format("15:04:05"))
	}
	if r.InDoubt > 0 {
		fmt.Fprintf(w, "\n%d in doubt: clarion call doubt %s\n", r.InDoubt, r.ID)
	}
}

// goOn says how a person lets the rest follow that waits for its canary.
func goOn(c desk.CanaryRow, id broadcast.ID) string {
	switch {
	case c.Phase != broadcast.CanaryWatching:
		return ""
	case spoken() == "ko":
		return fmt.Sprintf(" 바로 계속하려면: clarion call resume %s", id)
	}
	return fmt.Sprintf(" To go on at once: clarion call resume %s", id)
}

// writeLanes prints the board of lanes. Korean letters take two columns, so its
// heads are padded by hand.
func writeLanes(w io.Writer, rows []desk.LaneRow, lang string) {
	if len(rows) == 0 {
		return
	}
	head := "where                            sent delivered  deferred    failed   waiting  a second"
	if lang == "ko" {
		head = "수신처                           발송      도착      연기      실패      대기      초당"
	}
	fmt.Fprintf(w, "\n%s\n", head)
	for _, r := range rows {
		fmt.Fprintf(w, "%-5s %-21s %9d %9d %9d %9d %9d %9.1f\n", r.Channel, r.Lane, r.Sent, r.Delivered, r.Deferred, r.Failed, r.Waiting, r.RatePerSecond)
	}
}

func (p *program) callStatus() *cobra.Command {
	return p.onCall("status", "Say where a call stands", func(ctx context.Context, a *app, id broadcast.ID) error { return a.printStatus(ctx, id) })
}

func (p *program) callList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all calls, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				rows, err := a.desk.Calls(ctx)
				if err != nil {
					return err
				}
				for _, c := range rows {
					err := a.print(c, func(w io.Writer) {
						kind := ""
						if c.Rehearsal {
							kind = " (rehearsal)"
						}
						fmt.Fprintf(w, "%-6s %-10s %8d  %s  %s%s\n", c.ID, c.State, c.Audience, c.Made.Local().Format("2006-01-02 15:04"), c.Name, kind)
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}}
}

func (p *program) callAudit() *cobra.Command {
	return p.onCall("audit", "Recount a call's ledger against its counters and batches", func(ctx context.Context, a *app, id broadcast.ID) error {
		r, err := a.desk.Audit(ctx, id)
		if err != nil {
			return err
		}
		err = a.print(r, func(w io.Writer) {
			for _, d := range r.Differences {
				fmt.Fprintln(w, d)
			}
			if r.OK {
				fmt.Fprintf(w, "All agrees: %d deliveries, and every counter says what the ledger says.\n", r.Audience)
			}
		})
		if err == nil && !r.OK {
			err = &statusError{exitFailed, fmt.Errorf("the audit of call %s found %d differences", id, len(r.Differences))}
		}
		return err
	})
}

// spoken is the language of the person at the terminal, "ko" or "en" (POSIX: LC_ALL
// over LC_MESSAGES over LANG).
func spoken() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "ko") {
				return "ko"
			}
			return "en"
		}
	}
	return "en"
}
