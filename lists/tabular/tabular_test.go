package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
)

// read returns all rows of a table, its header among them.
func read(t *testing.T, r io.Reader) (*Table, [][]string) {
	t.Helper()
	table, err := Open(r)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	var rows [][]string
	if table.HasHeader {
		rows = append(rows, table.Header)
	}
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return table, rows
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		rows = append(rows, row.Cells)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const text = "이름,이메일\r\n김영희,kim@example.org\r\n똠방각하,ttom@example.org\r\n"
	const latin = "name;email\nJosé Müller;jose@example.org\nZoë;zoe@example.org\n"
	encode := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct{ name, in, encoding, text string }{
		{"utf-8", text, "utf-8", text},
		{"utf-8 with a mark", "\ufeff" + text, "utf-8", text},
		{"cp949", encode(korean.EUCKR, text), "cp949", text},
		{"utf-16le with a mark", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text), "utf-16le", text},
		{"utf-16be with a mark", encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text), "utf-16be", text},
		{"utf-16le bare", encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), text), "utf-16le", text},
		{"utf-16be bare", encode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), text), "utf-16be", text},
		{"windows-1252", encode(charmap.Windows1252, latin), "windows-1252", latin},
		{"one accent at the end", "name,note\nkim,caf\xe9", "windows-1252", "name,note\nkim,café"},
		{"ascii", "name,email\nkim,kim@example.org\n", "utf-8", "name,email\nkim,kim@example.org\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, want := read(t, strings.NewReader(c.text))
			got, rows := read(t, strings.NewReader(c.in))
			if got.Encoding != c.encoding || !got.HasHeader {
				t.Errorf("encoding %s, header %v", got.Encoding, got.HasHeader)
			}
			if d := cmp.Diff(want, rows); d != "" {
				t.Error(d)
			}
			if got.BytesRead() != int64(len(c.in)) {
				t.Errorf("BytesRead = %d of %d", got.BytesRead(), len(c.in))
			}
		})
	}
}

func TestEncodingFoundLate(t *testing.T) {
	t.Parallel()
	late, err := korean.EUCKR.NewEncoder().String("김영희,kim@example.org\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ last, encoding string }{
		"cp949": {late, "cp949"},
		"utf-8": {"김영희,kim@example.org\n", "utf-8"},
	} {
		in := "name,email\n" + strings.Repeat("lee,lee@example.org\n", 2*sniffSize/20) + c.last
		table, rows := read(t, strings.NewReader(in))
		if got := rows[len(rows)-1]; got[0] != "김영희" || table.Encoding != c.encoding {
			t.Errorf("%s: last row %q in %s", name, got, table.Encoding)
		}
	}
}

