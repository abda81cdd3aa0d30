package paper

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"

	"clarion/internal/pdf"
	"clarion/petition"
)

// A total is a line of the totals. AtMost is missing where nothing tells it.
type total struct {
	by, key, words  string
	atLeast, atMost int
	open            bool // there is no atMost
}

// byWay are the totals by way: what may be somebody's second signature comes off at the
// end, so that the column adds up to the count.
func (p *Press) byWay(t *petition.Tally) []total {
	var out []total
	for _, w := range t.Ways {
		if n := w.Confirmed + w.Unconfirmed; n > 0 {
			out = append(out, total{"way", string(w.Way), w.Way.Word(p.Language), w.Confirmed, n, false})
		}
	}
	if t.Sheets.Counted > 0 {
		out = append(out, total{"way", string(petition.WaySheet), petition.WaySheet.Word(p.Language), t.Sheets.Low, t.Sheets.High, false})
	}
	if t.Repeats > 0 {
		out = append(out, total{"way", "repeats", p.say("may be somebody's second signature", "두 번 서명했을 수 있는 수"), -t.Repeats, 0, false})
	}
	return append(out, total{"all", "", p.say("All", "모두"), t.AtLeast, t.AtMost, false})
}

// byRegion are the certain signatures with a name by region, small regions together.
func (p *Press) byRegion(t *petition.Tally) []total {
	var out []total
	told, together := t.Told()
	for _, s := range told {
		out = append(out, total{"region", s.Region, p.Campaign.Region(s.Region).Name(p.Language), s.Count, 0, true})
	}
	if together > 0 {
		out = append(out, total{"region", "others", p.say("Other regions together", "그 밖의 지역 합계"), together, 0, true})
	}
	return out
}

// Totals prints how many have signed by way and region.
func (p *Press) Totals(d *Delivery) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("Totals: ", "집계: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	doc.Title(p.say("Totals by way and region", "방법별·지역별 집계"))
	doc.Text(p.of(p.Campaign.Title))
	doc.Note(p.instant(d.At))
	doc.Figures(p.figures(&d.Tally))
	doc.Heading(p.say("By way", "방법별"))
	t := pdf.Table{Heads: []string{p.say("How they signed", "서명 방법"), p.say("At least", "적어도"), p.say("At most", "많아야")}, Numbers: []bool{false, true, true}}
	for _, row := range p.byWay(&d.Tally) {
		t.Rows = append(t.Rows, []string{row.words, count(row.atLeast), count(row.atMost)})
	}
	doc.Table(t)
	if regions := p.byRegion(&d.Tally); len(regions) > 0 {
		doc.Heading(p.say("By region", "지역별"))
		t := pdf.Table{Heads: []string{p.say("Region", "시·도"), p.say("Signatures", "서명")}, Numbers: []bool{false, true}}
		for _, row := range regions {
			t.Rows = append(t.Rows, []string{row.words, count(row.atLeast)})
		}
		doc.Table(t)
		doc.Note(fmt.Sprintf(p.say("Confirmed signatures with a name; those on sheets are not counted by region. Regions of fewer than %d people are told together.",
			"확인된 서명만 세었고 서명지의 서명은 지역별로 세지 않았습니다. %d명이 되지 않는 지역은 합쳐서 적었습니다."), petition.Fewest))
	}
	doc.Heading(p.say("How the count is made up", "이렇게 세었습니다"))
	for _, s := range d.Tally.Sentences(p.Language) {
		doc.Text(s)
	}
	return doc.Bytes()
}

// figures are the count in large numbers.
func (p *Press) figures(t *petition.Tally) []pdf.Figure {
	return []pdf.Figure{
		{Value: count(t.AtLeast), Words: p.say("at least", "적어도")},
		{Value: count(t.AtMost), Words: p.say("at most", "많아야")},
		{Value: count(t.Goal), Words: p.say("the goal", "목표")},
	}
}

// byteOrderMark makes spreadsheets read UTF-8.
const byteOrderMark = "\ufeff"

// TotalsCSV is Totals as a table: by, key, name, at_least, at_most.
func (p *Press) TotalsCSV(d *Delivery) ([]byte, error) {
	rows := [][]string{{"by", "key", "name", "at_least", "at_most"}}
	for _, t := range append(p.byWay(&d.Tally), p.byRegion(&d.Tally)...) {
		row := []string{t.by, t.key, t.words, strconv.Itoa(t.atLeast), strconv.Itoa(t.atMost)}
		if t.open {
			row[4] = ""
		}
		rows = append(rows, row)
	}
	return table(rows)
}

// SheetsCSV are the sheets that count: box, sheet, at_least, at_most. The box is empty
// for a sheet that lies in none.
func SheetsCSV(sheets []petition.Sheet) ([]byte, error) {
	rows := [][]string{{"box", "sheet", "at_least", "at_most"}}
	for i := range sheets {
		s := &sheets[i]
		low, high := s.Bounds()
		box := ""
		if s.Box > 0 {
			box = strconv.FormatUint(uint64(s.Box), 10)
		}
		rows = append(rows, []string{box, strconv.FormatUint(uint64(s.Number), 10), strconv.Itoa(low), strconv.Itoa(high)})
	}
	return table(rows)
}

func table(rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(byteOrderMark)
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write a table: %w", err)
	}
	return out.Bytes(), nil
}
