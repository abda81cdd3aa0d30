package console

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
	"clarion/worker/alarm"
)

type alarmsView struct{ Open, Past []alarmLine }

// An alarmLine is an alarm as the page shows it.
type alarmLine struct {
	desk.AlarmRow
	Level, Name, Sentence, Do string
	Class                     string
	Hushed                    bool
}

// alarms shows all alarms, open ones first.
func (c *console) alarms(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	lang, now := languageOf(r, who), c.Clock.Now()
	rows, err := c.Desk.Alarms(r.Context())
	if err != nil {
		return err
	}
	v := &alarmsView{}
	for _, row := range rows {
		line := alarmLine{AlarmRow: row, Level: row.Level.Word(lang), Name: row.Kind.Word(lang), Sentence: row.Say(lang), Do: row.Kind.Do(lang), Class: "wait", Hushed: now.Before(row.Quiet)}
		if row.Level == alarm.Critical {
			line.Class = "bad"
		}
		if row.Over.IsZero() {
			v.Open = append(v.Open, line)
		} else {
			v.Past = append(v.Past, line)
		}
	}
	return c.show(w, r, who, "alarms", page{Title: sayer(lang)("Alarms", "경보"), Data: v})
}

// acknowledge notes that this person sees to an alarm.
func (c *console) acknowledge(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := desk.ParseAlarm(r.PathValue("alarm"))
	if err != nil {
		return err
	}
	if err := c.Desk.AcknowledgeAlarm(r.Context(), id, who.Actor(), c.noteOf(r, who)); err != nil {
		return err
	}
	http.Redirect(w, r, "/alarms?done=acknowledge", http.StatusSeeOther)
	return nil
}

// quiet has nothing said of an alarm for as many hours as the form says.
func (c *console) quiet(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := desk.ParseAlarm(r.PathValue("alarm"))
	if err != nil {
		return err
	}
	hours, err := strconv.Atoi(r.PostFormValue("hours"))
	if err != nil {
		return fmt.Errorf("%w: hours: %w", web.ErrUnreadable, err)
	}
	if err := c.Desk.QuietAlarm(r.Context(), id, hours, who.Actor(), c.noteOf(r, who)); err != nil {
		return err
	}
	http.Redirect(w, r, "/alarms?done=quiet", http.StatusSeeOther)
	return nil
}

// alarmsWord is the menu's word for the page, with how many are open.
func (c *console) alarmsWord(ctx context.Context, who *access.Visitor, say func(en, ko string) string) string {
	if !who.May(access.Alarms) {
		return ""
	}
	if n := c.openAlarms(ctx); n > 0 {
		return say(number(n)+" alarms", "경보 "+number(n)+"건")
	}
	return say("Alarms", "경보")
}

// openAlarms counts the open alarms for every page; it asks Redis now and then.
type openAlarms struct {
	mu   sync.Mutex
	told time.Time // when it last asked, by the monotonic clock
	n    int
}

// countedFor is how old the number of alarms beside the menu may be.
const countedFor = 2 * time.Second

// openAlarms is how many alarms are open. When that cannot be read it is as before:
// a page that needs Redis says so itself.
func (c *console) openAlarms(ctx context.Context) int {
	o := &c.open
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.told) < countedFor {
		return o.n
	}
	if by, err := c.Desk.OpenAlarms(ctx); err == nil {
		o.told, o.n = time.Now(), 0
		for _, n := range by {
			o.n += n
		}
	}
	return o.n
}
