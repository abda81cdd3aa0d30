package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast/amnesty"
	"clarion/internal/clock"
	"clarion/lists"
	"clarion/worker"
	"clarion/worker/gateway"
)

// An amnestyFlags is what the command line says of an amnesty.
type amnestyFlags struct {
	choice
	gateway, who, why       string
	yes, dry, list, noOffer bool
}

// An amnestyLine is what suppress amnesty prints.
type amnestyLine struct {
	Gateway  string         `json:"gateway"`
	Since    time.Time      `json:"since"`
	Reason   string         `json:"reason"`
	DryRun   bool           `json:"dry_run"`
	Found    int            `json:"found"`      // suppressions that fit
	Restored int            `json:"restored"`   // of these, taken back
	Again    int            `json:"deliveries"` // that failed by the fault, and can go again
	Offered  int            `json:"offered"`    // of these, sent again
	Reasons  map[string]int `json:"reasons"`    // of the deliveries: why they failed
	Calls    map[string]int `json:"calls"`      // of the deliveries
	Late     []string       `json:"too_late"`   // calls whose end has passed: nothing of theirs goes again
	Record   int64          `json:"record,omitempty"`
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
		fault, err := f.fault(time.Now())
		if err != nil {
			return err
		}
		return p.with(cmd, func(ctx context.Context, a *app) error { return a.amnesty(ctx, &f, fault) })
	}
	return cmd
}

// fault reads the flags. --reason names why deliveries failed, or bounced.
func (f *amnestyFlags) fault(now time.Time) (amnesty.Fault, error) {
	fault := amnesty.Fault{Gateway: f.gateway}
	if f.gateway == "" || f.since == "" {
		return fault, inputError("an amnesty needs both --gateway and --since: whose fault it was, and from when on")
	}
	if strings.Contains(f.who+f.why, "@") {
		return fault, inputError("--who and --why are kept in the record: they name no address")
	}
	var err error
	if fault.Since, err = parseSince(f.since, now); err != nil {
		return fault, err
	}
	if r := gateway.ParseReason(f.reason); r != 0 && r.String() == f.reason && r != gateway.OptOut {
		fault.Failure, fault.Reason = f.reason, uint8(r)
		return fault, nil
	}
	switch f.reason {
	case "", lists.Bounced.String():
		return fault, nil
	case lists.OptedOut.String(), lists.Complained.String(), lists.Blocked.String(), gateway.OptOut.String():
		return fault, inputError("--reason %s: what a person asked for, or staff set, is no fault of a gateway; of one address it is taken back by clarion suppress remove", f.reason)
	}
	return fault, inputError("--reason: %q is no reason why a delivery failed; mailbox_unknown, policy, sender_blocked, spam and the like are, or bounced for any", f.reason)
}

func (a *app) desk() *amnesty.Desk {
	return amnesty.Open(a.db.Client(), a.people, a.ledger, clock.System{})
}

func (a *app) amnesty(ctx context.Context, f *amnestyFlags, fault amnesty.Fault) error {
	desk := a.desk()
	found, err := desk.Survey(ctx, fault)
	if err != nil {
		return err
	}
	out := &amnestyLine{
		Gateway: fault.Gateway, Since: fault.Since.Truncate(time.Second), Reason: f.reason, DryRun: f.dry, Found: found.Suppressions, Again: found.Again(),
		Reasons: map[string]int{}, Calls: found.Deliveries, Late: []string{},
	}
	for r, n := range found.Reasons {
		out.Reasons[gateway.Reason(r).String()] = n
	}
	for _, id := range found.Late {
		out.Late = append(out.Late, string(id))
	}
	if found.Suppressions+found.Again() == 0 && !slices.ContainsFunc(a.cfg.gates, func(g worker.Gate) bool { return g.Name == fault.Gateway }) {
		a.tell("Nothing fits, and no gateway in the settings is called %s.", fault.Gateway)
	}
	if !f.dry && found.Suppressions+found.Again() > 0 {
		if !f.yes {
			if err := a.confirm(out.question(!f.noOffer)); err != nil {
				return err
			}
		}
		if f.who == "" {
			f.who = whoAmI()
		}
		record, err := desk.Grant(ctx, fault, found, !f.noOffer, f.who, f.why)
		if err != nil {
			return fmt.Errorf("an amnesty broke off; give it again, it does nothing twice: %w", err)
		}
		out.Restored, out.Offered, out.Record = record.Suppressions, record.Deliveries, record.ID
	}
	return a.print(out, out.words)
}

func (l *amnestyLine) question(offer bool) string {
	ask := fmt.Sprintf("Take back %d suppressions that came through %s since %s", l.Found, l.Gateway, l.Since.Local().Format("2006-01-02 15:04"))
	if offer && l.Again > 0 {
		ask += fmt.Sprintf(", and send %d messages of %d calls again", l.Again, len(l.Calls))
	}
	return ask + "?"
}

func (l *amnestyLine) words(w io.Writer) {
	if l.DryRun {
		fmt.Fprintf(w, "%d suppressions would be taken back, and %d messages sent again.\n", l.Found, l.Again)
		fmt.Fprintf(w, "차단 %d건을 풀고 메시지 %d건을 다시 보내게 됩니다.\n", l.Found, l.Again)
	} else {
		fmt.Fprintf(w, "%d suppressions taken back: these addresses are written to again. %d messages are sent again.\n", l.Restored, l.Offered)
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
	records, err := a.desk().Records(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		err := a.print(&r, func(w io.Writer) {
			end := ""
			if r.Ended.IsZero() {
				end = "; it broke off: give it again"
			}
			fmt.Fprintf(w, "%d  %s  %s: %s since %s, reason %s: %d suppressions taken back, %d messages sent again%s\n", r.ID, r.At.Local().Format("2006-01-02 15:04"), r.Who,
				r.Gateway, r.Since.Local().Format("2006-01-02 15:04"), anyReason(r.Failure), r.Suppressions, r.Deliveries, end)
			if r.Why != "" {
				fmt.Fprintf(w, "   %s\n", r.Why)
			}
		})
		if err != nil {
			return err
		}
	}
	if !a.json {
		a.tell("%d amnesties.", len(records))
	}
	return nil
}

func anyReason(s string) string {
	if s == "" {
		return "any"
	}
	return s
}
