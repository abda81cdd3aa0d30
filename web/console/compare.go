package console

import (
	"cmp"
	"html/template"
	"math"
	"net/http"

	"clarion/internal/chart"
	"clarion/lists/address"
	"clarion/web/access"
	"clarion/web/desk"
)

// A compareView is delivery rates call by call.
type compareView struct {
	*desk.Comparison
	By      []menuItem
	Of      string
	Figures []compareFigure
}

// A compareFigure is the lines of one channel, and the same as a table.
type compareFigure struct {
	Channel string
	Chart   template.HTML
	Key     []compareKey
	Lines   []desk.ComparedLine
}

type compareKey struct {
	Words  string
	Swatch template.HTML
}

// lineKinds are how the lines of one chart look; more of them nobody can tell apart.
var lineKinds = [...]string{"good", "ink", "bad", "wait", "doubt"}

// compare shows how calls went beside each other.
func (c *console) compare(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	by := cmp.Or(r.URL.Query().Get("by"), desk.Comparisons[0])
	all, err := c.Desk.Compare(r.Context(), by, lang)
	if err != nil {
		return err
	}
	v := &compareView{Comparison: all}
	words := map[string]string{"channel": say("Channel", "채널"), "lane": say("Receiver", "받는 곳"), "gateway": say("Gateway", "게이트웨이"), "language": say("Language", "언어")}
	v.Of = words[by]
	for _, k := range desk.Comparisons {
		v.By = append(v.By, menuItem{Path: "/calls/compare?by=" + k, Words: words[k], Here: k == by})
	}
	for _, ch := range address.Channels {
		f := compareFigure{Channel: channelWord(ch, lang)}
		for _, l := range all.Lines {
			if l.Channel == ch {
				f.Lines = append(f.Lines, l)
			}
		}
		if len(f.Lines) == 0 {
			continue
		}
		if len(all.Calls) > 1 {
			f.Chart, f.Key = c.rates(all, f.Lines, f.Channel, lang)
		}
		v.Figures = append(v.Figures, f)
	}
	return c.show(w, r, who, "compare", page{Title: say("Call by call", "발송별 비교"), Rehearsal: all.Rehearsals && len(all.Calls) > 0, Data: v})
}

// rates draws the largest of the lines.
func (c *console) rates(all *desk.Comparison, lines []desk.ComparedLine, channel, lang string) (template.HTML, []compareKey) {
	var series []chart.Series
	var key []compareKey
	for i, l := range lines[:min(len(lines), len(lineKinds))] {
		s := chart.Series{Words: l.Name, Class: "stroke-" + lineKinds[i]}
		for x, rate := range l.Rates {
			y := math.NaN()
			if rate.Ended() > 0 && rate.Untold == "" {
				y = 100 * float64(rate.Reached) / float64(rate.Ended())
			}
			s.X, s.Y = append(s.X, float64(x)), append(s.Y, y)
		}
		series = append(series, s)
		key = append(key, compareKey{l.Name, chart.Swatch("fill-" + lineKinds[i])})
	}
	day := func(v float64) string {
		at := all.Calls[min(int(math.Round(v)), len(all.Calls)-1)].Started
		return at.In(c.Zone).Format(sayer(lang)("2 Jan", "1월 2일"))
	}
	return chart.Lines(sayer(lang)("Share that was reached, call by call: ", "발송별 전달 비율: ")+channel,
		chart.Axis{Write: day, Least: 1}, chart.Axis{Write: func(v float64) string { return number(int(v)) + " %" }, Least: 100, Most: 100}, series), key
}
