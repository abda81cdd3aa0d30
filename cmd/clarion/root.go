package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"clarion/web/desk"
)

// Exit statuses.
const (
	exitDone    = 0
	exitFailed  = 1
	exitInput   = 2 // the input or the usage is wrong
	exitPartial = 3 // done in part; what was left out is named
)

// A statusError ends the program with a status; an empty text says nothing more.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// inputError marks an error as the person's to mend.
func inputError(format string, args ...any) error {
	return &statusError{exitInput, fmt.Errorf(format, args...)}
}

// partial ends with status 3: what was left out has been named.
func partial() error { return &statusError{status: exitPartial} }

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// A program is one run of the command line.
type program struct {
	streams
	json       bool
	configFile string
	verbose    bool
	quiet      bool // only errors are logged: the screen tells the rest
}

// run executes a command line and returns its exit status.
func run(ctx context.Context, args []string, s streams) int {
	p := &program{streams: s}
	root := &cobra.Command{
		Use:           "clarion",
		Short:         "Carries a call to action to everyone on your lists, by email, text message and fax",
		SilenceUsage:  true,
		SilenceErrors: true,
		// Clarion's own completion is enough; none is installed by itself.
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &statusError{exitInput, err} })
	flags := root.PersistentFlags()
	flags.BoolVar(&p.json, "json", false, "print JSON on standard output; words and progress go to standard error")
	flags.StringVar(&p.configFile, "config", "clarion.toml", "config file; without one the embedded defaults hold")
	flags.BoolVarP(&p.verbose, "verbose", "v", false, "log what happens inside")
	root.AddCommand(p.demoCommand(), p.serveCommand(), p.workerCommand(), p.callCommand(), p.listsCommand(), p.contactCommand(), p.petitionCommand(),
		p.suppressCommand(), p.inspectCommand(), p.doctorCommand(), p.dkimCommand(), p.alarmCommand(), p.auditCommand(), p.staffCommand(), p.tokenCommand(), p.configCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	status, shown := exitFailed, err.Error()
	var withStatus *statusError
	switch {
	case errors.As(err, &withStatus):
		status = withStatus.status
	case desk.Mistaken(err), isUsage(err):
		status = exitInput
	}
	if shown != "" {
		fmt.Fprintln(s.err, "clarion: "+shown)
	}
	return status
}

// isUsage tells cobra's own complaints, which have no type.
func isUsage(err error) bool {
	for _, start := range []string{"unknown command", "accepts ", "requires ", "required flag", "unknown flag", "unknown shorthand", "invalid argument", "if any flags in the group"} {
		if len(err.Error()) >= len(start) && err.Error()[:len(start)] == start {
			return true
		}
	}
	return false
}

// print writes v as JSON with --json, else lets say write words.
func (p *program) print(v any, say func(w io.Writer)) error {
	if !p.json {
		say(p.out)
		return nil
	}
	return p.line(v)
}

// line writes one JSON object on a line.
func (p *program) line(v any) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// tell writes words for the person at the terminal.
func (p *program) tell(format string, args ...any) { fmt.Fprintf(p.err, format+"\n", args...) }

// input opens a file for reading, or standard input for "-".
func (p *program) input(name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(p.in), 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, inputError("open the file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("open the file: %w", err)
	}
	if info.IsDir() {
		f.Close()
		return nil, 0, inputError("%s is a folder, not a file", name)
	}
	return f, info.Size(), nil
}
