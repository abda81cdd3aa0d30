package pdf

import "strconv"

// Steps sets paragraphs with their numbers, which stand out to the left.
func (d *Document) Steps(all []string) {
	const indent = 20.0
	for i, s := range all {
		lines := Break(d.measure(s, running), textWidth-indent)
		for j, l := range lines {
			if j == 0 {
				d.need(running.before, min(2, float64(len(lines)))*running.leading)
				d.line(marginX, d.y, d.measure(strconv.Itoa(i+1)+".", running), running)
			} else {
				d.need(0, running.leading)
			}
			d.line(marginX+indent, d.y, l, running)
			d.y += running.leading
		}
	}
}

// Space leaves so many points free, or begins a page where there are not so many.
func (d *Document) Space(height float64) {
	d.need(0, height)
	d.y += height
}

// A Column is one count in a row of them.
type Column struct {
	Words string
	Count int
}

// Columns draws counts as columns beside each other, as days are, with the highest at
// their side, and below them what the first, the middle and the last are.
func (d *Document) Columns(all []Column, count func(n int) string) {
	const height, below = 120.0, 4.0
	highest := 0
	for _, c := range all {
		highest = max(highest, c.Count)
	}
	if highest == 0 {
		return
	}
	d.need(12, height+below+note.leading)
	most := d.measure(count(highest), note)
	left := most.Wide() + 8
	d.line(marginX, d.y-note.leading/2, most, note)
	zero := d.measure(count(0), note)
	d.line(marginX+most.Wide()-zero.Wide(), d.y+height-note.leading/2, zero, note)
	each := (textWidth - left) / float64(len(all))
	for i, c := range all {
		if c.Count > 0 {
			high := max(0.8, height*float64(c.Count)/float64(highest))
			d.put(mark{x: marginX + left + float64(i)*each, y: d.y + height - high, width: max(each*0.8, 0.4), height: high, ink: Edge})
		}
	}
	d.put(mark{x: marginX + left, y: d.y + height, width: textWidth - left, height: 0.8, ink: Black})
	d.y += height + below
	shown := []int{0, len(all) / 2, len(all) - 1}
	end := 0.0
	for k, i := range shown {
		words := d.measure(all[i].Words, note)
		at := left + (float64(i)+0.4)*each - words.Wide()/2
		at = min(max(at, left), textWidth-words.Wide())
		if k == 0 || at > end+6 {
			d.line(marginX+at, d.y, words, note)
			end = at + words.Wide()
		}
	}
	d.y += note.leading
}
