package fax

import (
	"slices"
	"testing"
)

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
