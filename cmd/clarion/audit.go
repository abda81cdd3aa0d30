package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clarion/internal/audit"
	"clarion/web/desk"
)

func (p *program) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The trail of who did what: list it, see that nobody changed it"}
	c.AddCommand(p.auditList(), p.auditVerify())
	return c
}

func (p *program) auditList() *cobra.Command {
	var limit int
	var before uint64
	c := &cobra.Command{Use: "list", Short: "Print what was done, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 100_000 {
				return inputError("--limit is %d: a number from 1 to 100000 is right", limit)
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				entries, err := a.trail.Read(ctx, before, limit)
				if err != nil {
					return err
				}
				for _, e := range entries {
					if err := p.print(&e, func(w io.Writer) { fmt.Fprintln(w, auditWords(e)) }); err != nil {
						return err
					}
				}
				if len(entries) == 0 && !p.json {
					p.tell("Nothing stands there.")
				}
				return nil
			})
		}}
	c.Flags().IntVar(&limit, "limit", 50, "how many entries")
	c.Flags().Uint64Var(&before, "before", 0, "those before the entry of this number; 0 for the end")
	return c
}

// note enters in the trail what whoever is at the machine is about to do.
func (a *app) note(ctx context.Context) desk.Note {
	return func(did audit.Action, object string, details map[string]string) error {
		return a.trail.Append(ctx, audit.Entry{Actor: audit.Machine, Action: did, Object: object, Details: details})
	}
}

// auditWords is an entry on one line.
func auditWords(e audit.Entry) string {
	text := fmt.Sprintf("%6d  %s  %-10s %s", e.N, e.At.Local().Format("2006-01-02 15:04:05"), e.Actor, e.Action.Sentence("en"))
	if e.Object != "" && e.Object != string(e.Actor) {
		text += " → " + e.Object
	}
	var details []string
	for _, k := range slices.Sorted(maps.Keys(e.Details)) {
		details = append(details, k+": "+e.Details[k])
	}
	if len(details) > 0 {
		text += " (" + strings.Join(details, ", ") + ")"
	}
	return text
}

func (p *program) auditVerify() *cobra.Command {
	return &cobra.Command{Use: "verify", Short: "Walk the whole trail, and say at which entry it is not as it was written", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				r, err := a.trail.Verify(ctx)
				if err != nil {
					return err
				}
				if err := p.print(&r, func(w io.Writer) { verifyWords(w, r) }); err != nil {
					return err
				}
				if !r.OK {
					return &statusError{exitFailed, fmt.Errorf("the audit trail is not as it was written: first at entry %d", r.Breaks[0].Entry)}
				}
				return nil
			})
		}}
}

func verifyWords(w io.Writer, r audit.Report) {
	for _, b := range r.Breaks {
		fmt.Fprintf(w, "BROKEN  entry %d: %s\n", b.Entry, b.Problem.Sentence("en"))
	}
	if r.OK {
		fmt.Fprintf(w, "ok    %d entries, each as it was written", r.Entries)
		if r.Anchored > 0 {
			fmt.Fprintf(w, "; up to %d held against this machine's own note", r.Anchored)
		}
		fmt.Fprintln(w)
	}
}
