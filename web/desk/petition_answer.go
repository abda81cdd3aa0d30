package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/conf"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/templates"
)

// An AnswerCall is the call by which the addressee's answer goes to the signers who left
// a way to be reached and agreed to hear: to each by the way that they left.
type AnswerCall struct {
	Draft string       `json:"draft,omitempty"` // id; none before it was prepared
	Call  broadcast.ID `json:"call,omitempty"`  // none before it was launched
	Went  bool         `json:"went"`            // that call goes out, or went, or waits to; not one that was stopped before it reached anybody
	Reach *Reach       `json:"reach"`           // whom it would reach now; null before it was prepared, and after the purge
}

// answering reads how the answer goes out, and to how many.
func (d *Desk) answering(ctx context.Context) (AnswerCall, error) {
	a, err := d.answerCall(ctx)
	if err != nil || a.Draft == "" {
		return a, err
	}
	if a.Call != "" {
		if a.Went, err = d.went(ctx, a.Call); err != nil {
			return a, err
		}
	}
	who := lists.Audience{Lists: answerLists(d.Roll.ID), Channels: address.Channels[:], Only: map[address.Channel]string{}}
	for _, ch := range address.Channels {
		who.Only[ch] = answerList(d.Roll.ID, ch)
	}
	reach, _, err := d.Count(ctx, who)
	if errors.Is(err, lists.ErrUnknownName) {
		return a, nil // they went with the names
	}
	a.Reach = &reach
	return a, err
}

// Answered says whether the addressee has answered what was handed over last.
func (r *DeliveryReport) Answered() bool {
	done := false
	for _, s := range r.Steps {
		done = s.Kind == Answered || done && s.Kind != HandedOver
	}
	return done
}

// mayTell says why the answer cannot be told to signers now.
func (d *Desk) mayTell(ctx context.Context) (*DeliveryReport, error) {
	r, err := d.Delivery(ctx)
	switch {
	case err != nil:
		return nil, err
	case r.Certificate != nil:
		return nil, Mistake("the names of this petition are deleted: nobody knows any more whom to tell")
	case !r.Answered():
		return nil, Mistake("note first that the addressee has answered, and when")
	}
	return r, nil
}

// PrepareAnswer makes the draft of the call by which the answer goes out, noted first:
// of the files of a call's folder, whose audience is replaced, or if files is nil of an
// example. Prepared again it is the same draft, and its lists are as the signatures are
// now. It is checked, rehearsed and launched like any other.
func (d *Desk) PrepareAnswer(ctx context.Context, files map[string][]byte, author string, note Note) (*SavedDraft, error) {
	r, err := d.mayTell(ctx)
	if err != nil {
		return nil, err
	}
	if r.Answer.Went {
		return nil, toldAlready(r.Answer.Call)
	}
	if files != nil {
		files = d.toSigners(files)
		if err := ReadFiles(files).Problems.Err(); err != nil {
			return nil, err
		}
	}
	if err := note(audit.AnswerPrepared, petitionObject(d.Roll), nil); err != nil {
		return nil, err
	}
	if err := d.news().gather(ctx); err != nil {
		return nil, err
	}
	s, err := d.answerDraft(ctx, r.Answer.Draft, files)
	if err != nil || s.Version > 0 && files == nil {
		return s, err
	}
	s.Author = author
	if s, err = d.SaveDraft(ctx, *s); err != nil {
		return nil, err
	}
	return s, d.keepAnswerDraft(ctx, s.ID)
}

// toldAlready says that the answer went out.
func toldAlready(call broadcast.ID) error {
	return Mistake("the answer went out by call %s already; what is wrong in it is mended by a correction of that call", call)
}

