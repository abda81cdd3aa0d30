package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/lists"
	"clarion/lists/address"
	"clarion/web/desk"
)

func (p *program) suppressCommand() *cobra.Command {
	c := &cobra.Command{Use: "suppress", Short: "Addresses that must not be written to: add, remove, check, list, amnesty", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(p.suppressAdd(), p.suppressRemove(), p.suppressCheck(), p.suppressList(), p.suppressAmnesty())
	return c
}

func suppressionWords(l desk.SuppressionLine) string {
	text := fmt.Sprintf("%-5s %s since %s", l.Kind, l.Reason, l.Since.Local().Format("2006-01-02 15:04"))
	if l.Source != "" {
		text += ", by " + l.Source
	}
	if l.Call != "" {
		text += ", call " + l.Call
	}
	return text
}

// A choice is what the flags --channel, --reason and --since say.
type choice struct {
	channel, reason, since string
}

func (c *choice) flags(cmd *cobra.Command, reason, since string) {
	f := cmd.Flags()
	f.StringVar(&c.channel, "channel", "", "email, sms or fax; every channel that the address fits if not set")
	f.StringVar(&c.reason, "reason", "", reason)
	if since != "" {
		f.StringVar(&c.since, "since", "", since)
	}
}

func (c *choice) filter(now time.Time) (f lists.SuppressionFilter, err error) {
	if c.channel != "" {
		if f.Channel, err = address.ParseChannel(c.channel); err != nil {
			return f, &statusError{exitInput, err}
		}
	}
	if c.reason != "" {
		if f.Reason, err = lists.ParseReason(c.reason); err != nil {
			return f, &statusError{exitInput, err}
		}
	}
	if c.since != "" {
		f.From, err = parseSince(c.since, now)
	}
	return f, err
}

// parseSince reads a date, a date with time, or an age: 2026-11-24,
// 2026-11-24T09:00:00+09:00, 36h, 7d. A date without a zone is the machine's.
func parseSince(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t.UTC(), nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.UTC().AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.UTC().Add(-d), nil
	}
	return time.Time{}, inputError("--since %q: a date (2026-11-24), a date and time (2026-11-24T09:00:00+09:00) or an age (36h, 7d) is right", s)
}

func (p *program) suppressAdd() *cobra.Command {
	var c choice
	var source string
	cmd := &cobra.Command{Use: "add ADDRESS…", Short: "Never write to these addresses again; - reads one a line", Args: cobra.MinimumNArgs(1)}
	c.flags(cmd, "blocked, opted_out, complained or bounced (default blocked)", "")
	cmd.Flags().StringVar(&source, "source", "staff", "who or what says so, in a word; never an address")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := c.filter(time.Now())
		if err != nil {
			return err
		}
		if f.Reason == 0 {
			f.Reason = lists.Blocked
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			done, wrong := 0, 0
			err := a.each(args, func(line int, text string) error {
				lines, err := a.desk.Suppress(ctx, text, f.Channel, lists.Suppression{Reason: f.Reason, Source: source})
				var input *desk.InputError
				switch {
				case errors.As(err, &input) && line > 0:
					wrong++
					return a.print(map[string]any{"line": line, "error": err.Error()}, func(w io.Writer) { fmt.Fprintf(w, "line %d: %v\n", line, err) })
				case err != nil:
					return err
				}
				done++
				return a.suppressed(lines)
			})
			switch {
			case err != nil:
				return err
			case wrong > 0 && done == 0:
				return &statusError{status: exitInput}
			case wrong > 0:
				return partial()
			}
			return nil
		})
	}
	return cmd
}

// each calls do with each argument, or for "-" each line of standard input that
// is not empty, with its number.
func (p *program) each(args []string, do func(line int, text string) error) error {
	for _, arg := range args {
		if arg != "-" {
			if err := do(0, arg); err != nil {
				return err
			}
			continue
		}
		in := bufio.NewScanner(p.in)
		for n := 1; in.Scan(); n++ {
			text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
			if text == "" {
				continue
			}
			if err := do(n, text); err != nil {
				return err
			}
		}
		if err := in.Err(); err != nil {
			return inputError("read standard input: %w", err)
		}
	}
	return nil
}

// suppressed tells of addresses that were suppressed.
func (a *app) suppressed(lines []desk.SuppressionLine) error {
	for _, l := range lines {
		err := a.print(&l, func(w io.Writer) {
			was := "now"
			if !*l.Fresh {
				was = "already"
			}
			fmt.Fprintf(w, "%s is %s suppressed: %s\n", l.Address, was, suppressionWords(l))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *program) suppressCheck() *cobra.Command {
	var c choice
	cmd := &cobra.Command{Use: "check ADDRESS", Short: "Say whether an address may be written to, and why not", Args: cobra.ExactArgs(1)}
	c.flags(cmd, "only for this reason", "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := c.filter(time.Now())
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			of, lines, err := a.desk.SuppressionsOf(ctx, args[0], f)
			if err != nil {
				return err
			}
			if len(lines) == 0 {
				free := map[string]any{"address_kind": of[0].Channel(), "address": of[0].String(), "suppressed": false}
				return a.print(free, func(w io.Writer) { fmt.Fprintf(w, "%s is not suppressed.\n", of[0]) })
			}
			for _, l := range lines {
				out := struct {
					Suppressed bool `json:"suppressed"`
					desk.SuppressionLine
				}{true, l}
				if err := a.print(out, func(w io.Writer) { fmt.Fprintf(w, "%s is suppressed: %s\n", l.Address, suppressionWords(l)) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

func (p *program) suppressRemove() *cobra.Command {
	var c choice
	var yes bool
	cmd := &cobra.Command{Use: "remove ADDRESS", Short: "Let an address be written to again; what it takes back is said first", Args: cobra.ExactArgs(1)}
	c.flags(cmd, "take back only this reason", "")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := c.filter(time.Now())
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			if !yes {
				if err := a.confirmRestore(ctx, args[0], f); err != nil {
					return err
				}
			}
			lines, err := a.desk.Restore(ctx, args[0], f)
			if err != nil {
				return err
			}
			for _, l := range lines {
				if err := a.print(&l, func(w io.Writer) { fmt.Fprintf(w, "Taken back: %s: %s\n", l.Address, suppressionWords(l)) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

// confirmRestore says what would be taken back, and asks. Of nothing it does not ask.
func (a *app) confirmRestore(ctx context.Context, text string, f lists.SuppressionFilter) error {
	_, lines, err := a.desk.SuppressionsOf(ctx, text, f)
	if err != nil || len(lines) == 0 {
		return err
	}
	ask := "Take this back?"
	for _, l := range lines {
		a.tell("  %s: %s", l.Address, suppressionWords(l))
		if l.Asked() {
			ask = "The person asked for this. Take it back only if the person now asks for the opposite. Take it back?"
		}
	}
	return a.confirm(ask)
}

func (p *program) suppressList() *cobra.Command {
	var c choice
	cmd := &cobra.Command{Use: "list", Short: "List all suppressions; they name no address", Args: cobra.NoArgs}
	c.flags(cmd, "opted_out, complained, bounced or blocked", "set at or after: a date, or an age such as 7d")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := c.filter(time.Now())
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			n := 0
			err := a.desk.Suppressions(ctx, f, func(l desk.SuppressionLine) error {
				n++
				return a.print(&l, func(w io.Writer) { fmt.Fprintln(w, suppressionWords(l)) })
			})
			if err == nil && !a.json {
				a.tell("%d suppressions.", n)
			}
			return err
		})
	}
	return cmd
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
