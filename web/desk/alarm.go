package desk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/worker/alarm"
)

// An AlarmRow is an alarm as people and programs are told of it.
type AlarmRow struct {
	ID           int         `json:"id"`
	Kind         alarm.Kind  `json:"kind"`
	Object       string      `json:"object"` // what it is about: a call, a lane, a gateway, a queue, each by its name
	Level        alarm.Level `json:"level"`
	Sentence     string      `json:"sentence"`
	SentenceKo   string      `json:"sentence_ko"`
	Do           string      `json:"do"` // what a person does about it
	DoKo         string      `json:"do_ko"`
	Since        time.Time   `json:"since"`
	Acknowledged time.Time   `json:"acknowledged,omitzero"`
	By           string      `json:"by,omitempty"` // who did, as the audit trail names them
	Quiet        time.Time   `json:"quiet_until,omitzero"`
	Over         time.Time   `json:"over,omitzero"` // absent while it is open
}

// Say is the sentence in "ko", or in English.
func (r AlarmRow) Say(lang string) string {
	return alarm.Words{En: r.Sentence, Ko: r.SentenceKo}.In(lang)
}

func alarmRow(a *alarm.Alarm) AlarmRow {
	return AlarmRow{ID: a.ID, Kind: a.Kind, Object: a.Object, Level: a.Level, Sentence: a.Sentence.En, SentenceKo: a.Sentence.Ko, Do: a.Kind.Do("en"), DoKo: a.Kind.Do("ko"),
		Since: a.Since.Round(time.Second), Acknowledged: a.Acknowledged, By: a.By, Quiet: a.Quiet, Over: a.Over}
}

// Alarms returns the open alarms, critical ones first, and then those that were over
// within a week.
func (d *Desk) Alarms(ctx context.Context) ([]AlarmRow, error) {
	b, err := d.alarms.Read(ctx)
	if err != nil {
		return nil, err
	}
	rows := []AlarmRow{}
	for _, a := range append(b.Open(), b.Past()...) {
		rows = append(rows, alarmRow(a))
	}
	return rows, nil
}

// OpenAlarms counts the open alarms by level.
func (d *Desk) OpenAlarms(ctx context.Context) (map[alarm.Level]int, error) {
	b, err := d.alarms.Read(ctx)
	if err != nil {
		return nil, err
	}
	n := map[alarm.Level]int{}
	for _, a := range b.Open() {
		n[a.Level]++
	}
	return n, nil
}

// AcknowledgeAlarm says that somebody, as the audit trail names them, sees to an
// alarm: nobody is reminded of it. The error is alarm.ErrNone or alarm.ErrOver.
func (d *Desk) AcknowledgeAlarm(ctx context.Context, id int, by audit.Actor, note Note) error {
	return d.changeAlarm(ctx, func(b *alarm.Book) error { return b.Acknowledge(id, string(by), d.Clock.Now()) },
		func() error { return note(audit.AlarmAcknowledged, alarmObject(id), nil) })
}

// quietMost is for how many hours an alarm may be quieted at once.
const quietMost = 7 * 24

// QuietAlarm acknowledges an alarm, and lets nothing be said of it for some hours.
// The error is alarm.ErrNone or alarm.ErrOver.
func (d *Desk) QuietAlarm(ctx context.Context, id, hours int, by audit.Actor, note Note) error {
	if hours < 1 || hours > quietMost {
		return Mistake("an alarm is quiet for 1 to %d hours, not for %d", quietMost, hours)
	}
	return d.changeAlarm(ctx, func(b *alarm.Book) error {
		now := d.Clock.Now()
		return b.Hush(id, now.Add(time.Duration(hours)*time.Hour), string(by), now)
	}, func() error {
		return note(audit.AlarmQuieted, alarmObject(id), map[string]string{"hours": strconv.Itoa(hours)})
	})
}

// changeAlarm notes a change and does it. It is tried on a copy first: what cannot be
// done is not noted.
func (d *Desk) changeAlarm(ctx context.Context, change func(*alarm.Book) error, note func() error) error {
	b, err := d.alarms.Read(ctx)
	if err == nil {
		err = change(b)
	}
	if err == nil {
		err = note()
	}
	if err == nil {
		_, err = d.alarms.Change(ctx, change)
	}
	return err
}

func alarmObject(id int) string { return "alarm:" + strconv.Itoa(id) }

// ParseAlarm reads an alarm's number; the error is alarm.ErrNone.
func ParseAlarm(text string) (int, error) {
	id, err := strconv.Atoi(strings.TrimPrefix(text, "a"))
	if err != nil || id < 1 {
		return 0, alarm.ErrNone
	}
	return id, nil
}
