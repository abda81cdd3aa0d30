package paper

import (
	"strings"
	"time"

	"clarion/internal/pdf"
	"clarion/petition"
)

// Media prints the sheet for journalists: the count and how it is made up, the days, and
// whom to ask. It names nobody who signed.
func (p *Press) Media(d *Delivery) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("For the media: ", "보도 자료: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	doc.Note(p.say("For the media", "보도 자료") + " · " + p.instant(d.At))
	doc.Title(p.of(p.Campaign.Title))
	doc.Text(p.of(p.Campaign.Forward))
	doc.Text(p.say("To: ", "받는 분: ") + p.of(p.Campaign.Addressee))
	doc.Figures(p.figures(&d.Tally))
	doc.Heading(p.say("How the count is made up", "이렇게 세었습니다"))
	for _, s := range d.Tally.Sentences(p.Language) {
		doc.Text(s)
	}
	if days := p.everyDay(d.Days); len(days) > 0 {
		doc.Heading(p.say("Signatures a day", "날마다 서명한 수"))
		doc.Columns(days, count)
	}
	doc.Heading(p.say("Whom to ask", "문의"))
	doc.Text(strings.Join(p.contact(), " · "))
	if d.Root != nil {
		doc.Heading(p.say("How it can be checked", "확인하는 방법"))
		doc.Text(p.say("Each night a hash over all signatures is published; who signed can prove by it that their signature is counted. The one of ",
			"밤마다 모든 서명의 해시를 공개합니다. 서명한 분은 이것으로 자기 서명이 세어졌음을 증명할 수 있습니다. 마지막 해시의 날짜: ") + p.date(d.Root.Day) + ":")
		doc.Note(d.Root.Root)
	}
	return doc.Bytes()
}

// everyDay has all days from the first on which somebody signed to the last, those without
// a signature too.
func (p *Press) everyDay(days []petition.DayTally) []pdf.Column {
	if len(days) == 0 {
		return nil
	}
	by := map[string]int{}
	for _, d := range days {
		by[d.Day] += d.Count
	}
	at, err := time.Parse(time.DateOnly, days[0].Day)
	if err != nil {
		return nil
	}
	var out []pdf.Column
	for last := days[len(days)-1].Day; ; at = at.AddDate(0, 0, 1) {
		day := at.Format(time.DateOnly)
		if day > last {
			return out
		}
		out = append(out, pdf.Column{Words: p.date(day), Count: by[day]})
	}
}
