package sms

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// likeness gives for a character that word processors like to put in a text what
// GSM-7 has in its place: same meaning, nearly the same look.
func likeness(r rune) string {
	switch r {
	case '“', '”', '„', '‟', '«', '»', '″', '＂':
		return `"`
	case '‘', '’', '‚', '‛', '′', '`', '´', 'ʼ', '＇':
		return "'"
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return "-"
	case '…':
		return "..."
	case '•', '·', '∙', '▪':
		return "*"
	case '\u00a0', '\t', '\u3000', '\u2028', '\u2029':
		return " "
	case '⁄', '÷':
		return "/"
	case '×':
		return "x"
	case '©':
		return "(c)"
	case '®':
		return "(r)"
	case '™':
		return "(tm)"
	case '½':
		return "1/2"
	case '¼':
		return "1/4"
	case '¾':
		return "3/4"
	}
	switch {
	case 0x2000 <= r && r <= 0x200A, r == 0x202F, r == 0x205F: // spaces of all widths
		return " "
	case r == 0xAD, 0x200B <= r && r <= 0x200D, r == 0x2060, r == 0xFEFF: // invisible: may simply go
		return ""
	case 0xFF01 <= r && r <= 0xFF5E: // full-width ASCII
		return string(r - 0xFEE0)
	}
	return string(r)
}

// inEUCKR returns what KS X 1001 has in place of a character outside it, "" if
// nothing comes near.
func inEUCKR(r rune) string {
	try := likeness(r)
	switch r {
	case '–', '—':
		try = "―"
	case '•':
		try = "·"
	case '₩':
		try = "￦"
	case '¢', '£', '¥':
		try = string(map[rune]rune{'¢': '￠', '£': '￡', '¥': '￥'}[r])
	}
	if _, at, _ := eucKR(try); try == string(r) || at > 0 {
		return ""
	}
	return try
}

// hints names letters in pieces, and the characters for whose sake alone a text
// takes twice the room.
func (info *Info) hints(text string) {
	if composed := norm.NFC.String(text); composed != text {
		at := 1
		for i, r := range text {
			if !strings.HasPrefix(composed[min(i, len(composed)):], string(r)) {
				break
			}
			at++
		}
		info.Problems = append(info.Problems, Problem{Kind: KindDecomposed, Position: at,
			Message: fmt.Sprintf("character %d is stored in pieces (as macOS does); composed, the text has %d characters fewer",
				at, len([]rune(text))-len([]rune(composed)))})
	}
	if info.Encoding == GSM7 {
		return
	}
	var plain strings.Builder
	for _, r := range text {
		plain.WriteString(likeness(r))
	}
	if Unicode(plain.String()) {
		return // other characters need UCS-2 as well, so nothing is won
	}
	at := 0
	for _, r := range text {
		at++
		if septets(r) == 0 {
			info.Problems = append(info.Problems, Problem{Kind: KindCostly, Position: at, Character: string(r), Suggestion: likeness(r),
				Message: fmt.Sprintf("character %d, %q, moves the text from 160 to 70 characters a message; %q would not", at, r, likeness(r))})
		}
	}
}
