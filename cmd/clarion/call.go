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
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
	"clarion/worker"
	"clarion/worker/gateway/builtin"
)

func (p *program) callCommand() *cobra.Command {
	c := &cobra.Command{Use: "call", Short: "Write, check, rehearse, launch, watch and stop calls", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(p.callNew(), p.callCheck(), p.callLaunch(false), p.callLaunch(true), p.callCorrect(), p.callStatus(), p.callList(),
		p.callChange("pause", "Hold a running call; nothing new begins"), p.callChange("resume", "Go on with a paused call; let the rest follow that waits for its canary"),
		p.callChange("stop", "End a call for good; what waits is cancelled"), p.callAudit(), p.callDoubt(), p.callReport())
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

// A draft is a call's folder, read and found whole.
type draft struct {
	text  *templates.Call
	files map[string][]byte
	who   lists.Audience
}

// line is where a key of call.toml stands.
func (d *draft) line(key ...string) int {
	doc, _ := conf.Decode(templates.CallFile, d.files[templates.CallFile], &map[string]any{})
	return doc.Line(key...)
}

// readDraft reads a call's folder; its mistakes are problems, not an error.
func readDraft(dir string) (*draft, []conf.Problem, error) {
	text, problems, err := templates.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, inputError("there is no call in %s: %w (clarion call new %s writes an example)", dir, err, dir)
	} else if err != nil {
		return nil, nil, err
	}
	d := &draft{text: text}
	if text == nil || len(problems) > 0 {
		return d, problems, nil
	}
	d.files = text.Files()
	a := text.Audience
	d.who = lists.Audience{Lists: a.Lists, Without: a.Without, Tags: a.Tags, Languages: a.Languages, Channels: text.Channels, First: text.Reach == templates.ReachFirst}
	return d, nil, nil
}

// gateways names, by number from 1, the gateways that a call goes through; a
// channel without one is a problem.
func (a *app) gateways(d *draft, rehearsal bool) ([]string, []conf.Problem) {
	names := []string{""}
	var problems []conf.Problem
	for _, ch := range d.text.Channels {
		if rehearsal {
			names = append(names, builtin.RehearsalName(ch))
			continue
		}
		found, barred := false, false
		for _, g := range a.cfg.gates {
			switch {
			case g.Channel != ch:
			case g.MaySendFrom(d.text.Email.Domain()):
				names, found = append(names, g.Name), true
			default:
				barred = true
			}
		}
		switch {
		case found:
		case barred:
			problems = append(problems, conf.Problem{File: templates.CallFile, Line: d.line("email", "from"), Message: fmt.Sprintf("no gateway may send mail from %s: another From, or domains of a gateway in %s", d.text.Email.Domain(), a.configFile)})
		default:
			problems = append(problems, conf.Problem{File: templates.CallFile, Line: d.line("channels"), Message: fmt.Sprintf("channels names %s, but no gateway takes it: add one to %s (clarion config shows how), or rehearse", ch, a.configFile)})
		}
	}
	if !rehearsal && d.text.Has(address.Email) && a.cfg.Inbox.Domain == "" {
		problems = append(problems, conf.Problem{File: a.configFile, Message: "inbox.domain is not set: email needs the domain that its bounces come back to"})
	}
	return names, problems
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
		d, problems, err := readDraft(args[0])
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return problemsError(problems)
		}
		return p.with(cmd, func(ctx context.Context, a *app) error {
			who, err := a.people.Resolve(ctx, d.who)
			if err != nil {
				return &statusError{exitInput, err}
			}
			ask := ""
			if !yes && !rehearsal {
				ask = fmt.Sprintf("Launch %q to %d contacts (%s)?", d.text.Name, who.Contacts, channelCounts(who.Channel))
			}
			return a.launch(ctx, d, who, rehearsal, wait || rehearsal, ask)
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

// create stores a call with its audience fixed, ready to begin.
func (a *app) create(ctx context.Context, d *draft, who lists.Resolved, rehearsal bool) (broadcast.ID, error) {
	names, problems := a.gateways(d, rehearsal)
	if len(problems) > 0 {
		return "", problemsError(problems)
	}
	if who.Contacts == 0 {
		return "", inputError("the call reaches nobody: clarion call check says who is left out, and why")
	}
	call := broadcast.Call{Name: d.text.Name, Campaign: d.text.Campaign, Rehearsal: rehearsal, Gateways: names, Start: d.text.Schedule, Hold: d.text.InDoubt == templates.InDoubtHold}
	compiled, err := worker.Compile(&call, d.text, a.cfg.links())
	if err != nil {
		return "", &statusError{exitInput, err}
	}
	if !rehearsal {
		if problems, _ := a.lintMail(d, compiled, who.Channel[address.Email]); len(problems) > 0 {
			return "", problemsError(problems)
		}
	}
	id, err := a.ledger.New(ctx, call, d.files)
	if err != nil {
		return "", err
	}
	return id, a.ledger.Freeze(ctx, id, who)
}

// launch sends a call: it is stored, its audience fixed, and it begins now or
// by the clock. With wait it returns when the call has ended.
func (a *app) launch(ctx context.Context, d *draft, who lists.Resolved, rehearsal, wait bool, ask string) error {
	if ask != "" {
		if err := a.confirm(ask); err != nil {
			return err
		}
	}
	id, err := a.create(ctx, d, who, rehearsal)
	if err != nil {
		return err
	}
	if !rehearsal && !d.text.Schedule.IsZero() {
		if _, err := a.ledger.Do(ctx, id, broadcast.ActSchedule); err != nil {
			return err
		}
	} else if err := worker.Begin(ctx, a.ledger, a.queue, id); err != nil {
		return err
	}
	call, err := a.ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	if !wait {
		return a.print(map[string]any{"id": id, "audience": call.Audience, "state": call.State}, func(w io.Writer) {
			fmt.Fprintf(w, "Call %s is %s: %d deliveries to %d contacts.\nWatch it with: clarion call status %s\n", id, call.State, call.Audience, call.Contacts, id)
		})
	}
	return a.watch(ctx, id, d.text.Channels, !rehearsal)
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

// known turns the ledger's answers about a call into the person's mistakes.
func known(err error) error {
	var state *broadcast.StateError
	if errors.Is(err, broadcast.ErrNoCall) || errors.As(err, &state) {
		return &statusError{exitInput, err}
	}
	return err
}

// onCall makes a command that does something to the call that it names.
func (p *program) onCall(verb, short string, do func(ctx context.Context, a *app, id broadcast.ID) error) *cobra.Command {
	return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := callArg(args)
			if err != nil {
				return err
			}
			return p.with(cmd, func(ctx context.Context, a *app) error { return known(do(ctx, a, id)) })
		}}
}

func (p *program) callChange(verb, short string) *cobra.Command {
	return p.onCall(verb, short, func(ctx context.Context, a *app, id broadcast.ID) error {
		state, err := a.change(ctx, id, verb)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"id": id, "state": state}, func(w io.Writer) { fmt.Fprintf(w, "Call %s is %s.\n", id, state) })
	})
}

