package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"clarion/broadcast"
	"clarion/lists/address"
	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
)

// boardMost is how many calls the board shows, the newest first.
const boardMost = 50

type boardView struct {
	Calls  []boardCall
	Alarms int // open ones, for who may see them
	May    struct{ Write bool }
}

type boardCall struct {
	ID                      broadcast.ID
	Name, Note              string
	Rehearsal               bool
	State                   stateLine
	Bar                     bar
	Made, Started, Finished time.Time
}

func (c *console) boardView(ctx context.Context, who *access.Visitor, lang string) (*boardView, error) {
	ids, err := c.Desk.Ledger.Calls(ctx)
	if err != nil {
		return nil, err
	}
	v := &boardView{}
	v.May.Write = who.May(access.Write)
	if who.May(access.Alarms) {
		v.Alarms = c.openAlarms(ctx)
	}
	calls, err := c.Desk.Ledger.Progresses(ctx, ids[:min(len(ids), boardMost)])
	if err != nil {
		return nil, err
	}
	for _, p := range calls {
		all := broadcast.Counts{}
		for _, ch := range address.Channels {
			for s, n := range p.Channels[ch] {
				all[s] += n
			}
		}
		v.Calls = append(v.Calls, boardCall{ID: p.ID, Name: p.Name, Note: p.Note.Sentence(lang), Rehearsal: p.Rehearsal, State: callState(p.State, lang), Bar: barOf(all, lang), Made: p.Made, Started: p.Started, Finished: p.Finished})
	}
	return v, nil
}

// board shows all calls.
func (c *console) board(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang := languageOf(r, who)
	v, err := c.boardView(r.Context(), who, lang)
	if err != nil {
		return err
	}
	return c.show(w, r, who, "board", page{Title: sayer(lang)("Calls", "발송"), Data: v})
}

func (c *console) boardLive(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	v, err := c.boardView(r.Context(), who, languageOf(r, who))
	if err != nil {
		return err
	}
	return c.part(w, r, who, "board", "board", v)
}

// offer adds to a call's page what this person may do with it now.
func (c *console) offer(v *callView, p *broadcast.Progress, who *access.Visitor, lang string) {
	v.Token = who.Form()
	say := sayer(lang)
	add := func(verb desk.Verb, right access.Right, words string, quiet bool) {
		if _, err := p.State.Next(string(p.ID), c.Desk.ActionFor(verb, p)); err == nil && who.May(right) {
			v.Acts = append(v.Acts, act{Do: string(verb), Words: words, Quiet: quiet})
		}
	}
	if v.Release != nil && who.May(access.Release) && who.Number != v.Release.LaunchedBy {
		v.Acts = append(v.Acts, act{Do: "release", Words: say("Release: it may go out", "승인: 보내도 됩니다")})
	}
	add(desk.Pause, access.Pause, say("Pause: nothing new goes out", "일시 정지: 새로 보내지 않기"), false)
	add(desk.Resume, access.Steer, say("Resume", "다시 시작"), false)
	stop := say("Stop for good", "완전히 중단")
	if held := c.Desk.Held(p); p.State == broadcast.Done && held > 0 {
		stop = fmt.Sprintf(say("Take back what has not gone on (%s at most)", "아직 나가지 않은 것 거두기 (최대 %s건)"), number(held))
	}
	add(desk.Stop, access.Steer, stop, true)
	v.MaySettle = v.InDoubt > 0 && who.May(access.Settle)
	v.MayCorrect = !p.Started.IsZero() && who.May(access.Launch)
}

// change pauses, resumes or stops a call.
func (c *console) change(verb desk.Verb) func(http.ResponseWriter, *http.Request, *access.Visitor) error {
	return func(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
		id, err := broadcast.ParseID(r.PathValue("id"))
		if err != nil {
			return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
		}
		if _, err := c.Desk.ChangeNoted(r.Context(), id, verb, c.noteOf(r, who)); err != nil {
			return err
		}
		http.Redirect(w, r, "/calls/"+string(id)+"?done="+string(verb), http.StatusSeeOther)
		return nil
	}
}

// doubt settles what is in doubt, or sends it again, as a person decides.
func (c *console) doubt(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := broadcast.ParseID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", broadcast.ErrNoCall, err)
	}
	action := desk.DoubtAction(r.PostFormValue("do"))
	if action != desk.DoubtResend && action != desk.DoubtSettle {
		return fmt.Errorf("%w: %q is nothing that can be done", web.ErrUnreadable, action)
	}
	if err := c.Desk.DoubtNoted(r.Context(), id, action, c.noteOf(r, who), func(desk.DoubtRow) error { return nil }); err != nil {
		return err
	}
	http.Redirect(w, r, "/calls/"+string(id)+"?done=save", http.StatusSeeOther)
	return nil
}

