// Package texting owns texting by volunteers: contacts who agreed to that are
// entrusted one at a time, each to one volunteer alone, who writes to them from
// their own phone. Nobody is given to two, so that nobody gets the text twice.
package texting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clarion/lists"
	"clarion/lists/address"
)

// An Outcome is what became of a contact who was entrusted.
type Outcome string

// The outcomes.
const (
	Sent    Outcome = "sent"     // the volunteer sent the text
	Stopped Outcome = "stopped"  // the person said stop: nobody writes to the number any more
	Wrong   Outcome = "wrong"    // the number is somebody else's: nobody writes to it any more
	Back    Outcome = "back"     // not now: another volunteer may have the contact
	Unsure  Outcome = "unsure"   // the volunteer never said: nobody else gets the contact
	LeftOut Outcome = "left_out" // no longer to be written to when their turn came
)

// Outcomes are what is counted, in the order in which it is shown.
var Outcomes = []Outcome{Sent, Stopped, Wrong, Unsure, LeftOut}

// A Round is one text to one list, by all volunteers who take part.
type Round struct {
	ID      uint32            `json:"id"`
	Name    string            `json:"name"`
	List    string            `json:"list"`   // of contacts who agreed to be texted by volunteers
	Script  map[string]string `json:"script"` // by language: what the volunteer sends; {{ name }} and {{ link }} are put in
	By      uint32            `json:"by"`     // number in the team of who began it
	Begun   time.Time         `json:"begun"`
	Closed  bool              `json:"closed"`
	Total   int               `json:"total"`   // contacts
	Waiting int               `json:"waiting"` // for a volunteer
	Held    int               `json:"held"`    // by a volunteer
	Counts  map[Outcome]int   `json:"counts"`
}

// Came is how many contacts of the round came to an outcome, by its name.
func (r *Round) Came(outcome string) int { return r.Counts[Outcome(outcome)] }

// A Turn is a contact in a volunteer's hands.
type Turn struct {
	Number uint32 // of the contact
	Name   string
	Phone  address.Address
	Lang   string
	Since  time.Time
	Shown  bool // the volunteer may have seen them, and written
}

// A Share is what one volunteer has done in a round.
type Share struct {
	Volunteer uint32
	Counts    map[Outcome]int
	Holds     bool      // somebody is in their hands
	Since     time.Time // since when
}

// Came is how many contacts came to an outcome by the volunteer, by its name.
func (s *Share) Came(outcome string) int { return s.Counts[Outcome(outcome)] }

// Why nobody is entrusted, or nothing can be settled.
var (
	ErrNobody   = errors.New("nobody is left in this round")
	ErrClosed   = errors.New("the round is closed")
	ErrNoRound  = errors.New("there is no such round")
	ErrAsleep   = errors.New("whose turn it is sleeps now")
	ErrNotYours = errors.New("the contact is not in these hands any more")
)

// Settings are what a desk goes by.
type Settings struct {
	// Awake says whether a contact may be disturbed now, by the zone that their record
	// or number tells. nil: always.
	Awake func(c *lists.Contact) bool
}

// InHand is the contact in a volunteer's hands, nil for none. Phone is zero for one who
// must not be written to any more: the volunteer says what became of them all the same.
func (d *Desk) InHand(ctx context.Context, round, volunteer uint32) (*Turn, error) {
	h, err := d.held(ctx, round, volunteer)
	if err != nil || h.number == 0 {
		return nil, err
	}
	c, may, err := d.look(ctx, h.number)
	if err != nil {
		return nil, err
	}
	return newTurn(h, &c, may), nil
}

func newTurn(h held, c *lists.Contact, may bool) *Turn {
	t := &Turn{Number: h.number, Name: c.Name, Lang: c.Language, Since: h.since, Shown: h.shown}
	if may {
		t.Phone = c.Address(address.SMS)
	}
	return t
}

// Next is the contact in a volunteer's hands, or the next one, who is entrusted to them
// alone. Who was never Shown is looked at as if they came just now: whoever may not
// be written to any more is left out. The error is ErrNobody when all have had their turn,
// and ErrAsleep while the next one must not be disturbed.
func (d *Desk) Next(ctx context.Context, round, volunteer uint32) (*Turn, error) {
	for {
		h, err := d.take(ctx, round, volunteer)
		if err != nil {
			return nil, err
		}
		c, may, err := d.look(ctx, h.number)
		if err != nil {
			return nil, err
		}
		out := Outcome("")
		switch {
		case h.shown:
		case !may:
			out = LeftOut
		case d.Awake != nil && !d.Awake(&c):
			out = Back
		}
		if out == "" {
			return newTurn(h, &c, may), nil
		}
		if err := d.settle(ctx, round, volunteer, h.number, out); err != nil {
			return nil, err
		}
		if out == Back {
			return nil, ErrAsleep
		}
	}
}

// Settle says what became of the contact in a volunteer's hands, once: the error is
// ErrNotYours for one that is not there any more. Stopped and Wrong suppress the
// number before anything else.
func (d *Desk) Settle(ctx context.Context, round, volunteer, number uint32, o Outcome) error {
	switch o {
	case Sent, Back:
	case Stopped, Wrong:
		if err := d.suppress(ctx, round, volunteer, number, o); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q is nothing that a volunteer says", o)
	}
	return d.settle(ctx, round, volunteer, number, o)
}

// GiveUp takes a contact out of the hands of a volunteer who never said what became
// of it. Nobody else gets it: the text may have been sent.
func (d *Desk) GiveUp(ctx context.Context, round, volunteer uint32) error {
	h, err := d.held(ctx, round, volunteer)
	if err != nil || h.number == 0 {
		return err
	}
	return d.settle(ctx, round, volunteer, h.number, Unsure)
}

// suppress sees that nobody writes to the contact's number any more, if the contact
// is in the volunteer's hands.
func (d *Desk) suppress(ctx context.Context, round, volunteer, number uint32, o Outcome) error {
	if h, err := d.held(ctx, round, volunteer); err != nil {
		return err
	} else if h.number != number {
		return ErrNotYours
	}
	people, err := d.people.Read(ctx, []uint32{number})
	if err != nil {
		return err
	}
	phone := people[0].Address(address.SMS)
	if phone.IsZero() {
		return nil // the contact was erased meanwhile
	}
	reason := lists.OptedOut
	if o == Wrong {
		reason = lists.Blocked
	}
	_, err = d.people.Suppress(ctx, address.SMS, d.people.Key(phone), lists.Suppression{Reason: reason, Source: source(volunteer), Since: d.clk.Now()})
	return err
}

// source names a volunteer as the source of a suppression.
func source(volunteer uint32) string { return fmt.Sprintf("volunteer:%d", volunteer) }
