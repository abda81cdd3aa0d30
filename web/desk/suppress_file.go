package desk

import (
	"errors"
	"io"

	"clarion/lists/tabular"
)

// A Line is an address as somebody brought it, and where it stood.
type Line struct {
	Number int // from 1
	Text   string
}

// AddressLines reads the addresses of a file: of its columns for email, mobile, phone and
// fax, or all of it where it has but one column. An error is an *InputError or a *tabular.Error.
func AddressLines(r io.Reader) ([]Line, error) {
	t, err := tabular.Open(r)
	if err != nil {
		return nil, err
	}
	var columns []int
	all := tabular.Recognise(t.Header, t.Sample).Columns
	for _, c := range all {
		switch c.Field {
		case tabular.Email, tabular.Mobile, tabular.Phone, tabular.Fax:
			columns = append(columns, c.Index)
		}
	}
	if len(columns) == 0 && len(all) == 1 {
		columns = []int{0}
	}
	if len(columns) == 0 {
		return nil, Mistake("no column of the file holds addresses: name one email, mobile or fax in its first line")
	}
	var out []Line
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		found := false
		for _, i := range columns {
			if i < len(row.Cells) && row.Cells[i] != "" {
				out, found = append(out, Line{row.Line, row.Cells[i]}), true
			}
		}
		if !found {
			out = append(out, Line{row.Line, ""})
		}
		if len(out) > maxAddresses {
			return nil, Mistake("the file holds more than %s addresses: %s at once are taken", Number(maxAddresses), Number(maxAddresses))
		}
	}
}
