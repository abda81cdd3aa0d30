package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/compose"
	"clarion/internal/quiet"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition/texting"
	"clarion/templates"
)

// scriptFields are what a volunteer's text may be filled with.
var scriptFields = []string{"name", "link", "organisation"}

// longest is how many characters a round's name and script may have.
const (
	longestRoundName = 80
	longestScript    = 600
)

// A TextingTurn is a contact in a volunteer's hands, and what to write to them.
type TextingTurn struct {
	*texting.Turn
	Text string
	SMS  string // opens the volunteer's own program for texts; "" for who must not be written to
}

// BeginTexting begins a round of texting by volunteers, noted first. By is who does.
// The error is a mistake for what the person can mend.
func (d *Desk) BeginTexting(ctx context.Context, r texting.Round, note Note) (*texting.Round, error) {
	r.Name = strings.TrimSpace(r.Name)
	if r.Name == "" || len([]rune(r.Name)) > longestRoundName || strings.ContainsFunc(r.Name, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }) {
		return nil, Mistake("a round has a name of one line, with at most %d characters", longestRoundName)
	}
	if _, err := d.List(ctx, r.List); err != nil {
		return nil, err
	}
	for lang, script := range r.Script {
		if script = strings.TrimSpace(script); script == "" {
			delete(r.Script, lang)
			continue
		}
		r.Script[lang] = script
		text, problems := templates.ParseText("script", []byte(script))
		if len(problems) > 0 {
			return nil, Mistake("the script: %s", problems[0].Message)
		}
		if len([]rune(script)) > longestScript {
			return nil, Mistake("a script has at most %d characters", longestScript)
		}
		for _, f := range text.Fields() {
			if !slices.Contains(scriptFields, f.Name) {
				return nil, Mistake("the script asks for {{ %s }}: a volunteer's text is filled with {{ %s }} alone", f.Name, strings.Join(scriptFields, " }}, {{ "))
			}
		}
	}
	if len(r.Script) == 0 {
		return nil, Mistake("a round has a script, in Korean or in English")
	}
	if err := note(audit.TextingBegun, "list", map[string]string{"list": r.List}); err != nil {
		return nil, err
	}
	return d.texting.Begin(ctx, r)
}

// CloseTexting ends a round, noted first. One that is closed stays so.
func (d *Desk) CloseTexting(ctx context.Context, id uint32, note Note) error {
	r, err := d.texting.Round(ctx, id)
	if err != nil || r.Closed {
		return err
	}
	if err := note(audit.TextingClosed, roundObject(id), nil); err != nil {
		return err
	}
	return d.texting.Close(ctx, id)
}

func roundObject(id uint32) string { return fmt.Sprintf("round:%d", id) }

// GiveUpText takes whom a volunteer never settled out of their hands, noted first;
// nobody else gets them. Where there is nobody nothing is done.
func (d *Desk) GiveUpText(ctx context.Context, id, volunteer uint32, note Note) error {
	t, err := d.texting.InHand(ctx, id, volunteer)
	if err != nil || t == nil {
		return err
	}
	if err := note(audit.TextingGivenUp, roundObject(id), map[string]string{"volunteer": fmt.Sprint(volunteer)}); err != nil {
		return err
	}
	return d.texting.GiveUp(ctx, id, volunteer)
}

// TextingRounds are all rounds, the last one first.
func (d *Desk) TextingRounds(ctx context.Context) ([]texting.Round, error) {
	return d.texting.Rounds(ctx)
}

// TextingRound is a round, and what each volunteer has done in it.
func (d *Desk) TextingRound(ctx context.Context, id uint32) (*texting.Round, []texting.Share, error) {
	r, err := d.texting.Round(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	shares, err := d.texting.Shares(ctx, id)
	return r, shares, err
}

// TextInHand is the contact in a volunteer's hands, nil for none, or for one whom the
// audit trail does not have yet.
func (d *Desk) TextInHand(ctx context.Context, id, volunteer uint32) (*TextingTurn, error) {
	r, err := d.texting.Round(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := d.texting.InHand(ctx, id, volunteer)
	if err != nil || t == nil || !t.Shown {
		return nil, err
	}
	return d.textTo(ctx, r, t, volunteer)
}

// NextText entrusts the next contact of a round to a volunteer, and notes it before
// anything of them is shown.
func (d *Desk) NextText(ctx context.Context, id, volunteer uint32, note Note) error {
	t, err := d.texting.Next(ctx, id, volunteer)
	if err != nil || t.Shown {
		return err
	}
	if err := note(audit.Entrusted, contactObject(t.Number), map[string]string{"round": fmt.Sprint(id)}); err != nil {
		return err
	}
	return d.texting.Show(ctx, id, volunteer, t.Number)
}

// settled are the outcomes that a volunteer says.
var settled = []texting.Outcome{texting.Sent, texting.Stopped, texting.Wrong, texting.Back}

// SettleText says what became of the contact in a volunteer's hands. A suppression
// that follows is noted first. The error is a mistake for an outcome that is none.
func (d *Desk) SettleText(ctx context.Context, id, volunteer, number uint32, o texting.Outcome, note Note) error {
	if !slices.Contains(settled, o) {
		return Mistake("outcome: %q is none; sent, stopped, wrong and back are", o)
	}
	if o == texting.Stopped || o == texting.Wrong {
		t, err := d.texting.InHand(ctx, id, volunteer)
		if err != nil {
			return err
		}
		if t == nil || t.Number != number {
			return texting.ErrNotYours
		}
		if err := note(audit.Suppressed, contactObject(number), map[string]string{"round": fmt.Sprint(id)}); err != nil {
			return err
		}
	}
	return d.texting.Settle(ctx, id, volunteer, number, o)
}

func contactObject(number uint32) string { return fmt.Sprintf("contact:%d", number) }

// textTo fills a round's script for a contact, with the volunteer's own link.
func (d *Desk) textTo(ctx context.Context, r *texting.Round, t *texting.Turn, volunteer uint32) (*TextingTurn, error) {
	lang := t.Lang
	if r.Script[lang] == "" {
		for _, l := range []string{"ko", "en"} {
			if r.Script[l] != "" {
				lang = l
				break
			}
		}
	}
	f, err := d.Forwarding(ctx, volunteer)
	if err != nil {
		return nil, err
	}
	text, problems := templates.ParseText("script", []byte(r.Script[lang]))
	if len(problems) > 0 {
		return nil, problems[0]
	}
	out := &TextingTurn{Turn: t, Text: text.Execute(func(name string) (string, bool) {
		value := map[string]string{"name": t.Name, "link": f.Link, "organisation": d.Links.Organisation}[name]
		return value, value != ""
	})}
	if !t.Phone.IsZero() {
		out.SMS = compose.Text(t.Phone.Reveal(), out.Text)
	}
	return out, nil
}

// awake says whether a contact may get a text now, by the quiet hours that hold here.
func (d *Desk) awake(c *lists.Contact) bool {
	place, _, _ := d.Quiet.Place(broadcast.ZoneOf(c, address.SMS)) // a zone that is not known counts as unknown
	span, has := d.Quiet.Hours[address.SMS]
	if !has {
		return true
	}
	asleep, _ := quiet.Hours{span}.At(d.Clock.Now(), place)
	return !asleep
}
