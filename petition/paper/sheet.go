package paper

import (
	"fmt"
	"strings"

	"clarion/internal/pdf"
	"clarion/petition"
)

// An Issued is a sheet with what stands on it beside.
type Issued struct {
	petition.Sheet
	Token string // petition.Roll.SheetToken
	Code  string // of the volunteer, for who would rather sign online; "" for none
}

// Sheets prints sheets, each on a page, or on several where it has more lines.
func (p *Press) Sheets(sheets []Issued) ([]byte, error) {
	doc, err := pdf.New(p.info(p.say("Signature sheets: ", "서명지: ") + p.of(p.Campaign.Title)))
	if err != nil {
		return nil, err
	}
	if err := p.addSheets(doc, sheets); err != nil {
		return nil, err
	}
	return doc.Bytes()
}

func (p *Press) addSheets(doc *pdf.Document, sheets []Issued) error {
	for i := range sheets {
		s := &drawnSheet{Press: p, Issued: &sheets[i], measures: measuresOf(sheets[i].Print)}
		var err error
		if s.qr, err = qr(p.sheetLink(s.Issued)); err != nil {
			return err
		}
		s.draw(doc)
	}
	return nil
}

// measures are sizes and heights of a print, in points. Whoever sees badly reads 18
// points without glasses, as the rules for large print ask (DIN 1450, RNIB).
type measures struct {
	text, small, title, number float64
	side                       float64 // of the QR code
	lowest, highest            float64 // of a line to sign on
	columns                    [4]float64
}

const sheetMargin = 40.0

const sheetWidth = pdf.A4Width - 2*sheetMargin

func measuresOf(p petition.Print) measures {
	if p == petition.PrintLarge {
		return measures{18, 18, 20, 30, 92, 36, 54, [4]float64{34, 122, 144, 74}}
	}
	return measures{10, 8.5, 15, 26, 96, 23, 36, [4]float64{24, 120, 150, 58}}
}

// A drawnSheet is one while it is drawn.
type drawnSheet struct {
	*Press
	*Issued
	measures
	qr [][]bool
}

// draw adds the sheet's pages: as many as its lines take.
func (s *drawnSheet) draw(doc *pdf.Document) {
	heights := s.heights(doc)
	pages := [][2]int{}
	for from := 0; from < s.Lines; {
		room := heights.lines(from == 0)
		to := s.Lines
		if s.lowest*float64(to-from) > room-heights.foot { // the last page has the foot, and a line at least
			left := s.Lines - from
			to = from + max(min(int(room/s.lowest), left-1), 1)
			if s.Lines-to < left/3 { // not one line on a page of its own
				to = from + left*3/5
			}
		}
		pages = append(pages, [2]int{from, to})
		from = to
	}
	for i, lines := range pages {
		doc.Draw(func(pen *pdf.Pen) {
			y := s.head(pen, i+1, len(pages))
			if i == 0 {
				y = s.words(pen, y)
			}
			bottom := pdf.A4Height - sheetMargin
			if i == len(pages)-1 {
				bottom -= heights.foot
			}
			height := min((bottom-y-heights.heads)/float64(lines[1]-lines[0]), s.highest)
			s.lines(pen, y, heights.heads, height, lines[0], lines[1])
			if i == len(pages)-1 {
				s.foot(pen, bottom)
			}
		})
	}
}

// sheetHeights are those of the parts of a sheet.
type sheetHeights struct{ head, words, heads, foot float64 }

// lines is the room for lines on a page without a foot.
func (h sheetHeights) lines(first bool) float64 {
	rest := pdf.A4Height - 2*sheetMargin - h.head - h.heads
	if first {
		rest -= h.words
	}
	return rest
}

// heights draws the parts on a page that is thrown away.
func (s *drawnSheet) heights(doc *pdf.Document) (h sheetHeights) {
	doc.Measure(func(pen *pdf.Pen) {
		h.head = s.head(pen, 1, 1) - sheetMargin
		h.words = s.words(pen, 0)
		h.heads = 8
		for i, words := range s.columnWords() {
			h.heads = max(h.heads, pen.Height(s.width(i)-4, words, s.headSetting())+6)
		}
		h.foot = s.foot(pen, 0)
	})
	return h
}

// head has number, QR and title, on each page of the sheet. It returns where it ends.
func (s *drawnSheet) head(pen *pdf.Pen, page, pages int) float64 {
	const x, y = sheetMargin, sheetMargin
	pen.Modules(x+sheetWidth-s.side, y-6, s.side, s.qr)
	left := sheetWidth - s.side - 12
	number := s.say("Sheet ", "서명지 ") + fmt.Sprint(s.Number)
	if pages > 1 {
		number += fmt.Sprintf(" (%d / %d)", page, pages)
	}
	end := pen.Text(x, y, left, number, pdf.Setting{Size: s.number, Bold: true, Leading: s.number * 1.15})
	if s.Label != "" {
		end = pen.Text(x, end, left, s.Label, pdf.Setting{Size: s.text, Lines: 1})
	}
	end = pen.Text(x, end+4, left, s.of(s.Campaign.Title), pdf.Setting{Size: s.title, Bold: true, Leading: s.title * 1.3, Lines: 4})
	return max(end, y+s.side-12) + 4
}

