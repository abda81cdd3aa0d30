package incoming

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"clarion/lists/address"
	"clarion/petition"
)

// A Reply is what a person wrote to us, who may have answered a call.
type Reply struct {
	Source string // what names the message, so that it counts once however often it is brought
	From   address.Address
	Text   string
	// Known says that From had a message of ours, which this answers: a text's number, as its
	// gateway says, or a mail's author, to whom what it answers was sent.
	Known bool
	// Proven says that From is who wrote, as far as can be told: of a text as above, and of a
	// mail, that it answers a letter. A call is passed on to friends, with all that it bears;
	// who was asked to agree had that letter for themselves.
	Proven bool
}

// Take reads a reply, and says whether it was for the petition. What asks to stop is read
// before, and never comes here. Whatever becomes of it, the person gets one answer.
//
// A name and the word make no signature yet (see petition.Ask): the answer asks for what
// a signer must agree to, in its exact words. Who then says that they agree has signed, by
// reply and confirmed, if their address is proven; whose is not has the link.
func (d *Desk) Take(ctx context.Context, r Reply) (bool, error) {
	got := read(r.Text)
	if got.said == Else || !d.open() {
		return false, nil
	}
	var err error
	taken := true
	switch got.said {
	case Agrees:
		taken, err = d.agree(ctx, r, got)
	case Signs:
		taken, err = d.ask(ctx, r, got)
	default:
		err = d.unread(ctx, r, got)
	}
	if errors.Is(err, petition.ErrPurged) {
		return false, nil
	}
	return taken, err
}

// open says whether one may sign now.
func (d *Desk) open() bool {
	now := d.Clock.Now()
	return !now.Before(d.Roll.Opens) && now.Before(d.Roll.Closes)
}

// ask keeps who is to be asked, and asks.
func (d *Desk) ask(ctx context.Context, r Reply, got reading) (bool, error) {
	if !r.Known && !d.strangers.Allow() {
		d.Log.Warn("many mails that answer none of ours sign: this one is handed on as any other")
		return false, nil
	}
	region, district := placed(d.Roll.Campaign, got.place)
	a, err := d.Roll.KeepAsk(ctx, []byte(r.Source), petition.Ask{Name: got.name, Region: region, District: district, Contact: r.From, Language: d.language(r.Text)})
	if err != nil {
		return true, err
	}
	return true, d.tell(ctx, "ask", a.ID, d.question(a, r.Known))
}

// agree enters the signature of who agrees to what they were asked last.
func (d *Desk) agree(ctx context.Context, r Reply, got reading) (bool, error) {
	if !r.Proven {
		return false, nil
	}
	a, err := d.Roll.LastAsk(ctx, r.From)
	if errors.Is(err, petition.ErrAsk) {
		return false, nil // they agree to something else, or again
	} else if err != nil {
		return false, err
	}
	if got.place != "" {
		region, district := placed(d.Roll.Campaign, got.place)
		if region == "" { // "동의 안 합니다" is no place, and no consent
			return true, d.tell(ctx, "where", a.ID, d.where(a))
		}
		if a.Region = region; district != "" {
			a.District = district
		}
	}
	if a.Region == "" {
		return true, d.tell(ctx, "where", a.ID, d.where(a))
	}
	if _, err = d.Sign(ctx, a, petition.Agreed{Opinion: true}, true); err == nil {
		err = d.Roll.DropAsk(ctx, a)
	}
	var refusal *petition.Refusal
	if errors.As(err, &refusal) && !errors.Is(err, petition.ErrPurged) {
		return true, d.tell(ctx, "refused", a.ID, d.letter(a.Contact, a.Language, refusal.Sentence(a.Language)))
	}
	return true, err
}

// Sign enters the signature of somebody who has agreed to what they were asked, and tells
// them, with their slip. Until Roll.DropAsk it may be done again, and nothing is done twice.
func (d *Desk) Sign(ctx context.Context, a *petition.Ask, agreed petition.Agreed, age bool) (petition.Added, error) {
	added, err := d.Roll.SignAsk(ctx, a, agreed, age)
	if err == nil {
		err = d.tell(ctx, "signed", a.ID, d.signed(a, added))
	}
	return added, err
}

// unread has a reply wait for a person, and says what is missing. One with a resident
// registration number is kept nowhere (PIPA art. 24-2).
func (d *Desk) unread(ctx context.Context, r Reply, got reading) error {
	lang := d.language(r.Text)
	id := d.Roll.WaitingID(petition.WayReply, []byte(r.Source))
	if got.resident {
		return d.tell(ctx, "refused", id, d.letter(r.From, lang, petition.ErrResident.Sentence(lang)))
	}
	_, err := d.Roll.Keep(ctx, petition.Waiting{ID: id, Way: petition.WayReply, From: r.From, Text: r.Text}, nil)
	if errors.Is(err, petition.ErrFull) {
		d.Log.Warn("a reply in which no name could be read was not kept: too much waits for a person")
	} else if err != nil {
		return err
	}
	return d.tell(ctx, "missing", id, d.missing(r.From, lang))
}

// tell sends one answer to a message, however often that is brought.
func (d *Desk) tell(ctx context.Context, what, id string, l Letter) error {
	return d.Letters.Tell(ctx, strings.Join([]string{"reply", what, d.Roll.ID, id}, "-"), l)
}

// language is that of a reply, of those that the petition speaks.
func (d *Desk) language(text string) string {
	lang := "en"
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) {
		lang = "ko"
	}
	for _, l := range d.Roll.Languages {
		if l == lang {
			return lang
		}
	}
	return d.Roll.Languages[0]
}

// How many are asked, by one process, whose address is not proven: so that nobody has us
// write to strangers. Each address gets a few letters a day at most as well.
const (
	strangersEvery = 10 * time.Second
	strangersBurst = 60
)
