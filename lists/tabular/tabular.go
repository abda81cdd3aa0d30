// Package tabular owns reading rows out of the files in which people keep their
// contacts: it finds out encoding, delimiter and header, and which column holds
// what. What becomes of a row is not its business.
package tabular

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	sniffSize   = 256 << 10 // bytes looked at before anything is decided
	sampleRows  = 100       // rows looked at
	preambleMax = 4         // title lines that may stand above a header
)

// A Table is a file being read as rows, in memory that does not grow with it.
type Table struct {
	Encoding  string // "utf-8", "utf-16le", "utf-16be", "cp949" or "windows-1252"
	Delimiter string // ",", ";", "\t" or "|"; "," when there is one column
	HasHeader bool
	Header    []string // as written; nil without one
	Preamble  []Row    // title lines above the header, which are no contacts
	Sample    []Row    // the first rows under the header, at most 100; Next returns them too

	src  *source
	rows *rowReader
}

// A Row is one record of a table.
type Row struct {
	Line    int // physical line on which it starts, from 1
	Cells   []string
	Problem string // "", UnclosedQuote or BrokenText
}

// What may be wrong with a row that could be read all the same.
const (
	UnclosedQuote = "unclosed_quote" // a quoted cell ran to the end of the file
	BrokenText    = "broken_text"    // bytes that mean nothing in the table's encoding
)

// Open looks at the beginning of r and gets ready to read its rows. A file that
// is no delimited text is refused with an *Error.
func Open(r io.Reader) (*Table, error) {
	counted := &counter{r: r}
	raw := bufio.NewReaderSize(counted, sniffSize)
	head, err := raw.Peek(sniffSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	whole := err != nil
	if reason := foreign(head); reason != "" {
		return nil, &Error{Reason: reason}
	}
	enc := detect(head, whole)
	text, err := enc.decode(head, whole)
	if err != nil {
		return nil, fmt.Errorf("decode the table: %w", err)
	}
	if strings.TrimSpace(strings.Trim(text, "\x00")) == "" && whole {
		return nil, &Error{Reason: Empty}
	}
	if binary(text) {
		return nil, &Error{Reason: Binary}
	}
	d := findDialect(text, whole)
	if _, err := raw.Discard(len(enc.bom)); err != nil {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	src := newSource(counted, raw, enc)
	t := &Table{Encoding: enc.name, Delimiter: string(d.delimiter), src: src, rows: newRowReader(src, d)}
	if d.declared {
		if _, err := t.rows.next(); err != nil { // the line "sep=;"
			return nil, fmt.Errorf("read the table: %w", err)
		}
	}
	return t, t.readHeader(text, d, whole)
}

// readHeader fills Header, Preamble and Sample.
func (t *Table) readHeader(text string, d dialect, whole bool) error {
	rows := sampleOf(text, d, whole)
	if d.declared && len(rows) > 0 {
		rows = rows[1:]
	}
	at, ok := findHeader(rows)
	if !ok {
		t.Sample = rows
		return nil
	}
	for i := range at + 1 {
		row, err := t.rows.next()
		if err != nil {
			return fmt.Errorf("read the header: %w", err)
		}
		if i < at {
			t.Preamble = append(t.Preamble, row)
		} else {
			t.HasHeader, t.Header = true, row.Cells
		}
	}
	t.Sample = rows[at+1:]
	return nil
}

// Next returns the next row that is not blank, with as many cells as its line
// has, or io.EOF. Encoding may still change from "utf-8" to another while a file
// is read that begins in plain ASCII.
func (t *Table) Next() (Row, error) {
	row, err := t.rows.next()
	t.Encoding = t.src.enc.name
	return row, err
}

// BytesRead returns how many bytes of the file have been consumed, give or take
// a buffer, for a progress bar.
func (t *Table) BytesRead() int64 { return t.src.consumed() }

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
