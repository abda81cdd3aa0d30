package desk

import (
	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// fewPeople is the size below which a group of people is told as "fewer than" it: of
// three people who share a language, how many did not get it says who.
const fewPeople = 5

// isFew reports whether a group is that small; none is no group.
func isFew(people int) bool { return people > 0 && people < fewPeople }

// Few is how a group of fewer people than are told is told.
func Few(lang string) string { return say(lang, "fewer than 5", "5명 미만") }

// Untold is why a row has no numbers, in "ko" or "en"; "" where it has.
func (row *ReportRow) Untold(lang string) string {
	switch {
	case row.Few:
		return Few(lang)
	case row.Withheld:
		return say(lang, "not told, for the few beside it", "소수 보호로 비공개")
	}
	return ""
}

// A ReportTable is a part of a report as people read it.
type ReportTable struct {
	Title, Of string // Of: what its rows are
	Channels  bool   // the rows are the channels themselves
	Earlier   bool   // there are calls before to hold it against
	Rows      []ReportLine
}

// A ReportLine is a row of it, in words. Where it is Untold, that is shown in place of
// its numbers.
type ReportLine struct {
	Channel, Name                            string
	Total, Reached, Failed, InDoubt, Waiting int
	Untold                                   string
	Earlier                                  string // share that was reached of the calls before together, "" for none
}

// Ended is how many deliveries of the line have ended, those aside that were held
// back or cancelled.
func (l ReportLine) Ended() int { return l.Reached + l.Failed + l.InDoubt }

// Tables is the report as tables, in "ko" or "en".
func (r *CallReport) Tables(lang string) (out []ReportTable) {
	for _, t := range []struct{ by, title, of string }{
		{"channel", say(lang, "By channel", "채널별"), say(lang, "Channel", "채널")},
		{"lane", say(lang, "By receiving system", "받는 곳별"), say(lang, "Receiver", "받는 곳")},
		{"gateway", say(lang, "By gateway", "게이트웨이별"), say(lang, "Gateway", "게이트웨이")},
		{"language", say(lang, "By language", "언어별"), say(lang, "Language", "언어")},
		{"reason", say(lang, "What went wrong", "전달되지 않은 이유"), say(lang, "Reason", "이유")},
	} {
		table := ReportTable{Title: t.title, Of: t.of, Channels: t.by == "channel"}
		for _, row := range r.Rows {
			if row.By == t.by && !r.Alone(row) {
				table.Rows = append(table.Rows, newReportLine(row, lang))
				table.Earlier = table.Earlier || row.earlier != nil
			}
		}
		if len(table.Rows) > 0 {
			out = append(out, table)
		}
	}
	return out
}

func newReportLine(row ReportRow, lang string) ReportLine {
	n := row.counts
	l := ReportLine{Name: row.Name, Untold: row.Untold(lang), Total: n.Sum(), Reached: n.Reached(), Failed: n.Failed(), InDoubt: n[broadcast.InDoubt], Waiting: n.Waiting()}
	if ch, err := address.ParseChannel(row.Channel); err == nil {
		l.Channel = ChannelWord(ch, lang)
	}
	switch row.By {
	case "channel":
		l.Name = l.Channel
	case "language":
		l.Name = LanguageWord(row.Name, lang)
	case "lane":
		if row.Name == broadcast.OtherLane {
			l.Name = say(lang, "all others", "그 밖의 곳")
		}
	case "reason":
		l.Name = gateway.ParseReason(row.Name).Sentence(lang)
	}
	e := row.earlier
	l.Earlier = Share(e.Reached(), e.Reached()+e.Failed()+e[broadcast.InDoubt])
	return l
}

// A Part is a share of some deliveries as people ask for it. Kind says how it looks:
// good, bad, doubt, quiet, wait, rest.
type Part struct {
	Words string
	Count int
	Kind  string
}

// Standing says how deliveries stand, in "ko" or "en".
func Standing(n broadcast.Counts, lang string) []Part {
	return []Part{
		{say(lang, "reached", "전달"), n.Reached(), "good"},
		{say(lang, "failed", "전달 안 됨"), n.Failed(), "bad"},
		{say(lang, "in doubt", "불확실"), n[broadcast.InDoubt], "doubt"},
		{say(lang, "held back or cancelled", "제외·취소"), n[broadcast.Suppressed] + n[broadcast.Cancelled], "quiet"},
		{say(lang, "to be tried again", "재시도 예정"), n[broadcast.Deferred], "wait"},
		{say(lang, "to go", "남음"), n[broadcast.Pending] + n[broadcast.Sending], "rest"},
	}
}
