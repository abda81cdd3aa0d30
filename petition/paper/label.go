package paper

import (
	"fmt"

	"clarion/internal/pdf"
)

// Labels prints a label for each box, two a page: which of how many it is, where it goes,
// and what is in it.
func (p *Press) Labels(d *Delivery) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("Box labels: ", "상자 이름표: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	const perPage = 2
	for from := 0; from < len(d.Boxes); from += perPage {
		doc.Draw(func(pen *pdf.Pen) {
			for i := from; i < min(from+perPage, len(d.Boxes)); i++ {
				p.label(pen, sheetMargin+float64(i-from)*(labelHeight+labelGap), d, i)
			}
		})
	}
	return doc.Bytes()
}

const (
	labelHeight = 364.0
	labelGap    = 34.0 // to be cut through
)

func (p *Press) label(pen *pdf.Pen, top float64, d *Delivery, i int) {
	const pad = 22.0
	b := d.Boxes[i]
	pen.Frame(sheetMargin, top, sheetWidth, labelHeight, 1, pdf.Black)
	x, wide := sheetMargin+pad, sheetWidth-2*pad
	pen.Text(x, top+pad, wide, fmt.Sprintf("%d / %d", i+1, len(d.Boxes)), pdf.Setting{Size: 34, Bold: true, Align: pdf.Right})
	y := pen.Text(x, top+pad, wide*0.7, p.boxName(b), pdf.Setting{Size: 34, Bold: true, Lines: 1})
	y = pen.Text(x, y, wide, p.of(p.Campaign.Title), pdf.Setting{Size: 12, Lines: 2}) + 8
	y = pen.Text(x, y, wide, p.say("To", "받는 분"), pdf.Setting{Size: 10})
	y = pen.Text(x, y, wide, p.of(p.Campaign.Addressee), pdf.Setting{Size: 18, Bold: true, Lines: 2}) + 8
	for _, r := range p.boxHolds(b) {
		y = pen.Text(x, y, wide, r, pdf.Setting{Size: 15, Leading: 22, Lines: 3})
	}
	y = pen.Text(x, y+8, wide, p.say("From", "보내는 곳"), pdf.Setting{Size: 10})
	for _, l := range p.contact() {
		y = pen.Text(x, y, wide, l, pdf.Setting{Size: 12, Lines: 1})
	}
	pen.Text(x, top+labelHeight-pad-4, wide, p.day(d.At), pdf.Setting{Size: 10, Align: pdf.Right})
}

func (p *Press) boxName(b Box) string {
	if b.Number == 0 {
		return p.say("Book", "서명부")
	}
	return fmt.Sprintf(p.say("Box %d", "상자 %d"), b.Number)
}

// boxHolds says what is in a box.
func (p *Press) boxHolds(b Box) []string {
	if b.Number == 0 {
		volumes := fmt.Sprint(b.First)
		if b.Last > b.First {
			volumes += fmt.Sprintf("–%d", b.Last)
		}
		return []string{p.say("Volumes: ", "서명부 권: ") + volumes, p.say("Signatures: ", "서명: ") + bounds(b.Low, b.High)}
	}
	return []string{p.say("Sheets: ", "서명지: ") + count(len(b.Sheets)), p.say("Their numbers: ", "서명지 번호: ") + Ranges(b.Sheets),
		p.say("Signatures: ", "서명: ") + bounds(b.Low, b.High)}
}
