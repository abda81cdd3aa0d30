package lists

import (
	"errors"
	"strings"
	"time"

	"clarion/lists/address"
	"clarion/lists/tabular"
)

// Names of a contact's fields in --map, reports and exports. A column of any
// other name is a merge field.
const (
	fieldName         = "name"
	fieldOrganisation = "organisation"
	fieldEmail        = "email"
	fieldSMS          = "sms"
	fieldPhone        = "phone" // taken for sms where it is a mobile number
	fieldFax          = "fax"
	fieldLanguage     = "language"
	fieldZone         = "timezone"
	fieldTags         = "tags"
	fieldConsent      = "consent"
	fieldConsentAt    = "consent_at"
	fieldConsentHow   = "consent_how"
	fieldOptOut       = "opt_out"
	fieldSuppressed   = "suppressed" // heads the export's column of addresses that must not be written to; import leaves it aside
)

// consentFields are the columns with an answer for one channel.
var consentFields = map[string]address.Channel{"consent_email": address.Email, "consent_sms": address.SMS, "consent_fax": address.Fax}

// An entry is a row as it is understood.
type entry struct {
	row      int
	Contact  // what the row says; Consent is empty
	keys     [len(address.Channels)]AddressKey
	phone    string // a number that may be a mobile one
	general  reply  // the answer for every channel
	answers  [len(address.Channels)]reply
	at       time.Time // of the answers, zero if the row does not say
	how      string    // they were given
	rejected []Rejected
}

func (e *entry) usable() bool { return !e.Email.IsZero() || !e.SMS.IsZero() || !e.Fax.IsZero() }

func (e *entry) reject(field, value, reason string) {
	e.rejected = append(e.rejected, Rejected{e.row, field, value, reason})
}

// take reads one cell into the entry.
func (e *entry) take(field, value string, o *ImportOptions) {
	value = tidy(value)
	if value == "" || field == fieldSuppressed {
		return
	}
	if strings.ContainsRune(value, '\uFFFD') {
		e.reject(field, value, tabular.BrokenText)
		return
	}
	if ch, ok := consentFields[field]; ok {
		e.answers[ch-1] = parseAnswer(value)
		return
	}
	switch field {
	case fieldName:
		e.Name = value
	case fieldOrganisation:
		e.Organisation = value
	case fieldEmail:
		e.takeAddress(field, value, func() (address.Address, error) { return address.ParseEmail(value) })
	case fieldSMS:
		e.takeAddress(field, value, func() (address.Address, error) { return address.ParsePhone(value, o.Region, address.SMS) })
	case fieldFax:
		e.takeAddress(field, value, func() (address.Address, error) { return address.ParsePhone(value, o.Region, address.Fax) })
	case fieldPhone:
		e.phone = value
	case fieldLanguage:
		if code, ok := parseLanguage(value); ok {
			e.Language = code
		} else {
			e.reject(field, value, UnknownLanguage)
		}
	case fieldZone:
		if _, err := time.LoadLocation(value); err == nil && value != "Local" {
			e.Zone = value
		} else {
			e.reject(field, value, UnknownZone)
		}
	case fieldTags:
		e.Tags = parseTags(value)
	case fieldConsent:
		e.general = parseAnswer(value)
	case fieldOptOut:
		if a := parseAnswer(value); a.answer == yes { // a yes to "opted out?" is a no
			e.general = reply{no, value}
		}
	case fieldConsentAt:
		if at, ok := parseDate(value); ok {
			e.at = at
		} else {
			e.reject(field, value, UnknownDate)
		}
	case fieldConsentHow:
		e.how = value
	default:
		e.setField(field, value)
	}
}

func (e *entry) setField(name, value string) {
	if e.Fields == nil {
		e.Fields = make(map[string]string)
	}
	e.Fields[name] = value
}

func (e *entry) takeAddress(field, value string, parse func() (address.Address, error)) {
	a, err := parse()
	var why *address.Error
	switch {
	case errors.As(err, &why):
		e.reject(field, value, why.Reason)
	case err != nil:
		e.reject(field, value, NoUsableAddress)
	default:
		e.setAddress(a)
	}
}

// finish draws the conclusions that need the whole row.
func (e *entry) finish(o *ImportOptions) {
	if e.phone != "" {
		a, err := address.ParsePhone(e.phone, o.Region, address.SMS)
		var why *address.Error
		switch {
		case err == nil && e.SMS.IsZero():
			e.setAddress(a)
		case err == nil && a == e.SMS:
		default: // somebody's telephone, which is no fault and no channel
			e.setField(fieldPhone, e.phone)
			if !e.usable() && errors.As(err, &why) {
				e.reject(fieldPhone, e.phone, why.Reason)
			}
		}
	}
	for i := range e.answers {
		if e.general.answer == no || e.answers[i].answer == unsaid {
			e.answers[i] = e.general
		}
	}
	if !e.usable() && !e.rejectedAddress() {
		e.reject("", "", NoUsableAddress)
	}
}

// rejectedAddress reports whether the report says already why the row has no
// address.
func (e *entry) rejectedAddress() bool {
	for _, r := range e.rejected {
		switch r.Field {
		case fieldEmail, fieldSMS, fieldFax, fieldPhone:
			return true
		}
	}
	return false
}
