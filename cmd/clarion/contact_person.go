package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A person is everything that is kept of a contact, for whoever asks what that is.
type person struct {
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
	Consent      map[string]consentLine `json:"consent"`
	Suppression  []suppressionLine      `json:"suppression"`
	History      []historyLine          `json:"history"`
}

type consentLine struct {
	Given    bool       `json:"given"`
	Recorded bool       `json:"recorded"` // false: nothing is on record, and nothing was refused
	At       *time.Time `json:"at"`
	Source   string     `json:"source"`
	Words    string     `json:"words"`
}

// A historyLine is one delivery to the contact.
type historyLine struct {
	Call     broadcast.ID    `json:"call"`
	Name     string          `json:"name"`
	Channel  address.Channel `json:"channel"`
	State    string          `json:"state"`
	Reason   string          `json:"reason"`
	Detail   string          `json:"detail"` // status code or the provider's id
	Attempts int             `json:"attempts"`
	Gateway  string          `json:"gateway"`
	Flags    []string        `json:"flags"` // replied, complained, opted_out
	Delivery string          `json:"delivery"`
	Made     time.Time       `json:"made"` // the call
}

// people finds all that is kept under an address: a person a contact, and, when
// there is no contact, one for its suppression. Without history.
func (a *app) peopleAt(ctx context.Context, of []address.Address) ([]person, error) {
	seen := map[uint32]bool{}
	var all []person
	var bare []suppressionLine
	for _, addr := range of {
		contacts, err := a.people.Lookup(ctx, addr)
		if err != nil {
			return nil, err
		}
		for i := range contacts {
			if c := &contacts[i]; !seen[c.Number] {
				seen[c.Number] = true
				one, err := a.person(ctx, c)
				if err != nil {
					return nil, err
				}
				all = append(all, *one)
			}
		}
		lines, err := a.suppressions(ctx, addr)
		if err != nil {
			return nil, err
		}
		bare = append(bare, lines...)
	}
	if len(all) == 0 && len(bare) > 0 {
		all = append(all, person{Suppression: bare, Tags: []string{}, Fields: map[string]string{}, Lists: []string{}, Consent: map[string]consentLine{}, History: []historyLine{}})
	}
	return all, nil
}

func (a *app) person(ctx context.Context, c *lists.Contact) (*person, error) {
	one := &person{Number: &c.Number, Name: c.Name, Organisation: c.Organisation, Language: c.Language, Timezone: c.Zone,
		Email: c.Email.Reveal(), SMS: c.SMS.Reveal(), Fax: c.Fax.Reveal(), Tags: c.Tags, Fields: c.Fields, Created: instant(c.Created),
		Consent: map[string]consentLine{}, Suppression: []suppressionLine{}, History: []historyLine{}}
	if one.Tags == nil {
		one.Tags = []string{}
	}
	if one.Fields == nil {
		one.Fields = map[string]string{}
	}
	var err error
	if one.Lists, err = a.people.ListsOf(ctx, c.Number); err != nil {
		return nil, err
	}
	if one.Lists == nil {
		one.Lists = []string{}
	}
	for ch, k := range c.Consent {
		one.Consent[ch.String()] = consentLine{k.Given, k.Recorded, instant(k.At), k.Source, k.Words}
	}
	for _, ch := range address.Channels {
		if c.Address(ch).IsZero() {
			continue
		}
		lines, err := a.suppressions(ctx, c.Address(ch))
		if err != nil {
			return nil, err
		}
		one.Suppression = append(one.Suppression, lines...)
	}
	return one, nil
}

// history adds each person's deliveries over all calls, the newest call first.
// It walks every ledger: a rare question has no index.
func (a *app) history(ctx context.Context, people []person) error {
	at := map[uint32]*person{}
	for i := range people {
		if people[i].Number != nil {
			at[*people[i].Number] = &people[i]
		}
	}
	if len(at) == 0 {
		return nil
	}
	calls, err := a.ledger.Calls(ctx)
	if err != nil {
		return err
	}
	for _, id := range calls {
		call, err := a.ledger.Call(ctx, id)
		if err != nil {
			return err
		}
		var found []broadcast.Entry
		var refs []broadcast.Ref
		err = a.ledger.Entries(ctx, id, func(e broadcast.Entry) error {
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
		details, err := a.ledger.Details(ctx, id, refs)
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

func newHistoryLine(call *broadcast.Call, e broadcast.Entry, detail string) historyLine {
	h := historyLine{Call: call.ID, Name: call.Name, Channel: e.Work.Channel, State: e.State.String(), Reason: gateway.Reason(e.Reason).String(),
		Detail: detail, Attempts: int(e.Attempt), Flags: []string{}, Delivery: e.Ref.String(), Made: call.Made}
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

func (one *person) write(w io.Writer) {
	if one.Number == nil {
		fmt.Fprintln(w, "No contact has this address. It is suppressed all the same:")
	} else {
		fmt.Fprintf(w, "Contact %d\n", *one.Number)
	}
	for _, f := range []struct{ label, value string }{{"name", one.Name}, {"organisation", one.Organisation}, {"email", one.Email}, {"sms", one.SMS}, {"fax", one.Fax},
		{"language", one.Language}, {"time zone", one.Timezone}, {"tags", strings.Join(one.Tags, ", ")}, {"lists", strings.Join(one.Lists, ", ")}} {
		if f.value != "" {
			fmt.Fprintf(w, "  %-13s %s\n", f.label, f.value)
		}
	}
	for _, name := range sortedKeys(one.Fields) {
		fmt.Fprintf(w, "  %-13s %s\n", name, one.Fields[name])
	}
	for _, name := range sortedKeys(one.Consent) {
		fmt.Fprintf(w, "  consent %-5s %s\n", name, one.Consent[name].words())
	}
	for _, s := range one.Suppression {
		fmt.Fprintf(w, "  suppressed    %s\n", s.words())
	}
	if one.Number == nil {
		return
	}
	if len(one.History) == 0 {
		fmt.Fprintln(w, "  No call has written to this contact.")
	}
	for _, h := range one.History {
		fmt.Fprintf(w, "  %-6s %s  %-5s %-10s %d attempt(s) %s  %s\n", h.Call, h.Made.Local().Format("2006-01-02"), h.Channel, h.State, h.Attempts,
			strings.Join(slices.DeleteFunc(append([]string{h.Reason, h.Detail}, h.Flags...), func(s string) bool { return s == "" }), " "), h.Name)
	}
}

func (k consentLine) words() string {
	switch {
	case !k.Recorded:
		return "not on record"
	case !k.Given:
		return "refused " + when(k.At) + by(k.Source)
	}
	return "given " + when(k.At) + by(k.Source) + fmt.Sprintf(", %q", k.Words)
}

func when(t *time.Time) string {
	if t == nil {
		return "at an unknown time"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func by(source string) string {
	if source == "" {
		return ""
	}
	return " (" + source + ")"
}