// told says what was done before this page, in a sentence: the address names it
// by a word of ours, so that nobody can put words of theirs on a page.
func (c *console) told(r *http.Request, lang string) string {
	say := sayer(lang)
	switch r.URL.Query().Get("done") {
	case "pause":
		return say("Paused. What was on the wire is finished; nothing new begins.", "일시 정지했습니다. 이미 넘긴 것만 마치고 새로 보내지 않습니다.")
	case "resume":
		return say("It goes on.", "다시 시작했습니다.")
	case "stop":
		return say("Stopped. What waited is cancelled; what a gateway still holds is taken back where it can.", "중단했습니다. 기다리던 것은 취소했고, 게이트웨이가 아직 보내지 않은 것은 가능하면 거두어들입니다.")
	case "launch":
		return say("Launched.", "발송을 시작했습니다.")
	case "save":
		return say("Saved.", "저장했습니다.")
	case "release":
		return say("Released: it goes out, or at its time if it has one.", "승인했습니다. 바로, 또는 정해진 시각에 발송됩니다.")
	case "tell":
		return say("It is being sent: look again in a moment for what came of it.", "보내고 있습니다. 잠시 뒤에 결과를 확인하십시오.")
	case "count":
		return say("Counted: the next one.", "세었습니다. 다음 장을 입력하십시오.")
	case "issue":
		return say("Issued.", "발급했습니다.")
	case "restore":
		return say("Undone: what was made invalid by it stands again.", "되돌렸습니다. 무효로 했던 서명이 다시 유효합니다.")
	case "advance":
		return say("They went on.", "다음 단계로 넘겼습니다.")
	case "purge":
		return say("The names are deleted. The certificate says what was.", "이름을 삭제했습니다. 무엇을 삭제했는지는 확인서에 있습니다.")
	case "task":
		return say("Done.", "처리했습니다.")
	case "import":
		return say("Imported.", "가져왔습니다.")
	case "acknowledge":
		return say("Noted: nobody is reminded of it.", "확인했습니다. 이 경보는 다시 알리지 않습니다.")
	case "quiet":
		return say("Noted: nothing is said of it for that time.", "그 시간 동안 이 경보를 알리지 않습니다.")
	case "delete":
		return say("Deleted.", "삭제했습니다.")
	}
	return ""
}

// menu is what this person may see.
func (c *console) menu(r *http.Request, who *access.Visitor, say func(en, ko string) string) []menuItem {
	var out []menuItem
	for _, m := range []struct {
		path, words string
		right       access.Right
	}{
		{"/calls", say("Calls", "발송"), access.Watch},
		{"/alarms", c.alarmsWord(r.Context(), who, say), access.Alarms},
		{"/drafts", say("Drafts", "초안"), access.Write},
		{petitionPath, say("Petition", "서명"), access.Petition},
		{"/lists", say("Lists", "명단"), access.Lists},
		{"/people", say("People", "사람 찾기"), access.People},
		{suppressionsPath, say("Suppressed", "차단"), access.Import},
		{"/volunteer", say("Forward", "전하기"), access.Forward},
		{textingPath, say("Text people", "문자 보내기"), access.Text},
		{"/volunteers", say("Volunteers", "자원봉사자"), access.Volunteers},
		{roundsPath, say("Texting", "자원봉사자 문자"), access.Entrust},
		{"/webhooks", say("Webhooks", "웹훅"), access.Webhooks},
		{"/queues", say("Queues", "대기열"), access.System},
		{"/staff", say("Team", "팀"), access.Team},
		{"/audit", say("Audit trail", "감사 기록"), access.Trail},
	} {
		if who.May(m.right) && (c.Staff != nil || m.right != access.Team && m.right != access.Trail) && (c.Desk.Roll != nil || m.right != access.Petition) {
			out = append(out, menuItem{Path: m.path, Words: m.words, Here: r.URL.Path == m.path || len(r.URL.Path) > len(m.path) && r.URL.Path[:len(m.path)+1] == m.path+"/"})
		}
	}
	return out
}

// home leads everyone to the first of the pages that are theirs.
func (c *console) home(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	to := "/account"
	if menu := c.menu(r, who, sayer(english)); len(menu) > 0 {
		to = menu[0].Path
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