// answerDraft is the draft that there is, or a new one, with files if they are not nil.
func (d *Desk) answerDraft(ctx context.Context, id string, files map[string][]byte) (*SavedDraft, error) {
	s := &SavedDraft{Name: d.Roll.ID + " answer"}
	if id != "" {
		have, err := d.LoadDraft(ctx, id)
		switch {
		case err == nil:
			s = have
		case !errors.Is(err, ErrNoDraft):
			return nil, err
		}
	}
	switch {
	case files != nil:
		s.Files = files
	case s.Version == 0:
		example, err := d.answerExample()
		if err != nil {
			return nil, err
		}
		s.Files = d.toSigners(example)
	}
	return s, nil
}

// toSigners is a call's folder with those who are told the answer as its audience.
func (d *Desk) toSigners(files map[string][]byte) map[string][]byte {
	text := string(files[templates.CallFile])
	for _, key := range []string{"without", "tags", "languages"} {
		text = conf.Unset(text, "audience", key)
	}
	for _, ch := range address.Channels {
		text = conf.Unset(text, "audience", "only", ch.String())
	}
	text = conf.Set(text, conf.Strings(answerLists(d.Roll.ID)), "audience", "lists")
	text = conf.Set(text, conf.String(templates.ReachEvery), "reach")
	for _, ch := range address.Channels {
		text = conf.Set(text, conf.String(answerList(d.Roll.ID, ch)), "audience", "only", ch.String())
	}
	out := maps.Clone(files)
	out[templates.CallFile] = []byte(text)
	return out
}

// tellsAnswer says whether a draft goes to those who are told the answer.
func (d *Desk) tellsAnswer(draft *Draft) bool {
	if d.Roll == nil {
		return false
	}
	mine := answerLists(d.Roll.ID)
	return slices.ContainsFunc(draft.Text.Audience.Lists, func(list string) bool { return slices.Contains(mine, list) })
}

// launchAnswer is launch for the draft that tells the answer: to those who have signed
// and agreed by now, and once. A call that was stopped before it reached anybody, as one
// that nobody released, makes room for another.
func (d *Desk) launchAnswer(ctx context.Context, draft *Draft, o LaunchOptions) (broadcast.ID, error) {
	r, err := d.mayTell(ctx)
	if err != nil {
		return "", err
	}
	if r.Answer.Went {
		return "", toldAlready(r.Answer.Call)
	}
	if err := d.news().gather(ctx); err != nil {
		return "", err
	}
	if err := d.everyWay(ctx, draft); err != nil {
		return "", err
	}
	o.To = nil
	id, err := d.Create(ctx, draft, o)
	if err != nil {
		return id, err
	}
	mine, err := d.claimAnswer(ctx, r.Answer.Call, id)
	if err != nil {
		return id, err
	}
	if !mine {
		_, err := d.Change(ctx, id, Stop)
		return "", cmp.Or(err, Mistake("somebody else has just launched the answer: this call was stopped before it began"))
	}
	return id, d.handOver(ctx, id, o)
}

// went says whether a call of the answer goes out, or went, or waits to: all but one that
// was stopped before it reached anybody.
func (d *Desk) went(ctx context.Context, id broadcast.ID) (bool, error) {
	call, err := d.Ledger.Call(ctx, id)
	if err != nil || call.State != broadcast.Stopped {
		return true, err
	}
	reached, err := d.Ledger.Reached(ctx, id)
	return reached.Contacts > 0, err
}

// everyWay refuses a draft without a text for a channel by which signers are to be told.
func (d *Desk) everyWay(ctx context.Context, draft *Draft) error {
	for _, ch := range address.Channels {
		if draft.Text.Has(ch) {
			continue
		}
		list, err := d.People.List(ctx, answerList(d.Roll.ID, ch))
		if err != nil {
			return err
		}
		if n := list.Channels[ch]; n > 0 {
			return Mistake("%d signers are to be told by %s, by which they left a way, but the call has no text for it: add %q to channels", n, ch, ch)
		}
	}
	return nil
}

