package tabular

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxRow bounds a row in bytes, so that a quotation mark that is never closed
// cannot pull a whole file into memory.
const maxRow = 1 << 20

// rowReader splits text into records (RFC 4180), forgiving what exporters get
// wrong: a quote inside a quoted cell that is not doubled, blanks after a closing
// quote, ragged rows, zero bytes, lone CR line ends.
type rowReader struct {
	in    *bufio.Reader
	d     dialect
	line  int  // complete physical lines so far
	stray bool // the last record had a quote where none belongs
	buf   []byte
	ends  []int // where cells end in buf
}

func newRowReader(r io.Reader, d dialect) *rowReader {
	return &rowReader{in: bufio.NewReaderSize(r, 64<<10), d: d}
}

// next returns the next record with anything in it.
func (r *rowReader) next() (Row, error) {
	for {
		row, err := r.record()
		if err != nil {
			return Row{}, err
		}
		if len(row.Cells) > 1 || strings.TrimSpace(row.Cells[0]) != "" {
			return row, nil
		}
	}
}

// record reads one record; a blank line is a record of one empty cell.
func (r *rowReader) record() (Row, error) {
	row := Row{Line: r.line + 1}
	r.buf, r.ends, r.stray = r.buf[:0], r.ends[:0], false
	quoted, fresh := false, true // inside quotes; at the start of a cell
	for size := 0; ; size++ {
		c, err := r.in.ReadByte()
		if errors.Is(err, io.EOF) {
			if size == 0 {
				return Row{}, io.EOF
			}
			if quoted {
				row.Problem, r.stray = UnclosedQuote, true
			}
			return r.finish(row), nil
		}
		if err != nil {
			return Row{}, fmt.Errorf("read line %d: %w", r.line+1, err)
		}
		if size >= maxRow {
			return Row{}, &Error{Reason: RowTooLong, Line: row.Line}
		}
		switch {
		case c == 0:
		case quoted && c == '"':
			quoted = r.quoteInside()
			fresh = false
		case quoted:
			r.countLine(c)
			r.buf = append(r.buf, c)
		case c == '"' && fresh:
			quoted, fresh = true, false
		case c == r.d.delimiter:
			r.ends = append(r.ends, len(r.buf))
			fresh = true
		case r.endsLine(c):
			r.line++
			return r.finish(row), nil
		default:
			r.stray = r.stray || c == '"'
			r.buf = append(r.buf, c)
			fresh = false
		}
	}
}

// quoteInside handles a quote in a quoted cell: half of a doubled one, the
// closing one, or a stray one, which stays. It returns whether the cell goes on.
func (r *rowReader) quoteInside() bool {
	for n := 1; ; n++ {
		ahead, err := r.in.Peek(n)
		if err != nil || len(ahead) < n { // the end of the file closes
			_, _ = r.in.Discard(len(ahead))
			return false
		}
		switch c := ahead[n-1]; {
		case n == 1 && c == '"':
			_, _ = r.in.Discard(1)
			r.buf = append(r.buf, '"')
			return true
		case c == r.d.delimiter || c == '\n' || c == '\r':
			_, _ = r.in.Discard(n - 1)
			return false
		case (c == ' ' || c == '\t' || c == 0) && n < 1024:
		default:
			r.stray = true
			r.buf = append(r.buf, '"')
			return true
		}
	}
}

// endsLine reports whether c, already read, ends a line, and takes the LF of CR LF.
func (r *rowReader) endsLine(c byte) bool {
	if c == '\r' {
		if ahead, err := r.in.Peek(1); err == nil && ahead[0] == '\n' {
			_, _ = r.in.Discard(1)
			return true
		}
		return r.d.loneCR
	}
	return c == '\n'
}

func (r *rowReader) countLine(c byte) {
	if c == '\n' || c == '\r' && r.d.loneCR {
		r.line++
	}
}

// finish cuts the buffer into cells that share one string.
func (r *rowReader) finish(row Row) Row {
	all := string(r.buf)
	row.Cells = make([]string, 0, len(r.ends)+1)
	start := 0
	for _, end := range r.ends {
		row.Cells = append(row.Cells, all[start:end])
		start = end
	}
	row.Cells = append(row.Cells, all[start:])
	if row.Problem == "" && strings.ContainsRune(all, utf8.RuneError) {
		row.Problem = BrokenText
	}
	return row
}
