package lists

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"clarion/internal/conf"
	"clarion/lists/tabular"
)

// ErrMap means that ImportOptions.Map names a column that the table does not have.
var ErrMap = errors.New("the table has no such column")

// What a recognised column is called here, where tabular calls it otherwise.
var fieldNames = map[tabular.Field]string{tabular.Mobile: fieldSMS, tabular.Timezone: fieldZone}

func nameOf(f tabular.Field) string {
	if name, ok := fieldNames[f]; ok {
		return name
	}
	return string(f)
}

// fieldNamed returns the field that --map means by a name; any other name is a
// merge field.
func fieldNamed(name string) tabular.Field {
	switch name = strings.ToLower(name); name {
	case fieldSMS, string(tabular.Mobile):
		return tabular.Mobile
	case "organization":
		return tabular.Organisation
	case "zone":
		return tabular.Timezone
	case string(tabular.Custom):
		return tabular.Custom
	}
	for _, f := range [...]tabular.Field{
		tabular.Name, tabular.FamilyName, tabular.GivenName, tabular.Organisation, tabular.Email, tabular.Phone, tabular.Fax,
		tabular.Language, tabular.Tags, tabular.Region, tabular.Timezone, tabular.Consent, tabular.ConsentEmail, tabular.ConsentSMS,
		tabular.ConsentFax, tabular.ConsentAt, tabular.ConsentHow, tabular.OptOut, tabular.Note,
	} {
		if string(f) == name {
			return f
		}
	}
	return tabular.Custom
}

// A tableReader reads the rows of a table as entries.
type tableReader struct {
	table   *tabular.Table
	mapping tabular.Mapping
	options *ImportOptions
}

func newTableReader(t *tabular.Table, o *ImportOptions) (*tableReader, error) {
	r := &tableReader{t, tabular.Recognise(t.Header, t.Sample), o}
	for _, field := range slices.Sorted(maps.Keys(o.Map)) {
		if err := r.assign(field, o.Map[field]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// assign says that a column, named by its header or its number, holds a field.
func (r *tableReader) assign(name, column string) error {
	plain := func(s string) string { return strings.ToLower(strings.TrimSpace(norm.NFC.String(s))) }
	at, headers := -1, []string(nil)
	for i, c := range r.mapping.Columns {
		if c.Header != "" {
			headers = append(headers, c.Header)
		}
		if at < 0 && plain(c.Header) == plain(column) {
			at = i
		}
	}
	if n, err := strconv.Atoi(column); at < 0 && err == nil && n >= 1 && n <= len(r.mapping.Columns) {
		at = n - 1
	}
	if at < 0 {
		if near, ok := conf.Nearest(column, headers); ok {
			return fmt.Errorf("map %s to column %q: did you mean %q? (%w)", name, column, near, ErrMap)
		}
		return fmt.Errorf("map %s to column %q: its columns are %s, or 1 to %d (%w)", name, column, strings.Join(headers, ", "), len(r.mapping.Columns), ErrMap)
	}
	f := fieldNamed(name)
	for i := range r.mapping.Columns {
		c := &r.mapping.Columns[i]
		if (f != tabular.Custom && c.Field == f) || (f == tabular.Custom && c.Slug == name) {
			// It stays as a merge field under its header, unless it has none.
			c.Field, c.Slug = tabular.Custom, fmt.Sprintf("column_%d", i+1)
		}
	}
	c := &r.mapping.Columns[at]
	c.Field, c.Slug = f, ""
	if f == tabular.Custom {
		c.Slug = name
	}
	return nil
}

func columnName(c tabular.Column) string {
	if c.Field == tabular.Custom {
		return c.Slug
	}
	return nameOf(c.Field)
}

// columns returns which column each field is read from.
func (r *tableReader) columns() map[string]string {
	all := make(map[string]string, len(r.mapping.Columns))
	for _, c := range r.mapping.Columns {
		header := c.Header
		if header == "" {
			header = strconv.Itoa(c.Index + 1)
		}
		all[columnName(c)] = header
	}
	return all
}

// shared returns the texts that many records of the import will hold.
func (r *tableReader) shared() []string {
	var names []string
	for _, c := range r.mapping.Columns {
		switch c.Field {
		case tabular.Custom, tabular.Note, tabular.Region, tabular.Phone:
			names = append(names, columnName(c))
		}
	}
	return names
}

func (r *tableReader) bytesRead() int64 { return r.table.BytesRead() }

// next returns the next row. One that ran to the end of the file for want of a
// closing quote is left out whole: the rows that it swallowed are not in it.
func (r *tableReader) next() (*entry, error) {
	row, err := r.table.Next()
	if err != nil {
		return nil, err
	}
	e := &entry{row: row.Line}
	if row.Problem == tabular.UnclosedQuote {
		e.reject("", "", tabular.UnclosedQuote)
		return e, nil
	}
	for _, c := range r.mapping.Columns {
		if c.Index >= len(row.Cells) {
			continue
		}
		switch c.Field {
		case tabular.Name, tabular.FamilyName, tabular.GivenName: // together, below
		default:
			e.take(columnName(c), row.Cells[c.Index], r.options)
		}
	}
	e.take(fieldName, r.mapping.Name(row), r.options)
	e.finish(r.options)
	return e, nil
}
