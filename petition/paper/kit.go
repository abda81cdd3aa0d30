package paper

import (
	"fmt"
	"strconv"
	"strings"

	"clarion/internal/pdf"
)

// Kit prints what the coordinator of a school or team gets: how it is done, the sheets,
// a page to keep count on, a label for the envelope in which all of it comes back.
func (p *Press) Kit(sheets []Issued) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("Kit for coordinators: ", "서명 모음 안내: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	p.cover(doc, sheets)
	if err := p.addSheets(doc, sheets); err != nil {
		return nil, err
	}
	p.tallyPages(doc, sheets)
	doc.Draw(func(pen *pdf.Pen) { p.envelope(pen, sheets) })
	return doc.Bytes()
}

func (p *Press) cover(doc *pdf.Document, sheets []Issued) {
	first := sheets[0]
	doc.Title(p.say("Collecting signatures: how it is done", "서명을 모으는 분께"))
	if first.Label != "" {
		doc.Heading(first.Label)
	}
	doc.Text(p.of(p.Campaign.Title))
	lines := 0
	for _, s := range sheets {
		lines += s.Lines
	}
	figures := []pdf.Figure{
		{Value: count(len(sheets)), Words: p.say("sheets", "서명지")},
		{Value: sheetRange(sheets), Words: p.say("their numbers", "서명지 번호")},
		{Value: count(lines), Words: p.say("lines to sign on", "서명할 수 있는 줄")},
	}
	if !first.Due.IsZero() {
		figures = append(figures, pdf.Figure{Value: p.day(first.Due), Words: p.say("back by", "돌려줄 날")})
	}
	doc.Figures(figures)
	doc.Heading(p.say("What to do", "하실 일"))
	doc.Steps(p.steps())
	doc.Heading(p.say("What not to collect", "받지 말아야 할 것"))
	doc.Text(p.say("No resident registration numbers, on no sheet: cross one out so that it cannot be read. No telephone numbers, no addresses beyond region and district, no school class. Make no copies and no photographs of filled sheets, and post none of them anywhere.",
		"주민등록번호는 어떤 서명지에도 받지 않습니다. 적혀 있으면 읽을 수 없게 지워 주십시오. 전화번호, 시·군·구보다 자세한 주소, 학년과 반도 받지 않습니다. 서명이 적힌 종이는 복사하거나 사진으로 찍거나 어디에도 올리지 마십시오."))
	doc.Heading(p.say("A sheet is lost", "서명지를 잃어버렸을 때"))
	doc.Text(p.say("Tell us its number at once. It is not counted, and nobody can pass it off as another. If you find it, bring it: it counts again.",
		"번호를 바로 알려 주십시오. 그 서명지는 세지 않으며 다른 서명지로 꾸밀 수 없습니다. 다시 찾으면 가져와 주십시오. 그때부터 다시 셉니다."))
	doc.Heading(p.say("Whom to ask, and where it all goes back", "문의하고 돌려줄 곳"))
	for _, l := range p.contact() {
		doc.Text(l)
	}
}

func (p *Press) steps() []string {
	if p.Language == "ko" {
		return []string{
			"받은 서명지의 번호가 위와 같은지 확인하십시오. 서명지마다 번호와 QR이 다르므로 복사해서 쓰지 마십시오. 더 필요하면 새로 받으십시오.",
			"누구에게 몇 번을 나누어 주었는지 ‘나누어 준 기록’에 적으십시오. 기록에는 서명지를 맡은 사람만 적습니다.",
			"무엇을 위한 서명인지 알리고, 스스로 결정하게 하십시오. 수업이나 성적과 연결하지 말고, 서명하지 않은 사람의 이름은 적지 마십시오.",
			"한 사람이 한 번, 직접 서명합니다. 이미 인터넷으로 서명했으면 여기에는 하지 않습니다. 만 14세 미만은 보호자가 동의해야 합니다.",
			"이름을 전달해도 되는 사람만 ‘이름 전달’ 칸에 표시합니다. 대신 표시하지 마십시오.",
			"다 쓴 것도 비어 있는 것도 모두 거두어 서명을 세고 기록에 적으십시오.",
			"마지막 장을 봉투에 붙이고 모두 한 봉투에 넣어, 적힌 날까지 돌려주십시오.",
		}
	}
	return []string{
		"See that the sheets have the numbers above. Each has a number and a QR code of its own: make no copies, ask for more.",
		"Note on the page “Handed out” who has which sheet. Only who looks after a sheet stands there.",
		"Say what it is for, and let everybody decide alone. It has nothing to do with lessons or marks, and nobody notes who did not sign.",
		"One person signs once, in their own hand. Who has signed online does not sign here. Below 14 years a parent or guardian must agree.",
		"Only those who want their name handed over tick that box. Nobody ticks it for another.",
		"Collect all sheets, full or empty, count the signatures, and note them on that page.",
		"Stick the last page on an envelope, put all of it in, and bring it back by the day it says.",
	}
}

