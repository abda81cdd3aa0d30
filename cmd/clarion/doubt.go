package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/web/desk"
)

func (p *program) callDoubt() *cobra.Command {
	var resend, settle bool
	c := p.onCall("doubt", "List what is in doubt; --resend sends it again, --settle counts it as sent", func(ctx context.Context, a *app, id broadcast.ID) error {
		action := desk.DoubtList
		switch {
		case resend:
			action = desk.DoubtResend
		case settle:
			action = desk.DoubtSettle
		}
		n := 0
		err := a.desk.Doubt(ctx, id, action, func(row desk.DoubtRow) error {
			n++
			return a.print(row, func(w io.Writer) {
				fmt.Fprintf(w, "%-10s %-5s contact %d, attempt %d: %s\n", row.Delivery, row.Channel, row.Contact, row.Attempt, row.Action)
			})
		})
		if err == nil && !a.json {
			fmt.Fprintf(a.out, "%d in doubt.\n", n)
		}
		return err
	})
	c.Flags().BoolVar(&resend, "resend", false, "send them again; who got it then gets it twice")
	c.Flags().BoolVar(&settle, "settle", false, "take them for sent")
	c.MarkFlagsMutuallyExclusive("resend", "settle")
	return c
}
