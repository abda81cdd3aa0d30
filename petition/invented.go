package petition

import (
	"slices"
	"strings"
	"unicode"
)

// Invented says whether a name is none for sure: a letter again and again, a digit or an
// address in it. What merely sounds made up is for people to judge, who can take it back.
func Invented(name string) bool {
	var letters []rune
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsDigit(r), strings.ContainsRune("@/\\<>{}[]=&%$#|~^*_", r):
			return true
		case unicode.IsLetter(r):
			letters = append(letters, r)
		}
	}
	if low := strings.ToLower(name); strings.Contains(low, "www.") || strings.Contains(low, "http:") || strings.Contains(low, ".com") {
		return true
	}
	// “Aa” and “이이” are names; “ㅋㅋ” is two jamo, which no name has.
	if slices.ContainsFunc(letters, func(r rune) bool { return r >= 'ㄱ' && r <= 'ㆎ' }) {
		return true
	}
	return len(letters) > 2 && len(slices.Compact(slices.Clone(letters))) == 1
}