// change pauses, resumes or stops a call.
func (a *app) change(ctx context.Context, id broadcast.ID, verb string) (broadcast.CallState, error) {
	switch verb {
	case "pause":
		return a.ledger.Do(ctx, id, broadcast.ActPause)
	case "resume":
		return worker.Resume(ctx, a.ledger, a.queue, id)
	}
	state, err := a.ledger.Do(ctx, id, broadcast.ActStop)
	if err != nil || state != broadcast.Stopping {
		return state, err
	}
	return a.ledger.Wind(ctx, id)
}

func (p *program) callCorrect() *cobra.Command {
	var wait, yes bool
	c := &cobra.Command{Use: "correct ID DIR", Short: "Send a correction to exactly those whom a call has reached", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := callArg(args)
			if err != nil {
				return err
			}
			d, problems, err := readDraft(args[1])
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return problemsError(problems)
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				call, err := a.ledger.Call(ctx, id)
				if err != nil {
					return known(err)
				}
				reached, err := a.ledger.Reached(ctx, id)
				if err != nil {
					return known(err)
				}
				for ch := range reached.Bitmaps {
					if !slices.Contains(d.text.Channels, ch) && reached.Channel[ch] > 0 {
						return inputError("call %s reached %d contacts by %s, but the correction has no text for it: add %q to channels", id, reached.Channel[ch], ch, ch)
					}
				}
				ask := ""
				if !yes {
					ask = fmt.Sprintf("Send the correction %q to the %d contacts that call %s has reached (%s)?", d.text.Name, reached.Contacts, id, channelCounts(reached.Channel))
				}
				return a.launch(ctx, d, reached, call.Rehearsal, wait, ask)
			})
		}}
	c.Flags().BoolVar(&wait, "wait", false, "show progress, and return when the correction has ended")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}
