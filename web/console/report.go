package console

import (
	"fmt"
	"net/http"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/worker/gateway"
)

// A reportView is how a call went, in tables.
type reportView struct {
	ID      broadcast.ID
	Name    string
	State   stateLine
	Tables  []reportTable
	LeftOut []leftOutLine
}

type reportTable struct {
	Title, Of string
	Rows      []reportLine
}

type reportLine struct {
	Channel, Name                            string
	Total, Reached, Failed, InDoubt, Waiting int
	Rate                                     string
}

// report shows delivery rates and failures, and who was left out.
func (c *console) report(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	lang := languageOf(r, who)
	say := sayer(lang)
	all, err := c.Desk.Report(r.Context(), id)
	if err != nil {
		return err
	}
	call, err := c.Desk.Ledger.Call(r.Context(), id)
	if err != nil {
		return err
	}
	v := &reportView{ID: id, Name: call.Name, State: callState(call.State, lang)}
	for _, t := range []struct{ by, title, of string }{
		{"channel", say("By channel", "채널별"), say("Channel", "채널")}, {"lane", say("By receiving system", "받는 곳별"), say("Receiver", "받는 곳")},
		{"gateway", say("By gateway", "게이트웨이별"), say("Gateway", "게이트웨이")}, {"language", say("By language", "언어별"), say("Language", "언어")},
		{"reason", say("What went wrong", "전달되지 않은 이유"), say("Reason", "이유")},
	} {
		table := reportTable{Title: t.title, Of: t.of}
		for _, row := range all.Rows {
			if row.By == t.by && !all.Alone(row) {
				table.Rows = append(table.Rows, newReportLine(row, lang))
			}
		}
		if len(table.Rows) > 0 {
			v.Tables = append(v.Tables, table)
		}
	}
	for _, lo := range all.LeftOut {
		v.LeftOut = append(v.LeftOut, newLeftOutLine(lo, lang))
	}
	return c.show(w, r, who, "report", page{Title: call.Name, Rehearsal: call.Rehearsal, Data: v})
}

func newReportLine(row desk.ReportRow, lang string) reportLine {
	say := sayer(lang)
	n := broadcast.Counts{}
	for _, s := range broadcast.States {
		n[s] = row.States[s.String()]
	}
	l := reportLine{Name: row.Name, Total: row.Total, Reached: reached(n), Failed: failed(n), InDoubt: n[broadcast.InDoubt], Waiting: waiting(n)}
	ch, err := address.ParseChannel(row.Channel)
	if err == nil {
		l.Channel = channelWord(ch, lang)
	}
	switch {
	case row.By == "channel":
		l.Name = l.Channel
	case row.By == "language":
		l.Name = languageWord(row.Name, lang)
	case row.By == "lane" && row.Name == broadcast.OtherLane:
		l.Name = say("all others", "그 밖의 곳")
	case row.By == "reason":
		l.Name = gateway.ParseReason(row.Name).Sentence(lang)
	}
	if row.DeliveryRate != nil {
		l.Rate = share(l.Reached, l.Reached+l.Failed+l.InDoubt)
	}
	return l
}

func newLeftOutLine(lo desk.LeftOut, lang string) leftOutLine {
	line := leftOutLine{Sentence: lo.Sentence(lang), Count: lo.Count, Channel: sayer(lang)("All", "전체")}
	if ch, err := address.ParseChannel(lo.Channel); err == nil {
		line.Channel = channelWord(ch, lang)
	}
	return line
}

// reportCSV is the same for a spreadsheet.
func (c *console) reportCSV(w http.ResponseWriter, r *http.Request, _ *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	all, err := c.Desk.Report(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="report-`+string(id)+`.csv"`)
	return all.CSV(w)
}
