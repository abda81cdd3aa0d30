package main

import (
	"context"
	"fmt"
	"io"
	"time"

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
		case "pdf":
			paper, err := r.PDF(spoken(), time.Local)
			if err != nil {
				return err
			}
			_, err = a.out.Write(paper)
			return err
		case "text":
			writeReport(a.out, r, spoken())
			return nil
		}
		return inputError("--format is %q: text, json, csv and pdf are right", format)
	})
	c.Flags().StringVar(&format, "format", "text", "text, json, csv or pdf")
	return c
}

var reportTitles = map[string]words{
	"channel": {"By channel", "채널별"}, "gateway": {"By gateway", "게이트웨이별"}, "lane": {"By domain and carrier", "메일 서비스·통신사별"},
	"language": {"By language", "언어별"}, "reason": {"What went wrong", "전달되지 않은 이유"},
}

// rowName is what a row is called in a language.
func rowName(r desk.ReportRow, lang string) string {
	if r.By == "lane" {
		return laneWord(r.Name, lang)
	}
	return r.Name
}

func writeReport(w io.Writer, r *desk.CallReport, lang string) {
	writeStatus(w, r.Status, lang)
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(w, "\n%s\n", words{"Left out", "제외"}.in(lang))
		for _, lo := range r.LeftOut {
			ch := words{"all", "모두"}.in(lang)
			if lo.Channel != "" {
				ch = channelWord(lo.Channel, lang)
			}
			fmt.Fprintf(w, "  %s %7d  %s\n", padded(ch, 6), lo.Count, lo.Sentence(lang))
		}
	}
	longest := 0
	for _, row := range r.Rows {
		longest = max(longest, columns(rowName(row, lang)))
	}
	title := ""
	for _, row := range r.Rows {
		if r.Alone(row) {
			continue
		}
		if t := reportTitles[row.By].in(lang); t != title {
			title = t
			fmt.Fprintf(w, "\n%s\n", title)
		}
		if why := row.Untold(lang); why != "" {
			fmt.Fprintf(w, "  %s %s %s\n", padded(channelWord(row.Channel, lang), 6), padded(rowName(row, lang), longest), why)
			continue
		}
		rate := ""
		if row.DeliveryRate != nil {
			rate = fmt.Sprintf("%5.1f %%", 100**row.DeliveryRate)
		}
		fmt.Fprintf(w, "  %s %s %7d  %7s ", padded(channelWord(row.Channel, lang), 6), padded(rowName(row, lang), longest), *row.Total, rate)
		for _, s := range broadcast.States {
			if n := row.States[s.String()]; n > 0 {
				fmt.Fprintf(w, " %s %d", stateWord(s, lang), n)
			}
		}
		fmt.Fprintln(w)
	}
}
