package desk

import (
	"context"
	"time"

	"clarion/broadcast"
	"clarion/worker"
)

// A StatusReport is what call status prints.
type StatusReport struct {
	ID       broadcast.ID             `json:"id"`
	Name     string                   `json:"name"`
	State    broadcast.CallState      `json:"state"`
	Audience int                      `json:"audience"`
	Started  *time.Time               `json:"started"`
	Finished *time.Time               `json:"finished"`
	Channels map[string]ChannelStatus `json:"channels"`
	InDoubt  int                      `json:"in_doubt"`
	Note     string                   `json:"note,omitempty"` // why the call paused itself
	NoteKo   string                   `json:"note_ko,omitempty"`
	NextDue  *time.Time               `json:"next_due,omitempty"`
	Canary   []CanaryRow              `json:"canary,omitempty"`  // what goes first and is watched
	Asleep   []SleepRow               `json:"asleep,omitempty"`  // what waits for quiet hours to end
	Lanes    []LaneRow                `json:"lanes,omitempty"`   // the systems that receive
	Waiting  []HeldRow                `json:"waiting,omitempty"` // gateways and lanes that are left alone for a while
}

// Why says why the call paused itself, in "ko" or "en"; "" if it did not.
func (r *StatusReport) Why(lang string) string {
	if lang == "ko" {
		return r.NoteKo
	}
	return r.Note
}

// A ChannelStatus is how many deliveries of a channel are in which state.
type ChannelStatus struct {
	Total         int            `json:"total"`
	States        map[string]int `json:"states"`
	RatePerSecond float64        `json:"rate_per_second"` // of what has ended, since the call began
	Complained    int            `json:"complained,omitempty"`
	OptedOut      int            `json:"opted_out,omitempty"`
	Replied       int            `json:"replied,omitempty"`
}

// waits are the states in which a delivery has not ended its attempt.
var waits = [...]broadcast.State{broadcast.Pending, broadcast.Sending, broadcast.Deferred}

// Waiting counts the deliveries of the channel that have not ended.
func (s ChannelStatus) Waiting() (n int) {
	for _, state := range waits {
		n += s.States[state.String()]
	}
	return n
}

// Status reads a call's counters; it never scans.
func (d *Desk) Status(ctx context.Context, id broadcast.ID) (*StatusReport, error) {
	call, err := worker.BoardOf(ctx, d.Redis, d.Clock, d.Ledger, id, d.Lanes)
	if err != nil {
		return nil, err
	}
	r := &StatusReport{ID: id, Name: call.Name, State: call.State, Audience: call.Audience, Started: instant(call.Started), Finished: instant(call.Finished),
		Channels: map[string]ChannelStatus{}, Note: call.Note.Sentence("en"), NoteKo: call.Note.Sentence("ko"),
		NextDue: instant(call.NextDue), Canary: canaryRows(call.Progress), Asleep: sleepRows(call.Asleep)}
	now := d.Clock.Now().In(d.Zone)
	for _, l := range call.Rows {
		r.Lanes = append(r.Lanes, newLaneRow(l, now))
	}
	for _, h := range call.Holds {
		r.Waiting = append(r.Waiting, newHeldRow(h, now))
	}
	end := call.Finished
	if end.IsZero() {
		end = now
	}
	seconds := max(end.Sub(call.Started).Seconds(), 0.001)
	for ch, counts := range call.Channels {
		s := ChannelStatus{Total: counts.Sum(), States: stateCounts(counts)}
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

// stateCounts are counts by the names of their states, none of them 0.
func stateCounts(counts broadcast.Counts) map[string]int {
	out := map[string]int{}
	for state, n := range counts {
		if n != 0 {
			out[state.String()] = n
		}
	}
	return out
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// A CallRow is a call in the list of all.
type CallRow struct {
	ID        broadcast.ID        `json:"id"`
	Name      string              `json:"name"`
	State     broadcast.CallState `json:"state"`
	Audience  int                 `json:"audience"`
	Made      time.Time           `json:"made"`
	Rehearsal bool                `json:"rehearsal"`
}

// Calls returns all calls, the newest first.
func (d *Desk) Calls(ctx context.Context) ([]CallRow, error) {
	ids, err := d.Ledger.Calls(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]CallRow, 0, len(ids))
	for _, id := range ids {
		c, err := d.Ledger.Call(ctx, id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, CallRow{id, c.Name, c.State, c.Audience, c.Made, c.Rehearsal})
	}
	return rows, nil
}

// An AuditReport is what call audit prints.
type AuditReport struct {
	OK          bool           `json:"ok"`
	Audience    int            `json:"audience"`
	States      map[string]int `json:"states"`
	Differences []string       `json:"differences"`
}

// Audit recounts a call's ledger against its counters and batches.
func (d *Desk) Audit(ctx context.Context, id broadcast.ID) (*AuditReport, error) {
	audit, err := d.Ledger.Audit(ctx, id)
	if err != nil {
		return nil, err
	}
	return &AuditReport{audit.OK(), audit.Call.Audience, stateCounts(audit.States), append([]string{}, audit.Differences...)}, nil
}
