package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"clarion/lists/address"
)

// spoken is the language of the person at the terminal, "ko" or "en" (POSIX: LC_ALL
// over LC_MESSAGES over LANG).
func spoken() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "ko") {
				return "ko"
			}
			return "en"
		}
	}
	return "en"
}

// words say a thing in English and in Korean.
type words [2]string

// in fills in the values, which are the same in both languages.
func (w words) in(lang string, values ...any) string {
	said := w[0]
	if lang == "ko" {
		said = w[1]
	}
	if len(values) == 0 {
		return said
	}
	return fmt.Sprintf(said, values...)
}

// channelWord is what a person calls a channel: in English by its name.
func channelWord(channel, lang string) string {
	if lang == "ko" {
		return map[string]string{address.Email.String(): "이메일", address.SMS.String(): "문자", address.Fax.String(): "팩스"}[channel]
	}
	return channel
}

// many writes how many there are of what is counted by one word and several: "1 call", "1,204 calls".
func many(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + several
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// columns is how wide a text is on a terminal, where Hangul takes two columns a letter.
func columns(s string) (n int) {
	for _, r := range s {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

// padded fills a text up to so many columns.
func padded(s string, to int) string { return s + strings.Repeat(" ", max(to-columns(s), 0)) }
