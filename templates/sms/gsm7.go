package sms

import "strings"

// The GSM 7-bit default alphabet in code order (3GPP TS 23.038 §6.2.1). Code
// 0x1B, the escape, stands for no character and is left out.
const defaultAlphabet = "@£$¥èéùìòÇ\nØø\rÅå" +
	"Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ" +
	" !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
	"¿abcdefghijklmnopqrstuvwxyzäöñüà"

// The extension table (§6.2.1.1): each is an escape and a septet.
const extension = "\f^{}\\[~]|€"

// septets returns what a character costs in GSM-7, 0 when it has no place there.
// The national language tables (§6.2.1.2) are not used: gateways and phones
// rarely agree on them.
func septets(r rune) int {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == ' ', '0' <= r && r <= '9': // nearly all of them
		return 1
	case strings.ContainsRune(defaultAlphabet, r):
		return 1
	case strings.ContainsRune(extension, r):
		return 2
	default:
		return 0
	}
}

// Unicode reports whether text must travel in UCS-2, since a character is not in
// GSM-7. A gateway has to be told: one that is handed Korean as GSM-7 delivers
// question marks.
func Unicode(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return septets(r) == 0 })
}
