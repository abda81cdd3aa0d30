package sms

import (
	charset "golang.org/x/text/encoding/korean"
)

// eucKR returns the length of text in EUC-KR (RFC 1557): ASCII in one byte,
// KS X 1001 in two. The library's table is Microsoft's extension of it, code
// page 949; the 8,822 further syllables there (뷁, 똠) have a byte below 0xA1 and
// do not count as EUC-KR, because the carriers' networks are specified for the
// standard set and put a question mark in place of the others. If a character is
// outside, at is its place (the first is 1) and r the character.
func eucKR(text string) (n, at int, r rune) {
	encoder := charset.EUCKR.NewEncoder()
	var dst [8]byte
	for _, r := range text {
		at++
		if r < 0x80 {
			n++
			continue
		}
		encoder.Reset()
		size, _, err := encoder.Transform(dst[:], []byte(string(r)), true)
		if err != nil || size != 2 || dst[0] < 0xA1 || dst[1] < 0xA1 || r == '\uFFFD' {
			return 0, at, r
		}
		n += size
	}
	return n, 0, 0
}
