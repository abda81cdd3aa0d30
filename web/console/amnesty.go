package console

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"clarion/broadcast/amnesty"
	"clarion/lists"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/worker/gateway"
)

// amnestyPath is where suppressions are taken back that were our own fault.
const amnestyPath = "/amnesty"

// localTime is how a browser writes a date and a time (HTML, "local date and time string").
const localTime = "2006-01-02T15:04"

// An amnestyView is the form of an amnesty, and what it would do or has done.
type amnestyView struct {
	Gateway, Since, Reason, Why string
	Leave                       bool // what failed is not sent again
	Zone                        string
	Gateways                    []string
	Choices                     []choice // why deliveries failed
	Line                        *desk.AmnestyLine
	Because                     []leftOutLine // of the deliveries
	Calls                       []amnestyCall
	Records                     []amnestyRecord
}

type amnestyCall struct {
	ID    string
	Count int
}

type amnestyRecord struct {
	amnesty.Record
	Because string
}

func (c *console) amnestyForm(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showAmnesty(w, r, who, http.StatusOK, &amnestyView{}, "")
}

func (c *console) showAmnesty(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, v *amnestyView, wrong string) error {
	lang := languageOf(r, who)
	say := sayer(lang)
	v.Zone = c.Clock.Now().In(c.Zone).Format("MST")
	for _, g := range c.Desk.Gates {
		v.Gateways = append(v.Gateways, g.Name)
	}
	v.Choices = []choice{{lists.Bounced.String(), say("any reason", "모든 이유")}}
	for _, reason := range gateway.Reasons {
		if reason != gateway.OptOut {
			v.Choices = append(v.Choices, choice{reason.String(), reason.Sentence(lang)})
		}
	}
	if v.Line != nil {
		for _, reason := range slices.Sorted(maps.Keys(v.Line.Reasons)) {
			v.Because = append(v.Because, leftOutLine{Sentence: gateway.ParseReason(reason).Sentence(lang), Count: v.Line.Reasons[reason]})
		}
		for _, id := range slices.Sorted(maps.Keys(v.Line.Calls)) {
			v.Calls = append(v.Calls, amnestyCall{id, v.Line.Calls[id]})
		}
	}
	records, err := c.Desk.Amnesties(r.Context())
	if err != nil {
		return err
	}
	for _, one := range slices.Backward(records) {
		because := say("any reason", "모든 이유")
		if reason := gateway.ParseReason(one.Failure); reason != 0 {
			because = reason.Sentence(lang)
		}
		v.Records = append(v.Records, amnestyRecord{one, because})
	}
	return c.showAs(w, r, who, status, "amnesty", page{Title: say("Take back what was our own fault", "우리 잘못으로 막힌 것 되돌리기"), Wrong: wrong, Data: v})
}

// amnesty counts what an amnesty would do, or gives the one that was counted.
func (c *console) amnesty(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	say := sayer(languageOf(r, who))
	v := &amnestyView{Gateway: strings.TrimSpace(r.PostFormValue("gateway")), Since: r.PostFormValue("since"), Reason: r.PostFormValue("reason"), Why: strings.TrimSpace(r.PostFormValue("why")), Leave: r.PostFormValue("leave") != ""}
	refuse := func(wrong string) error { return c.showAmnesty(w, r, who, http.StatusUnprocessableEntity, v, wrong) }
	since, err := time.ParseInLocation(localTime, v.Since, c.Zone)
	switch {
	case v.Gateway == "":
		return refuse(say("Whose answers were wrong? Name the gateway.", "어느 게이트웨이의 응답이 잘못되었습니까?"))
	case err != nil:
		return refuse(say("From when on? Write a date and a time.", "언제부터입니까? 날짜와 시각을 적어 주십시오."))
	case strings.Contains(v.Why, "@"):
		return refuse(say("What is written here is kept in the record: it names no address.", "여기에 적은 내용은 기록에 남으므로 주소를 적지 않습니다."))
	}
	wanted := desk.Amnesty{Gateway: v.Gateway, Since: since, Reason: v.Reason, Why: v.Why, Who: string(who.Actor()), Resend: !v.Leave}
	if r.PostFormValue("do") == "grant" {
		v.Line, err = c.Desk.AmnestyNoted(r.Context(), wanted, c.noteOf(r, who))
	} else {
		v.Line, err = c.Desk.SurveyAmnesty(r.Context(), wanted)
	}
	if desk.Mistaken(err) {
		return refuse(say("That is no reason for which deliveries fail.", "전달이 실패하는 이유가 아닙니다."))
	} else if err != nil {
		return err
	}
	return c.showAmnesty(w, r, who, http.StatusOK, v, "")
}
