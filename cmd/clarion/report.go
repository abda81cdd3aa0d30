package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A reportRow is one line of a call's report: the deliveries of a channel that
// share a gateway, a receiving domain or carrier, a language, or a reason.
type reportRow struct {
	By           string         `json:"by"` // channel, gateway, lane, language, reason
	Channel      string         `json:"channel"`
	Name         string         `json:"name"`
	Total        int            `json:"total"`
	States       map[string]int `json:"states"`
	DeliveryRate *float64       `json:"delivery_rate"` // share of what has ended that was taken or has arrived; null while nothing has
}

// A callReport is what call report prints.
type callReport struct {
	Status  *statusReport `json:"status"`
	LeftOut []leftOut     `json:"left_out"`
	Rows    []reportRow   `json:"rows"`
}

func (p *program) callReport() *cobra.Command {
	var format string
	c := p.onCall("report", "Delivery rates by channel, gateway, domain or carrier and language, and failures by reason", func(ctx context.Context, a *app, id broadcast.ID) error {
		r, err := a.report(ctx, id)
		if err != nil {
			return err
		}
		if p.json {
			format = "json"
		}
		switch format {
		case "json":
			return a.line(r)
		case "csv":
			return writeReportCSV(a.out, r)
		case "text":
			writeReport(a.out, r)
			return nil
		}
		return inputError("--format is %q: text, json and csv are right", format)
	})
	c.Flags().StringVar(&format, "format", "text", "text, json or csv")
	return c
}

func (a *app) report(ctx context.Context, id broadcast.ID) (*callReport, error) {
	status, err := a.status(ctx, id)
	if err != nil {
		return nil, err
	}
	call, err := a.ledger.Call(ctx, id)
	if err != nil {
		return nil, err
	}
	counters, err := a.ledger.Counters(ctx, id)
	if err != nil {
		return nil, err
	}
	left, err := a.ledger.LeftOut(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &callReport{Status: status, LeftOut: []leftOut{}}
	for _, lo := range left {
		row := leftOut{Reason: lo.Reason, Count: lo.Count}
		if lo.Channel != 0 {
			row.Channel = lo.Channel.String()
		}
		r.LeftOut = append(r.LeftOut, row)
	}
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

// alone reports whether a row is of the only gateway of its channel: that tells
// a person nothing that the channel's row does not.
func (r *callReport) alone(row reportRow) bool {
	return row.By == "gateway" && !slices.ContainsFunc(r.Rows, func(o reportRow) bool {
		return o.By == row.By && o.Channel == row.Channel && o.Name != row.Name
	})
}

func newReportRow(by string, ch address.Channel, name string, n broadcast.Counts) reportRow {
	row := reportRow{By: by, Channel: ch.String(), Name: name, Total: n.Sum(), States: map[string]int{}}
	for s, k := range n {
		if k > 0 {
			row.States[s.String()] = k
		}
	}
	good := n[broadcast.Sent] + n[broadcast.Delivered]
	ended := good + n[broadcast.Bounced] + n[broadcast.Rejected] + n[broadcast.Failed] + n[broadcast.InDoubt]
	if by != "reason" && ended > 0 {
		share := float64(good) / float64(ended)
		row.DeliveryRate = &share
	}
	return row
}

var reportTitles = map[string]string{"channel": "By channel", "gateway": "By gateway", "lane": "By domain and carrier", "language": "By language", "reason": "What went wrong"}

func writeReport(w io.Writer, r *callReport) {
	writeStatus(w, r.Status)
	if len(r.LeftOut) > 0 {
		fmt.Fprintln(w, "\nLeft out")
		for _, lo := range r.LeftOut {
			ch := lo.Channel
			if ch == "" {
				ch = "all"
			}
			fmt.Fprintf(w, "  %-6s %7d  %s\n", ch, lo.Count, reasonSentence(lo.Reason))
		}
	}
	width := 0 // of the longest name
	for _, row := range r.Rows {
		width = max(width, utf8.RuneCountInString(row.Name))
	}
	title := ""
	for _, row := range r.Rows {
		if r.alone(row) {
			continue
		}
		if t := reportTitles[row.By]; t != title {
			title = t
			fmt.Fprintf(w, "\n%s\n", title)
		}
		rate := ""
		if row.DeliveryRate != nil {
			rate = fmt.Sprintf("%5.1f %%", 100**row.DeliveryRate)
		}
		fmt.Fprintf(w, "  %-6s %-*s %7d  %7s ", row.Channel, width, row.Name, row.Total, rate)
		for _, s := range broadcast.States {
			if n := row.States[s.String()]; n > 0 {
				fmt.Fprintf(w, " %s %d", s, n)
			}
		}
		fmt.Fprintln(w)
	}
}

func writeReportCSV(w io.Writer, r *callReport) error {
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
