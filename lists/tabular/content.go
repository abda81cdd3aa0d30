package tabular

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"clarion/lists/address"
)

// Numbers without a country code are looked at as Korean while guessing; what
// they are is decided at import, with the region that is set there.
const guessRegion = "KR"

var (
	quantity = regexp.MustCompile(`^[-+]?[\d.,]+%?$`)
	date     = regexp.MustCompile(`^\d{2,4}[-./년]\s*\d{1,2}[-./월]`)
	person   = regexp.MustCompile(`^(\p{Hangul}{2,4}|\p{Lu}\p{L}+( \p{Lu}\p{L}*\.?){1,3})$`)
)

func isEmail(s string) bool {
	return strings.Contains(s, "@") && address.InspectEmail(s).Valid
}

func isPhone(s string) bool {
	return len(s) <= 40 && address.InspectPhone(s, guessRegion).Valid
}

func isMobile(s string) bool {
	return len(s) <= 40 && address.InspectPhone(s, guessRegion).SMSCapable
}

func isPerson(s string) bool { return person.MatchString(s) }

// share returns which part of the sample's cells in a column, in percent, are as
// is says; empty cells do not count.
func share(sample []Row, column int, is func(string) bool) (percent, filled int) {
	hits := 0
	for _, row := range sample {
		if column >= len(row.Cells) {
			continue
		}
		s := strings.TrimSpace(row.Cells[column])
		if s == "" {
			continue
		}
		filled++
		if is(s) {
			hits++
		}
	}
	if filled == 0 {
		return 0, 0
	}
	return hits * 100 / filled, filled
}

// contradicts reports whether a column cannot hold the field that its header
// names: three cells or more, and none of them anything like it.
func contradicts(f Field, sample []Row, column int) bool {
	var is func(string) bool
	switch f {
	case Email:
		is = func(s string) bool { return strings.Contains(s, "@") }
	case Mobile, Phone, Fax:
		is = func(s string) bool { return strings.ContainsAny(s, "0123456789０１２３４５６７８９") }
	default:
		return false
	}
	percent, filled := share(sample, column, is)
	return filled >= 3 && percent == 0
}

// guess gives Custom columns the fields that no header named, by their content.
// A header that says otherwise is believed: only addresses are looked for then.
func guess(columns []Column, sample []Row) {
	has := map[Field]bool{}
	headed := false
	for _, c := range columns {
		has[c.Field] = true
		headed = headed || c.Header != ""
	}
	try := func(f Field, is func(string) bool, least int) {
		if has[f] {
			return
		}
		best := -1
		for i, c := range columns {
			if c.Field != Custom || headed && named(c.Header) {
				continue
			}
			if percent, _ := share(sample, i, is); percent >= least {
				best, least = i, percent+1
			}
		}
		if best >= 0 {
			columns[best].Field, has[f] = f, true
		}
	}
	try(Email, isEmail, 60)
	try(Mobile, isMobile, 60)
	if headed {
		return
	}
	try(Phone, isPhone, 60)
	if !has[FamilyName] && !has[GivenName] {
		try(Name, isPerson, 70)
	}
}

// named reports whether a header speaks of an address that it does not hold for
// the contact, such as an assistant's telephone or a second address.
func named(header string) bool {
	f, _ := fieldOf(header)
	if f != Custom {
		return true
	}
	k := key(header)
	for _, p := range patterns[:2] {
		if p.re.MatchString(k) {
			return true
		}
	}
	return false
}

// findHeader returns which of the first rows is the header, if any is.
func findHeader(rows []Row) (int, bool) {
	for i, row := range rows[:min(len(rows), preambleMax+1)] {
		known, filled := 0, 0
		for _, cell := range row.Cells {
			if strings.TrimSpace(cell) == "" {
				continue
			}
			filled++
			if f, _ := fieldOf(cell); f != Custom && utf8.RuneCountInString(cell) <= maxHeader {
				known++
			}
		}
		switch {
		case holdsData(row, known > 0):
			if i == 0 {
				return 0, false
			}
			return 0, looksLikeHeader(rows[0])
		case i == 0 && known > 0 && known*4 >= filled, known >= 2:
			return i, true
		}
	}
	return 0, len(rows) > 1 && looksLikeHeader(rows[0])
}

const maxHeader = 60 // characters

// holdsData reports whether a row has an address in it, or, where no cell names a
// field, a number or date: then it is no header.
func holdsData(row Row, known bool) bool {
	for _, cell := range row.Cells {
		s := strings.TrimSpace(cell)
		if s == "" {
			continue
		}
		if isEmail(s) || isPhone(s) || !known && (quantity.MatchString(s) || date.MatchString(s)) {
			return true
		}
	}
	return false
}

// looksLikeHeader reports whether a row of unknown words may be a header: several
// short texts, none of them empty, none twice.
func looksLikeHeader(row Row) bool {
	seen := map[string]bool{}
	for _, cell := range row.Cells {
		s := strings.TrimSpace(cell)
		if s == "" || seen[s] || utf8.RuneCountInString(s) > maxHeader {
			return false
		}
		seen[s] = true
	}
	return len(row.Cells) > 1
}
