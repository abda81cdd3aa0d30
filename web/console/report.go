package console

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
)

// A reportView is how a call went, in tables.
type reportView struct {
	ID      broadcast.ID
	Name    string
	State   stateLine
	Tables  []desk.ReportTable
	LeftOut []leftOutLine
}

// report shows delivery rates and failures, and who was left out.
func (c *console) report(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	lang := languageOf(r, who)
	all, err := c.Desk.Report(r.Context(), id)
	if err != nil {
		return err
	}
	v := &reportView{ID: id, Name: all.Status.Name, State: callState(all.Status.State, lang), Tables: all.Tables(lang)}
	for _, lo := range all.LeftOut {
		v.LeftOut = append(v.LeftOut, newLeftOutLine(lo, lang))
	}
	return c.show(w, r, who, "report", page{Title: v.Name, Rehearsal: all.Rehearsal, Data: v})
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
	return c.reportFile(w, r, "text/csv; charset=utf-8", ".csv", func(all *desk.CallReport, w io.Writer) error { return all.CSV(w) })
}

// reportPDF is the same on paper.
func (c *console) reportPDF(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.reportFile(w, r, "application/pdf", ".pdf", func(all *desk.CallReport, w io.Writer) error {
		paper, err := all.PDF(languageOf(r, who), c.Zone)
		if err != nil {
			return err
		}
		_, err = w.Write(paper)
		return err
	})
}

// reportFile writes the report whole, or an error.
func (c *console) reportFile(w http.ResponseWriter, r *http.Request, kind, ext string, write func(*desk.CallReport, io.Writer) error) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	all, err := c.Desk.Report(r.Context(), id)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := write(all, &file); err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="report-`+string(id)+ext+`"`)
	_, _ = file.WriteTo(w) // who has gone needs no answer
	return nil
}
