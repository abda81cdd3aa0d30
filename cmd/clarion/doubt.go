package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A doubtRow is one delivery in doubt. It names a contact by number, not by address.
type doubtRow struct {
	Delivery string          `json:"delivery"`
	Channel  address.Channel `json:"channel"`
	Contact  uint32          `json:"contact"`
	Attempt  uint8           `json:"attempt"`
	Action   string          `json:"action"` // listed, resend, settled
}

func (p *program) callDoubt() *cobra.Command {
	var resend, settle bool
	c := p.onCall("doubt", "List what is in doubt; --resend sends it again, --settle counts it as sent", func(ctx context.Context, a *app, id broadcast.ID) error {
		return a.doubt(ctx, id, resend, settle)
	})
	c.Flags().BoolVar(&resend, "resend", false, "send them again; who got it then gets it twice")
	c.Flags().BoolVar(&settle, "settle", false, "take them for sent")
	c.MarkFlagsMutuallyExclusive("resend", "settle")
	return c
}

func (a *app) doubt(ctx context.Context, id broadcast.ID, resend, settle bool) error {
	call, err := a.ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	if resend && call.State != broadcast.Running && call.State != broadcast.Paused {
		if _, err := a.ledger.Do(ctx, id, broadcast.ActReopen); err != nil {
			return err
		}
	}
	n := 0
	err = a.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
		if e.State != broadcast.InDoubt {
			return nil
		}
		row := doubtRow{e.Ref.String(), e.Work.Channel, e.Contact, e.Attempt, "listed"}
		says := broadcast.Says{Change: broadcast.Settle}
		switch {
		case resend:
			says, row.Action = broadcast.Says{Change: broadcast.SendAgain, Due: time.Now()}, "resend"
		case settle:
			row.Action = "settled"
		}
		if resend || settle {
			done, err := a.ledger.Apply(ctx, id, e.Ref, says)
			if err != nil || !done.Moved {
				return err
			}
		}
		n++
		return a.print(row, func(w io.Writer) {
			fmt.Fprintf(w, "%-10s %-5s contact %d, attempt %d: %s\n", row.Delivery, row.Channel, row.Contact, row.Attempt, row.Action)
		})
	})
	if err == nil {
		_, err = a.ledger.Settle(ctx, id)
	}
	if err == nil && !a.json {
		fmt.Fprintf(a.out, "%d in doubt.\n", n)
	}
	return err
}