func TestBrokenText(t *testing.T) {
	t.Parallel()
	in := "이름,이메일\n" + strings.Repeat("김영희,kim@example.org\n", 30) + "\xff\xfe영희,x@example.org\n이순신,lee@example.org\n"
	table, err := Open(strings.NewReader(in))
	if err != nil || table.Encoding != "utf-8" {
		t.Fatalf("%v, %v", table, err)
	}
	var broken []int
	for {
		row, err := table.Next()
		if err != nil {
			break
		}
		if row.Problem == BrokenText {
			broken = append(broken, row.Line)
		}
	}
	if d := cmp.Diff([]int{32}, broken); d != "" {
		t.Error(d)
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, delimiter string
		want                [][]string
	}{
		{"quotes", "a,\"b \"\"c\"\", d\",\"\"\n", ",", [][]string{{"a", `b "c", d`, ""}}},
		{"line ends in cells", "\"a\r\nb\",\"c\nd\"\r\ne,f\r\n", ",", [][]string{{"a\r\nb", "c\nd"}, {"e", "f"}}},
		{"blank lines", "\n\na,b\n \n\r\nc,d\n\n", ",", [][]string{{"a", "b"}, {"c", "d"}}},
		{"empty cells are no blank line", "a,b\n,\n", ",", [][]string{{"a", "b"}, {"", ""}}},
		{"ragged", "a,b,c\nd\ne,f,g,h\n", ",", [][]string{{"a", "b", "c"}, {"d"}, {"e", "f", "g", "h"}}},
		{"blanks after a quote", "\"a\" ,\"b\"\t\n\"c\"  ,d\n", ",", [][]string{{"a", "b"}, {"c", "d"}}},
		{"blanks before a quote", "a, \"b\"\n", ",", [][]string{{"a", ` "b"`}}},
		{"a quote not doubled", "\"a \"b\" c\",d\n", ",", [][]string{{`a "b" c`, "d"}}},
		{"a quote in a bare cell", "5\" pipe,d\n", ",", [][]string{{`5" pipe`, "d"}}},
		{"a quote never closed", "a,\"b,c\nd,e\n", ",", [][]string{{"a", "b,c\nd,e\n"}}},
		{"semicolons and decimal commas", "a;b\n1,5;2,5\n3,5;4,5\n", ";", [][]string{{"a", "b"}, {"1,5", "2,5"}, {"3,5", "4,5"}}},
		{"tabs", "a\tb\n1, 2\t3\n4\t5\n", "\t", [][]string{{"a", "b"}, {"1, 2", "3"}, {"4", "5"}}},
		{"tab as last quoted", "\"a\"\t\"b\"\t\n", "\t", [][]string{{"a", "b", ""}}},
		{"bars", "a|b|c\n1,2|3|4\n", "|", [][]string{{"a", "b", "c"}, {"1,2", "3", "4"}}},
		{"delimiters of another kind in quotes", "\"a;b;c\",d\n\"e;f;g\",h\n", ",", [][]string{{"a;b;c", "d"}, {"e;f;g", "h"}}},
		{"declared", "sep=;\r\na;b\r\n", ";", [][]string{{"a", "b"}}},
		{"one column", "a@example.org\nb@example.org\n", ",", [][]string{{"a@example.org"}, {"b@example.org"}}},
		{"lone CR", "a,b\rc,\"d\ne\"\rf,g", ",", [][]string{{"a", "b"}, {"c", "d\ne"}, {"f", "g"}}},
		{"CR in a bare cell", "a,b\nc\rd,e\n", ",", [][]string{{"a", "b"}, {"c\rd", "e"}}},
		{"zero bytes", "a\x00,b\nc,d\x00\x00\n", ",", [][]string{{"a", "b"}, {"c", "d"}}},
		{"no last line end", "a,b\nc,", ",", [][]string{{"a", "b"}, {"c", ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table, rows := read(t, strings.NewReader(c.in))
			if d := cmp.Diff(c.want, rows); d != "" {
				t.Error(d)
			}
			if table.Delimiter != c.delimiter {
				t.Errorf("delimiter %q, want %q", table.Delimiter, c.delimiter)
			}
		})
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	table, err := Open(strings.NewReader("\n이름,메모\n\n김영희,\"두\n줄\"\n\n이순신,\"x\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		row, err := table.Next()
		if err != nil {
			break
		}
		got = append(got, fmt.Sprint(row.Line, row.Cells[0], row.Problem))
	}
	if d := cmp.Diff([]string{"4김영희", "7이순신" + UnclosedQuote}, got); d != "" {
		t.Error(d)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		header   []string
		preamble int
	}{
		{"known words", "성명,핸드폰\n김영희,010-2345-6789\n", []string{"성명", "핸드폰"}, 0},
		{"known words alone", "이름,이메일\n", []string{"이름", "이메일"}, 0},
		{"unknown words over numbers", "a,b,c\n1,2,3\n", []string{"a", "b", "c"}, 0},
		{"known words beside a year", "이름,2026\n김영희,예\n", []string{"이름", "2026"}, 0},
		{"contacts", "김영희,kim@example.org\n이순신,lee@example.org\n", nil, 0},
		{"numbers", "1,2,3\n4,5,6\n", nil, 0},
		{"one column of names", "김영희\n이순신\n", nil, 0},
		{"one column under a header", "이메일\nkim@example.org\n", []string{"이메일"}, 0},
		{"a contact whose school is a field's name", "교회,김영희,010-2345-6789\n학교,이순신,010-3456-7890\n", nil, 0},
		{"titles above", "2026 후원자 명단,,\n작성: 사무국,,\n이름,이메일,휴대폰\n김영희,kim@example.org,010-2345-6789\n", []string{"이름", "이메일", "휴대폰"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table, err := Open(strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.header, table.Header); d != "" || table.HasHeader != (c.header != nil) || len(table.Preamble) != c.preamble {
				t.Errorf("%s header %v, preamble %v", d, table.HasHeader, table.Preamble)
			}
			if len(table.Sample) > 0 {
				if row, err := table.Next(); err != nil || cmp.Diff(table.Sample[0], row) != "" {
					t.Errorf("Next = %v, %v; the sample begins with %v", row, err, table.Sample[0])
				}
			}
		})
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":          Empty,
		"\ufeff\n ": Empty,
		"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00[Content_Types].xml":   Excel,
		"PK\x03\x04\x14\x00notes.txt":                                     Archive,
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00":                            OldExcel,
		"BEGIN:VCARD\r\nVERSION:3.0\r\n":                                  VCard,
		"\ufeffbegin:vcard\n":                                             VCard,
		"\xff\xfeB\x00E\x00G\x00I\x00N\x00:\x00V\x00C\x00A\x00R\x00D\x00": VCard,
		"%PDF-1.7":                      PDF,
		" <html><table><tr><td>이름":      WebPage,
		"<?xml version=\"1.0\"?>":       WebPage,
		"{\\rtf1":                       RichText,
		"\x89PNG\r\n":                   Picture,
		"\x1f\x8b\x08":                  Compressed,
		"\xff\xfe\x00\x00a\x00\x00\x00": UTF32,
		"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00>\x00\x01\x00\x00\x00 text": Binary,
	} {
		_, err := Open(strings.NewReader(in))
		var e *Error
		if !errors.As(err, &e) || e.Reason != want {
			t.Errorf("Open(%q): %v, want %s", in, err, want)
		}
	}
	for _, r := range Reasons() {
		e := &Error{Reason: r}
		if e.Message("ko") == e.Message("en") || e.Message("en") == r {
			t.Errorf("%s has no two sentences", r)
		}
	}
}

// A few control characters are damage, not another kind of file.
func TestDamagedIsNoBinary(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"a\x1fb\x1fc\nd\x1fe\x1ff\ng\x1fh\x1fi\n", "name,email\n\x00\x00\x01kim,kim@example.org\n", strings.Repeat("이름,메일\n", 90) + strings.Repeat("\x00", 8)} {
		if _, err := Open(strings.NewReader(in)); err != nil {
			t.Errorf("Open(%q): %v", in, err)
		}
	}
}

func TestRowTooLong(t *testing.T) {
	t.Parallel()
	table, err := Open(strings.NewReader("이름,메모\n김영희,\"" + strings.Repeat("x\n", maxRow)))
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := table.Next(); !errors.As(err, &e) || e.Reason != RowTooLong || e.Line != 2 || !strings.Contains(e.Message("ko"), "2행") {
		t.Errorf("Next: %v", err)
	}
}

// failing breaks off after its text, as a disk or a connection does.
type failing struct{ io.Reader }

var errBroken = errors.New("connection lost")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

func TestReadErrorIsNoEnd(t *testing.T) {
	t.Parallel()
	if _, err := Open(failing{strings.NewReader("a,b\n")}); !errors.Is(err, errBroken) {
		t.Errorf("Open: %v", err)
	}
	for name, line := range map[string]string{"ascii": "lee,lee@example.org\n", "korean": "이순신,lee@example.org\n"} {
		table, err := Open(failing{strings.NewReader("name,email\n" + strings.Repeat(line, 2*sniffSize/len(line)))})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = table.Next()
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: Next: %v", name, err)
		}
	}
}

// A table far larger than what may be held is read through in bounded memory.
func TestStreams(t *testing.T) {
	t.Parallel()
	const rows = 60_000
	r := &repeater{head: "name,email\n", line: "lee,lee@example.org\n", times: rows}
	table, err := Open(r)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		if ahead := r.given - table.BytesRead(); ahead > 2*sniffSize {
			t.Fatalf("%d bytes are held", ahead)
		}
		if _, err := table.Next(); err != nil {
			break
		}
	}
	if n != rows {
		t.Errorf("%d rows", n)
	}
}

