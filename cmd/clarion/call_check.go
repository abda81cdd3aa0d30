package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"clarion/internal/conf"
	"clarion/web/desk"
)

func (p *program) callCheck() *cobra.Command {
	return &cobra.Command{Use: "check DIR", Short: "Name every mistake in a call, and say whom it would reach and whom not", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDraft(args[0])
			if err != nil {
				return err
			}
			if len(d.Problems) > 0 {
				return p.printCheck(d.Report(), args[0])
			}
			return p.with(cmd, func(ctx context.Context, a *app) error {
				r, err := a.desk.Check(ctx, d)
				if err != nil {
					return err
				}
				return p.printCheck(r, args[0])
			})
		}}
}

func (p *program) printCheck(r *desk.CheckReport, dir string) error {
	err := p.print(r, func(w io.Writer) {
		for _, problem := range r.Problems {
			fmt.Fprintln(w, problem)
			sayKorean(w, problem)
		}
		if len(r.Problems) > 0 {
			fmt.Fprintf(w, "%d to mend in %s.\n", len(r.Problems), dir)
		}
		for _, note := range r.Notes {
			fmt.Fprintf(w, "%s (a note)\n", note)
			sayKorean(w, note)
		}
		if r.Audience.Contacts == 0 && len(r.LeftOut) == 0 {
			return
		}
		fmt.Fprintf(w, "Reaches %d contacts: email %d, sms %d, fax %d.\n", r.Audience.Contacts, r.Audience.Email, r.Audience.SMS, r.Audience.Fax)
		for _, lo := range r.LeftOut {
			ch := lo.Channel
			if ch == "" {
				ch = "all"
			}
			fmt.Fprintf(w, "  left out (%s): %d, %s\n", ch, lo.Count, lo.Sentence("en"))
		}
		if r.Parts.SMSSegments > 0 {
			fmt.Fprintf(w, "A text message has %d part(s).\n", r.Parts.SMSSegments)
		}
		if r.Parts.FaxPages > 0 {
			fmt.Fprintf(w, "A fax has %d page(s).\n", r.Parts.FaxPages)
		}
		if r.Finish != nil {
			fmt.Fprintf(w, "Launched now, it would have been handed over by %s.\n", r.Finish.Local().Format("2006-01-02 15:04"))
		}
		if len(r.Problems) == 0 {
			fmt.Fprintln(w, "Nothing to mend.")
		}
	})
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return &statusError{status: exitInput}
	}
	return nil
}

// sayKorean says a problem again, where a rule has it in Korean.
func sayKorean(w io.Writer, p conf.Problem) {
	if p.Korean != "" {
		fmt.Fprintf(w, "    %s\n", p.Korean)
	}
}
