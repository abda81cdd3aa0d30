package desk

import (
	"context"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Person is everything that is kept of a contact, for whoever asks what that is.
type Person struct {
	Number       *uint32                `json:"number"` // null: no contact has the address, but it is suppressed
	Name         string                 `json:"name"`
	Organisation string                 `json:"organisation"`
	Language     string                 `json:"language"`
	Timezone     string                 `json:"timezone"`
	Email        string                 `json:"email"`
	SMS          string                 `json:"sms"`
	Fax          string                 `json:"fax"`
	Tags         []string               `json:"tags"`
	Fields       map[string]string      `json:"fields"`
	Created      *time.Time             `json:"created"`
	Lists        []string               `json:"lists"`
	Consent      map[string]ConsentLine `json:"consent"`
	Suppression  []SuppressionLine      `json:"suppression"`
	History      []HistoryLine          `json:"history"`
}

// A ConsentLine is what the contact agreed to on a channel.
type ConsentLine struct {
	Given    bool       `json:"given"`
	Recorded bool       `json:"recorded"` // false: nothing is on record, and nothing was refused
	At       *time.Time `json:"at"`
	Source   string     `json:"source"`
	Words    string     `json:"words"`
}

// A HistoryLine is one delivery to the contact.
type HistoryLine struct {
	Call     broadcast.ID    `json:"call"`
	Name     string          `json:"name"`
	Channel  address.Channel `json:"channel"`
	State    string          `json:"state"`
	Reason   string          `json:"reason"`
	Detail   string          `json:"detail"` // status code of the refusal, "" once a gateway has taken it
	Attempts int             `json:"attempts"`
	Gateway  string          `json:"gateway"`
	Flags    []string        `json:"flags"` // replied, complained, opted_out
	Delivery string          `json:"delivery"`
	Made     time.Time       `json:"made"` // the call
}

// PeopleAt finds the people at an address, in any spelling, with their history. An
// address of which nothing is kept is an *InputError.
func (d *Desk) PeopleAt(ctx context.Context, text string) ([]Person, error) {
	of, err := ReadAddress(text, d.Links.Region, 0)
	if err != nil {
		return nil, err
	}
	people, err := d.peopleAt(ctx, of)
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return nil, Mistake("no contact has this address (%s), and it is not suppressed", of[0])
	}
	return people, d.history(ctx, people)
}

// Erase erases a contact; the suppression of its addresses stays. It returns false
// when that was done before.
func (d *Desk) Erase(ctx context.Context, number uint32) (bool, error) {
	return d.People.Erase(ctx, number)
}

// peopleAt finds all that is kept under an address: a person a contact, and, when
// there is no contact, one for its suppression. Without history.
func (d *Desk) peopleAt(ctx context.Context, of []address.Address) ([]Person, error) {
	seen := map[uint32]bool{}
	var all []Person
	var bare []SuppressionLine
	for _, addr := range of {
		contacts, err := d.People.Lookup(ctx, addr)
		if err != nil {
			return nil, err
		}
		for i := range contacts {
			if c := &contacts[i]; !seen[c.Number] {
				seen[c.Number] = true
				one, err := d.person(ctx, c)
				if err != nil {
					return nil, err
				}
				all = append(all, *one)
			}
		}
		lines, err := d.suppressions(ctx, addr)
		if err != nil {
			return nil, err
		}
		bare = append(bare, lines...)
	}
	if len(all) == 0 && len(bare) > 0 {
		all = append(all, Person{Suppression: bare, Tags: []string{}, Fields: map[string]string{}, Lists: []string{}, Consent: map[string]ConsentLine{}, History: []HistoryLine{}})
	}
	return all, nil
}

func (d *Desk) person(ctx context.Context, c *lists.Contact) (*Person, error) {
	one := &Person{Number: &c.Number, Name: c.Name, Organisation: c.Organisation, Language: c.Language, Timezone: c.Zone,
		Email: c.Email.Reveal(), SMS: c.SMS.Reveal(), Fax: c.Fax.Reveal(), Tags: c.Tags, Fields: c.Fields, Created: instant(c.Created),
		Consent: map[string]ConsentLine{}, Suppression: []SuppressionLine{}, History: []HistoryLine{}}
	if one.Tags == nil {
		one.Tags = []string{}
	}
	if one.Fields == nil {
		one.Fields = map[string]string{}
	}
	var err error
	if one.Lists, err = d.People.ListsOf(ctx, c.Number); err != nil {
		return nil, err
	}
	if one.Lists == nil {
		one.Lists = []string{}
	}
	for ch, k := range c.Consent {
		one.Consent[ch.String()] = ConsentLine{k.Given, k.Recorded, instant(k.At), k.Source, k.Words}
	}
	for _, ch := range address.Channels {
		if c.Address(ch).IsZero() {
			continue
		}
		lines, err := d.suppressions(ctx, c.Address(ch))
		if err != nil {
			return nil, err
		}
		one.Suppression = append(one.Suppression, lines...)
	}
	return one, nil
}

// history adds each person's deliveries over all calls, the newest call first.
// It walks every ledger: a rare question has no index.
func (d *Desk) history(ctx context.Context, people []Person) error {
	at := map[uint32]*Person{}
	for i := range people {
		if people[i].Number != nil {
			at[*people[i].Number] = &people[i]
		}
	}
	if len(at) == 0 {
		return nil
	}
	calls, err := d.Ledger.Calls(ctx)
	if err != nil {
		return err
	}
	for _, id := range calls {
		call, err := d.Ledger.Call(ctx, id)
		if err != nil {
			return err
		}
		var found []broadcast.Entry
		var refs []broadcast.Ref
		err = d.Ledger.Entries(ctx, id, func(e broadcast.Entry) error {
			if at[e.Contact] != nil {
				found, refs = append(found, e), append(refs, e.Ref)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		details, err := d.Ledger.Details(ctx, id, refs)
		if err != nil {
			return err
		}
		for i, e := range found {
			one := at[e.Contact]
			one.History = append(one.History, newHistoryLine(call, e, details[i]))
		}
	}
	return nil
}

func newHistoryLine(call *broadcast.Call, e broadcast.Entry, detail string) HistoryLine {
	h := HistoryLine{Call: call.ID, Name: call.Name, Channel: e.Work.Channel, State: e.State.String(), Reason: gateway.Reason(e.Reason).String(),
		Detail: detail, Attempts: int(e.Attempt), Flags: []string{}, Delivery: e.Ref.String(), Made: call.Made}
	if e.State == broadcast.Sent || e.State == broadcast.Delivered {
		h.Detail = "" // the ledger keeps it of the attempt that failed before
	}
	if int(e.Gateway) < len(call.Gateways) {
		h.Gateway = call.Gateways[e.Gateway]
	}
	for _, f := range [...]struct {
		flag broadcast.Flag
		name string
	}{{broadcast.Replied, "replied"}, {broadcast.Complained, "complained"}, {broadcast.OptedOut, "opted_out"}, {broadcast.Doubted, "was_in_doubt"}} {
		if e.Flags&f.flag != 0 {
			h.Flags = append(h.Flags, f.name)
		}
	}
	return h
}
