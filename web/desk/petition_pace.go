package desk

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"clarion/petition"
)

// span is how many days a pace looks back.
const span = 7

// A Pace is how fast signatures come, held against the goal.
type Pace struct {
	Left     int     `json:"left"`      // signatures to the goal, from "at least" on; 0 when it is reached
	DaysLeft int     `json:"days_left"` // on which one may sign, today among them
	Needed   int     `json:"needed"`    // a day until it closes, rounded up
	Lately   float64 `json:"lately"`    // a day, over the last seven whole days, or as many as there were
	Before   float64 `json:"before"`    // a day, over the seven before those
	Today    int     `json:"today"`
}

// paceOf reckons in whole days where the petition is.
func paceOf(c *petition.Campaign, t *petition.Tally, days []petition.DayTally, now time.Time) Pace {
	p := Pace{Left: max(t.Goal-t.AtLeast, 0), Today: sum(days, c.Day(now), c.Day(now), "")}
	for day := now; day.Before(c.Closes); day = nextDay(c, day) {
		p.DaysLeft++
	}
	if p.DaysLeft > 0 {
		p.Needed = (p.Left + p.DaysLeft - 1) / p.DaysLeft
	}
	open := 0 // whole days behind us on which one could sign
	for day := back(c, now, 1); open < span && c.Day(day) >= c.Day(c.Opens); day = back(c, day, 1) {
		open++
	}
	if open > 0 {
		p.Lately = float64(sum(days, c.Day(back(c, now, open)), c.Day(back(c, now, 1)), "")) / float64(open)
	}
	p.Before = float64(sum(days, c.Day(back(c, now, 2*span)), c.Day(back(c, now, span+1)), "")) / span
	return p
}

// back is the same time of day so many days ago.
func back(c *petition.Campaign, at time.Time, days int) time.Time {
	return at.In(c.Zone).AddDate(0, 0, -days)
}

// nextDay is the beginning of the day after.
func nextDay(c *petition.Campaign, at time.Time) time.Time {
	y, m, d := at.In(c.Zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, c.Zone)
}

// sum is how many were signed from a day to another, by a way or by any.
func sum(days []petition.DayTally, from, to string, way petition.Way) (n int) {
	for _, d := range days {
		if d.Day >= from && d.Day <= to && (way == "" || d.Way == way) {
			n += d.Count
		}
	}
	return n
}

// A Push is something to do today.
type Push struct {
	What  string `json:"what"` // way_lags, sheets_late, sheets_to_count, sheets_to_count_again, waiting, unconfirmed, volunteers_behind, schools_behind, root_missing
	Count int    `json:"count"`
	Words string `json:"words"`
	Ko    string `json:"words_ko"`
}

// Sentence says it in "ko" or "en".
func (p Push) Sentence(lang string) string { return say(lang, p.Words, p.Ko) }

// pushes are what to do today.
func pushes(c *petition.Campaign, r *PetitionReport, sheets []petition.Sheet, now time.Time) []Push {
	out := []Push{}
	add := func(what string, n int, en, ko string, args ...any) {
		if n == 0 {
			return
		}
		args = append([]any{Number(n)}, args...)
		out = append(out, Push{what, n, fmt.Sprintf(en, args...), fmt.Sprintf(ko, args...)})
	}
	yesterday := c.Day(back(c, now, 1))
	if (r.Root == nil || r.Root.Day < yesterday) && yesterday >= c.Day(c.Opens) {
		add("root_missing", 1, "%s night has no root: look whether a worker runs.", "해시가 공개되지 않은 밤이 %s번 있습니다. 작업 프로세스가 돌고 있는지 확인하십시오.")
	}
	if open := now.Before(c.Closes); open {
		for _, way := range lagging(c, r.Days, now) {
			late, before := sum(r.Days, c.Day(back(c, now, span)), yesterday, way), sum(r.Days, c.Day(back(c, now, 2*span)), c.Day(back(c, now, span+1)), way)
			out = append(out, Push{"way_lags", before - late,
				fmt.Sprintf("Fewer came %s: %s in the last seven days, %s in the seven before. Ask there again.", way.Word("en"), Number(late), Number(before)),
				fmt.Sprintf("%s: 지난 이레 동안 %s명, 그 앞 이레는 %s명입니다. 이 방법으로 다시 부탁하십시오.", way.Word("ko"), Number(late), Number(before))})
		}
	}
	late, uncounted, again := 0, 0, 0
	for i := range sheets {
		switch s := &sheets[i]; {
		case s.Late(now):
			late++
		case s.State == petition.SheetBack || s.State == petition.SheetScanned:
			uncounted++
		case Sampled(c, s):
			again++
		}
	}
	add("sheets_late", late, "Late sheets: %s. Ask those who have them.", "늦은 서명지: %s장. 가지고 있는 분께 물어보십시오.")
	add("sheets_to_count", uncounted, "Sheets that are back and wait to be counted: %s.", "돌아왔으나 아직 세지 않은 서명지: %s장.")
	add("sheets_to_count_again", again, "Sheets of the sample that a second person is to count: %s.", "표본으로 뽑혀 다른 사람이 한 번 더 셀 서명지: %s장.")
	add("waiting", r.Waiting, "Faxes and replies that wait for a person to look at them: %s.", "사람이 확인해야 하는 팩스와 회신: %s건.")
	unconfirmed := 0
	for _, w := range r.Tally.Ways {
		unconfirmed += w.Unconfirmed
	}
	add("unconfirmed", unconfirmed, "Signatures that wait to be confirmed by their signers: %s. They count in “at most” alone.", "서명한 분이 아직 확인하지 않은 서명: %s명. ‘많아야’에만 들어갑니다.")
	few := 0
	for _, v := range r.Signed {
		if v.Few {
			few++
		}
	}
	add("volunteers_behind", few, "Volunteers by whom fewer than five have signed: %s of %s.", "다섯 명이 채 서명하지 않은 자원봉사자: %[2]s명 가운데 %[1]s명.", Number(len(r.Signed)))
	behind := 0
	for _, s := range r.Schools {
		if s.Late > 0 {
			behind++
		}
	}
	add("schools_behind", behind, "Schools and teams with late sheets: %s of %s.", "늦은 서명지가 있는 학교와 모임: %[2]s곳 가운데 %[1]s곳.", Number(len(r.Schools)))
	return out
}

// lagging are the ways by which less than half came in the last seven days of what came
// in the seven before, the greatest loss first.
func lagging(c *petition.Campaign, days []petition.DayTally, now time.Time) (out []petition.Way) {
	loss := map[petition.Way]int{}
	for _, way := range petition.Ways {
		late := sum(days, c.Day(back(c, now, span)), c.Day(back(c, now, 1)), way)
		before := sum(days, c.Day(back(c, now, 2*span)), c.Day(back(c, now, span+1)), way)
		if before >= petition.Fewest && 2*late < before {
			loss[way] = before - late
			out = append(out, way)
		}
	}
	slices.SortStableFunc(out, func(a, b petition.Way) int { return cmp.Compare(loss[b], loss[a]) })
	return out
}
