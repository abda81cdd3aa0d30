package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/worker"
)

// A statusReport is what call status prints.
type statusReport struct {
	ID       broadcast.ID             `json:"id"`
	Name     string                   `json:"name"`
	State    broadcast.CallState      `json:"state"`
	Audience int                      `json:"audience"`
	Started  *time.Time               `json:"started"`
	Finished *time.Time               `json:"finished"`
	Channels map[string]channelStatus `json:"channels"`
	InDoubt  int                      `json:"in_doubt"`
	Note     string                   `json:"note,omitempty"`
	NextDue  *time.Time               `json:"next_due,omitempty"`
	Canary   []canaryRow              `json:"canary,omitempty"`  // what goes first and is watched
	Asleep   []sleepRow               `json:"asleep,omitempty"`  // what waits for quiet hours to end
	Lanes    []laneRow                `json:"lanes,omitempty"`   // the systems that receive
	Waiting  []heldRow                `json:"waiting,omitempty"` // gateways and lanes that are left alone for a while
}

// A heldRow is a gateway or a lane that is left alone.
type heldRow struct {
	What    string    `json:"what"`              // a gateway's name, a mail domain or a carrier
	Channel string    `json:"channel,omitempty"` // of a lane
	Kind    string    `json:"kind"`
	Reason  string    `json:"reason"`
	Code    string    `json:"code"`
	Since   time.Time `json:"since"`
	Seconds float64   `json:"seconds"`           // how much longer; 0: it is being tried again
	Waiting int       `json:"waiting,omitempty"` // deliveries that wait for the lane
	Why     string    `json:"why"`               // all this in a sentence
	WhyKo   string    `json:"why_ko"`
}

func (h heldRow) sentence(lang string) string {
	if lang == "ko" {
		return h.WhyKo
	}
	return h.Why
}

func newHeldRow(h worker.Hold) heldRow {
	row := heldRow{What: h.What, Kind: h.Kind.String(), Reason: h.Reason.String(), Code: h.Code, Since: h.Since.Round(time.Second),
		Waiting: h.Waiting, Why: h.Sentence("en"), WhyKo: h.Sentence("ko")}
	if !h.Till.IsZero() {
		row.Seconds = time.Until(h.Till).Round(100 * time.Millisecond).Seconds()
	}
	if h.Channel != 0 {
		row.Channel = h.Channel.String()
	}
	return row
}

type channelStatus struct {
	Total         int            `json:"total"`
	States        map[string]int `json:"states"`
	RatePerSecond float64        `json:"rate_per_second"`
	Complained    int            `json:"complained,omitempty"`
	OptedOut      int            `json:"opted_out,omitempty"`
	Replied       int            `json:"replied,omitempty"`
}

// waits are the states in which a delivery has not ended its attempt.
var waits = [...]broadcast.State{broadcast.Pending, broadcast.Sending, broadcast.Deferred}

