package alarm

import (
	"errors"
	"slices"
	"time"
)

// A Book is all alarms, and what people were told of them. It changes in Go and is
// saved whole if nobody changed it meanwhile (Store). It names nobody.
type Book struct {
	Last   int                `json:"last"`             // ID of the last alarm
	Alarms []*Alarm           `json:"alarms,omitempty"` // open ones, and those that are over for a while; in order of ID
	People map[string]*Reader `json:"people,omitempty"` // by Person.key
}

// A Reader is what one person got.
type Reader struct {
	Sent []time.Time `json:"sent,omitempty"` // notices of the last hour
	Lost time.Time   `json:"lost,omitzero"`  // when one could not be brought; zero: the last one was
}

// What is over is kept for people to look at.
const (
	overKept = 7 * 24 * time.Hour
	overMost = 100
)

// Errors of what a person does to an alarm.
var (
	ErrNone = errors.New("there is no such alarm")
	ErrOver = errors.New("the alarm is over")
)

// Enter enters what a look found. A level only ever rises: what goes to and fro is
// told once. With it somebody must see the alarm anew.
func (b *Book) Enter(found []Finding, now time.Time, calm time.Duration) {
	seen := map[*Alarm]bool{}
	for _, f := range found {
		a := b.open(f.Kind, f.Object)
		if a == nil {
			if f.Since.IsZero() {
				f.Since = now
			}
			b.Last++
			a = &Alarm{ID: b.Last, Finding: f}
			b.Alarms = append(b.Alarms, a)
		}
		if a.Level.below(f.Level) {
			a.Level, a.Acknowledged, a.By, a.Quiet = f.Level, time.Time{}, "", time.Time{}
		}
		a.Sentence, a.Well = f.Sentence, time.Time{}
		seen[a] = true
	}
	over := 0
	for _, a := range slices.Backward(b.Alarms) {
		switch {
		case !a.Over.IsZero():
			over++
		case seen[a]:
		case a.Well.IsZero():
			a.Well = now
		case now.Sub(a.Well) >= calm:
			a.Over = now
		}
	}
	b.Alarms = slices.DeleteFunc(b.Alarms, func(a *Alarm) bool {
		if a.Over.IsZero() || now.Sub(a.Over) <= overKept && over <= overMost {
			return false
		}
		over--
		return true
	})
}

// open finds the open alarm of a kind about an object.
func (b *Book) open(k Kind, object string) *Alarm {
	at := slices.IndexFunc(b.Alarms, func(a *Alarm) bool { return a.Kind == k && a.Object == object && a.Over.IsZero() })
	if at < 0 {
		return nil
	}
	return b.Alarms[at]
}

// find returns an alarm by its ID, nil if there is none.
func (b *Book) find(id int) *Alarm {
	at := slices.IndexFunc(b.Alarms, func(a *Alarm) bool { return a.ID == id })
	if at < 0 {
		return nil
	}
	return b.Alarms[at]
}

// Open are the alarms that are not over, critical ones and then the newest first.
func (b *Book) Open() (out []*Alarm) {
	for _, l := range slices.Backward(Levels[:]) {
		for _, a := range slices.Backward(b.Alarms) {
			if a.Over.IsZero() && a.Level == l {
				out = append(out, a)
			}
		}
	}
	return out
}

// Past are the alarms that are over, the newest first.
func (b *Book) Past() (out []*Alarm) {
	for _, a := range slices.Backward(b.Alarms) {
		if !a.Over.IsZero() {
			out = append(out, a)
		}
	}
	return out
}

// Acknowledge says that somebody has seen an alarm: nobody is reminded of it, unless
// it becomes worse. The error is ErrNone or ErrOver.
func (b *Book) Acknowledge(id int, by string, now time.Time) error {
	a := b.find(id)
	switch {
	case a == nil:
		return ErrNone
	case !a.Over.IsZero():
		return ErrOver
	case a.Acknowledged.IsZero():
		a.Acknowledged, a.By = now, by
	}
	return nil
}

// Hush says that nothing is to be said of an alarm until a time, unless it becomes
// worse. What is still wrong then is told once more. The error is ErrNone or ErrOver.
func (b *Book) Hush(id int, until time.Time, by string, now time.Time) error {
	if err := b.Acknowledge(id, by, now); err != nil {
		return err
	}
	b.find(id).Quiet = until
	return nil
}
