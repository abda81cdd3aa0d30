package fax

import (
	"slices"
	"testing"
)

// plain measures every character as one point wide.
func plain(s string) []char {
	var l []char
	for _, r := range s {
		l = append(l, char{r: r, width: 1, mandatory: r == '\n'})
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
			for _, l := range breakLines(plain(c.text), c.width) {
				got = append(got, l.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPaginate(t *testing.T) {
	t.Parallel()
	height := bottom - top
	rowOf := func(h float64, keep bool) row { return row{height: h, keep: keep, items: []item{{h: h}}} }
	paragraph := func(n int, h float64) []row { // as Document.paragraph marks it
		var rows []row
		for i := range n {
			rows = append(rows, rowOf(h, i == 1 || i > 0 && i == n-1))
		}
		return rows
	}
	for _, c := range []struct {
		name  string
		rows  []row
		first float64 // height of page 1
		want  []int   // rows on each page
	}{
		{"nothing", nil, height, []int{0}},
		{"one page", paragraph(5, height/10), height, []int{5}},
		{"exactly full", paragraph(10, height/10), height, []int{10}},
		{"no single line is left over", paragraph(11, height/10), height, []int{9, 2}},
		{"no single line begins at the foot", slices.Concat(paragraph(9, height/10), paragraph(4, height/10)), height, []int{9, 4}},
		{"two lines may begin at the foot", slices.Concat(paragraph(8, height/10), paragraph(4, height/10)), height, []int{10, 2}},
		{"three lines stay together", slices.Concat(paragraph(8, height/10), paragraph(3, height/10)), height, []int{8, 3}},
		{"page 1 has room for the notice", paragraph(10, height/10), height / 2, []int{5, 5}},
		{"a row as high as a page", []row{rowOf(height, false), rowOf(height, false)}, height, []int{1, 1}},
		{"a row higher than a page", []row{rowOf(2*height, false), rowOf(1, false)}, height, []int{1, 1}},
		{"all must stay together", slices.Repeat([]row{rowOf(height/4, true)}, 9), height, []int{4, 4, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []int
			for _, p := range paginate(c.rows, top+c.first+1e-9) {
				got = append(got, len(p))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
