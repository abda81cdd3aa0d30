package lists

import (
	"fmt"
	"log/slog"
	"maps"
	"time"

	"clarion/lists/address"
)

// A Contact is a person or an organisation with at most one address per channel.
// It prints as its number alone, wherever it ends up.
type Contact struct {
	Number                             uint32 // dense, from 1, never used again; 0 is no contact
	Name, Organisation, Language, Zone string // language: BCP 47; zone: IANA name; "" where unknown
	Email, SMS, Fax                    address.Address
	Tags                               []string
	Fields                             map[string]string           // further merge fields
	Consent                            map[address.Channel]Consent // an entry for each channel with an address, or with a recorded answer
	Created                            time.Time                   // when first imported, UTC, to the second
}

// Consent is what a contact agreed to on one channel. Without a recorded answer
// it is Given but not Recorded: reachable for an appeal, and reported.
type Consent struct {
	Given    bool      `json:"given"`
	Recorded bool      `json:"recorded"`
	At       time.Time `json:"at,omitzero"`      // when it was recorded, UTC, to the second
	Source   string    `json:"source,omitempty"` // where it was recorded: "import"
	Words    string    `json:"words,omitempty"`  // what the contact agreed to, or the answer as it stood in the file
}

// Address returns the contact's address on ch, or the zero Address.
func (c *Contact) Address(ch address.Channel) address.Address {
	switch ch {
	case address.Email:
		return c.Email
	case address.SMS:
		return c.SMS
	case address.Fax:
		return c.Fax
	}
	return address.Address{}
}

func (c *Contact) setAddress(a address.Address) {
	switch a.Channel() {
	case address.Email:
		c.Email = a
	case address.SMS:
		c.SMS = a
	case address.Fax:
		c.Fax = a
	}
}

// Field returns a merge field of the contact: name, organisation, language,
// zone, email, sms, fax, or one of its own Fields. It is false when the contact
// has no such field or nothing in it, so that the text's fall-back stands in.
func (c *Contact) Field(name string) (string, bool) {
	var v string
	switch name {
	case "name":
		v = c.Name
	case "organisation":
		v = c.Organisation
	case "language":
		v = c.Language
	case "zone":
		v = c.Zone
	case "email":
		v = c.Email.Reveal()
	case "sms":
		v = c.SMS.Reveal()
	case "fax":
		v = c.Fax.Reveal()
	default:
		v = c.Fields[name]
	}
	return v, v != ""
}

// consent returns the contact's answer on ch, the unrecorded one if it gave none.
func (c *Contact) consent(ch address.Channel) Consent {
	if a, ok := c.Consent[ch]; ok {
		return a
	}
	return Consent{Given: true}
}

// A Record is a contact without its mask: what the contact itself, or staff who
// look it up, may see. It must not reach a log or an error.
type Record struct {
	Number       uint32                      `json:"number"`
	Name         string                      `json:"name,omitempty"`
	Organisation string                      `json:"organisation,omitempty"`
	Language     string                      `json:"language,omitempty"`
	Zone         string                      `json:"timezone,omitempty"`
	Addresses    map[address.Channel]string  `json:"addresses"`
	Tags         []string                    `json:"tags"`
	Fields       map[string]string           `json:"fields"`
	Consent      map[address.Channel]Consent `json:"consent"`
	Created      time.Time                   `json:"created"`
}

// Reveal returns the contact without its mask.
func (c *Contact) Reveal() Record {
	r := Record{c.Number, c.Name, c.Organisation, c.Language, c.Zone, map[address.Channel]string{}, append([]string{}, c.Tags...),
		maps.Clone(c.Fields), maps.Clone(c.Consent), c.Created}
	if r.Fields == nil {
		r.Fields = map[string]string{}
	}
	for _, ch := range address.Channels {
		if a := c.Address(ch); !a.IsZero() {
			r.Addresses[ch] = a.Reveal()
		}
	}
	return r
}

// String names the contact by its number.
func (c Contact) String() string { return fmt.Sprintf("contact %d", c.Number) }

// Format prints the number under every verb, %#v and %+v included.
func (c Contact) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.String()) }

// LogValue logs the number alone.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes the number alone; Reveal is for those who may see more.
func (c Contact) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"number":%d}`, c.Number), nil
}
