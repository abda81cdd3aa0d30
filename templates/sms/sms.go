// Package sms owns what a text message is on the wire: its encoding, its parts,
// its length as Korean carriers count it, and the texts of a call and of the
// automatic answers in that form. Who gets one, and through which gateway, is
// decided elsewhere.
package sms

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Encoding is how a text travels.
type Encoding string

// The encodings of 3GPP TS 23.038: the 7-bit default alphabet (§6.2.1) and
// UCS-2 (§6.2.3), which every network fills with UTF-16.
const (
	GSM7 Encoding = "GSM-7" // 160 characters of the default alphabet a message
	UCS2 Encoding = "UCS-2" // 70 of any other
)

// A message carries 140 octets (3GPP TS 23.040 §9.2.3.24). The parts of a longer
// one each spend six of them on the header that joins them, the one with an
// 8-bit reference (§9.2.3.24.1), and in GSM-7 one bit to align the rest. The
// header has one octet for the number of parts.
const (
	gsm7Single, gsm7Part = 160, 153 // septets
	ucs2Single, ucs2Part = 70, 67   // UTF-16 code units
	maxParts             = 255
)

// Class is what Korean carriers sell a text as.
type Class string

// The classes and their limits in EUC-KR bytes, as the carriers state them.
const (
	SMS Class = "SMS" // up to 90 bytes
	LMS Class = "LMS" // up to 2,000 bytes

	maxSMS, maxLMS = 90, 2000
)

// Info is what becomes of a text. In JSON it is a line of "clarion inspect sms".
type Info struct {
	Encoding Encoding  `json:"encoding"`
	Segments int       `json:"segments"`     // messages that the carrier counts, 1 for an empty text
	Units    int       `json:"units"`        // septets or UTF-16 code units, without headers
	Parts    []string  `json:"parts"`        // the text as it is cut; together they are the text
	EUCKR    *int      `json:"euckr_bytes"`  // length in EUC-KR, nil when a character has no place in it
	Korean   *Class    `json:"korean_class"` // nil when EUCKR is, or above 2,000 bytes
	Problems []Problem `json:"problems"`     // never nil
}

// A Problem is something to know about a text before it is sent.
type Problem struct {
	Kind       string `json:"kind"`                 // one of the Kind constants
	Position   int    `json:"position,omitempty"`   // of the character, the first is 1; 0 for the whole text
	Character  string `json:"character,omitempty"`  // the character there
	Suggestion string `json:"suggestion,omitempty"` // what would do instead
	Message    string `json:"message"`              // a sentence for the author
}

// What a Problem can be.
const (
	KindInvalidText  = "invalid_text"  // not UTF-8
	KindTooLong      = "too_long"      // more parts than can be joined, or more bytes than an LMS holds
	KindOutsideEUCKR = "outside_euckr" // Korean carriers cannot show a character
	KindCostly       = "costly"        // one character moves the text to UCS-2, a likeness would not
	KindDecomposed   = "decomposed"    // letters in pieces, as some computers store them
)

// Count says how text is sent: in GSM-7 when every character is in the default
// alphabet or its extension (which costs two septets), else in UCS-2. A part
// ends neither within an escape pair nor within a surrogate pair, so it may be a
// unit short. Bytes that are not UTF-8 count as U+FFFD and are named.
func Count(text string) Info {
	info := Info{Problems: []Problem{}}
	if !utf8.ValidString(text) {
		info.Problems = append(info.Problems, invalid(text))
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	info.Encoding = UCS2
	single, part, cost := ucs2Single, ucs2Part, utf16Cost
	if !Unicode(text) {
		info.Encoding = GSM7
		single, part, cost = gsm7Single, gsm7Part, septets
	}
	for _, r := range text {
		info.Units += cost(r)
	}
	if info.Units <= single {
		info.Parts = []string{text}
	} else {
		info.Parts = split(text, part, cost)
	}
	info.Segments = len(info.Parts)
	if info.Segments > maxParts {
		info.Problems = append(info.Problems, Problem{Kind: KindTooLong,
			Message: fmt.Sprintf("the text makes %d parts; phones can join %d", info.Segments, maxParts)})
	}
	info.korean(text)
	info.hints(text)
	return info
}

// split cuts text into parts of at most limit units, between characters.
func split(text string, limit int, cost func(rune) int) []string {
	var parts []string
	start, units := 0, 0
	for i, r := range text {
		if c := cost(r); units+c > limit {
			parts = append(parts, text[start:i])
			start, units = i, c
		} else {
			units += c
		}
	}
	return append(parts, text[start:])
}

// utf16Cost returns the UTF-16 code units of a character (RFC 2781 §2.1).
func utf16Cost(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// korean fills in length and class as Korean carriers see text.
func (info *Info) korean(text string) {
	n, at, outside := eucKR(text)
	if at > 0 {
		info.Problems = append(info.Problems, Problem{Kind: KindOutsideEUCKR, Position: at, Character: string(outside), Suggestion: inEUCKR(outside),
			Message: fmt.Sprintf("character %d, %q, is not in EUC-KR; Korean carriers cannot show it", at, outside)})
		return
	}
	info.EUCKR = &n
	switch class := LMS; {
	case n <= maxSMS:
		class = SMS
		fallthrough
	case n <= maxLMS:
		info.Korean = &class
	default:
		info.Problems = append(info.Problems, Problem{Kind: KindTooLong,
			Message: fmt.Sprintf("the text is %d bytes long in EUC-KR; Korean carriers take %d", n, maxLMS)})
	}
}

func invalid(text string) Problem {
	at := 1
	for i := 0; i < len(text); at++ {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size < 2 {
			break
		}
		i += size
	}
	return Problem{Kind: KindInvalidText, Position: at, Character: "\uFFFD",
		Message: fmt.Sprintf("character %d is not UTF-8; save the text as UTF-8", at)}
}
