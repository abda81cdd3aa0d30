package desk

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A ReportRow is one line of a call's report: the deliveries of a channel that
// share a gateway, a receiving domain or carrier, a language, or a reason.
type ReportRow struct {
	By           string         `json:"by"` // channel, gateway, lane, language, reason
	Channel      string         `json:"channel"`
	Name         string         `json:"name"`
	Total        int            `json:"total"`
	States       map[string]int `json:"states"`
	DeliveryRate *float64       `json:"delivery_rate"` // share of what has ended that was taken or has arrived; null while nothing has
}

// A CallReport is what call report prints.
type CallReport struct {
	Status    *StatusReport `json:"status"`
	At        time.Time     `json:"at"` // when it was read
	Rehearsal bool          `json:"rehearsal"`
	LeftOut   []LeftOut     `json:"left_out"`
	Rows      []ReportRow   `json:"rows"`
}

// Report is how a call went: delivery rates by channel, gateway, domain or carrier
// and language, and failures by reason.
func (d *Desk) Report(ctx context.Context, id broadcast.ID) (*CallReport, error) {
	status, err := d.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	call, err := d.Ledger.Call(ctx, id)
	if err != nil {
		return nil, err
	}
	counters, err := d.Ledger.Counters(ctx, id)
	if err != nil {
		return nil, err
	}
	left, err := d.Ledger.LeftOut(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &CallReport{Status: status, At: d.Clock.Now().UTC().Truncate(time.Second), Rehearsal: call.Rehearsal, LeftOut: leftOut(left)}
	for _, ch := range address.Channels {
		if n := counters.Channels[ch]; n.Sum() > 0 {
			r.Rows = append(r.Rows, newReportRow("channel", ch, ch.String(), n))
		}
	}
	for _, rows := range []struct {
		by   string
		rows []broadcast.Slice
	}{{"gateway", counters.Gateways}, {"lane", counters.Lanes}, {"language", counters.Langs}, {"reason", counters.Reasons}} {
		for _, s := range rows.rows {
			if s.Counts.Sum() == 0 {
				continue
			}
			name := s.Name
			n, err := strconv.Atoi(name)
			switch {
			case rows.by == "gateway" && err == nil && n < len(call.Gateways):
				name = call.Gateways[n]
			case rows.by == "reason" && err == nil:
				name = gateway.Reason(n).String()
			}
			r.Rows = append(r.Rows, newReportRow(rows.by, s.Channel, name, s.Counts))
		}
	}
	return r, nil
}

// Alone reports whether a row is of the only gateway of its channel: that tells
// a person nothing that the channel's row does not.
func (r *CallReport) Alone(row ReportRow) bool {
	return row.By == "gateway" && !slices.ContainsFunc(r.Rows, func(o ReportRow) bool {
		return o.By == row.By && o.Channel == row.Channel && o.Name != row.Name
	})
}

func newReportRow(by string, ch address.Channel, name string, n broadcast.Counts) ReportRow {
	row := ReportRow{By: by, Channel: ch.String(), Name: name, Total: n.Sum(), States: stateCounts(n)}
	good := n.Reached()
	ended := good + n.Failed() + n[broadcast.InDoubt]
	if by != "reason" && ended > 0 {
		share := float64(good) / float64(ended)
		row.DeliveryRate = &share
	}
	return row
}

// CSV writes the rows as a table, states in columns.
func (r *CallReport) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"by", "channel", "name", "total", "delivery_rate"}
	for _, s := range broadcast.States {
		header = append(header, s.String())
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for _, row := range r.Rows {
		rate := ""
		if row.DeliveryRate != nil {
			rate = strconv.FormatFloat(*row.DeliveryRate, 'f', 4, 64)
		}
		line := []string{row.By, row.Channel, row.Name, strconv.Itoa(row.Total), rate}
		for _, s := range broadcast.States {
			line = append(line, strconv.Itoa(row.States[s.String()]))
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}
