package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast/amnesty"
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
		a.tell("%s", words{"Nothing fits, and no gateway in the settings is called %s.", "해당하는 것이 없고, 설정에 %s라는 게이트웨이도 없습니다."}.in(spoken(), wanted.Gateway))
	}
	if !f.dry {
		if !out.Empty() && !f.yes {
			if err := a.confirm(amnestyQuestion(out, wanted.Resend, spoken())); err != nil {
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
	return a.print(out, func(w io.Writer) { writeAmnesty(w, out, spoken()) })
}

func amnestyQuestion(l *desk.AmnestyLine, offer bool, lang string) string {
	since := l.Since.Local().Format("2006-01-02 15:04")
	if !offer || l.Again == 0 {
		return words{"Take back %[1]s that came through %[2]s since %[3]s?", "%[3]s부터 %[2]s 때문에 차단된 주소 %[4]s건의 차단을 풀까요?"}.in(lang,
			many(l.Found, "suppression", "suppressions"), l.Gateway, since, grouped(l.Found))
	}
	return words{"Take back %[1]s that came through %[2]s since %[3]s, and send %[4]s of %[5]s again?",
		"%[3]s부터 %[2]s 때문에 차단된 주소 %[6]s건의 차단을 풀고, 발송 %[8]d개의 메시지 %[7]s건을 다시 보낼까요?"}.in(lang,
		many(l.Found, "suppression", "suppressions"), l.Gateway, since, many(l.Again, "message", "messages"), many(len(l.Calls), "call", "calls"),
		grouped(l.Found), grouped(l.Again), len(l.Calls))
}

func writeAmnesty(w io.Writer, l *desk.AmnestyLine, lang string) {
	says, freed, again := words{"%[1]s taken back, and %[2]s queued again.", "주소 %[3]s건의 차단을 풀었습니다. 메시지 %[4]s건을 다시 보냅니다."}, l.Restored, l.Offered
	if l.DryRun {
		says, freed, again = words{"%[1]s would be taken back, and %[2]s queued again. Nothing was changed.", "주소 %[3]s건의 차단을 풀고 메시지 %[4]s건을 다시 보내게 됩니다. 아직 바꾼 것은 없습니다."}, l.Found, l.Again
	}
	fmt.Fprintln(w, says.in(lang, many(freed, "suppression", "suppressions"), many(again, "message", "messages"), grouped(freed), grouped(again)))
	for _, id := range sortedKeys(l.Calls) {
		fmt.Fprintf(w, "  %s: %d\n", words{"call %s", "발송 %s"}.in(lang, id), l.Calls[id])
	}
	for _, r := range sortedKeys(l.Reasons) {
		fmt.Fprintf(w, "  %s: %d\n", r, l.Reasons[r])
	}
	for _, id := range l.Late {
		fmt.Fprintf(w, "  %s\n", words{"call %[1]s is past its end: nothing of it goes again; call correct, or a new call, reaches the people",
			"발송 %[1]s: 끝나는 시각이 지나 다시 보내지 않습니다. call correct나 새 발송으로 알릴 수 있습니다."}.in(lang, id))
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
		err := a.print(&r, func(w io.Writer) { writeRecord(w, &r, spoken()) })
		if err != nil {
			return err
		}
	}
	if !a.json && len(records) == 0 {
		a.tell("%s", words{"No amnesty was given.", "풀어 준 적이 없습니다."}.in(spoken()))
	}
	return nil
}

func writeRecord(w io.Writer, r *amnesty.Record, lang string) {
	minute := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
	reason := r.Failure
	if reason == "" {
		reason = words{"any", "모두"}.in(lang)
	}
	fmt.Fprintln(w, words{"%[1]d  %[2]s  %[3]s: %[4]s since %[5]s, reason %[6]s: %[7]s taken back, %[8]s queued again",
		"%[1]d  %[2]s  %[3]s: %[5]s부터의 %[4]s, 사유 %[6]s: 주소 %[9]s건의 차단을 풀고 메시지 %[10]s건을 다시 보냄"}.in(lang,
		r.ID, minute(r.At), r.Who, r.Gateway, minute(r.Since), reason, many(r.Suppressions, "suppression", "suppressions"), many(r.Deliveries, "message", "messages"),
		grouped(r.Suppressions), grouped(r.Deliveries)))
	if r.Ended.IsZero() {
		fmt.Fprintf(w, "   %s\n", words{"It broke off: give it again; it does nothing twice.", "중간에 끊겼습니다. 다시 실행하십시오. 두 번 처리되는 것은 없습니다."}.in(lang))
	}
	if r.Why != "" {
		fmt.Fprintf(w, "   %s\n", r.Why)
	}
}
