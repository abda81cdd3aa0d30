package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/broadcast"
)

func (a *app) printStatus(ctx context.Context, id broadcast.ID) error {
	r, err := a.desk.Status(ctx, id)
	if err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) { writeStatus(w, r, spoken()) })
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
