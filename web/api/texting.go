package api

import (
	"time"

	"clarion/petition/texting"
)

type roundsAnswer struct {
	Rounds []texting.Round `json:"rounds"` // the last one first
}

func (a *api) rounds(q *request, _ none) (roundsAnswer, error) {
	all, err := a.Desk.TextingRounds(q.Context())
	return roundsAnswer{append([]texting.Round{}, all...)}, err
}

// A roundRequest begins a round of texting.
type roundRequest struct {
	Name   string            `json:"name"`
	List   string            `json:"list"`   // of contacts who agreed to be texted by volunteers
	Script map[string]string `json:"script"` // by language; {{ name }}, {{ link }} and {{ organisation }} are put in
}

func (a *api) beginRound(q *request, in roundRequest) (*texting.Round, error) {
	return a.Desk.BeginTexting(q.Context(), texting.Round{Name: in.Name, List: in.List, Script: in.Script, By: q.who.Number}, a.noteOf(q))
}

// A shareAnswer is what one volunteer has done in a round.
type shareAnswer struct {
	Volunteer uint32                  `json:"volunteer"` // number in the team
	Counts    map[texting.Outcome]int `json:"counts"`
	Since     *time.Time              `json:"holds_since"` // null: nobody is in their hands
}

type roundAnswer struct {
	texting.Round
	Volunteers []shareAnswer `json:"volunteers"`
}

func (a *api) round(q *request, _ none) (*roundAnswer, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return nil, err
	}
	r, shares, err := a.Desk.TextingRound(q.Context(), id)
	if err != nil {
		return nil, err
	}
	out := &roundAnswer{Round: *r, Volunteers: []shareAnswer{}}
	for _, s := range shares {
		row := shareAnswer{Volunteer: s.Volunteer, Counts: s.Counts}
		if s.Holds {
			row.Since = &s.Since
		}
		out.Volunteers = append(out.Volunteers, row)
	}
	return out, nil
}

func (a *api) closeRound(q *request, _ none) (none, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.CloseTexting(q.Context(), id, a.noteOf(q))
}

// A giveUpRequest names a volunteer who never said what became of a contact.
type giveUpRequest struct {
	Volunteer uint32 `json:"volunteer"`
}

func (a *api) giveUpText(q *request, in giveUpRequest) (none, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.GiveUpText(q.Context(), id, in.Volunteer, a.noteOf(q))
}

// A turnAnswer is the contact in a volunteer's hands, and what to write to them.
type turnAnswer struct {
	Contact uint32    `json:"contact"` // number, 0 for nobody
	Name    string    `json:"name,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Text    string    `json:"text,omitempty"`
	SMS     string    `json:"sms,omitempty"` // opens one's own program for texts; absent for who must not be written to
}

func (a *api) textInHand(q *request, _ none) (turnAnswer, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return turnAnswer{}, err
	}
	return a.turn(q, id)
}

func (a *api) turn(q *request, round uint32) (turnAnswer, error) {
	t, err := a.Desk.TextInHand(q.Context(), round, q.who.Number)
	if err != nil || t == nil {
		return turnAnswer{}, err
	}
	return turnAnswer{t.Number, t.Name, t.Since, t.Text, t.SMS}, nil
}

func (a *api) nextText(q *request, _ none) (turnAnswer, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return turnAnswer{}, err
	}
	if err := a.Desk.NextText(q.Context(), id, q.who.Number, a.noteOf(q)); err != nil {
		return turnAnswer{}, err
	}
	return a.turn(q, id)
}

// A settleRequest says what became of the contact in one's hands.
type settleRequest struct {
	Contact uint32          `json:"contact"`
	Outcome texting.Outcome `json:"outcome"` // sent, stopped, wrong, back
}

func (a *api) settleText(q *request, in settleRequest) (none, error) {
	id, err := numberOf(q, "round")
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.SettleText(q.Context(), id, q.who.Number, in.Contact, in.Outcome, a.noteOf(q))
}
