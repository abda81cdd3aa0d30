package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clarion/broadcast"
	"clarion/petition"
)

// A MomentKind is what happened on the petition's line of time.
type MomentKind string

// What happens.
const (
	Opened       MomentKind = "opened"       // one may sign
	CallBegan    MomentKind = "call"         // a call went out
	HandedOver   MomentKind = "handed_over"  // signatures were handed over
	Acknowledged MomentKind = "acknowledged" // the addressee said that it has them
	ReplyDue     MomentKind = "reply_due"    // the addressee is to answer by then
	Answered     MomentKind = "answered"     // the addressee answered
	Closed       MomentKind = "closed"       // one may not sign any more
	NamesPurged  MomentKind = "purged"       // the names are deleted
)

// MomentKinds are all of them.
var MomentKinds = []MomentKind{Opened, CallBegan, HandedOver, Acknowledged, ReplyDue, Answered, Closed, NamesPurged}

var momentWords = map[MomentKind][2]string{
	Opened: {"The petition opens", "서명 시작"}, CallBegan: {"A call goes out", "발송"}, HandedOver: {"Handed over", "전달"},
	Acknowledged: {"Acknowledged", "접수 확인"}, ReplyDue: {"The answer is due", "답변 기한"}, Answered: {"Answered", "답변"},
	Closed: {"The petition closes", "서명 마감"}, NamesPurged: {"The names are deleted", "이름 삭제"},
}

// Word is what people call it, in lang ("ko", else English).
func (k MomentKind) Word(lang string) string {
	w := momentWords[k]
	return say(lang, w[0], w[1])
}

// A Moment is something that happened, or will.
type Moment struct {
	At   time.Time    `json:"at"`
	Kind MomentKind   `json:"kind"`
	Call broadcast.ID `json:"call,omitempty"`
	Name string       `json:"name,omitempty"` // of the call
	To   string       `json:"to,omitempty"`   // the office that took the signatures
}

// course is the line of time, the first moment first. Rehearsals reach nobody.
func (d *Desk) course(ctx context.Context, roll *petition.Roll) ([]Moment, error) {
	out := []Moment{{At: roll.Opens, Kind: Opened}, {At: roll.Closes, Kind: Closed}}
	calls, err := d.Calls(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range calls {
		if !c.Rehearsal {
			out = append(out, Moment{At: c.Made, Kind: CallBegan, Call: c.ID, Name: c.Name})
		}
	}
	steps, err := d.deliverySteps(ctx, roll)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		out = append(out, Moment{At: s.On, Kind: s.Kind, To: s.To})
	}
	if due := replyDue(roll.Campaign, steps); due != nil {
		out = append(out, Moment{At: *due, Kind: ReplyDue})
	}
	c, err := roll.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	if c != nil && !c.Done.IsZero() {
		out = append(out, Moment{At: c.Done, Kind: NamesPurged})
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return cmp.Or(a.At.Compare(b.At)) })
	return out, nil
}
