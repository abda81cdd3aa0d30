package desk

import (
	"strconv"

	"clarion/lists/address"
)

// say picks the words of a language, "ko" or anything else for English.
func say(lang, en, ko string) string {
	if lang == "ko" {
		return ko
	}
	return en
}

// ChannelWord is what people call a channel.
func ChannelWord(ch address.Channel, lang string) string {
	w := channelWords[ch]
	return say(lang, w[0], w[1])
}

var channelWords = map[address.Channel][2]string{address.Email: {"Email", "이메일"}, address.SMS: {"Text message", "문자"}, address.Fax: {"Fax", "팩스"}}

// LanguageWord is what people call a language, by its code.
func LanguageWord(of, lang string) string {
	switch of {
	case "ko":
		return say(lang, "Korean", "한국어")
	case "en":
		return say(lang, "English", "영어")
	}
	return of
}

// Number writes n with a comma before each three digits.
func Number(n int) string {
	if n < 0 {
		return "-" + Number(-n)
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Share writes part of whole in per cent, and nothing where there is no whole.
// What is not all is never shown as all, and what is not none never as none.
func Share(part, whole int) string {
	if whole == 0 {
		return ""
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == whole:
		return "100 %"
	case part == 0:
		return "0 %"
	case p > 99.9:
		return "99.9 %"
	case p < 0.1:
		return "0.1 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}
