package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/web/desk"
)

func (p *program) petitionAnswer() *cobra.Command {
	var on string
	var wait, yes bool
	c := &cobra.Command{Use: "answer DIR", Short: "Tell the addressee's answer, a call's folder, to the signers who agreed to hear: to each by the way that they left", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			draft, err := readDraft(args[0])
			if err != nil {
				return err
			}
			return p.withPetition(cmd, func(ctx context.Context, a *app) error {
				r, err := a.desk.Delivery(ctx)
				if err != nil {
					return err
				}
				if r.Answer.Went {
					return a.answerWent(ctx, r.Answer.Call)
				}
				if !r.Answered() {
					at, err := a.happened(on)
					if err != nil {
						return err
					}
					if err := a.desk.NoteAnswer(ctx, at, 0, a.note(ctx)); err != nil {
						return err
					}
				}
				s, err := a.desk.PrepareAnswer(ctx, draft.Text.Files(), "clarion petition answer", a.note(ctx))
				if err != nil {
					return err
				}
				return a.tellAnswer(ctx, s, wait, yes)
			})
		}}
	c.Flags().StringVar(&on, "on", "", onUsage)
	c.Flags().BoolVar(&wait, "wait", false, "show progress, and return when the call has ended")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

// answerWent says that the answer was told, as often as one asks for it.
func (a *app) answerWent(ctx context.Context, id broadcast.ID) error {
	call, err := a.ledger.Call(ctx, id)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"id": id, "audience": call.Audience, "state": call.State}, func(w io.Writer) {
		fmt.Fprintf(w, "The answer goes out by call %s, or went: it is %s. To mend it: clarion call correct %s DIR\n", id, call.State, id)
	})
}

// tellAnswer launches the call that was prepared.
func (a *app) tellAnswer(ctx context.Context, s *desk.SavedDraft, wait, yes bool) error {
	d := desk.ReadFiles(s.Files)
	who, err := a.desk.Audience(ctx, d)
	if err != nil {
		return err
	}
	if !yes {
		if err := a.confirm(fmt.Sprintf("Tell the answer to %s (%s)?", many(who.Contacts, "signer", "signers"), channelCounts(who.Channel))); err != nil {
			return err
		}
	}
	id, err := a.desk.SendNoted(s, audit.Launched, a.note(ctx), func() (broadcast.ID, error) { return a.desk.LaunchSaved(ctx, s, desk.LaunchOptions{}) })
	if err != nil {
		return err
	}
	return a.launched(ctx, id, d.Text.Channels, wait)
}
