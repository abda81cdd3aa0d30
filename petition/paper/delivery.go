package paper

import (
	"fmt"
	"strings"
	"time"

	"clarion/petition"
)

// A Delivery is what is handed over to the addressee, as its papers tell it.
type Delivery struct {
	*petition.Snapshot
	Volumes []VolumeOf // of the book, the first one first
	Named   int        // signatures in the book with their name
	Masked  bool       // nobody's name stands in it, whatever they agreed to
	Boxes   []Box      // as they are carried, those of sheets first
}

// A VolumeOf says what a volume of the book holds.
type VolumeOf struct {
	Signatures  int
	First, Last uint32 // their numbers
}

// A Box holds sheets, or volumes of the book.
type Box struct {
	Number      uint32   // as the team has written it on the box, 0 for one of volumes
	Sheets      []uint32 // by number
	Low, High   int      // signatures, by the lower and the higher counts
	First, Last int      // volumes, from 1
}

// Ranges writes numbers in their order as people do: "1–20, 25, 30–34".
func Ranges(numbers []uint32) string {
	var out []string
	for i := 0; i < len(numbers); {
		j := i + 1
		for j < len(numbers) && numbers[j] == numbers[j-1]+1 {
			j++
		}
		part := fmt.Sprint(numbers[i])
		if j-i > 1 {
			part += fmt.Sprintf("–%d", numbers[j-1])
		}
		out = append(out, part)
		i = j
	}
	return strings.Join(out, ", ")
}

// bounds are two counts: "12", or "12–14" where they differ.
func bounds(low, high int) string {
	if low == high {
		return count(low)
	}
	return count(low) + "–" + count(high)
}

// date is a day as the counters name it, as people write it.
func (p *Press) date(day string) string {
	at, err := time.ParseInLocation(time.DateOnly, day, p.Campaign.Zone)
	if err != nil {
		return day
	}
	return p.day(at)
}

// sheets are those that lie in boxes, and the signatures on them.
func (d *Delivery) sheets() (boxes, sheets, low, high int) {
	for _, b := range d.Boxes {
		if b.Number > 0 {
			boxes, sheets, low, high = boxes+1, sheets+len(b.Sheets), low+b.Low, high+b.High
		}
	}
	return boxes, sheets, low, high
}

// enclosed are what comes with the letter.
func (p *Press) enclosed(d *Delivery) []string {
	var out []string
	add := func(en, ko string, args ...any) { out = append(out, fmt.Sprintf(p.say(en, ko), args...)) }
	if n := len(d.Volumes); n > 0 {
		add("Book of signatures: volumes: %[1]s, signatures: %[2]s, of them with a name: %[3]s", "서명부 %[1]s권: 서명 %[2]s명, 그 가운데 이름을 밝힌 분 %[3]s명",
			count(n), count(d.Tally.Certain()), count(d.Named))
	}
	if boxes, sheets, low, high := d.sheets(); sheets > 0 {
		add("Sheets of paper: %[2]s in boxes: %[1]s, with signatures: %[3]s", "서명지 %[2]s장(상자 %[1]s개): 서명 %[3]s명", count(boxes), count(sheets), bounds(low, high))
	}
	add("Totals by way and region", "방법별·지역별 집계")
	add("List of all files with their SHA-256 hashes", "모든 파일의 SHA-256 해시 목록")
	return out
}
