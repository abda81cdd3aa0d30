package broadcast

import (
	"testing"
	"unicode"
)

// Every state has its word and its sentence, in both languages.
func TestStatesHaveWords(t *testing.T) {
	check := func(of, en, ko string) {
		if en == "" {
			t.Errorf("%s has no English", of)
		}
		hangul := false
		for _, r := range ko {
			hangul = hangul || unicode.Is(unicode.Hangul, r)
		}
		if !hangul {
			t.Errorf("%s has no Korean: %q", of, ko)
		}
		if en == ko {
			t.Errorf("%s is the same in both languages: %q", of, en)
		}
	}
	for _, s := range States {
		check(s.String(), s.Word("en"), s.Word("ko"))
		check(s.String(), s.Sentence("en"), s.Sentence("ko"))
	}
	for _, s := range CallStates {
		check(string(s), s.Word("en"), s.Word("ko"))
		check(string(s), s.Sentence("en"), s.Sentence("ko"))
	}
}
