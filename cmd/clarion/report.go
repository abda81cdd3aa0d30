package main

import (
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clarion/broadcast"
	"clarion/web/desk"
)

func (p *program) callReport() *cobra.Command {
	var format string
	c := p.onCall("report", "Delivery rates by channel, gateway, domain or carrier and language, and failures by reason", func(ctx context.Context, a *app, id broadcast.ID) error {
		r, err := a.desk.Report(ctx, id)
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
			return r.CSV(a.out)
		case "text":
			writeReport(a.out, r)
			return nil
		}
		return inputError("--format is %q: text, json and csv are right", format)
	})
	c.Flags().StringVar(&format, "format", "text", "text, json or csv")
	return c
}

var reportTitles = map[string]string{"channel": "By channel", "gateway": "By gateway", "lane": "By domain and carrier", "language": "By language", "reason": "What went wrong"}

func writeReport(w io.Writer, r *desk.CallReport) {
	writeStatus(w, r.Status)
	if len(r.LeftOut) > 0 {
		fmt.Fprintln(w, "\nLeft out")
		for _, lo := range r.LeftOut {
			ch := lo.Channel
			if ch == "" {
				ch = "all"
			}
			fmt.Fprintf(w, "  %-6s %7d  %s\n", ch, lo.Count, lo.Sentence("en"))
		}
	}
	width := 0 // of the longest name
	for _, row := range r.Rows {
		width = max(width, utf8.RuneCountInString(row.Name))
	}
	title := ""
	for _, row := range r.Rows {
		if r.Alone(row) {
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
