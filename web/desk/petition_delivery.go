package desk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"clarion/internal/audit"
	"clarion/internal/rkey"
	"clarion/petition"
)

var keyDelivery = rkey.Key{Pattern: "{desk}:delivery:<petition>", Type: rkey.List, Expiry: "kept", Doc: "hand-overs of a petition, acknowledgements and the answer: when, to which office, how many, noted by whom of the team"}

// A DeliveryStep is a hand-over, its acknowledgement, or the answer.
type DeliveryStep struct {
	Kind       MomentKind `json:"kind"`         // handed_over, acknowledged, answered
	On         time.Time  `json:"on"`           // when it happened
	To         string     `json:"to,omitempty"` // the office that took them
	Signatures int        `json:"signatures"`   // that went on by it, those on sheets not among them
	Sheets     int        `json:"sheets"`
	By         uint32     `json:"by"` // number in the team of who noted it
	At         time.Time  `json:"at"` // when it was noted
}

// A StageRow is how many are at a stage.
type StageRow struct {
	Stage      petition.Stage `json:"stage"`
	Signatures int            `json:"signatures"`
	Sheets     int            `json:"sheets"`
	OnSheets   int            `json:"on_sheets"` // signatures on those, by the lower counts
}

// A DeliveryReport is how far the signatures are on their way to the addressee.
type DeliveryReport struct {
	ID          string                `json:"id"`
	Addressee   map[string]string     `json:"addressee"` // by language
	Stages      []StageRow            `json:"stages"`    // all of them, in their order
	Steps       []DeliveryStep        `json:"steps"`     // the first one first
	ReplyDue    *time.Time            `json:"reply_due"` // null before a hand-over, after the answer, or without a clock
	Answer      AnswerCall            `json:"answer"`    // how the answer goes out to signers
	Roots       []petition.Root       `json:"roots"`     // the last one first
	Closes      time.Time             `json:"closes"`
	Named       int                   `json:"named"` // signatures whose names are kept
	Certificate *petition.Certificate `json:"certificate"`
}

