package address

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// PhoneInfo says what is known of a telephone number.
type PhoneInfo struct {
	Valid      bool
	E164       string // "+821012345678", when valid
	SMSCapable bool   // a mobile number, or one that cannot be told from one
	Reason     string // why not valid, or why a valid number gets no texts
	Region     string // ISO 3166 country code, "001" when it is of no country
	Carrier    string // whom the number was issued to, where it cannot have moved
}

// InspectPhone reports on a number as people type it. region is the country of
// numbers without a country code ("KR"); with "" they are refused. An extension
// is left out of E164 (ITU-T E.164 has none).
func InspectPhone(number, region string) PhoneInfo {
	n, err := parseNumber(number, region)
	if err != nil {
		return PhoneInfo{Reason: reasonOf(err)}
	}
	info := PhoneInfo{
		Valid:   true,
		E164:    phonenumbers.Format(n, phonenumbers.E164),
		Region:  phonenumbers.GetRegionCodeForNumber(n),
		Carrier: carrierOf(n),
	}
	info.Reason = unfit(n, SMS)
	info.SMSCapable = info.Reason == ""
	return info
}

// ParsePhone reads a number for SMS or Fax into E.164. region is as for
// InspectPhone. Its errors are *Error; a number that the channel cannot reach,
// or only at a premium, is refused too.
func ParsePhone(s, region string, ch Channel) (Address, error) {
	n, err := parseNumber(s, region)
	if err != nil && ch == Fax {
		if f, ok := koreanFax(s, region); ok {
			return Address{Fax, f}, nil
		}
	}
	if err != nil {
		return Address{}, err
	}
	if reason := unfit(n, ch); reason != "" {
		return Address{}, refuse(reason)
	}
	return Address{ch, phonenumbers.Format(n, phonenumbers.E164)}, nil
}

// unfit returns why a valid number cannot be used for a channel, or "".
func unfit(n *phonenumbers.PhoneNumber, ch Channel) string {
	switch t := phonenumbers.GetNumberType(n); {
	case t == phonenumbers.PREMIUM_RATE:
		return PremiumRate
	case t == phonenumbers.PAGER:
		return Pager
	case ch == Fax, t == phonenumbers.MOBILE, t == phonenumbers.FIXED_LINE_OR_MOBILE:
		return ""
	default:
		return NotMobile
	}
}

var (
	// A number that a spreadsheet took for a quantity: 8.21012E+11 has lost its
	// digits, and in 212345678.0 a zero would be read as a digit.
	damaged = regexp.MustCompile(`^\+?(\d+([.,]\d+)?[eE][+-]?\d+|\d{5,}\.0+)$`)
	// 내선, 구내 and 교환 are "extension" on Korean letterheads.
	koreanExtension = regexp.MustCompile(`\s*[,(（]?\s*(?:내선|구내|교환)\s*(?:번호)?\s*[:.)]?\s*(\d{1,7})\s*[)）]?\s*$`)
	// A remark beside a number: (본인), [집], or a name after it.
	remark = regexp.MustCompile(`\s*(?:[(（\[][^\d()（）\[\]]*[)）\]]|[\s,:/·]*\p{Hangul}[\p{Hangul}\s]*)\s*$`)
)

// parseNumber reads a number that is in use, or says why it is none.
func parseNumber(s, region string) (*phonenumbers.PhoneNumber, error) {
	s = tidyNumber(s)
	switch {
	case s == "":
		return nil, refuse(Empty)
	case strings.ContainsAny(s, "\r\n"):
		return nil, refuse(SeveralNumbers)
	case damaged.MatchString(s):
		return nil, refuse(SpreadsheetDamage)
	}
	region = strings.ToUpper(strings.TrimSpace(region))
	n, err := phonenumbers.Parse(s, region)
	if err != nil {
		return nil, refuse(parseReason(s, err))
	}
	if phonenumbers.IsValidNumber(n) {
		return n, nil
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return nil, refuse(NumberTooShort)
	case phonenumbers.TOO_LONG:
		return nil, refuse(tooLong(s))
	case phonenumbers.INVALID_COUNTRY_CODE:
		return nil, refuse(InvalidCountry)
	default:
		return nil, refuse(NotAssigned)
	}
}

// tidyNumber takes off what people write around a number.
func tidyNumber(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // direction marks come along when a phone's address book is copied
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	s = koreanExtension.ReplaceAllString(s, " ext. $1")
	if t := remark.ReplaceAllString(s, ""); strings.ContainsFunc(t, unicode.IsDigit) {
		s = t
	}
	return s
}

func parseReason(s string, err error) string {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return InvalidCountry
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return NumberTooShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return tooLong(s)
	default:
		return NotANumber
	}
}

// tooLong tells one long number from two numbers in a cell.
func tooLong(s string) string {
	if strings.ContainsAny(s, "/,;|&·\\") || strings.Count(s, "+") > 1 {
		return SeveralNumbers
	}
	return NumberTooLong
}

// Korea's 030 numbers (0303 and its kin) take faxes into a mailbox; the number
// plan has them as unified messaging, the library's tables lack them.
var fax030 = regexp.MustCompile(`^(?:\+?82|0)?0?(30[1-9]\d{7,8})$`)

func koreanFax(s, region string) (string, bool) {
	s = tidyNumber(s)
	if !strings.EqualFold(strings.TrimSpace(region), "KR") && !strings.HasPrefix(s, "+82") {
		return "", false
	}
	plus := strings.HasPrefix(s, "+")
	s = phonenumbers.NormalizeDigitsOnly(s)
	if plus {
		s = "+" + s
	}
	m := fax030.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return "+82" + m[1], true
}
