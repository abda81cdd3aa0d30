package console

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"clarion/petition/texting"
	"clarion/web/access"
	"clarion/web/desk"
)

// textingPath is where volunteers text, and roundsPath where that is set up.
const (
	textingPath = "/texting"
	roundsPath  = "/texting/rounds"
)

// A textingView is the round that a volunteer takes part in, and whom they have in
// hand; or the rounds that they may take part in.
type textingView struct {
	Rounds []texting.Round // those that are open
	Round  *texting.Round
	Turn   *desk.TextingTurn // nil for nobody
	SMS    template.URL
	Mine   int
}

// texting shows a volunteer the rounds that are open.
func (c *console) texting(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	all, err := c.Desk.TextingRounds(r.Context())
	if err != nil {
		return err
	}
	v := &textingView{}
	for _, round := range all {
		if !round.Closed {
			v.Rounds = append(v.Rounds, round)
		}
	}
	return c.show(w, r, who, "texting", page{Title: sayer(languageOf(r, who))("Text people", "문자 보내기"), Data: v})
}

// textingRound shows a volunteer whom they have in hand. It gives them nobody new.
func (c *console) textingRound(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showTexting(w, r, who, http.StatusOK, "")
}

func (c *console) showTexting(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, wrong string) error {
	id, err := roundOf(r)
	if err != nil {
		return err
	}
	v := &textingView{}
	var shares []texting.Share
	if v.Round, shares, err = c.Desk.TextingRound(r.Context(), id); err != nil {
		return err
	}
	for _, s := range shares {
		if s.Volunteer == who.Number {
			v.Mine = s.Counts[texting.Sent]
		}
	}
	if v.Turn, err = c.Desk.TextInHand(r.Context(), id, who.Number); err != nil {
		return err
	}
	if v.Turn != nil {
		v.SMS = template.URL(v.Turn.SMS) //nolint:gosec // a number, and escaped text
	}
	return c.showAs(w, r, who, status, "texting", page{Title: v.Round.Name, Wrong: wrong, Data: v})
}

func roundOf(r *http.Request) (uint32, error) {
	id, err := strconv.ParseUint(r.PathValue("round"), 10, 32)
	if err != nil {
		return 0, texting.ErrNoRound
	}
	return uint32(id), nil
}

// whyNobody says in the reader's language why a contact is not given, or not settled.
func whyNobody(err error, lang string) string {
	say := sayer(lang)
	switch {
	case errors.Is(err, texting.ErrNobody):
		return say("All have had their turn. Thank you.", "모두에게 보냈습니다. 고맙습니다.")
	case errors.Is(err, texting.ErrClosed):
		return say("This round is closed. Thank you.", "마감되었습니다. 고맙습니다.")
	case errors.Is(err, texting.ErrAsleep):
		return say("It is too late or too early to text where people are. Come back in the morning.", "지금은 문자를 보내기에 이르거나 늦은 시간입니다. 아침에 다시 와 주십시오.")
	case errors.Is(err, texting.ErrNotYours):
		return say("This was settled already.", "이미 처리했습니다.")
	}
	return ""
}

// nextText gives a volunteer the next contact.
func (c *console) nextText(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.textingDone(w, r, who, func(id uint32) error {
		return c.Desk.NextText(r.Context(), id, who.Number, c.noteOf(r, who))
	})
}

// settleText takes what a volunteer says of the contact in their hands, and gives
// them the next one unless they stop for now.
func (c *console) settleText(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.textingDone(w, r, who, func(id uint32) error {
		number, err := strconv.ParseUint(r.PostFormValue("contact"), 10, 32)
		if err != nil {
			return texting.ErrNotYours
		}
		o := texting.Outcome(r.PostFormValue("outcome"))
		err = c.Desk.SettleText(r.Context(), id, who.Number, uint32(number), o, c.noteOf(r, who))
		if err != nil || o == texting.Back {
			return err
		}
		return c.Desk.NextText(r.Context(), id, who.Number, c.noteOf(r, who))
	})
}

