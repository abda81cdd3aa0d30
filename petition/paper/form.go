package paper

import (
	"strings"

	"clarion/internal/pdf"
	"clarion/petition"
)

// Form prints the form of one person, who sends it back by fax or by post or hands it
// in. Code is the volunteer's from whom it comes, "" for nobody's.
func (p *Press) Form(print petition.Print, code string) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("To sign: ", "서명: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	f := &drawnForm{Press: p, measures: measuresOf(print), code: code}
	f.small = max(f.small, 10.5) // it has room: one person signs
	link := p.signing(code)
	if f.qr, err = qr(link); err != nil {
		return nil, err
	}
	doc.Draw(func(pen *pdf.Pen) { f.draw(pen, link) })
	return doc.Bytes()
}

// A drawnForm is one while it is drawn. All the exact words stand on it that a signer
// agrees to.
type drawnForm struct {
	*Press
	measures
	code string
	qr   [][]bool
}

func (f *drawnForm) draw(pen *pdf.Pen, link string) {
	left := sheetWidth - f.side - 12
	pen.Modules(sheetMargin+left+12, sheetMargin-6, f.side, f.qr)
	y := pen.Text(sheetMargin, sheetMargin, left, f.of(f.Campaign.Title), pdf.Setting{Size: f.title, Bold: true, Leading: f.title * 1.3, Lines: 4})
	y = max(y+4, sheetMargin+f.side-8)
	y = pen.Text(sheetMargin, y, sheetWidth, f.of(f.Campaign.Forward), pdf.Setting{Size: f.text, Lines: 2}) + 8

	const field = 40.0
	for _, row := range [][2]string{
		{f.say("Name", "이름"), f.say("Signature", "서명")},
		{f.say("Region", "시·도"), f.say("District", "시·군·구")},
		{f.say("Date", "날짜"), f.say("Email or mobile, for news only", "소식 받을 이메일이나 휴대전화")},
	} {
		y = f.fields(pen, y, field, row)
	}
	y += 8
	c := f.Campaign
	for _, words := range []string{f.of(c.Opinion), f.of(c.Names), f.of(c.News), f.of(c.Age)} {
		y = f.tick(pen, y, words)
	}
	bold := pdf.Setting{Size: f.small, Bold: true, Leading: f.small * 1.35}
	y = pen.Text(sheetMargin, y+2, sheetWidth, f.say("No resident registration numbers.", "주민등록번호는 적지 마십시오."), bold)
	plain := bold
	plain.Bold = false
	y = pen.Text(sheetMargin, y+4, sheetWidth, f.say("Send it by fax or post, or hand it in: ", "팩스나 우편으로 보내시거나 직접 내 주십시오: ")+strings.Join(f.contact(), " · "), plain)
	online := f.say("Or sign online: ", "인터넷으로 서명하기: ") + short(link)
	if f.code != "" {
		online += f.say(" (code ", " (코드 ") + f.code + ")"
	}
	pen.Text(sheetMargin, y, sheetWidth, online, plain)
}

// fields are two to fill in, beside each other, with their words at the top.
func (f *drawnForm) fields(pen *pdf.Pen, y, height float64, words [2]string) float64 {
	const wide = sheetWidth / 2
	tall := height
	for _, w := range words {
		tall = max(tall, pen.Height(wide-8, w, pdf.Setting{Size: f.small, Leading: f.small * 1.2})+height*0.6)
	}
	for i, w := range words {
		x := sheetMargin + wide*float64(i)
		pen.Frame(x, y, wide+0.6, tall+0.6, 0.6, pdf.Black)
		pen.Text(x+4, y+2, wide-8, w, pdf.Setting{Size: f.small, Leading: f.small * 1.2})
	}
	return y + tall
}

func (f *drawnForm) tick(pen *pdf.Pen, y float64, words string) float64 {
	side := f.small * 1.15
	pen.Frame(sheetMargin, y+f.small*0.1, side, side, 0.8, pdf.Black)
	return pen.Text(sheetMargin+side+8, y, sheetWidth-side-8, words, pdf.Setting{Size: f.small, Leading: f.small * 1.3}) + 5
}
