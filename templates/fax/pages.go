package fax

// A page is what stands on one sheet, header line and notice apart.
type page []item

// paginate puts rows on pages. first is where the text of page 1 ends, since the
// notice stands below. A page is filled as far as it goes and then cut at the
// last row that need not stay with the one above; where all of them must, it is
// cut all the same.
func paginate(rows []row, first float64) []page {
	var pages []page
	for len(rows) > 0 {
		end := bottom
		if len(pages) == 0 {
			end = first
		}
		n := fill(rows, end-top)
		pages = append(pages, put(rows[:n]))
		rows = rows[n:]
	}
	if len(pages) == 0 {
		pages = []page{nil}
	}
	return pages
}

// fill returns how many rows stand on a page of the height, at least one.
func fill(rows []row, height float64) int {
	used, n := 0.0, 0
	for n < len(rows) {
		h := rows[n].height
		if n > 0 {
			h += rows[n].before
		}
		if used += h; used > height {
			break
		}
		n++
	}
	if n == len(rows) {
		return n
	}
	for cut := n; cut > 0; cut-- {
		if !rows[cut].keep {
			return cut
		}
	}
	return max(n, 1)
}

// put gives the rows their place on the page.
func put(rows []row) page {
	var p page
	y := top
	for i, r := range rows {
		if i > 0 {
			y += r.before
		}
		for _, it := range r.items {
			if i == 0 && it.y < 0 { // a bar that would join the row above
				it.h += it.y
				it.y = 0
			}
			it.y += y
			if it.pic != nil { // on a line of the fax
				it.y = float64(int(it.y*pelsY)) / pelsY
			}
			p = append(p, it)
		}
		y += r.height
	}
	return p
}
