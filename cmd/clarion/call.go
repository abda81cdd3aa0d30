package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/web/desk"
	"clarion/worker"
)

func (p *program) callCommand() *cobra.Command {
	c := &cobra.Command{Use: "call", Short: "Write, check, rehearse, launch, watch and stop calls", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(p.callNew(), p.callCheck(), p.callLaunch(false), p.callLaunch(true), p.callCorrect(), p.callStatus(), p.callList(),
		p.callChange(desk.Pause, "Hold a running call; nothing new begins"), p.callChange(desk.Resume, "Go on with a paused call; let the rest follow that waits for its canary"),
		p.callChange(desk.Stop, "End a call for good; what waits is cancelled"), p.callAudit(), p.callDoubt(), p.callReport())
	return c
}

func (p *program) callNew() *cobra.Command {
	return &cobra.Command{
		Use: "new DIR", Short: "Write an example call with comments into a new folder", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return inputError("the folder %s is not empty; name a new one", dir)
			}
			if err := os.CopyFS(dir, templates.Example()); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("write the example call: %w", err)
			}
			return p.print(map[string]any{"dir": dir}, func(w io.Writer) {
				fmt.Fprintf(w, "Wrote an example call to %s. Change %s and the texts, then:\n  clarion call check %s\n", dir, filepath.Join(dir, "call.toml"), dir)
			})
		},
	}
}

// readDraft reads a call's folder.
func readDraft(dir string) (*desk.Draft, error) {
	d, err := desk.ReadFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, inputError("there is no call in %s: %w (clarion call new %s writes an example)", dir, err, dir)
	}
	return d, err
}

// readWhole reads a call's folder that must have no mistakes.
func readWhole(dir string) (*desk.Draft, error) {
	d, err := readDraft(dir)
	if err == nil {
		err = d.Problems.Err()
	}
	return d, err
}

// confirm asks the person at the terminal.
func (p *program) confirm(question string) error {
	fmt.Fprintf(p.err, "%s [y/N] ", question)
	line, err := bufio.NewReader(p.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if a := strings.ToLower(strings.TrimSpace(line)); a != "y" && a != "yes" && a != "네" && a != "예" {
		return inputError("nothing was done: answer y, or say --yes")
	}
	return nil
}

func (p *program) callLaunch(rehearsal bool) *cobra.Command {
	var wait, yes bool
	c := &cobra.Command{Use: "launch DIR", Short: "Send a call to its audience", Args: cobra.ExactArgs(1)}
	if rehearsal {
		c.Use, c.Short = "rehearse DIR", "Run a call end to end against the rehearsal gateways; nobody gets anything"
	} else {
		c.Flags().BoolVar(&wait, "wait", false, "show progress, and return when the call has ended")
		c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := readWhole(args[0])
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			who, err := a.desk.Audience(ctx, d)
			if err != nil {
				return err
			}
			if !yes && !rehearsal {
				if err := a.confirm(fmt.Sprintf("Launch %q to %s (%s)?", d.Text.Name, many(who.Contacts, "contact", "contacts"), channelCounts(who.Channel))); err != nil {
					return err
				}
			}
			id, err := a.desk.Launch(ctx, d, desk.LaunchOptions{Rehearsal: rehearsal, To: who})
			if err != nil {
				return err
			}
			return a.launched(ctx, id, d.Text.Channels, wait || rehearsal)
		})
	}
	return c
}

func channelCounts(n map[address.Channel]int) string {
	var parts []string
	for _, ch := range address.Channels {
		if n[ch] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", ch, n[ch]))
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, ", ")
}

