package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/petition"
	"clarion/petition/incoming"
)

// A tookFax is what petition fax prints of a received fax.
type tookFax struct {
	ID      string `json:"id"`
	Again   bool   `json:"again"`   // the same file came before
	Waiting int    `json:"waiting"` // how many wait for a person now
}

func (p *program) petitionFax() *cobra.Command {
	var number string
	c := &cobra.Command{Use: "fax FILE", Short: "Take a received fax (TIFF), which then waits for a person in the console; HylaFAX's faxrcvd calls it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withRoll(cmd, func(ctx context.Context, r *petition.Roll) error {
				file, err := p.readFile(args[0])
				if err != nil {
					return err
				}
				id, fresh, err := incoming.TakeFax(ctx, r, file, number)
				var why *petition.Refusal
				switch {
				case errors.Is(err, incoming.ErrNoFax), errors.Is(err, incoming.ErrLargeFax), errors.Is(err, incoming.ErrFaxCode):
					return inputError("%s: %w", args[0], err)
				case errors.As(err, &why):
					return &statusError{exitFailed, fmt.Errorf("%s: %s", args[0], why.Sentence(spoken()))}
				case err != nil:
					return err
				}
				n, err := r.CountWaiting(ctx)
				if err != nil {
					return err
				}
				return p.print(tookFax{id, !fresh, n}, func(w io.Writer) {
					if fresh {
						fmt.Fprintf(w, "Taken: it waits for a person on /petition/waiting, as %s do.\n", many(n, "fax or reply", "faxes and replies"))
					} else {
						fmt.Fprintln(w, "This very file came before: nothing was done.")
					}
				})
			})
		}}
	c.Flags().StringVar(&number, "from", "", "number that the line named, for whoever looks at it")
	return c
}