// sheetRange is "12–31", or the first and how many more where numbers are left out.
func sheetRange(sheets []Issued) string {
	first, last := sheets[0].Number, sheets[len(sheets)-1].Number
	switch {
	case len(sheets) == 1:
		return fmt.Sprint(first)
	case int(last-first) == len(sheets)-1:
		return fmt.Sprintf("%d–%d", first, last)
	}
	return fmt.Sprintf("%d … %d", first, last)
}

// tallyPages are for who has which sheet, and how many signed on it.
func (p *Press) tallyPages(doc *pdf.Document, sheets []Issued) {
	const perPage = 22
	for from := 0; from < len(sheets); from += perPage {
		some := sheets[from:min(from+perPage, len(sheets))]
		doc.Draw(func(pen *pdf.Pen) { p.tallyPage(pen, some, from+len(some) == len(sheets)) })
	}
}

func (p *Press) tallyPage(pen *pdf.Pen, sheets []Issued, last bool) {
	const height = 26.0
	plain := pdf.Setting{Size: 9.5}
	bold := pdf.Setting{Size: 9.5, Bold: true}
	y := pen.Text(sheetMargin, sheetMargin, sheetWidth, p.say("Handed out", "나누어 준 기록"), pdf.Setting{Size: 18, Bold: true})
	y = pen.Text(sheetMargin, y, sheetWidth, p.of(p.Campaign.Title)+labelled(sheets[0].Label), plain) + 8
	widths := []float64{55, 170, 75, 75, 65, 75}
	heads := []string{p.say("Sheet", "서명지"), p.say("Who has it", "맡은 사람"), p.say("Given on", "준 날"), p.say("Back on", "받은 날"), p.say("Signatures", "서명 수"), p.say("Remarks", "비고")}
	rows := len(sheets) + 1
	if last {
		rows++
	}
	x := sheetMargin
	for i, wide := range widths {
		pen.Frame(x, y, wide+0.6, height*float64(rows)+0.6, 0.6, pdf.Black)
		pen.Text(x+4, y+6, wide-8, heads[i], bold)
		x += wide
	}
	for i := range rows {
		top := y + height*float64(i)
		pen.Fill(sheetMargin, top, sheetWidth, 0.6, pdf.Black)
		switch {
		case i == 0:
		case i <= len(sheets):
			pen.Text(sheetMargin+4, top+6, widths[0]-8, strconv.FormatUint(uint64(sheets[i-1].Number), 10), plain)
		default:
			pen.Text(sheetMargin+4, top+6, widths[0]-8, p.say("Total", "합계"), bold)
		}
	}
}

func labelled(label string) string {
	if label == "" {
		return ""
	}
	return " · " + label
}

// envelope is the label of the envelope, in a frame to cut out.
func (p *Press) envelope(pen *pdf.Pen, sheets []Issued) {
	const pad, height = 24.0, 360.0
	first := sheets[0]
	pen.Frame(sheetMargin, sheetMargin, sheetWidth, height, 1, pdf.Black)
	x, wide := sheetMargin+pad, sheetWidth-2*pad
	y := pen.Text(x, sheetMargin+pad, wide, p.say("Signature sheets", "서명지"), pdf.Setting{Size: 26, Bold: true})
	y = pen.Text(x, y, wide, p.of(p.Campaign.Title), pdf.Setting{Size: 12, Lines: 2}) + 10
	y = pen.Text(x, y, wide, p.say("To", "받는 곳"), pdf.Setting{Size: 10})
	for i, l := range p.contact() {
		y = pen.Text(x, y, wide, l, pdf.Setting{Size: 16, Bold: i == 0, Lines: 2})
	}
	y += 10
	from := first.Label
	if from == "" {
		from = "____________________"
	}
	rows := []string{p.say("From: ", "보내는 곳: ") + from, p.say("Sheets: ", "서명지 번호: ") + sheetRange(sheets) + p.say(" (", " (") + count(len(sheets)) + p.say(")", "장)"),
		p.say("Signatures in all: __________", "서명 합계: __________")}
	if !first.Due.IsZero() {
		rows = append(rows, p.say("Back by ", "돌려줄 날: ")+p.day(first.Due))
	}
	for _, r := range rows {
		y = pen.Text(x, y, wide, r, pdf.Setting{Size: 13, Leading: 21, Lines: 2})
	}
	pen.Text(sheetMargin, sheetMargin+height+6, sheetWidth, strings.ToUpper(p.say("cut here, and stick it on the envelope", "여기를 오려 봉투에 붙이십시오")), pdf.Setting{Size: 8})
}
