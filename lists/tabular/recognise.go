package tabular

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Column is what is known of one column of a table.
type Column struct {
	Index  int // from 0
	Header string
	Field  Field
	Slug   string // name of the merge field; of a Custom column alone
}

// A Mapping says which column holds what. At most one column holds each Field
// but Custom.
type Mapping struct {
	Columns []Column
}

// Recognise maps the columns of a table to fields, by their headers in Korean or
// English as people and exporters write them, else by what the sample holds. With
// no header (nil) there is a column for each cell of the widest sample row.
func Recognise(header []string, sample []Row) Mapping {
	width := len(header)
	for _, row := range sample {
		width = max(width, len(row.Cells))
	}
	columns := make([]Column, width)
	ranks := make([]int, width)
	for i := range columns {
		columns[i] = Column{Index: i, Field: Custom}
		ranks[i] = rankContent
		if i < len(header) {
			columns[i].Header = strings.TrimSpace(norm.NFC.String(header[i]))
			columns[i].Field, ranks[i] = fieldOf(header[i])
		}
		if contradicts(columns[i].Field, sample, i) {
			columns[i].Field = Custom
		}
	}
	keepBest(columns, ranks)
	splitName(columns)
	guess(columns, sample)
	nameCustom(columns)
	return Mapping{columns}
}

// keepBest leaves each field to the column with the best header.
func keepBest(columns []Column, ranks []int) {
	best := map[Field]int{}
	for i, c := range columns {
		if at, ok := best[c.Field]; !ok || ranks[i] < ranks[at] {
			best[c.Field] = i
		}
	}
	for i := range columns {
		if f := columns[i].Field; best[f] != i {
			columns[i].Field = Custom
		}
	}
}

// splitName makes 이름 the given name where 성 stands beside it.
func splitName(columns []Column) {
	at := map[Field]int{}
	for i, c := range columns {
		at[c.Field] = i
	}
	name, hasName := at[Name]
	_, hasFamily := at[FamilyName]
	_, hasGiven := at[GivenName]
	if hasName && hasFamily && !hasGiven && strings.HasPrefix(key(columns[name].Header), "이름") {
		columns[name].Field = GivenName
	}
}

// nameCustom gives each Custom column a slug of its own that is no field's name.
func nameCustom(columns []Column) {
	used := map[string]bool{string(Custom): true}
	for f := range headers {
		used[string(f)] = true
	}
	for _, f := range []Field{ConsentEmail, ConsentSMS, ConsentFax, "sms", "zone"} {
		used[string(f)] = true
	}
	for i := range columns {
		c := &columns[i]
		if c.Field != Custom {
			continue
		}
		base := slug(c.Header)
		if base == "" {
			base = fmt.Sprintf("column_%d", c.Index+1)
		}
		c.Slug = base
		for n := 2; used[c.Slug]; n++ {
			c.Slug = fmt.Sprintf("%s_%d", base, n)
		}
		used[c.Slug] = true
	}
}

const maxSlug = 40 // characters

// slug returns a header as the name of a merge field: lower-case letters of any
// script and digits, words joined by "_".
func slug(header string) string {
	words := strings.FieldsFunc(strings.ToLower(norm.NFKC.String(header)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	s := []rune(strings.Join(words, "_"))
	return strings.Trim(string(s[:min(len(s), maxSlug)]), "_")
}

// Index returns the column that holds a field.
func (m Mapping) Index(f Field) (int, bool) {
	for _, c := range m.Columns {
		if c.Field == f && f != Custom {
			return c.Index, true
		}
	}
	return 0, false
}

// Value returns what a row has for a field, trimmed, or "".
func (m Mapping) Value(r Row, f Field) string {
	i, ok := m.Index(f)
	if !ok || i >= len(r.Cells) {
		return ""
	}
	return strings.TrimSpace(r.Cells[i])
}

// Name returns the full name in a row: the name column's, else family and given
// name, in Korean order and without a space where they are in Hangul or Han.
func (m Mapping) Name(r Row) string {
	if name := m.Value(r, Name); name != "" {
		return name
	}
	family, given := m.Value(r, FamilyName), m.Value(r, GivenName)
	if strings.ContainsFunc(family+given, func(c rune) bool { return unicode.In(c, unicode.Hangul, unicode.Han) }) {
		return family + given
	}
	return strings.TrimSpace(given + " " + family)
}

// Custom returns the merge fields of a row that are not empty, by slug.
func (m Mapping) Custom(r Row) map[string]string {
	out := map[string]string{}
	for _, c := range m.Columns {
		if c.Field != Custom || c.Index >= len(r.Cells) {
			continue
		}
		if v := strings.TrimSpace(r.Cells[c.Index]); v != "" {
			out[c.Slug] = v
		}
	}
	return out
}