// answerIsOut refuses to go on while the answer is on its way: without their addresses
// nobody else would get it.
func (d *Desk) answerIsOut(ctx context.Context) error {
	a, err := d.answerCall(ctx)
	if err != nil || a.Call == "" {
		return err
	}
	call, err := d.Ledger.Call(ctx, a.Call)
	if err == nil && call.State != broadcast.Done && call.State != broadcast.Stopped {
		err = Mistake("the answer is still on its way to signers: wait until call %s has ended, or stop it", a.Call)
	}
	return err
}

// pictureMark is a picture in Markdown: it lies in the mail, and on no page of ours.
var pictureMark = regexp.MustCompile(`!\[[^\]]*\]\([^)]*\)`)

// publishAnswer shows the words of the call that tells the answer to whoever has a slip.
func (d *Desk) publishAnswer(ctx context.Context, id broadcast.ID) error {
	if d.Roll == nil {
		return nil
	}
	if a, err := d.answerCall(ctx); err != nil || a.Call != id {
		return err
	}
	files, err := d.Ledger.Files(ctx, id)
	if err != nil {
		return err
	}
	call, text := ReadFiles(files).Text, map[string]string{}
	for _, lang := range call.Languages {
		for _, ch := range []address.Channel{address.SMS, address.Fax, address.Email} { // the mail says most
			if t := call.Text(ch, lang); t != nil {
				text[lang] = pictureMark.ReplaceAllString(t.Execute(d.ofNobody), "")
			}
		}
	}
	if len(text) == 0 {
		return nil
	}
	return d.Roll.PublishAnswer(ctx, text)
}

// ofNobody has the merge fields that name nobody.
func (d *Desk) ofNobody(field string) (string, bool) {
	return d.Links.Organisation, field == "organisation"
}

// answerExample is the folder of a call that tells an answer, but for its words: it
// cannot go out before somebody wrote them in place of {{ answer }}.
func (d *Desk) answerExample() (map[string][]byte, error) {
	text, err := templates.ExampleCall()
	if err != nil {
		return nil, err
	}
	c := d.Roll.Campaign
	var channels []string
	for _, ch := range address.Channels {
		if slices.ContainsFunc(d.Gates, func(g Gate) bool { return g.Channel == ch }) || len(d.Gates) == 0 {
			channels = append(channels, ch.String())
		}
	}
	text = conf.Set(text, conf.String("answer"), "name")
	text = conf.Set(text, conf.Strings(c.Languages), "languages")
	text = conf.Set(text, conf.Strings(channels), "channels")
	text = conf.Unset(conf.Unset(text, "fax", "picture"), "email", "subject")
	files := map[string][]byte{}
	for _, lang := range c.Languages {
		words := answerWords[lang]
		if words == nil {
			words = answerWords["en"]
		}
		fill := strings.NewReplacer("TITLE", c.Title[lang], "ADDRESSEE", c.Addressee[lang])
		text = conf.Set(text, conf.String(words["subject"]), "email", "subject", lang)
		files[fmt.Sprintf("text.%s.md", lang)] = []byte(fill.Replace(words["text"]))
		files[fmt.Sprintf("sms.%s.txt", lang)] = []byte(fill.Replace(words["sms"]))
	}
	files[templates.CallFile] = []byte(text)
	return files, nil
}

var answerWords = map[string]map[string]string{
	"ko": {
		"subject": "서명에 대한 답변이 왔습니다",
		"text":    "# 답변이 왔습니다\n\n{{ name | 서명해 주신 분 }}님, 함께 서명해 주신 “TITLE” 서명을 전달했고 답변을 받았습니다. 받은 곳: ADDRESSEE\n\n{{ answer }}\n\n함께해 주셔서 고맙습니다.\n",
		"sms":     "“TITLE” 서명에 답변이 왔습니다. {{ answer }}\n",
	},
	"en": {
		"subject": "Your signature has been answered",
		"text":    "# The answer has come\n\nDear {{ name | friend }}, your signature for “TITLE” was handed over to ADDRESSEE, and this is the answer:\n\n{{ answer }}\n\nThank you for being with us.\n",
		"sms":     "“TITLE” has been answered: {{ answer }}\n",
	},
}
