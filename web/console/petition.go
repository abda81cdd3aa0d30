package console

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clarion/internal/chart"
	"clarion/petition"
	"clarion/web/access"
	"clarion/web/desk"
)

// The pages of the petition.
const (
	petitionPath = "/petition"
	sheetsPath   = petitionPath + "/sheets"
	enterPath    = petitionPath + "/enter"
	waitingPath  = petitionPath + "/waiting"
	checkPath    = petitionPath + "/check"
	withdrawPath = petitionPath + "/withdraw"
	deliveryPath = petitionPath + "/delivery"
	packPath     = deliveryPath + "/pack"
)

// A petitionView is the campaign page for the team.
type petitionView struct {
	*desk.PetitionReport
	Name      string
	Sentences []string
	Bar       bar
	Chart     template.HTML
	Key       []barPart
	Ways      []string // the columns of the days
	Days      []dayRow // the last one first
	Push      []pushLine
	Course    []momentLine
	Regions   []regionLine
	Pages     []menuItem // of the petition, that the person may see
}

// A dayRow is how many signed on a day, by way and in all.
type dayRow struct {
	Day    string
	Counts []int
	All    int
}

type pushLine struct{ Words, Path string }

type momentLine struct {
	desk.Moment
	Words string
	Past  bool
}

type regionLine struct {
	Name  string
	Count int
}

// wayClasses say how the line of a way looks; its key says in words which it is.
var wayClasses = map[petition.Way]string{petition.WayWeb: "good", petition.WayReply: "ink", petition.WayFax: "wait", petition.WayPost: "doubt", petition.WayHand: "bad", petition.WaySheet: "quiet"}

// petition shows how the petition stands, and what to do today.
func (c *console) petition(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	names, err := c.forwarders(r.Context(), who)
	if err != nil {
		return err
	}
	report, err := c.Desk.PetitionReport(r.Context(), names)
	if err != nil {
		return err
	}
	lang := languageOf(r, who)
	v := &petitionView{PetitionReport: report, Name: inLanguage(report.Title, lang), Sentences: report.Tally.Sentences(lang)[1:], Pages: petitionPages(r, who, lang)}
	v.Bar = goalBar(&report.Tally, lang)
	v.days(c.Desk.Roll.Campaign, c.Clock.Now(), lang)
	for _, p := range report.Push {
		v.Push = append(v.Push, pushLine{p.Sentence(lang), pushPath(p, who)})
	}
	for _, m := range report.Course {
		v.Course = append(v.Course, momentLine{m, m.Kind.Word(lang), !m.At.After(c.Clock.Now())})
	}
	for _, share := range report.Tally.Regions {
		if share.Count > 0 {
			v.Regions = append(v.Regions, regionLine{c.Desk.Roll.Region(share.Region).Name(lang), share.Count})
		}
	}
	return c.show(w, r, who, "petition", page{Title: v.Name, Data: v})
}

// forwarders are those who carry the appeal on; in the demo, whoever looks.
func (c *console) forwarders(ctx context.Context, who *access.Visitor) (map[uint32]string, error) {
	if c.Staff == nil {
		return map[uint32]string{who.Number: who.Name}, nil
	}
	return c.Staff.Forwarders(ctx)
}

// inLanguage is a text in a language, or in the one that there is.
func inLanguage(by map[string]string, lang string) string {
	if text := by[lang]; text != "" {
		return text
	}
	for _, text := range by {
		return text
	}
	return ""
}

// petitionPages are the pages of the petition that a person may see.
func petitionPages(r *http.Request, who *access.Visitor, lang string) (out []menuItem) {
	say := sayer(lang)
	for _, p := range []struct {
		path, words string
		right       access.Right
	}{
		{petitionPath, say("How it stands", "현황"), access.Petition},
		{sheetsPath, say("Sheets", "서명지"), access.Sheets},
		{enterPath, say("Enter forms", "서명 입력"), access.Enter},
		{waitingPath, say("Waiting", "확인 대기"), access.Enter},
		{checkPath, say("Make invalid", "무효 처리"), access.Invalidate},
		{withdrawPath, say("Withdraw", "철회"), access.Invalidate},
		{deliveryPath, say("Delivery", "전달"), access.Petition},
	} {
		if who.May(p.right) {
			out = append(out, menuItem{p.path, p.words, r.URL.Path == p.path})
		}
	}
	return out
}

