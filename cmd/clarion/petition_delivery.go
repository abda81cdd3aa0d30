package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"clarion/petition"
	"clarion/web/desk"
)

func (p *program) petitionAdvance() *cobra.Command {
	var to, on string
	c := &cobra.Command{Use: "advance counted|boxed|handed_over|acknowledged", Short: "Bring all signatures of a stage on to the next, which is never undone; a hand-over says to which office", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var stage petition.Stage
			if err := stage.UnmarshalText([]byte(args[0])); err != nil {
				return inputError("%w: counted, boxed, handed_over and acknowledged are right", err)
			}
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				at, err := a.happened(on)
				if err != nil {
					return err
				}
				went, err := a.desk.AdvancePetition(ctx, desk.Advance{Stage: stage, To: to, On: at}, 0, a.note(ctx))
				if err != nil {
					return refused(err)
				}
				return a.print(went, func(w io.Writer) {
					fmt.Fprintf(w, "%s went on to %q.\n", many(went.Signatures, "signature", "signatures"), stage.Word(spoken()))
				})
			})
		}}
	c.Flags().StringVar(&to, "to", "", "the office that took them, no person's name")
	c.Flags().StringVar(&on, "on", "", onUsage)
	return c
}

const onUsage = "the day on which it happened, as 2013-06-20; now if it does not say"

// happened is a day on which something happened, at noon; the zero time for "".
func (a *app) happened(on string) (time.Time, error) {
	if on == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, on, a.roll.Zone)
	if err != nil {
		return day, inputError("--on is %q: a date is right, as 2013-06-20", on)
	}
	if noon := day.Add(12 * time.Hour); noon.Before(time.Now()) {
		return noon, nil
	}
	return day, nil // of today no more is over than that
}

// refused tells what a petition refuses in the words of the terminal.
func refused(err error) error {
	var why *petition.Refusal
	if errors.As(err, &why) {
		return inputError("%s", why.Sentence(spoken()))
	}
	return err
}
