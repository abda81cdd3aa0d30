package address

import (
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Fold returns the spelling under which one person's addresses are the same, for
// keyed indexes. Mail servers ignore the case of a local part, whatever RFC 5321
// §2.4 lets them do: Kim@example.org and kim@example.org are one. A number's
// spelling is its E.164 form. The result is as secret as Reveal's.
func (a Address) Fold() string {
	if a.channel == Email {
		return strings.ToLower(a.value)
	}
	return a.value
}

// Carrier returns the lane of a number: its country in lower case ("kr"), for
// texts with the carrier where numbers stay with the carrier that issued them
// ("mn-mobicom"), "intl" for a number of no country. It names no person. It is
// "" for an email address, whose lane is its domain.
func Carrier(a Address) string {
	if a.channel != SMS && a.channel != Fax {
		return ""
	}
	n, err := phonenumbers.Parse(a.value, "")
	if err != nil {
		return ""
	}
	lane := strings.ToLower(phonenumbers.GetRegionCodeForNumber(n))
	if lane == "" || lane == "zz" {
		lane = strings.ToLower(phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())))
	}
	if lane == "001" || lane == "zz" {
		return "intl"
	}
	if name := slug(carrierOf(n)); a.channel == SMS && name != "" {
		return lane + "-" + name
	}
	return lane
}

// Zones returns the time zones (IANA names) in which a number may be: that of its
// area code where the code is of one, else all of its country, nil when nothing is
// known of it. It names no person. An email address has none.
func Zones(a Address) []string {
	if a.channel != SMS && a.channel != Fax {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(a.value)
	if err != nil || slices.Contains(zones, phonenumbers.UNKNOWN_TIMEZONE) {
		return nil
	}
	return zones
}

// carrierOf returns the carrier's name, or "" where numbers move between
// carriers (Korea since 2004) or the tables know none.
func carrierOf(n *phonenumbers.PhoneNumber) string {
	name, err := phonenumbers.GetSafeCarrierDisplayNameForNumber(n, "en")
	if err != nil {
		return ""
	}
	return name
}

func slug(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}
