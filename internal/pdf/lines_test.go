package pdf

import (
	"slices"
	"testing"
)

// plain measures every character as one point wide.
func plain(s string) []Char {
	var l []Char
	for _, r := range s {
		l = append(l, Char{Rune: r, Width: 1, Mandatory: r == '\n'})
	}
	return l
}

func TestBreakLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		width      float64
		want       []string
	}{
		{"fits", "한글 문장", 10, []string{"한글 문장"}},
		{"Korean words stay whole", "아홉 사람을 지금 풀어", 7, []string{"아홉 사람을", "지금 풀어"}},
		{"English words stay whole", "free the nine now", 8, []string{"free the", "nine now"}},
		{"a space may hang over", "abcd efgh", 4, []string{"abcd", "efgh"}},
		{"several spaces", "abcd    efgh", 5, []string{"abcd", "efgh"}},
		{"hard breaks", "ab\n\ncd", 9, []string{"ab", "", "cd"}},
		{"a hard break just after a full line", "abcd\nef", 4, []string{"abcd", "ef"}},
		{"a hard break after a space at the edge", "abcd \nef", 4, []string{"abcd", "ef"}},
		{"Chinese anywhere", "難民条約加入国", 3, []string{"難民条", "約加入", "国"}},
		{"no closing mark at the start", "難民条、約加", 3, []string{"難民", "条、約", "加"}},
		{"no opening mark at the end", "難民「条約」", 3, []string{"難民", "「条", "約」"}},
		{"no full stop alone after a space", "가나다라 .", 5, []string{"가나다", "라 ."}},
		{"no bracket left behind", "가나 (다라 마", 5, []string{"가나", "(다라 마"}},
		{"a telephone number stays whole", "전화 02-123-4567 번", 13, []string{"전화", "02-123-4567 번"}},
		{"at a hyphen between words", "well-known case", 7, []string{"well-", "known", "case"}},
		{"a word too long", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"an address is cut after a stroke", "https://ab.example/cdefgh", 22, []string{"https://ab.example/", "cdefgh"}},
		{"narrower than a character", "한글", 0.5, []string{"한", "글"}},
		{"nothing", "", 5, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range Break(plain(c.text), c.width) {
				got = append(got, l.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