// Delivery reads how far the signatures are.
func (d *Desk) Delivery(ctx context.Context) (*DeliveryReport, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	r := &DeliveryReport{ID: roll.ID, Addressee: roll.Addressee, Closes: roll.Closes, Roots: []petition.Root{}, Steps: []DeliveryStep{}}
	tally, err := roll.Tally(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range petition.Stages {
		r.Stages = append(r.Stages, StageRow{Stage: s, Signatures: tally.Stages[s]})
	}
	sheets, err := roll.Sheets(ctx)
	if err != nil {
		return nil, err
	}
	for i := range sheets {
		if s := &sheets[i]; s.State == petition.SheetCounted {
			low, _ := s.Bounds()
			r.Stages[s.Stage].Sheets++
			r.Stages[s.Stage].OnSheets += low
		}
	}
	for _, w := range tally.Ways {
		r.Named += w.Confirmed + w.Unconfirmed + w.Invalid
	}
	steps, err := d.deliverySteps(ctx, roll)
	if err != nil {
		return nil, err
	}
	r.Steps, r.ReplyDue = append(r.Steps, steps...), replyDue(roll.Campaign, steps)
	if r.Answer, err = d.answering(ctx); err != nil {
		return nil, err
	}
	roots, err := roll.Roots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range roots {
		r.Roots = append(r.Roots, roots[len(roots)-1-i])
	}
	r.Certificate, err = roll.Certificate(ctx)
	return r, err
}

// ReplyDue is until when the addressee is to have answered, zero where no clock runs.
func (d *Desk) ReplyDue(ctx context.Context) (time.Time, error) {
	roll, err := d.signatures()
	if err != nil {
		return time.Time{}, err
	}
	steps, err := d.deliverySteps(ctx, roll)
	if err != nil {
		return time.Time{}, err
	}
	if due := replyDue(roll.Campaign, steps); due != nil {
		return *due, nil
	}
	return time.Time{}, nil
}

// replyDue is when the addressee is to have answered the last hand-over; nil where no
// clock runs.
func replyDue(c *petition.Campaign, steps []DeliveryStep) *time.Time {
	var due *time.Time
	for _, s := range steps {
		switch {
		case s.Kind == HandedOver && c.ReplyDays > 0:
			at := s.On.In(c.Zone).AddDate(0, 0, c.ReplyDays)
			due = &at
		case s.Kind == Answered:
			due = nil
		}
	}
	return due
}

// An Advance brings signatures to a stage.
type Advance struct {
	Stage   petition.Stage `json:"stage"`             // counted, boxed, handed_over, acknowledged
	Numbers []uint32       `json:"numbers,omitempty"` // of signatures, however far they were; none: all of the stage before
	To      string         `json:"to,omitempty"`      // of a hand-over: the office that took them, no person's name
	On      time.Time      `json:"on,omitzero"`       // when it happened, now if it does not say
}

// Advanced is how many went on.
type Advanced struct {
	Signatures int `json:"signatures"`
	Sheets     int `json:"sheets"`
}

// maxOffice is the most letters of an office.
const maxOffice = 60

// AdvancePetition brings signatures to a stage, noted first. From a hand-over on, the
// sheets in boxes go with all others.
func (d *Desk) AdvancePetition(ctx context.Context, a Advance, by uint32, note Note) (*Advanced, error) {
	r, err := d.Delivery(ctx)
	if err != nil {
		return nil, err
	}
	if a.Stage == petition.Collected || int(a.Stage) >= len(petition.Stages) {
		return nil, Mistake("stage: signatures go on to counted, boxed, handed_over and acknowledged")
	}
	step, err := d.step(MomentKind(a.Stage.String()), a.To, a.On, by)
	if err != nil {
		return nil, err
	}
	kept := a.Stage >= petition.HandedOver // what the line of time tells
	before := r.Stages[a.Stage-1]
	step.Signatures = before.Signatures
	if a.Numbers != nil {
		step.Signatures = len(a.Numbers)
	} else if kept {
		step.Sheets = before.Sheets
	}
	switch {
	case r.Certificate != nil:
		return nil, petition.ErrPurged
	case step.Signatures+step.Sheets == 0:
		return nil, Mistake("nothing is at the stage before: nothing goes on")
	case a.Stage == petition.HandedOver && step.To == "":
		return nil, Mistake("to: say which office took them")
	}
	details := map[string]string{"stage": a.Stage.String(), "signatures": strconv.Itoa(step.Signatures), "sheets": strconv.Itoa(step.Sheets)}
	if kept {
		details["on"] = d.Roll.Day(step.On)
	}
	if step.To != "" {
		details["to"] = step.To
	}
	if err := note(audit.PetitionAdvanced, petitionObject(d.Roll), details); err != nil {
		return nil, err
	}
	if kept {
		if err := d.saveStep(ctx, d.Roll, step); err != nil {
			return nil, err
		}
	}
	out := &Advanced{}
	if out.Signatures, err = d.Roll.Advance(ctx, a.Stage, a.Numbers); err != nil {
		return nil, err
	}
	if kept && a.Numbers == nil {
		out.Sheets, err = d.Roll.AdvanceSheets(ctx, a.Stage)
	}
	return out, err
}

// step is one as it is kept.
func (d *Desk) step(kind MomentKind, to string, on time.Time, by uint32) (DeliveryStep, error) {
	now := d.Clock.Now().UTC().Truncate(time.Second)
	s := DeliveryStep{Kind: kind, On: on.UTC(), To: strings.Join(strings.Fields(to), " "), By: by, At: now}
	if on.IsZero() {
		s.On = now
	}
	switch {
	case len([]rune(s.To)) > maxOffice || strings.ContainsAny(s.To, "@\x00") || petition.HasResidentNumber(s.To):
		return s, Mistake("to: an office in at most %d letters, without an address", maxOffice)
	case s.On.After(now):
		return s, Mistake("on: it cannot have happened later than now")
	}
	return s, nil
}

// NoteAnswer notes that the addressee has answered, which stops the clock.
func (d *Desk) NoteAnswer(ctx context.Context, on time.Time, by uint32, note Note) error {
	r, err := d.Delivery(ctx)
	if err != nil {
		return err
	}
	handed := false
	for _, s := range r.Steps {
		handed = handed || s.Kind == HandedOver
	}
	if !handed {
		return Mistake("nothing was handed over yet, so nobody can have answered")
	}
	s, err := d.step(Answered, "", on, by)
	if err != nil {
		return err
	}
	if err := note(audit.PetitionAnswered, petitionObject(d.Roll), map[string]string{"on": d.Roll.Day(s.On)}); err != nil {
		return err
	}
	if err := d.Roll.NoteAnswer(ctx, s.On); err != nil {
		return err
	}
	return d.saveStep(ctx, d.Roll, s)
}

// PurgePetition deletes who signed, noted first, with the lists of signers who agreed to
// hear and those of them who are on no other list. Whoever asks names the petition, so
// that the wrong one is never purged.
func (d *Desk) PurgePetition(ctx context.Context, id string, by uint32, note Note) (*petition.Certificate, error) {
	roll, err := d.signatures()
	if err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(id) != roll.ID:
		return nil, Mistake("to confirm, name the petition: %s", roll.ID)
	case d.Clock.Now().Before(roll.Closes):
		return nil, petition.ErrStillOpen
	}
	if err := d.answerIsOut(ctx); err != nil {
		return nil, err
	}
	if err := note(audit.PetitionPurged, petitionObject(roll), nil); err != nil {
		return nil, err
	}
	if err := d.news().forget(ctx); err != nil {
		return nil, err
	}
	c, err := roll.Purge(ctx, by)
	if err != nil {
		return nil, err
	}
	return c, d.news().forget(ctx) // who joined meanwhile; from the certificate on nobody can
}
