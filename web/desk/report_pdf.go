package desk

import (
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/internal/pdf"
	"clarion/lists/address"
)

var inks = map[string]pdf.Ink{"good": pdf.Good, "bad": pdf.Bad, "doubt": pdf.Doubt, "quiet": pdf.Edge, "wait": pdf.Wait, "rest": pdf.Rule}

// PDF is the report on paper, in "ko" or "en", with times in zone.
func (r *CallReport) PDF(lang string, zone *time.Location) ([]byte, error) {
	say := func(en, ko string) string { return say(lang, en, ko) }
	day := func(t time.Time) string {
		return t.In(zone).Format(say("2 January 2006, 15:04 MST", "2006년 1월 2일 15:04 MST"))
	}
	s := r.Status
	name := say("Report: ", "보고서: ") + s.Name
	doc, err := pdf.New(pdf.Info{Title: name, Language: lang, At: r.At})
	if err != nil {
		return nil, err
	}
	doc.Title(name)
	if r.Rehearsal {
		doc.Heading(say("Rehearsal: nobody gets anything", "예행연습: 아무에게도 발송되지 않습니다"))
	}
	doc.Text(s.State.Word(lang) + ": " + s.State.Sentence(lang))
	if why := s.Why(lang); why != "" {
		doc.Text(why)
	}
	line := say("As of ", "기준 시각: ") + day(r.At)
	if s.Started != nil {
		line += " · " + say("begun ", "시작: ") + day(*s.Started)
	}
	if s.Finished != nil {
		line += " · " + say("ended ", "종료: ") + day(*s.Finished)
	}
	doc.Note(line)

	all := broadcast.Counts{}
	optedOut, replied := 0, 0
	for _, row := range r.Rows {
		if row.By == "channel" {
			for state, n := range row.counts {
				all[state] += n
			}
		}
	}
	for _, ch := range s.Channels {
		optedOut, replied = optedOut+ch.OptedOut, replied+ch.Replied
	}
	doc.Figures([]pdf.Figure{
		{Value: Number(s.Audience), Words: say("deliveries", "발송 건수")},
		{Value: Number(all.Reached()), Words: say("reached ", "전달 ") + "(" + Share(all.Reached(), max(s.Audience, 1)) + ")"},
		{Value: Number(all.Failed()), Words: say("did not arrive", "전달 안 됨")},
		{Value: Number(all.Waiting()), Words: say("to go", "남음")},
		{Value: Number(s.InDoubt), Words: say("in doubt", "불확실")},
		{Value: Number(optedOut), Words: say("said stop", "수신거부")},
		{Value: Number(replied), Words: say("wrote back", "회신")},
	})
	for _, row := range r.Rows {
		if ch, err := address.ParseChannel(row.Channel); err == nil && row.By == "channel" {
			doc.Heading(ChannelWord(ch, lang))
			var parts []pdf.Part
			for _, p := range Standing(row.counts, lang) {
				parts = append(parts, pdf.Part{Words: p.Words, Count: p.Count, Ink: inks[p.Kind]})
			}
			doc.Bar(parts, Number)
		}
	}
	for _, t := range r.Tables(lang) {
		doc.Heading(t.Title)
		doc.Table(t.onPaper(lang))
	}
	if len(r.LeftOut) > 0 {
		doc.Heading(say("Left out, and why", "제외된 분과 이유"))
		t := pdf.Table{Heads: []string{say("Channel", "채널"), say("Because", "이유"), say("People", "명")}, Numbers: []bool{false, false, true}}
		for _, lo := range r.LeftOut {
			ch := say("All", "전체")
			if c, err := address.ParseChannel(lo.Channel); err == nil {
				ch = ChannelWord(c, lang)
			}
			t.Rows = append(t.Rows, []string{ch, lo.Sentence(lang), Number(lo.Count)})
		}
		doc.Table(t)
	}
	paper, err := doc.Bytes()
	if err != nil {
		return nil, fmt.Errorf("print the report of call %s: %w", s.ID, err)
	}
	return paper, nil
}

func (t *ReportTable) onPaper(lang string) pdf.Table {
	say := func(en, ko string) string { return say(lang, en, ko) }
	out := pdf.Table{Heads: []string{t.Of, say("Total", "전체"), say("Reached", "전달"), say("Of what has ended", "끝난 것 중"), say("Failed", "실패"), say("In doubt", "불확실"), say("To go", "남음")},
		Numbers: []bool{false, true, true, true, true, true, true}}
	if !t.Channels {
		out.Heads, out.Numbers = append([]string{say("Channel", "채널")}, out.Heads...), append([]bool{false}, out.Numbers...)
	}
	if t.Earlier {
		out.Heads, out.Numbers = append(out.Heads, say("Calls before", "이전 발송")), append(out.Numbers, true)
	}
	for _, l := range t.Rows {
		row := []string{l.Name, Number(l.Total), Number(l.Reached), Share(l.Reached, l.Ended()), Number(l.Failed), Number(l.InDoubt), Number(l.Waiting)}
		if l.Untold != "" {
			row = []string{l.Name, l.Untold, "", "", "", "", ""}
		}
		if !t.Channels {
			row = append([]string{l.Channel}, row...)
		}
		if t.Earlier {
			row = append(row, l.Earlier)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