// status reads a call's counters; it never scans.
func (a *app) status(ctx context.Context, id broadcast.ID) (*statusReport, error) {
	call, err := a.ledger.Progress(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &statusReport{ID: id, Name: call.Name, State: call.State, Audience: call.Audience, Started: instant(call.Started), Finished: instant(call.Finished),
		Channels: map[string]channelStatus{}, Note: call.Note, NextDue: instant(call.NextDue), Canary: canaryRows(call), Asleep: sleepRows(call.Asleep)}
	lanes, holds, err := worker.Board(ctx, a.db.Client(), clock.System{}, call.Call, call.Counters)
	if err != nil {
		return nil, err
	}
	for _, l := range lanes {
		r.Lanes = append(r.Lanes, newLaneRow(l))
	}
	for _, h := range holds {
		r.Waiting = append(r.Waiting, newHeldRow(h))
	}
	end := call.Finished
	if end.IsZero() {
		end = time.Now()
	}
	seconds := max(end.Sub(call.Started).Seconds(), 0.001)
	for ch, counts := range call.Channels {
		s := channelStatus{Total: counts.Sum(), States: map[string]int{}}
		for state, n := range counts {
			if n != 0 {
				s.States[state.String()] = n
			}
		}
		if !call.Started.IsZero() {
			ended := s.Total - counts[broadcast.Pending] - counts[broadcast.Sending] - counts[broadcast.Cancelled]
			s.RatePerSecond = float64(int(10*float64(ended)/seconds+0.5)) / 10
		}
		flags := call.Flags[ch]
		s.Complained, s.OptedOut, s.Replied = flags[broadcast.Complained], flags[broadcast.OptedOut], flags[broadcast.Replied]
		r.InDoubt += counts[broadcast.InDoubt]
		r.Channels[ch.String()] = s
	}
	return r, nil
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *app) printStatus(ctx context.Context, id broadcast.ID) error {
	r, err := a.status(ctx, id)
	if err != nil {
		return err
	}
	return a.print(r, func(w io.Writer) { writeStatus(w, r) })
}

func writeStatus(w io.Writer, r *statusReport) {
	fmt.Fprintf(w, "Call %s, %q: %s. %d deliveries.\n", r.ID, r.Name, r.State, r.Audience)
	if r.Note != "" {
		fmt.Fprintf(w, "  %s\n", r.Note)
	}
	for _, ch := range address.Channels {
		s, ok := r.Channels[ch.String()]
		if !ok || s.Total == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: %d, %.1f a second\n", ch, s.Total, s.RatePerSecond)
		for _, state := range broadcast.States {
			if n := s.States[state.String()]; n > 0 {
				fmt.Fprintf(w, "  %7d  %-10s %s\n", n, state, state.Sentence("en"))
			}
		}
		for _, f := range []struct {
			n     int
			words string
		}{{s.OptedOut, "said stop because of it"}, {s.Complained, "called it spam"}, {s.Replied, "wrote back"}} {
			if f.n > 0 {
				fmt.Fprintf(w, "  %7d  %s\n", f.n, f.words)
			}
		}
	}
	writeLanes(w, r.Lanes, spoken())
	for _, c := range r.Canary {
		if s := c.sentence(spoken(), r.ID); s != "" {
			fmt.Fprintf(w, "\n%s\n", s)
		}
	}
	for i, s := range r.Asleep {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.sentence(spoken()))
	}
	for _, h := range r.Waiting {
		fmt.Fprintf(w, "\n%s\n", h.sentence(spoken()))
	}
	if r.NextDue != nil && r.State == broadcast.Running {
		fmt.Fprintf(w, "\nThe next attempt is due at %s.\n", r.NextDue.Local().Format("15:04:05"))
	}
	if r.InDoubt > 0 {
		fmt.Fprintf(w, "\n%d in doubt: clarion call doubt %s\n", r.InDoubt, r.ID)
	}
}

func (p *program) callStatus() *cobra.Command {
	return p.onCall("status", "Say where a call stands", func(ctx context.Context, a *app, id broadcast.ID) error { return a.printStatus(ctx, id) })
}

func (p *program) callList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List all calls, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(ctx context.Context, a *app) error {
				ids, err := a.ledger.Calls(ctx)
				if err != nil {
					return err
				}
				for _, id := range ids {
					c, err := a.ledger.Call(ctx, id)
					if err != nil {
						return err
					}
					row := map[string]any{"id": id, "name": c.Name, "state": c.State, "audience": c.Audience, "made": c.Made, "rehearsal": c.Rehearsal}
					err = a.print(row, func(w io.Writer) {
						kind := ""
						if c.Rehearsal {
							kind = " (rehearsal)"
						}
						fmt.Fprintf(w, "%-6s %-10s %8d  %s  %s%s\n", id, c.State, c.Audience, c.Made.Local().Format("2006-01-02 15:04"), c.Name, kind)
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}}
}

// An auditReport is what call audit prints.
type auditReport struct {
	OK          bool           `json:"ok"`
	Audience    int            `json:"audience"`
	States      map[string]int `json:"states"`
	Differences []string       `json:"differences"`
}

func (p *program) callAudit() *cobra.Command {
	return p.onCall("audit", "Recount a call's ledger against its counters and batches", func(ctx context.Context, a *app, id broadcast.ID) error {
		audit, err := a.ledger.Audit(ctx, id)
		if err != nil {
			return err
		}
		r := auditReport{audit.OK(), audit.Call.Audience, map[string]int{}, audit.Differences}
		if r.Differences == nil {
			r.Differences = []string{}
		}
		for s, n := range audit.States {
			if n > 0 {
				r.States[s.String()] = n
			}
		}
		err = a.print(r, func(w io.Writer) {
			for _, d := range r.Differences {
				fmt.Fprintln(w, d)
			}
			if r.OK {
				fmt.Fprintf(w, "All agrees: %d deliveries, and every counter says what the ledger says.\n", r.Audience)
			}
		})
		if err == nil && !r.OK {
			err = &statusError{exitFailed, fmt.Errorf("the audit of call %s found %d differences", id, len(r.Differences))}
		}
		return err
	})
}
