package lists

import (
	"time"

	"clarion/lists/address"
)

// importSource is where a consent was recorded, unless the row says it.
const importSource = "import"

// merge returns old with what the row adds: what the row does not have stays.
func merge(old *Contact, e *entry, o *ImportOptions, now time.Time) Contact {
	c := *old
	for _, f := range []struct {
		to   *string
		from string
	}{{&c.Name, e.Name}, {&c.Organisation, e.Organisation}, {&c.Language, e.Language}, {&c.Zone, e.Zone}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if c.Created.IsZero() {
		c.Created = now
		if c.Language == "" {
			c.Language = o.Language
		}
	}
	c.Tags = union(old.Tags, e.Tags)
	c.Fields = make(map[string]string, len(old.Fields)+len(e.Fields))
	for _, fields := range []map[string]string{old.Fields, e.Fields} {
		for name, value := range fields {
			c.Fields[name] = value
		}
	}
	c.Consent = make(map[address.Channel]Consent, len(address.Channels))
	for ch, a := range old.Consent {
		c.Consent[ch] = a
	}
	for _, ch := range address.Channels {
		mine := e.Address(ch)
		if !mine.IsZero() {
			c.setAddress(mine)
		}
		if a, ok := e.consent(ch, c.consent(ch), o, now); ok {
			c.Consent[ch] = a
		}
	}
	c.fillConsent()
	return c
}

// consent returns the answer that the row records for a channel, on which the
// contact's answer so far is old; false when it records none. A no holds whether
// or not the row has an address there, a yes only if it has. The words that hold
// for the whole table overrule no recorded no.
func (e *entry) consent(ch address.Channel, old Consent, o *ImportOptions, now time.Time) (Consent, bool) {
	r, here := e.answers[ch-1], !e.Address(ch).IsZero()
	a := Consent{Given: true, Recorded: true, At: now, Source: importSource, Words: o.Consent}
	if !e.at.IsZero() {
		a.At = e.at
	}
	if e.how != "" {
		a.Source = e.how
	}
	switch {
	case r.answer == no:
		a.Given, a.Words = false, r.words
	case !here:
		return old, false
	case r.answer == yes:
		if a.Words == "" {
			a.Words = r.words
		}
	case o.Consent == "" || old.Recorded && !old.Given:
		return old, false
	}
	if old.Recorded && old.Given == a.Given && old.Words == a.Words && (e.at.IsZero() || e.at.Equal(old.At)) {
		return old, false // the first record of the same answer stands
	}
	return a, true
}
