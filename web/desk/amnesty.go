package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clarion/broadcast/amnesty"
	"clarion/internal/audit"
	"clarion/lists"
	"clarion/worker/gateway"
)

// An AmnestyLine is what suppress amnesty prints.
type AmnestyLine struct {
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

	fault amnesty.Fault
	found *amnesty.Found
}

// An Amnesty says whose fault is to be taken back.
type Amnesty struct {
	Gateway  string    // whose answers were wrong
	Since    time.Time // from when on
	Reason   string    // why the deliveries failed, "bounced" or "" for any
	Who, Why string    // for the record; they name no address
	Resend   bool      // what failed is sent again
}

// Check names what is wrong with it, an *InputError.
func (a *Amnesty) Check() error {
	_, err := a.fault()
	return err
}

func (a *Amnesty) fault() (amnesty.Fault, error) {
	fault := amnesty.Fault{Gateway: a.Gateway, Since: a.Since}
	if a.Gateway == "" || a.Since.IsZero() {
		return fault, Mistake("an amnesty needs both a gateway and a time (--gateway, --since): whose fault it was, and from when on")
	}
	if strings.Contains(a.Who+a.Why, "@") {
		return fault, Mistake("--who and --why are kept in the record: they name no address")
	}
	if r := gateway.ParseReason(a.Reason); r != 0 && r.String() == a.Reason && r != gateway.OptOut {
		fault.Failure, fault.Reason = a.Reason, uint8(r)
		return fault, nil
	}
	switch a.Reason {
	case "", lists.Bounced.String():
		return fault, nil
	case lists.OptedOut.String(), lists.Complained.String(), lists.Blocked.String(), gateway.OptOut.String():
		return fault, Mistake("--reason %s: what a person asked for, or staff set, is no fault of a gateway; of one address it is taken back by clarion suppress remove", a.Reason)
	}
	return fault, Mistake("--reason: %q is no reason why a delivery failed; mailbox_unknown, policy, sender_blocked, spam and the like are, or bounced for any", a.Reason)
}

// SurveyAmnesty counts what an amnesty would take back, and changes nothing.
func (d *Desk) SurveyAmnesty(ctx context.Context, a Amnesty) (*AmnestyLine, error) {
	fault, err := a.fault()
	if err != nil {
		return nil, err
	}
	found, err := d.amnesty.Survey(ctx, fault)
	if err != nil {
		return nil, err
	}
	out := &AmnestyLine{
		Gateway: fault.Gateway, Since: fault.Since.Truncate(time.Second), Reason: a.Reason, DryRun: true, Found: found.Suppressions, Again: found.Again(),
		Reasons: map[string]int{}, Calls: found.Deliveries, Late: []string{}, fault: fault, found: found,
	}
	for r, n := range found.Reasons {
		out.Reasons[gateway.Reason(r).String()] = n
	}
	for _, id := range found.Late {
		out.Late = append(out.Late, string(id))
	}
	return out, nil
}

// Empty reports whether there is nothing that the amnesty would do.
func (l *AmnestyLine) Empty() bool { return l.Found+l.Again == 0 }

// GrantAmnesty takes back what a survey has found, and notes in it what was done.
func (d *Desk) GrantAmnesty(ctx context.Context, a Amnesty, found *AmnestyLine) error {
	found.DryRun = false
	if found.Empty() {
		return nil
	}
	record, err := d.amnesty.Grant(ctx, found.fault, found.found, a.Resend, a.Who, a.Why)
	if err != nil {
		return fmt.Errorf("an amnesty broke off; give it again, it does nothing twice: %w", err)
	}
	found.Restored, found.Offered, found.Record = record.Suppressions, record.Deliveries, record.ID
	return nil
}

// AmnestyNoted surveys an amnesty and gives it in one go, noted first. Where nothing
// fits nothing is done or noted.
func (d *Desk) AmnestyNoted(ctx context.Context, a Amnesty, note Note) (*AmnestyLine, error) {
	found, err := d.SurveyAmnesty(ctx, a)
	if err != nil || found.Empty() {
		return found, err
	}
	details := map[string]string{"gateway": a.Gateway, "since": found.Since.UTC().Format(time.RFC3339), "suppressions": strconv.Itoa(found.Found), "deliveries": strconv.Itoa(found.Again)}
	if !a.Resend {
		details["deliveries"] = "0"
	}
	if err := note(audit.AmnestyGiven, "suppressions", details); err != nil {
		return nil, err
	}
	return found, d.GrantAmnesty(ctx, a, found)
}

// Amnesties returns the record of those that were given.
func (d *Desk) Amnesties(ctx context.Context) ([]amnesty.Record, error) {
	return d.amnesty.Records(ctx)
}

// HasGateway reports whether the settings name a gateway.
func (d *Desk) HasGateway(name string) bool {
	return slices.ContainsFunc(d.Gates, func(g Gate) bool { return g.Name == name })
}