// words are the appeal, in two lines, and what one agrees to.
func (s *drawnSheet) words(pen *pdf.Pen, y float64) float64 {
	y = pen.Text(sheetMargin, y, sheetWidth, s.of(s.Campaign.Forward), pdf.Setting{Size: s.text, Lines: 2})
	agreed := s.say("By signing you agree that we keep this, which may be a political opinion, until it is counted and handed over. Without a tick at “name” we cover name and district. All is destroyed in the end.",
		"서명하면 정치적 견해일 수 있는 이 서명을 세고 전달할 때까지 보관하는 데 동의하게 됩니다. ‘이름 전달’에 표시하면 이름과 지역도 전달하고, 아니면 가립니다. 끝나면 모두 파기합니다.")
	none := s.say("No resident registration numbers.", "주민등록번호는 적지 마십시오.")
	const pad = 5.0
	f := pdf.Setting{Size: s.small, Leading: s.small * 1.35}
	bold := f
	bold.Bold = true
	start := y + 4
	end := pen.Text(sheetMargin+pad, start+pad, sheetWidth-2*pad, agreed+" "+s.of(s.Campaign.Age), f)
	end = pen.Text(sheetMargin+pad, end, sheetWidth-2*pad, none, bold) + pad
	pen.Frame(sheetMargin, start, sheetWidth, end-start, 0.6, pdf.Black)
	return end + 6
}

func (s *drawnSheet) columnWords() [5]string {
	return [5]string{"", s.say("Name", "이름"), s.say("Region, district", "사는 곳 (시·도, 시·군·구)"), s.say("Signature", "서명"), s.say("Name handed over", "이름 전달")}
}

func (s *drawnSheet) headSetting() pdf.Setting {
	return pdf.Setting{Size: s.small, Bold: true, Leading: s.small * 1.2, Align: pdf.Middle}
}

// width is that of a column; the signature has what the others leave.
func (s *drawnSheet) width(column int) float64 {
	c := s.columns
	switch column {
	case 3:
		return sheetWidth - c[0] - c[1] - c[2] - c[3]
	case 4:
		return c[3]
	}
	return c[column]
}

// lines are those to sign on, from one to another.
func (s *drawnSheet) lines(pen *pdf.Pen, y, heads, height float64, from, to int) {
	bottom := y + heads + height*float64(to-from)
	x := sheetMargin
	for i, words := range s.columnWords() {
		wide := s.width(i)
		pen.Fill(x, y, 0.6, bottom-y, pdf.Black)
		pen.Text(x+2, y+(heads-pen.Height(wide-4, words, s.headSetting()))/2, wide-4, words, s.headSetting())
		for n := from; n < to; n++ {
			top := y + heads + height*float64(n-from)
			switch i {
			case 0:
				pen.Text(x, top+(height-1.4*s.small)/2, wide, fmt.Sprint(n+1), pdf.Setting{Size: s.small, Align: pdf.Middle})
			case 4:
				side := min(s.text*1.2, height-8)
				pen.Frame(x+(wide-side)/2, top+(height-side)/2, side, side, 0.7, pdf.Black)
			}
		}
		x += wide
	}
	pen.Fill(x-0.6, y, 0.6, bottom-y, pdf.Black)
	pen.Fill(sheetMargin, y, sheetWidth, 1, pdf.Black)
	for n := 0; n <= to-from; n++ {
		pen.Fill(sheetMargin, y+heads+height*float64(n)-0.3, sheetWidth, 0.6, pdf.Black)
	}
}

// foot says how to sign online and where the sheet goes, and has room for the counts.
func (s *drawnSheet) foot(pen *pdf.Pen, y float64) float64 {
	f := pdf.Setting{Size: s.small, Leading: s.small * 1.35}
	start := y
	y += 6
	online := s.say("Or sign online: ", "인터넷으로 서명하기: ") + short(s.signing(s.Code))
	if s.Code != "" {
		online += s.say(" (code ", " (코드 ") + s.Code + ")"
	}
	y = pen.Text(sheetMargin, y, sheetWidth, online, f)
	back := s.say("Back to: ", "돌려줄 곳: ") + strings.Join(s.contact(), " · ")
	y = pen.Text(sheetMargin, y, sheetWidth, back, f)
	if !s.Due.IsZero() {
		bold := f
		bold.Bold = true
		y = pen.Text(sheetMargin, y, sheetWidth, s.say("By ", "돌려줄 날: ")+s.day(s.Due)+s.say("", "까지"), bold)
	}
	y += 3
	height := s.small * 2
	pen.Frame(sheetMargin, y, sheetWidth, height, 0.6, pdf.Black)
	for i, words := range []string{s.say("Counted:", "셈:"), s.say("By:", "센 사람:"), s.say("Again:", "다시 셈:"), s.say("By:", "센 사람:")} {
		x := sheetMargin + sheetWidth/4*float64(i)
		if i > 0 {
			pen.Fill(x, y, 0.6, height, pdf.Black)
		}
		pen.Text(x+4, y+(height-f.Leading)/2, sheetWidth/4-6, words, f)
	}
	return y + height - start
}
