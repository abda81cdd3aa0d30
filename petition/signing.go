package petition

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"clarion/lists/address"
)

// A Signing is what somebody fills in.
type Signing struct {
	Way       Way // any but WaySheet
	Name      string
	Region    string          // id of one of the campaign's regions
	District  string          // "" where they left it out
	Contact   address.Address // zero for who wants to hear nothing
	Language  string          // of the form: its words are what was agreed to
	Agreed    Agreed
	Age       bool      // the line on age is ticked
	Volunteer uint32    // by whom they came, 0 for nobody
	Passed    int       // generation in which they came by the volunteer, see By; 0 for straight
	At        time.Time // when it was signed, zero for now

	// Once makes what is sent twice one signature, with the same slip: at least 16
	// random bytes that the form bears. Nil where there is no form to be sent again.
	Once []byte
}

// Agreed is what a signer ticked, each apart.
type Agreed struct {
	News    bool `json:"news"`    // to hear from the campaign
	Names   bool `json:"names"`   // that the name is handed over
	Opinion bool `json:"opinion"` // that a political opinion is kept; without it there is no signature
}

// Least and most of what a form brings.
const (
	maxLine = 60 // letters of a name or a district
	minOnce = 16 // bytes
	maxOnce = 64
)

// checked is s as it is kept, or why it is refused.
func (c *Campaign) checked(s Signing, now time.Time) (Signing, error) {
	if s.At.IsZero() || s.At.After(now) {
		s.At = now
	}
	s.At = s.At.UTC().Truncate(time.Second)
	var ok bool
	if s.Name, ok = line(s.Name); !ok || !strings.ContainsFunc(s.Name, unicode.IsLetter) {
		return s, ErrName
	}
	if s.District, ok = line(s.District); !ok {
		return s, ErrDistrict
	}
	texts := []string{s.Name, s.District}
	if s.Contact.Channel() == address.Email { // a number that can be dialled is none, whatever its shape
		texts = append(texts, s.Contact.Reveal())
	}
	for _, text := range texts {
		if HasResidentNumber(text) {
			return s, ErrResident
		}
	}
	if !slices.Contains(c.Languages, s.Language) {
		s.Language = c.Languages[0]
	}
	late := s.Way == WayWeb && !now.Before(c.Closes) || s.Way == WayReply && !s.At.Before(c.Closes) // paper may be late by its way here, and a reply may wait for a person
	switch {
	case !slices.ContainsFunc(c.Regions, func(r Region) bool { return r.ID == s.Region }):
		return s, ErrRegion
	case !s.Agreed.Opinion:
		return s, ErrOpinion
	case !s.Age:
		return s, ErrAge
	case s.Agreed.News && s.Contact.IsZero():
		return s, ErrContact
	case now.Before(c.Opens):
		return s, ErrNotOpen
	case late:
		return s, ErrClosed
	}
	return s, nil
}

// line is a text of one line, tidied; false where it is too long or would show as
// another than it is.
func line(s string) (string, bool) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	misleads := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}
	return s, len([]rune(s)) <= maxLine && !strings.ContainsFunc(s, misleads)
}

// folded is the spelling under which names and places of one person are the same:
// without blanks, in small letters of ordinary width.
func folded(s string) []byte {
	return []byte(strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), "")))
}

// A date of birth and seven digits, the first of which tells sex and century. The
// last was a check digit until October 2020 and is any digit since, so the shape
// alone decides (Resident Registration Act, Enforcement Rule art. 2).
var residentNumber = regexp.MustCompile(`(^|\D)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\s*[-–—‐·.]?\s*[0-9]\d{6}(\D|$)`)

// HasResidentNumber says whether a Korean resident registration number seems to
// stand in text. Whatever has one is refused and kept nowhere (PIPA art. 24-2).
func HasResidentNumber(text string) bool { return residentNumber.MatchString(norm.NFKC.String(text)) }
