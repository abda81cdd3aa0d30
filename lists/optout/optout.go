// Package optout owns understanding what people write back when they want to
// hear no more, or to hear again, or help. It leaves what follows to others.
//
// It reads a whole message, never a word in it: "stop" and "please stop texting
// me" leave; "stop the deportation!" and "강제북송을 중지하라" are the voices of
// supporters. An unsure case that speaks of messages is an opt-out: a supporter
// can come back with one word, and a person who was not heard may not be written
// to again (47 CFR 64.1200(a)(10): any reasonable means).
package optout

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Wish is what a message asks for; None is anything else, for a person to read.
type Wish string

// The wishes.
const (
	None  Wish = ""      // anything else
	Stop  Wish = "stop"  // to hear no more
	Start Wish = "start" // to hear again
	Help  Wish = "help"  // to know who writes and how to end it
)

// Nothing longer is a request to leave and that alone; it goes to a person.
const (
	maxText    = 64 << 10 // bytes looked at
	maxRequest = 40       // words
)

// Intent reads an inbound text, or the subject or body of a mail, in any of the
// languages in words.go. A quoted message, a signature and what a
// telephone adds are not read.
func Intent(text string) Wish {
	text = strings.ToValidUTF8(text[:min(len(text), maxText)], " ")
	body := Written(text)
	if i := read(body); i != None {
		return i
	}
	// "STOP", an empty line and a name.
	if first, rest, ok := strings.Cut(body, "\n\n"); ok && len([]rune(strings.TrimSpace(rest))) <= maxSignature {
		return read(first)
	}
	return None
}

const maxSignature = 60 // characters

func read(s string) Wish {
	words := fold(s)
	if len(words) == 0 || len(words) > maxRequest {
		return None
	}
	if i := keyword(words); i != None {
		return i
	}
	switch {
	case english(words):
		return Stop
	case strings.ContainsFunc(s, isHangul):
		return korean(words)
	}
	return None
}

func isHangul(r rune) bool { return unicode.Is(unicode.Hangul, r) }

// fold returns the words of a text in one form: compatibility characters such as
// full-width letters resolved (NFKC), lower case, punctuation, symbols and
// emoticons gone, telephone numbers too ("수신거부 010-2345-6789"). An apostrophe
// joins: "don't" is "dont".
func fold(s string) []string {
	s = strings.ToLower(norm.NFKC.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '’' || r == '‘' || r == '`' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			return r
		}
		return ' '
	}, s)
	words := strings.Fields(s)
	return dropNumbers(words)
}

// dropNumbers takes out runs of numbers that together are as long as a telephone
// number.
func dropNumbers(words []string) []string {
	out := words[:0:0]
	for i := 0; i < len(words); {
		j, digits := i, 0
		for j < len(words) && strings.Trim(words[j], "0123456789") == "" {
			digits += len(words[j])
			j++
		}
		if digits < 8 {
			j = max(j, i+1)
			out = append(out, words[i:j]...)
		}
		i = max(j, i+1)
	}
	return out
}
