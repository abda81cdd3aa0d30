package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"clarion/web/desk"
)

// An amnestyFlags is what the command line says of an amnesty.
type amnestyFlags struct {
	choice
	gateway, who, why       string
	yes, dry, list, noOffer bool
}

func (p *program) suppressAmnesty() *cobra.Command {
	var f amnestyFlags
	cmd := &cobra.Command{Use: "amnesty", Short: "Take back what was our own fault: suppressions that came through a gateway since a time, and send again what failed by it", Args: cobra.NoArgs,
		Long: `Takes back suppressions of bounced addresses that a gateway's wrong answers led to, and sends the deliveries again that failed
through it. Opt-outs, complaints and what staff blocked are never taken back. It counts first, and asks; what was done is
recorded, and shown by --list.`}
	f.flags(cmd, "why the deliveries failed (policy, sender_blocked, mailbox_unknown, …), or bounced for any", "those set at or after: a date, or an age such as 7d")
	flags := cmd.Flags()
	flags.StringVar(&f.gateway, "gateway", "", "the gateway whose answers led to them")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.dry, "dry-run", false, "count, and change nothing")
	flags.BoolVar(&f.list, "list", false, "print the amnesties that were given")
	flags.BoolVar(&f.noOffer, "no-resend", false, "leave the failed deliveries as they are")
	flags.StringVar(&f.who, "who", "", "who decides, for the record (default: the user of this machine)")
	flags.StringVar(&f.why, "why", "", "why, for the record; never an address")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if f.list {
			return p.with(cmd, func(ctx context.Context, a *app) error { return a.amnesties(ctx) })
		}
		wanted, err := f.amnesty(time.Now())
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error { return a.amnesty(ctx, wanted, &f) })
	}
	return cmd
}

// amnesty reads the flags. --reason names why deliveries failed, or bounced.
func (f *amnestyFlags) amnesty(now time.Time) (desk.Amnesty, error) {
	a := desk.Amnesty{Gateway: f.gateway, Reason: f.reason, Who: f.who, Why: f.why, Resend: !f.noOffer}
	if f.since != "" {
		var err error
		if a.Since, err = parseSince(f.since, now); err != nil {
			return a, err
		}
	}
	return a, a.Check()
}

func (a *app) amnesty(ctx context.Context, wanted desk.Amnesty, f *amnestyFlags) error {
	out, err := a.desk.SurveyAmnesty(ctx, wanted)
	if err != nil {
		return err
	}
	if out.Empty() && !a.desk.HasGateway(wanted.Gateway) {
		a.tell("Nothing fits, and no gateway in the settings is called %s.", wanted.Gateway)
	}
	if !f.dry {
		if !out.Empty() && !f.yes {
			if err := a.confirm(amnestyQuestion(out, wanted.Resend)); err != nil {
				return err
			}
		}
		if wanted.Who == "" {
			wanted.Who = whoAmI()
		}
		if err := a.desk.GrantAmnesty(ctx, wanted, out); err != nil {
			return err
		}
	}
	return a.print(out, func(w io.Writer) { writeAmnesty(w, out) })
}

func amnestyQuestion(l *desk.AmnestyLine, offer bool) string {
	ask := fmt.Sprintf("Take back %s that came through %s since %s", many(l.Found, "suppression", "suppressions"), l.Gateway, l.Since.Local().Format("2006-01-02 15:04"))
	if offer && l.Again > 0 {
		ask += fmt.Sprintf(", and send %s of %s again", many(l.Again, "message", "messages"), many(len(l.Calls), "call", "calls"))
	}
	return ask + "?"
}

func writeAmnesty(w io.Writer, l *desk.AmnestyLine) {
	if l.DryRun {
		fmt.Fprintf(w, "%s would be taken back, and %s sent again.\n", many(l.Found, "suppression", "suppressions"), many(l.Again, "message", "messages"))
		fmt.Fprintf(w, "차단 %d건을 풀고 메시지 %d건을 다시 보내게 됩니다.\n", l.Found, l.Again)
	} else {
		fmt.Fprintf(w, "%s taken back: these addresses are written to again. %s sent again.\n", many(l.Restored, "suppression", "suppressions"), many(l.Offered, "message is", "messages are"))
		fmt.Fprintf(w, "차단 %d건을 풀었습니다. 이 주소로 다시 보냅니다. 메시지 %d건을 다시 보냅니다.\n", l.Restored, l.Offered)
	}
	for _, id := range sortedKeys(l.Calls) {
		fmt.Fprintf(w, "  call %s: %d\n", id, l.Calls[id])
	}
	for _, r := range sortedKeys(l.Reasons) {
		fmt.Fprintf(w, "  %s: %d\n", r, l.Reasons[r])
	}
	for _, id := range l.Late {
		fmt.Fprintf(w, "  call %s is past its end: nothing of it goes again; call correct, or a new call, reaches the people\n", id)
	}
}

// whoAmI is the name under which an amnesty is recorded where none is given.
func whoAmI() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "staff"
}

// amnesties prints the record.
func (a *app) amnesties(ctx context.Context) error {
	records, err := a.desk.Amnesties(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		err := a.print(&r, func(w io.Writer) {
			end := ""
			if r.Ended.IsZero() {
				end = "; it broke off: give it again"
			}
			fmt.Fprintf(w, "%d  %s  %s: %s since %s, reason %s: %s taken back, %s sent again%s\n", r.ID, r.At.Local().Format("2006-01-02 15:04"), r.Who,
				r.Gateway, r.Since.Local().Format("2006-01-02 15:04"), anyReason(r.Failure), many(r.Suppressions, "suppression", "suppressions"), many(r.Deliveries, "message", "messages"), end)
			if r.Why != "" {
				fmt.Fprintf(w, "   %s\n", r.Why)
			}
		})
		if err != nil {
			return err
		}
	}
	if !a.json {
		a.tell("%s.", many(len(records), "amnesty", "amnesties"))
	}
	return nil
}

func anyReason(s string) string {
	if s == "" {
		return "any"
	}
	return s
}