type repeater struct {
	head, line string
	times      int
	rest       string
	given      int64
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.rest == "" {
		switch {
		case r.head != "":
			r.rest, r.head = r.head, ""
		case r.times > 0:
			r.rest, r.times = r.line, r.times-1
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	r.given += int64(n)
	return n, nil
}

func FuzzTable(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"\n", "\xff\xfea\x00,\x00", "sep=;\na;b", "\xb1\xe8,x@y.kr\n", "a\rb", "\"a\" ,b\n\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := Open(bytes.NewReader(b))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v is no sentence", b, err)
			}
			return
		}
		line := 0
		for i := 0; ; i++ {
			row, err := table.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				break
			}
			if row.Line <= line || len(row.Cells) == 0 {
				t.Fatalf("%q: row %+v after line %d", b, row, line)
			}
			if i < len(table.Sample) && cmp.Diff(row.Cells, table.Sample[i].Cells) != "" {
				t.Fatalf("%q: row %q is %q in the sample", b, row.Cells, table.Sample[i].Cells)
			}
			line = row.Line
		}
		m := Recognise(table.Header, table.Sample)
		slugs := map[string]bool{}
		for _, c := range m.Columns {
			if (c.Field == Custom) == (c.Slug == "") || slugs[c.Slug] && c.Slug != "" {
				t.Fatalf("%q: columns %+v", b, m.Columns)
			}
			slugs[c.Slug] = true
		}
	})
}
