package desk

import (
	"fmt"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
)

// A SleepRow is a part of a call that waits for quiet hours to end.
type SleepRow struct {
	Channel string    `json:"channel"`
	Place   string    `json:"place"` // time zones, joined by commas
	Until   time.Time `json:"until"`
	Count   int       `json:"count"`
}

func sleepRows(all []broadcast.Sleep) []SleepRow {
	var out []SleepRow
	for _, s := range all {
		out = append(out, SleepRow{s.Channel.String(), s.Place, s.Until, s.Count})
	}
	return out
}

// Waits says in words what of a call is held back by quiet hours and by what goes
// first.
func Waits(p *broadcast.Progress, lang string) (out []string) {
	for _, row := range canaryRows(p) {
		if s := row.Sentence(lang); s != "" {
			out = append(out, s)
		}
	}
	for _, row := range sleepRows(p.Asleep) {
		out = append(out, row.Sentence(lang))
	}
	return out
}

// Sentence says it in words, "ko" or "en": "1,204 texts wait for 08:00 in Seoul."
func (s SleepRow) Sentence(lang string) string {
	zones := strings.Split(s.Place, ",")
	at, where, ko := s.Until, zones[0], ""
	if zone, err := time.LoadLocation(zones[0]); err == nil {
		at = at.In(zone)
	}
	where = strings.ReplaceAll(where[strings.LastIndexByte(where, '/')+1:], "_", " ")
	if ko = where; zones[0] == "Asia/Seoul" {
		ko = "서울"
	}
	if len(zones) > 1 {
		where = fmt.Sprintf("%s, when all %d time zones that they may be in are awake", where, len(zones))
		ko = fmt.Sprintf("%s 시각(있을 수 있는 시간대 %d곳이 모두 낮이 되는 때)", ko, len(zones))
	} else {
		ko += " 시각"
	}
	what := map[string][3]string{address.Email.String(): {"email", "emails", "이메일"}, address.SMS.String(): {"text", "texts", "문자"}, address.Fax.String(): {"fax", "faxes", "팩스"}}[s.Channel]
	if lang == "ko" {
		return fmt.Sprintf("%s %s건이 %s %s까지 기다립니다.", what[2], Number(s.Count), ko, at.Format("15:04"))
	}
	if s.Count == 1 {
		return fmt.Sprintf("1 %s waits for %s in %s.", what[0], at.Format("15:04"), where)
	}
	return fmt.Sprintf("%s %s wait for %s in %s.", Number(s.Count), what[1], at.Format("15:04"), where)
}
