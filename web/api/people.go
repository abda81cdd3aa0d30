package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"clarion/internal/audit"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/tabular"
	"clarion/web"
	"clarion/web/desk"
)

type listsAnswer struct {
	Lists []lists.ListInfo `json:"lists"`
}

func (a *api) lists(q *request, _ none) (listsAnswer, error) {
	all, err := a.Desk.Lists(q.Context())
	return listsAnswer{append([]lists.ListInfo{}, all...)}, err
}

func (a *api) list(q *request, _ none) (lists.ListInfo, error) {
	l, err := a.Desk.List(q.Context(), q.PathValue("list"))
	if errors.Is(err, lists.ErrUnknownName) {
		return l, web.ErrNotFound
	}
	return l, err
}

// An importRequest says how a table is read.
type importRequest struct {
	DryRun   bool     `json:"dry_run,omitempty"`  // report, and change nothing
	Map      []string `json:"map,omitempty"`      // field=column, where the header does not say it
	Consent  string   `json:"consent,omitempty"`  // the words that everyone in the table agreed to
	Language string   `json:"language,omitempty"` // of contacts whose row names none
	Region   string   `json:"region,omitempty"`   // country of numbers written without one
}

// Of what an import left out, the program sees so much at most.
const maxRejected = 1000

func (a *api) imports(q *request, in importRequest) (*lists.Report, error) {
	o := lists.ImportOptions{List: q.PathValue("list"), Map: map[string]string{}, Consent: in.Consent, Language: in.Language, Region: in.Region, DryRun: in.DryRun, MaxRejected: maxRejected}
	for _, pair := range in.Map {
		field, column, ok := strings.Cut(pair, "=")
		if !ok || field == "" || column == "" {
			return nil, desk.Mistake("map=%q: field=column is right, such as email=E-Mail or email=3", pair)
		}
		o.Map[strings.TrimSpace(field)] = strings.TrimSpace(column)
	}
	if o.Region == "" {
		o.Region = a.Desk.Links.Region
	}
	body, err := file(q)
	if err != nil {
		return nil, err
	}
	t, err := tabular.Open(body)
	if err != nil {
		return nil, err
	}
	if !in.DryRun {
		if err := a.note(q, audit.Imported, "list", nil); err != nil {
			return nil, err
		}
	}
	r, err := a.Desk.Import(q.Context(), t, o, nil)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (a *api) export(q *request, in none) (stream, error) {
	l, err := a.list(q, in)
	if err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(l.Name, "@", "(at)") // the trail holds no address
	name = strings.ToValidUTF8(name[:min(len(name), 200)], "")
	if err := a.note(q, audit.Exported, "list", map[string]string{"list": name, "contacts": strconv.Itoa(l.Contacts)}); err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return a.Desk.People.Export(q.Context(), l.Name, w) }, nil
}

// A suppressionFilter selects suppressions; what is empty selects all.
type suppressionFilter struct {
	Channel string `json:"channel,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func (f suppressionFilter) read() (out lists.SuppressionFilter, err error) {
	if f.Channel != "" {
		if out.Channel, err = address.ParseChannel(f.Channel); err != nil {
			return out, desk.Mistake("%w", err)
		}
	}
	if f.Reason != "" {
		if out.Reason, err = lists.ParseReason(f.Reason); err != nil {
			return out, desk.Mistake("%w", err)
		}
	}
	return out, nil
}

// An addressRequest names an address, in any spelling.
type addressRequest struct {
	Address string `json:"address"`
	suppressionFilter
}

type suppressionsAnswer struct {
	Suppressions []desk.SuppressionLine `json:"suppressions"`
}

func (a *api) suppressions(q *request, in suppressionFilter) (stream, error) {
	f, err := in.read()
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		lines := json.NewEncoder(w)
		return a.Desk.Suppressions(q.Context(), f, func(l desk.SuppressionLine) error { return lines.Encode(l) })
	}, nil
}

func (a *api) suppress(q *request, in addressRequest) (suppressionsAnswer, error) {
	f, err := in.read()
	if err != nil {
		return suppressionsAnswer{}, err
	}
	if f.Reason == 0 {
		f.Reason = lists.Blocked
	}
	if _, err := desk.ReadAddress(in.Address, a.Desk.Links.Region, f.Channel); err != nil {
		return suppressionsAnswer{}, err
	}
	if err := a.note(q, audit.Suppressed, "address", map[string]string{"reason": f.Reason.String()}); err != nil {
		return suppressionsAnswer{}, err
	}
	done, err := a.Desk.Suppress(q.Context(), in.Address, f.Channel, lists.Suppression{Reason: f.Reason, Source: "staff"})
	return suppressionsAnswer{done}, err
}

func (a *api) suppressed(q *request, in addressRequest) (suppressionsAnswer, error) {
	f, err := in.read()
	if err != nil {
		return suppressionsAnswer{}, err
	}
	_, found, err := a.Desk.SuppressionsOf(q.Context(), in.Address, f)
	return suppressionsAnswer{append([]desk.SuppressionLine{}, found...)}, err
}

func (a *api) restore(q *request, in addressRequest) (suppressionsAnswer, error) {
	f, err := in.read()
	if err != nil {
		return suppressionsAnswer{}, err
	}
	if _, err := desk.ReadAddress(in.Address, a.Desk.Links.Region, f.Channel); err != nil {
		return suppressionsAnswer{}, err
	}
	if err := a.note(q, audit.Freed, "address", nil); err != nil {
		return suppressionsAnswer{}, err
	}
	was, err := a.Desk.Restore(q.Context(), in.Address, f)
	return suppressionsAnswer{was}, err
}

// A findRequest names an address, in any spelling.
type findRequest struct {
	Address string `json:"address"`
}

type contactsAnswer struct {
	Contacts []desk.Person `json:"contacts"`
}

func (a *api) contacts(q *request, in findRequest) (contactsAnswer, error) {
	people, err := a.Desk.PeopleAt(q.Context(), in.Address)
	return contactsAnswer{people}, err
}

type eraseAnswer struct {
	Number uint32 `json:"number"`
	Erased bool   `json:"erased"` // false: it was erased before
}

func (a *api) erase(q *request, _ none) (eraseAnswer, error) {
	n, err := strconv.ParseUint(q.PathValue("number"), 10, 32)
	if err != nil {
		return eraseAnswer{}, web.ErrNotFound
	}
	if err := a.note(q, audit.Erased, fmt.Sprintf("contact:%d", n), nil); err != nil {
		return eraseAnswer{}, err
	}
	gone, err := a.Desk.Erase(q.Context(), uint32(n))
	return eraseAnswer{uint32(n), gone}, err
}
