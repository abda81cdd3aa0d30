package tabular

import (
	"bytes"
	"fmt"
	"slices"
)

// Why a file is no table that can be read. The set is closed.
const (
	Empty      = "empty"
	Excel      = "excel_workbook"
	OldExcel   = "old_excel_workbook"
	Archive    = "archive"
	VCard      = "vcard"
	PDF        = "pdf"
	WebPage    = "web_page"
	RichText   = "rich_text"
	Picture    = "picture"
	Compressed = "compressed"
	UTF32      = "utf_32"
	Binary     = "binary"
	RowTooLong = "row_too_long"
)

type sentence struct{ reason, ko, en string }

var sentences = [...]sentence{
	{Empty, "파일이 비어 있습니다", "the file is empty"},
	{Excel, "엑셀 통합 문서(.xlsx)입니다. 엑셀에서 '다른 이름으로 저장 → CSV UTF-8(쉼표로 분리)'로 저장한 파일을 올려 주세요", "this is an Excel workbook (.xlsx): in Excel choose Save As, CSV UTF-8 (comma delimited), and use that file"},
	{OldExcel, "옛 엑셀 통합 문서(.xls)입니다. 엑셀에서 'CSV UTF-8(쉼표로 분리)'로 저장한 파일을 올려 주세요", "this is an old Excel workbook (.xls): in Excel choose Save As, CSV UTF-8 (comma delimited), and use that file"},
	{Archive, "압축 파일이거나 다른 프로그램의 문서입니다. CSV로 내보낸 파일을 올려 주세요", "this is an archive or another program's document: export it as CSV and use that file"},
	{VCard, "주소록 파일(vCard)입니다. 주소록에서 CSV로 내보낸 파일을 올려 주세요", "this is an address book (vCard): export the contacts as CSV (Google or Outlook format) and use that file"},
	{PDF, "PDF 파일입니다. 표를 만든 프로그램에서 CSV로 내보내 주세요", "this is a PDF: export a CSV from the program that made it"},
	{WebPage, "웹 페이지(HTML이나 XML)입니다. 엑셀로 열어 CSV로 저장한 파일을 올려 주세요", "this is a web page (HTML or XML), whatever its name says: open it in Excel and save it as CSV"},
	{RichText, "서식 있는 문서(RTF)입니다. 표를 CSV로 저장해 주세요", "this is a formatted document (RTF): save its table as CSV"},
	{Picture, "그림 파일입니다. CSV 파일이 필요합니다", "this is a picture: a CSV file is needed"},
	{Compressed, "압축 파일입니다. 압축을 풀고 그 안의 CSV 파일을 올려 주세요", "this file is compressed: unpack it and use the CSV inside"},
	{UTF32, "UTF-32로 저장된 파일입니다. UTF-8로 저장해 주세요", "this file is saved as UTF-32: save it as UTF-8"},
	{Binary, "글자로 된 파일이 아닙니다. CSV로 내보낸 파일을 올려 주세요", "this file holds no text: export the table as CSV and use that file"},
	{RowTooLong, "한 행이 1MiB를 넘습니다. 닫히지 않은 따옴표가 있는지 확인해 주세요", "a row is longer than 1 MiB: look for a quotation mark that is never closed"},
}

// Reasons returns every reason, for documentation and tests.
func Reasons() []string {
	out := make([]string, len(sentences))
	for i, s := range sentences {
		out[i] = s.reason
	}
	return out
}

// An Error says why a file, or the rest of it, cannot be read.
type Error struct {
	Reason string // one of the constants
	Line   int    // where, from 1; 0 for the file as a whole
}

// Error returns the English sentence.
func (e *Error) Error() string { return e.Message("en") }

// Message returns the sentence for the person who chose the file, in Korean for
// "ko", else in English.
func (e *Error) Message(lang string) string {
	text, place := e.Reason, "line %d: %s"
	if i := slices.IndexFunc(sentences[:], func(s sentence) bool { return s.reason == e.Reason }); i >= 0 {
		text = sentences[i].en
		if lang == "ko" {
			text, place = sentences[i].ko, "%d행: %s"
		}
	}
	if e.Line > 0 {
		return fmt.Sprintf(place, e.Line, text)
	}
	return text
}

// How files of other kinds begin.
var magic = [...]struct{ start, reason string }{
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OldExcel}, // [MS-CFB] §2.2
	{"\x09\x08\x10\x00\x00\x06\x05\x00", OldExcel}, // a bare BIFF8 stream
	{"%PDF-", PDF},
	{"{\\rtf", RichText},
	{"\x89PNG", Picture},
	{"\xff\xd8\xff", Picture},
	{"GIF8", Picture},
	{"\x1f\x8b", Compressed},
	{"BZh", Compressed},
	{"7z\xbc\xaf\x27\x1c", Compressed},
	{"\xfd7zXZ\x00", Compressed},
	{"\xff\xfe\x00\x00", UTF32},
	{"\x00\x00\xfe\xff", UTF32},
}

// foreign returns the reason why a file with this beginning is no delimited text,
// or "".
func foreign(head []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.start)) {
			return m.reason
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) { // a ZIP: an OOXML package names its parts in clear
		if bytes.Contains(head, []byte("xl/")) || bytes.Contains(head, []byte("[Content_Types].xml")) {
			return Excel
		}
		return Archive
	}
	text := bytes.TrimPrefix(head[:min(len(head), 512)], []byte("\xef\xbb\xbf"))
	text = bytes.ToLower(bytes.TrimLeft(bytes.ReplaceAll(text, []byte{0}, nil), "\xff\xfe \t\r\n"))
	for _, m := range [...]struct{ start, reason string }{
		{"begin:vcard", VCard}, {"<!doctype", WebPage}, {"<html", WebPage}, {"<?xml", WebPage}, {"<table", WebPage}, {"<meta", WebPage},
	} {
		if bytes.HasPrefix(text, []byte(m.start)) {
			return m.reason
		}
	}
	return ""
}

// binary reports whether a beginning, decoded, is a program's own data: one
// character in fifty is a control character. Those that may part cells and rows
// do not count, and a stray few are somebody's damaged file.
func binary(text string) bool {
	const few, share = 8, 50
	controls, all := 0, 0
	for _, r := range text {
		all++
		if r < '\t' || '\r' < r && r < '\x1c' || r == '\x7f' {
			controls++
		}
	}
	return controls > few && controls*share > all
}
