package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"clarion/lists"
	"clarion/lists/address"
)

// A SuppressionLine is one reason for which one address is not written to.
type SuppressionLine struct {
	Kind    address.Channel `json:"address_kind"`
	Address string          `json:"address,omitempty"` // masked
	lists.Suppression
	Fresh *bool `json:"new,omitempty"` // of Suppress: it was not suppressed for this before
}

// Asked reports whether the person themselves asked for it.
func (l *SuppressionLine) Asked() bool {
	return l.Reason == lists.OptedOut || l.Reason == lists.Complained
}

// ReadAddress reads an email address or a number in any spelling; region is of
// numbers written without one. A number may be one for texts and one for faxes at
// once: it comes back for each channel that it fits, sms first. With a channel it
// comes back for that alone. An error is an *InputError, which does not repeat what
// was written.
func ReadAddress(s, region string, ch address.Channel) ([]address.Address, error) {
	all, err := readAddress(s, region)
	if err != nil || ch == 0 {
		return all, err
	}
	fit := slices.DeleteFunc(slices.Clone(all), func(a address.Address) bool { return a.Channel() != ch })
	if len(fit) == 0 {
		return nil, Mistake("this is no address for %s: %s is one for %s", ch, all[0], all[0].Channel())
	}
	return fit, nil
}

func readAddress(s, region string) ([]address.Address, error) {
	if strings.Contains(s, "@") {
		a, err := address.ParseEmail(s)
		if err != nil {
			return nil, notAnAddress(err)
		}
		return []address.Address{a}, nil
	}
	var all []address.Address
	var why error
	for _, ch := range []address.Channel{address.SMS, address.Fax} {
		a, err := address.ParsePhone(s, region, ch)
		if err == nil {
			all = append(all, a)
		}
		why = errors.Join(why, err)
	}
	if len(all) == 0 {
		return nil, notAnAddress(why)
	}
	return all, nil
}

// suppressions returns every suppression of an address, the heaviest first.
func (d *Desk) suppressions(ctx context.Context, of address.Address) ([]SuppressionLine, error) {
	all, err := d.People.SuppressionsOf(ctx, of.Channel(), d.People.Key(of))
	if err != nil {
		return nil, err
	}
	lines := make([]SuppressionLine, 0, len(all))
	for _, s := range all {
		lines = append(lines, SuppressionLine{Kind: of.Channel(), Address: of.String(), Suppression: s})
	}
	return lines, nil
}

// SuppressionsOf returns the addresses that a text may be, and those of their
// suppressions that the filter's channel and reason select.
func (d *Desk) SuppressionsOf(ctx context.Context, text string, f lists.SuppressionFilter) (of []address.Address, lines []SuppressionLine, err error) {
	if of, err = ReadAddress(text, d.Links.Region, f.Channel); err != nil {
		return nil, nil, err
	}
	for _, addr := range of {
		all, err := d.suppressions(ctx, addr)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range all {
			if f.Reason == 0 || f.Reason == l.Reason {
				lines = append(lines, l)
			}
		}
	}
	return of, lines, nil
}

// Suppress keeps an address from ever being written to again, on ch or, if that is
// 0, on every channel that it fits. It returns the suppressions for the reason as
// they stand: an earlier one was kept.
func (d *Desk) Suppress(ctx context.Context, text string, ch address.Channel, s lists.Suppression) ([]SuppressionLine, error) {
	of, err := ReadAddress(text, d.Links.Region, ch)
	if err != nil {
		return nil, err
	}
	var out []SuppressionLine
	for _, addr := range of {
		fresh, err := d.People.Suppress(ctx, addr.Channel(), d.People.Key(addr), s)
		if err != nil {
			return nil, err
		}
		lines, err := d.suppressions(ctx, addr)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if l.Reason == s.Reason {
				l.Fresh = &fresh
				out = append(out, l)
			}
		}
	}
	return out, nil
}

// Restore lets an address be written to again, and returns what was taken back. The
// filter's channel and reason narrow it.
func (d *Desk) Restore(ctx context.Context, text string, f lists.SuppressionFilter) ([]SuppressionLine, error) {
	of, lines, err := d.SuppressionsOf(ctx, text, f)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		as := ""
		if f.Reason != 0 {
			as = " as " + f.Reason.String()
		}
		return nil, Mistake("there is nothing to take back: %s is not suppressed%s", of[0], as)
	}
	for _, addr := range of {
		if _, err := d.People.Restore(ctx, addr.Channel(), d.People.Key(addr), lists.SuppressionFilter{Reason: f.Reason}); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// Suppressions calls yield with all suppressions that the filter selects; they name
// no address.
func (d *Desk) Suppressions(ctx context.Context, f lists.SuppressionFilter, yield func(SuppressionLine) error) error {
	return d.People.Suppressions(ctx, f, func(s lists.Suppressed) error {
		return yield(SuppressionLine{Kind: s.Channel, Suppression: s.Suppression})
	})
}
