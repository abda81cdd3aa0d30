package fax

import (
	"fmt"
	"strings"
	"time"

	"clarion/internal/pdf"
)

// words are what the program itself prints on a fax.
type words struct {
	page                        string // format: page, of how many
	stop, law                   string // heading and first sentence of the notice
	phone, fax, web, fill, free string
}

func wordsIn(lang string) words {
	if korean(lang) {
		return words{
			page:  "%d / %d쪽",
			stop:  "수신거부 안내",
			law:   "앞으로 저희 팩스를 받지 않으시려면 아래 방법으로 알려 주십시오. 24시간 접수하며 곧바로 발송을 멈춥니다. 요청을 받고 30일이 지나도록 멈추지 않으면 위법입니다.",
			phone: "전화 %s", fax: "팩스 %s: 아래에 번호를 적어 이 쪽을 되보내 주십시오", web: "무료 접수 %s", free: " (무료)",
			fill: "거부할 팩스 번호",
		}
	}
	return words{
		page:  "Page %d of %d",
		stop:  "To get no more faxes from us",
		law:   "You may tell us at any hour, in any of these ways, to send you no more faxes. We stop at once; not to stop within 30 days would be unlawful.",
		phone: "Call %s", fax: "Fax this page, with your number, to %s", web: "Free of charge: %s", free: " (free of charge)",
		fill: "Fax number to be removed",
	}
}

func (w words) freeIf(is bool) string {
	if is {
		return w.free
	}
	return ""
}

func korean(lang string) bool { return lang == "ko" || strings.HasPrefix(lang, "ko-") }

// notice lays out how to opt out, which stands at the foot of page 1 (47 CFR
// 64.1200(a)(4)(iii): clear, conspicuous, on the first page; a telephone and a
// fax number, one way free of charge, at any hour). It returns the rows and
// their height; there are none when the call needs no notice.
func (d *Document) notice() ([]row, float64) {
	if !d.optOut {
		return nil, 0
	}
	w := wordsIn(d.lang)
	var ways []string
	add := func(format, value, free string) {
		if value != "" {
			ways = append(ways, fmt.Sprintf(format, value+free))
		}
	}
	add(w.phone, d.fax.OptOutPhone, w.freeIf(tollFree(d.fax.OptOutPhone)))
	add(w.fax, d.fax.OptOutFax, w.freeIf(tollFree(d.fax.OptOutFax)))
	add(w.web, d.optOutURL, "")

	rows := []row{
		{height: 2, items: []item{{x: marginX, w: textWidth, h: 2}}},
		d.smallRow(w.stop, pdf.Style{Bold: true}, marginX, 6),
	}
	for _, s := range append([]string{w.law}, bulleted(ways)...) {
		for _, l := range pdf.Break(d.fonts.Measure(s, pdf.Style{}, small), textWidth) {
			rows = append(rows, row{height: smallLeading, items: set(l, marginX, baseline(typeface{small, smallLeading, 0}), small)})
		}
	}
	fill := d.smallRow(w.fill, pdf.Style{}, marginX, 4)
	start := marginX + d.fonts.Measure(w.fill, pdf.Style{}, small).Wide() + 8
	fill.items = append(fill.items, item{x: start, y: fill.items[0].y + 2, w: pageWidth - marginX - start, h: 0.8})
	rows = append(rows, fill)
	height := 0.0
	for _, r := range rows {
		height += r.before + r.height
	}
	return rows, height
}

func bulleted(ways []string) []string {
	out := make([]string, len(ways))
	for i, s := range ways {
		out[i] = "• " + s
	}
	return out
}

func (d *Document) smallRow(s string, st pdf.Style, x, before float64) row {
	return row{before: before, height: smallLeading, items: set(d.fonts.Measure(s, st, small), x, baseline(typeface{small, smallLeading, 0}), small)}
}

// tollFree reports whether a number costs its caller nothing: 080 in Korea, and
// 800 and its like (833 to 888) in North America, where they have 11 digits with
// the 1. Korea's eight-digit 1800 and 1833 numbers are not free.
func tollFree(number string) bool {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	switch {
	case strings.HasPrefix(digits, "080"), strings.HasPrefix(digits, "8280"):
		return len(digits) >= 10
	case len(digits) != 11 || digits[0] != '1':
		return false
	}
	switch digits[1:4] {
	case "800", "833", "844", "855", "866", "877", "888":
		return true
	}
	return false
}

// header returns the line in the top margin of page n of total: when the fax was
// sent, who sent it, from which number, and the page (47 CFR 68.318(d)). A name
// that leaves no room is shortened; the rest never is.
func (d *Document) header(at time.Time, n, total int) []item {
	y := headerY
	left := d.fonts.Measure(at.Format("2006-01-02 15:04 MST"), pdf.Style{}, small)
	right := d.fonts.Measure(fmt.Sprintf(wordsIn(d.lang).page, n, total), pdf.Style{}, small)
	number := d.fonts.Measure("  "+d.fax.From, pdf.Style{}, small)
	room := textWidth - left.Wide() - right.Wide() - number.Wide() - 30
	name := shorten(d.fonts.Measure(d.fax.Station, pdf.Style{Bold: true}, small), room, d.fonts.Measure("…", pdf.Style{Bold: true}, small))
	middle := marginX + left.Wide() + 15 + max(0, room-name.Wide())/2
	items := []item{
		{x: marginX, y: y, text: left.String(), size: small},
		{x: middle, y: y, text: name.String(), style: pdf.Style{Bold: true}, size: small},
		{x: middle + name.Wide(), y: y, text: number.String(), size: small},
		{x: pageWidth - marginX - right.Wide(), y: y, text: right.String(), size: small},
	}
	return append(items, item{x: marginX, y: headerRuleY, w: textWidth, h: 1})
}

func shorten(l pdf.Line, room float64, dots pdf.Line) pdf.Line {
	if l.Wide() <= room {
		return l
	}
	for len(l) > 0 && l.Wide()+dots.Wide() > room {
		l = l[:len(l)-1]
	}
	return append(l.Trim(), dots...)
}
