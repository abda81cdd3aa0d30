package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// An Alarm is what is told of one: what is wrong with calls, gateways, queues or Redis.
// It names nobody.
type Alarm struct {
	Number     int       `json:"alarm"`
	Kind       string    `json:"kind"`
	Object     string    `json:"object"` // what it is about, as in the list of alarms: "c7:email", "relay"
	Level      string    `json:"level"`  // warning or critical
	Sentence   string    `json:"sentence"`
	SentenceKo string    `json:"sentence_ko"`
	Since      time.Time `json:"since"`
	Over       time.Time `json:"over,omitzero"` // zero: it is open
}

// critical is the level at which an alarm that was raised before is told again.
const critical = "critical"

// The turns of an alarm. One that begins critical has no first turn.
const (
	alarmRaised = iota + 1
	alarmCritical
	alarmOver
)

// LookAlarm enters what an alarm has come to be since the last look, for every webhook
// that is to be told: that it is raised, that it became critical, that it is over. Done
// twice, or by two at once, an event is entered once. Whoever looks shows each alarm
// until it is told as over.
func (s *Store) LookAlarm(ctx context.Context, a Alarm) error {
	turn := alarmRaised
	if a.Level == critical {
		turn = alarmCritical
	}
	last := turn
	if !a.Over.IsZero() {
		last = alarmOver
	}
	mark := fmt.Sprintf("alarm %d", a.Number)
	if last <= s.seen.get(mark) {
		return nil
	}
	all, err := s.endpoints(ctx)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		open := a
		open.Over = time.Time{}
		err = s.enterAlarm(ctx, open, turn, AlarmRaised, a.Since, all)
		if err == nil && last == alarmOver {
			err = s.enterAlarm(ctx, a, alarmOver, AlarmOver, a.Over, all)
		}
		if err != nil {
			return fmt.Errorf("tell of alarm %d: %w", a.Number, err)
		}
	}
	s.seen.set(mark, last)
	return nil
}

func (s *Store) enterAlarm(ctx context.Context, a Alarm, turn int, event Event, at time.Time, all []*endpoint) error {
	to := slices.DeleteFunc(slices.Clone(all), func(e *endpoint) bool { return !e.wants(event, at) })
	body, err := json.Marshal(message{event, at, a})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "alarm %d %d %d", a.Number, a.Since.UnixMilli(), turn))
	return s.enter(ctx, keyToldAlarm.Name(a.Number), turn, delivery{ID: "msg_" + hex.EncodeToString(sum[:12]), Event: event, Body: body}, to)
}