// launched tells of a call that was launched. With wait it returns when the call
// has ended.
func (a *app) launched(ctx context.Context, id broadcast.ID, channels []address.Channel, wait bool) error {
	call, err := a.ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	release, err := a.desk.ReleaseOf(ctx, id)
	if err != nil {
		return err
	}
	if release.Waiting() {
		return a.print(map[string]any{"id": id, "audience": call.Audience, "state": desk.AwaitingRelease}, func(w io.Writer) {
			fmt.Fprintf(w, "Call %s waits for a second person: %d deliveries to %d contacts go out when somebody has released it on the page %s/calls/%s\n", id, call.Audience, call.Contacts, a.cfg.Web.PublicURL, id)
		})
	}
	if !wait {
		return a.print(map[string]any{"id": id, "audience": call.Audience, "state": call.State}, func(w io.Writer) {
			fmt.Fprintf(w, "Call %s is %s: %s to %s.\nWatch it with: clarion call status %s\n", id, call.State, many(call.Audience, "delivery", "deliveries"), many(call.Contacts, "contact", "contacts"), id)
		})
	}
	return a.watch(ctx, id, channels, !call.Rehearsal)
}

// watch shows a call until it ends, then prints what call status prints. When
// nobody works on its channels, this process does; listeners says whether
// reports may come from outside.
func (a *app) watch(ctx context.Context, id broadcast.ID, channels []address.Channel, listeners bool) error {
	alive, err := worker.Alive(ctx, a.db.Client())
	if err != nil {
		return err
	}
	var idle []address.Channel
	for _, ch := range channels {
		if !alive[ch] {
			idle = append(idle, ch)
		}
	}
	if len(idle) > 0 {
		a.tell("No worker is running for %s: this command sends by itself, and must run until the call has ended.", names(idle))
		e, err := a.startEngine(ctx, idle, listeners)
		if err != nil {
			return err
		}
		defer e.shutdown()
	}
	if err := a.follow(ctx, id); err != nil {
		return err
	}
	if len(idle) > 0 {
		if err := a.awaitReports(ctx); err != nil {
			return err
		}
	}
	return a.printStatus(ctx, id)
}

func names(channels []address.Channel) string {
	var s []string
	for _, ch := range channels {
		s = append(s, ch.String())
	}
	return strings.Join(s, ", ")
}

// callArg reads a call's name.
func callArg(args []string) (broadcast.ID, error) {
	id, err := broadcast.ParseID(args[0])
	if err != nil {
		return "", &statusError{exitInput, err}
	}
	return id, nil
}

// onCall makes a command that does something to the call that it names.
func (p *program) onCall(verb, short string, do func(ctx context.Context, a *app, id broadcast.ID) error) *cobra.Command {
	return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := callArg(args)
			if err != nil {
				return err
			}
			return p.with(cmd, func(ctx context.Context, a *app) error { return do(ctx, a, id) })
		}}
}

func (p *program) callChange(verb desk.Verb, short string) *cobra.Command {
	return p.onCall(string(verb), short, func(ctx context.Context, a *app, id broadcast.ID) error {
		state, err := a.desk.Change(ctx, id, verb)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": id, "state": state}, func(w io.Writer) { fmt.Fprintf(w, "Call %s is %s.\n", id, state) })
	})
}

func (p *program) callCorrect() *cobra.Command {
	var wait, yes bool
	c := &cobra.Command{Use: "correct ID DIR", Short: "Send a correction to exactly those whom a call has reached", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := callArg(args)
			if err != nil {
				return err
			}
			d, err := readWhole(args[1])
			if err != nil {
				return err
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				reached, err := a.desk.Reached(ctx, id, d)
				if err != nil {
					return err
				}
				if !yes {
					if err := a.confirm(fmt.Sprintf("Send the correction %q to the %d contacts that call %s has reached (%s)?", d.Text.Name, reached.Contacts, id, channelCounts(reached.Channel))); err != nil {
						return err
					}
				}
				correction, err := a.desk.Correct(ctx, id, d, desk.LaunchOptions{To: reached})
				if err != nil {
					return err
				}
				return a.launched(ctx, correction, d.Text.Channels, wait)
			})
		}}
	c.Flags().BoolVar(&wait, "wait", false, "show progress, and return when the correction has ended")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}