// pushPath is where something can be done, "" where the person may not, or nowhere.
func pushPath(p desk.Push, who *access.Visitor) string {
	switch {
	case strings.HasPrefix(p.What, "sheets_") && who.May(access.Sheets):
		return sheetsPath
	case p.What == "waiting" && who.May(access.Enter):
		return waitingPath
	case p.What == "volunteers_behind" && who.May(access.Volunteers):
		return "/volunteers"
	case p.What == "root_missing" && who.May(access.System):
		return "/queues"
	}
	return ""
}

// goalBar draws how much of the goal is reached, for certain and at most.
func goalBar(t *petition.Tally, lang string) bar {
	say := sayer(lang)
	sure := min(t.AtLeast, t.Goal)
	perhaps := min(t.AtMost, t.Goal) - sure
	parts := []chart.Part{
		{Words: say("for certain", "확실"), Count: sure, Class: "fill-good"},
		{Words: say("perhaps", "확인 중"), Count: perhaps, Class: "fill-wait"},
		{Words: say("to the goal", "목표까지"), Count: t.Goal - sure - perhaps, Class: "fill-rest"},
	}
	b := bar{Drawing: chart.Bar(say("How much of the goal is reached", "목표 달성 정도")+": "+number(t.AtLeast)+" / "+number(t.Goal), parts)}
	for _, p := range parts {
		b.Parts = append(b.Parts, barPart{p, chart.Swatch(p.Class)})
	}
	return b
}

// days makes the table of days by way, none left out, and its drawing.
func (v *petitionView) days(c *petition.Campaign, now time.Time, lang string) {
	counts, sums := map[string]map[petition.Way]int{}, map[petition.Way]int{}
	first := ""
	for _, d := range v.PetitionReport.Days {
		if counts[d.Day] == nil {
			counts[d.Day] = map[petition.Way]int{}
		}
		counts[d.Day][d.Way] += d.Count
		sums[d.Way] += d.Count
		if first == "" || d.Day < first {
			first = d.Day
		}
	}
	at, err := time.ParseInLocation(time.DateOnly, first, c.Zone)
	if err != nil {
		return // nobody has signed yet
	}
	var ways []petition.Way
	var series []chart.Series
	for _, way := range petition.Ways {
		if sums[way] > 0 {
			ways = append(ways, way)
			class := wayClasses[way]
			stroke := "stroke-" + class
			v.Ways = append(v.Ways, way.Word(lang))
			v.Key = append(v.Key, barPart{chart.Part{Words: way.Word(lang), Count: sums[way]}, chart.Swatch("fill-" + class)})
			series = append(series, chart.Series{Words: way.Word(lang), Class: stroke})
		}
	}
	for last := c.Day(now); c.Day(at) <= last; at = at.AddDate(0, 0, 1) {
		row := dayRow{Day: c.Day(at)}
		for i, way := range ways {
			n := counts[row.Day][way]
			row.Counts, row.All = append(row.Counts, n), row.All+n
			series[i].X, series[i].Y = append(series[i].X, float64(at.Unix())), append(series[i].Y, float64(n))
		}
		v.Days = append([]dayRow{row}, v.Days...)
	}
	if len(v.Days) < 2 {
		return
	}
	say := sayer(lang)
	date := func(x float64) string { return time.Unix(int64(x), 0).In(c.Zone).Format("01-02") }
	v.Chart = chart.Lines(say("Signatures a day, by way", "하루 서명 수, 방법별"), chart.Axis{Write: date, Least: 86400},
		chart.Axis{Write: func(y float64) string { return number(int(y)) }, Least: 4}, series)
}

// Pacing is a number of signatures a day as people write it.
func (v *petitionView) Pacing(perDay float64) string { return strconv.FormatFloat(perDay, 'f', 1, 64) }

// InTime says whether the goal is reached in time at the pace of the last days.
func (v *petitionView) InTime() bool { return v.Pace.Lately >= float64(v.Pace.Needed) }

// Over says whether one may not sign any more.
func (v *petitionView) Over() bool { return v.Pace.DaysLeft == 0 }

// wrongOf is what a person has to mend, "" where the error is none of theirs.
func wrongOf(err error, lang string) string {
	var refusal *petition.Refusal
	switch {
	case errors.As(err, &refusal):
		return capital(refusal.Sentence(lang))
	case desk.Mistaken(err):
		return capital(err.Error())
	}
	return ""
}

// capital begins a sentence.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
