package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/web/desk"
)

func (p *program) petitionWithdraw() *cobra.Command {
	var w desk.Withdrawing
	c := &cobra.Command{Use: "withdraw", Short: "Withdraw a signature for its signer who asks: by the code of the slip, or by number and name", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				done, err := a.desk.WithdrawFor(ctx, w, a.note(ctx))
				if err != nil {
					return refused(err)
				}
				return a.print(done, func(out io.Writer) {
					switch {
					case done.Again:
						fmt.Fprintf(out, "Signature %d was withdrawn before.\n", done.Number)
					case done.Letter == "":
						fmt.Fprintf(out, "Signature %d is withdrawn. They left no address that can be written to: confirm it to them yourself.\n", done.Number)
					default:
						fmt.Fprintf(out, "Signature %d is withdrawn. A confirmation goes to %s, as soon as clarion serve runs.\n", done.Number, done.Letter)
					}
				})
			})
		}}
	c.Flags().StringVar(&w.Code, "code", "", "code of the slip")
	c.Flags().Uint32Var(&w.Number, "number", 0, "number of the signature, with --name")
	c.Flags().StringVar(&w.Name, "name", "", "name as it was signed, with --number")
	return c
}
