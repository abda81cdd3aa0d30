package desk

import (
	"cmp"
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
// share a gateway, a receiving domain or carrier, a language, or a reason. Of Few
// people nothing is told but that, and of a row that is Withheld nothing either:
// Total is null, and States is empty.
type ReportRow struct {
	By           string         `json:"by"` // channel, gateway, lane, language, reason
	Channel      string         `json:"channel"`
	Name         string         `json:"name"`
	Few          bool           `json:"few,omitempty"`      // fewer than five people share it
	Withheld     bool           `json:"withheld,omitempty"` // its numbers would tell those of the few beside it
	Total        *int           `json:"total"`
	States       map[string]int `json:"states"`
	DeliveryRate *float64       `json:"delivery_rate"` // share of what has ended that was taken or has arrived; null while nothing has
	EarlierRate  *float64       `json:"earlier_rate"`  // the same of up to ten calls before it together; null where they have none, or fewer than five people

	counts, earlier broadcast.Counts // whole, also of few people
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
	p, err := d.Ledger.Progress(ctx, id)
	if err != nil {
		return nil, err
	}
	left, err := d.Ledger.LeftOut(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &CallReport{Status: status, At: d.Clock.Now().UTC().Truncate(time.Second), Rehearsal: p.Rehearsal, LeftOut: leftOut(left), Rows: reportRows(p)}
	earlier, err := d.earlier(ctx, p)
	if err != nil {
		return nil, err
	}
	for i := range r.Rows {
		r.Rows[i].compare(earlier)
	}
	return r, nil
}

// reportRows are the counters of a call as rows.
func reportRows(p *broadcast.Progress) (out []ReportRow) {
	for _, ch := range address.Channels {
		if n := p.Channels[ch]; n.Sum() > 0 {
			out = append(out, newReportRow("channel", ch, ch.String(), n))
		}
	}
	for _, rows := range []struct {
		by   string
		rows []broadcast.Slice
	}{{"gateway", p.Counters.Gateways}, {"lane", p.Lanes}, {"language", p.Langs}, {"reason", p.Reasons}} {
		from := len(out)
		for _, s := range rows.rows {
			if s.Counts.Sum() == 0 {
				continue
			}
			name := s.Name
			n, err := strconv.Atoi(name)
			switch {
			case rows.by == "gateway" && err == nil && n < len(p.Call.Gateways):
				name = p.Call.Gateways[n]
			case rows.by == "reason" && err == nil:
				name = gateway.Reason(n).String()
			}
			out = append(out, newReportRow(rows.by, s.Channel, name, s.Counts))
		}
		shield(out[from:])
	}
	return out
}

// Alone reports whether a row is of the only gateway of its channel: that tells
// a person nothing that the channel's row does not.
func (r *CallReport) Alone(row ReportRow) bool {
	return row.By == "gateway" && !slices.ContainsFunc(r.Rows, func(o ReportRow) bool {
		return o.By == row.By && o.Channel == row.Channel && o.Name != row.Name
	})
}

func newReportRow(by string, ch address.Channel, name string, n broadcast.Counts) ReportRow {
	total := n.Sum()
	row := ReportRow{By: by, Channel: ch.String(), Name: name, counts: n}
	if isFew(total) && (by == "gateway" || by == "lane" || by == "language") { // what people share; a channel and a reason are what the call's page tells anyhow
		row.Few = true
		row.empty()
		return row
	}
	row.Total, row.States = &total, stateCounts(n)
	if by != "reason" {
		row.DeliveryRate = deliveryRate(n)
	}
	return row
}

func (row *ReportRow) empty() { row.Total, row.States, row.DeliveryRate = nil, map[string]int{}, nil }

// Told reports whether a row has numbers.
func (row *ReportRow) Told() bool { return !row.Few && !row.Withheld }

// shield withholds more of the rows of one kind where those of few people could be
// worked out: what a channel's row counts, less the rows that are told, is what the
// others count together. So the smallest that is told is withheld too, until the
// others are at least two, and of no few people together (complementary cell
// suppression, as statistical offices do it).
func shield(rows []ReportRow) {
	for _, ch := range address.Channels {
		var told []*ReportRow
		people, untold := 0, 0
		for i := range rows {
			switch row := &rows[i]; {
			case row.Channel != ch.String():
			case row.Few:
				people, untold = people+row.counts.Sum(), untold+1
			default:
				told = append(told, row)
			}
		}
		slices.SortStableFunc(told, func(a, b *ReportRow) int { return cmp.Compare(a.counts.Sum(), b.counts.Sum()) })
		for ; len(told) > 0 && untold > 0 && (untold < 2 || isFew(people)); told = told[1:] {
			told[0].Withheld = true
			told[0].empty()
			people, untold = people+told[0].counts.Sum(), untold+1
		}
	}
}

// deliveryRate is the share of what has ended that was taken or has arrived; nil
// while nothing has.
func deliveryRate(n broadcast.Counts) *float64 {
	ended := n.Reached() + n.Failed() + n[broadcast.InDoubt]
	if ended == 0 {
		return nil
	}
	share := float64(n.Reached()) / float64(ended)
	return &share
}

// CSV writes the rows as a table, states in columns; those that are not told have no numbers.
func (r *CallReport) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"by", "channel", "name", "total", "delivery_rate"}
	for _, s := range broadcast.States {
		header = append(header, s.String())
	}
	header = append(header, "earlier_rate")
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	for _, row := range r.Rows {
		number := func(n int) string {
			if !row.Told() {
				return ""
			}
			return strconv.Itoa(n)
		}
		line := []string{row.By, row.Channel, row.Name, number(row.counts.Sum()), rateText(row.DeliveryRate)}
		for _, s := range broadcast.States {
			line = append(line, number(row.counts[s]))
		}
		line = append(line, rateText(row.EarlierRate))
		if err := out.Write(line); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func rateText(rate *float64) string {
	if rate == nil {
		return ""
	}
	return strconv.FormatFloat(*rate, 'f', 4, 64)
}