func (c *console) textingDone(w http.ResponseWriter, r *http.Request, who *access.Visitor, do func(id uint32) error) error {
	id, err := roundOf(r)
	if err == nil {
		err = do(id)
	}
	if why := whyNobody(err, languageOf(r, who)); why != "" {
		return c.showTexting(w, r, who, http.StatusOK, why)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("%s/%d", textingPath, id), http.StatusSeeOther)
	return nil
}

// A roundsView is all rounds, the form for another, and one of them with what each
// volunteer has done.
type roundsView struct {
	Rounds []texting.Round
	Lists  []string
	Typed  texting.Round
	Round  *texting.Round
	Rows   []shareRow
}

// A shareRow is a volunteer's part of a round.
type shareRow struct {
	*texting.Share
	Name string
}

func (c *console) rounds(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.showRounds(w, r, who, http.StatusOK, texting.Round{Script: map[string]string{}}, "")
}

func (c *console) showRounds(w http.ResponseWriter, r *http.Request, who *access.Visitor, status int, typed texting.Round, wrong string) error {
	v := &roundsView{Typed: typed}
	var err error
	if v.Rounds, err = c.Desk.TextingRounds(r.Context()); err != nil {
		return err
	}
	lists, err := c.Desk.Lists(r.Context())
	if err != nil {
		return err
	}
	for _, l := range lists {
		v.Lists = append(v.Lists, l.Name)
	}
	return c.showAs(w, r, who, status, "rounds", page{Title: sayer(languageOf(r, who))("Texting by volunteers", "자원봉사자 문자"), Wrong: wrong, Data: v})
}

func (c *console) beginRound(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	typed := texting.Round{Name: r.PostFormValue("name"), List: r.PostFormValue("list"), By: who.Number,
		Script: map[string]string{korean: r.PostFormValue("script_ko"), english: r.PostFormValue("script_en")}}
	round, err := c.Desk.BeginTexting(r.Context(), typed, c.noteOf(r, who))
	if desk.Mistaken(err) {
		lang := languageOf(r, who)
		return c.showRounds(w, r, who, http.StatusUnprocessableEntity, typed,
			sayer(lang)("Nothing was begun: ", "시작하지 않았습니다. 이름은 한 줄 80자까지, 문안은 600자까지이고 {{ name }}, {{ link }}, {{ organisation }}만 쓸 수 있습니다: ")+err.Error())
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("%s/%d", roundsPath, round.ID), http.StatusSeeOther)
	return nil
}

// round shows what each volunteer has done.
func (c *console) round(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	id, err := roundOf(r)
	if err != nil {
		return err
	}
	v := &roundsView{}
	var shares []texting.Share
	if v.Round, shares, err = c.Desk.TextingRound(r.Context(), id); err != nil {
		return err
	}
	var names map[uint32]string
	if c.Staff != nil {
		if names, err = c.Staff.Forwarders(r.Context()); err != nil {
			return err
		}
	}
	for _, s := range shares {
		v.Rows = append(v.Rows, shareRow{&s, names[s.Volunteer]})
	}
	return c.show(w, r, who, "round", page{Title: v.Round.Name, Data: v})
}

func (c *console) closeRound(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.roundDone(w, r, func(id uint32) error { return c.Desk.CloseTexting(r.Context(), id, c.noteOf(r, who)) })
}

func (c *console) giveUpText(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	return c.roundDone(w, r, func(id uint32) error {
		volunteer, err := strconv.ParseUint(r.PostFormValue("volunteer"), 10, 32)
		if err != nil {
			return texting.ErrNoRound
		}
		return c.Desk.GiveUpText(r.Context(), id, uint32(volunteer), c.noteOf(r, who))
	})
}

func (c *console) roundDone(w http.ResponseWriter, r *http.Request, do func(id uint32) error) error {
	id, err := roundOf(r)
	if err == nil {
		err = do(id)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("%s/%d", roundsPath, id), http.StatusSeeOther)
	return nil
}
