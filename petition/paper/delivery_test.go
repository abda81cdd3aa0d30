package paper

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/petition"
)

// delivery is one of 15,000 signatures and a few boxes.
func delivery() *Delivery {
	t := petition.Tally{Goal: 15000, AtLeast: 15412, AtMost: 15503, Repeats: 4,
		Ways:    []petition.WayTally{{Way: petition.WayWeb, Confirmed: 14000, Unconfirmed: 85, Alike: 8, Withdrawn: 12}, {Way: petition.WayPost, Confirmed: 1000}},
		Regions: []petition.Share{{Region: "seoul", Count: 9000}, {Region: "busan", Count: 5993}, {Region: "jeju", Count: 3}, {Region: "sejong", Count: 4}},
		Sheets:  petition.SheetTally{Counted: 24, Twice: 3, First: 417, Low: 416, High: 418}}
	root := &petition.Root{Day: "2013-06-09", Root: strings.Repeat("ab", 32)}
	d := &Delivery{Named: 9100, Boxes: []Box{{Number: 1, Sheets: []uint32{1, 2, 3, 7}, Low: 70, High: 71}, {Number: 4, Sheets: []uint32{8, 9, 10}, Low: 50, High: 50}, {First: 1, Last: 8, Low: 15000, High: 15000}},
		Snapshot: &petition.Snapshot{At: time.Date(2013, 6, 10, 14, 0, 0, 0, time.UTC), Tally: t, Root: root}}
	for i := range 8 {
		d.Volumes = append(d.Volumes, VolumeOf{1875, uint32(1875*i) + 1, uint32(1875*i) + 1875})
	}
	for i := range 9 {
		if i != 4 { // nobody signed on that day
			d.Days = append(d.Days, petition.DayTally{Day: fmt.Sprintf("2013-06-%02d", i+1), Way: petition.WayWeb, Count: 900 + 150*i%700})
		}
	}
	return d
}

// The papers of a hand-over tell one count, in numbers that people read.
func TestDeliveryPapers(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ko", "en"} {
		p, d := press(t, lang), delivery()
		count := []string{"15,412", "15,503"}
		for name, paper := range map[string]struct {
			print func(*Delivery) ([]byte, error)
			want  []string
		}{
			"letter": {p.Letter, append(count, p.Campaign.Addressee[lang], p.say("10 June 2013", "2013년 6월 10일"), "9,100", p.say("with signatures: 120–121", "서명 120–121명"), p.say("sent back from Laos", "라오스에서"))},
			"totals": {p.Totals, append(count, "14,000", "14,085", "9,000", p.say("Other regions together 7", "그 밖의 지역 합계 7"), "-4")},
			"media":  {p.Media, append(count, p.say("9 June 2013", "2013년 6월 9일"), d.Root.Root, p.say("5 June 2013", "2013년 6월 5일"))},
			"labels": {p.Labels, []string{"1/3", "2/3", "3/3", p.say("Box 4", "상자 4"), "1–3, 7", "8–10", "70–71", "1–8", "15,000"}},
		} {
			data, err := paper.print(d)
			if err != nil {
				t.Fatal(err)
			}
			keep(t, name+"-"+lang+".pdf", data)
			text := spaced(read(t, data)...)
			for _, want := range paper.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %q is not on it:\n%s", name, want, text)
				}
			}
			if strings.Contains(text, "Jeju") || strings.Contains(text, "제주") {
				t.Errorf("%s tells of three people:\n%s", name, text)
			}
		}
	}
}

// spaced has one blank where pages have several.
func spaced(pages ...string) string {
	return strings.Join(strings.Fields(strings.Join(pages, " ")), " ")
}

// A volume covers who did not agree, and loses nobody.
func TestVolume(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"ko", "en"} {
		p := press(t, lang)
		v := &Volume{Number: 2, Of: 8}
		for i := range 120 {
			l := Line{Number: uint32(2000 + 2*i), Way: petition.WayWeb, Day: "2013-06-09"}
			if i%3 > 0 {
				l.Name, l.Region, l.District = fmt.Sprintf("김%c%c", '가'+i, '나'+i), "seoul", "마포구"
			}
			v.Lines = append(v.Lines, l)
		}
		data, err := p.Volume(v)
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "book-"+lang+".pdf", data)
		pages := read(t, data)
		text := spaced(pages[1:]...)
		for _, l := range v.Lines {
			row := p.bookLine(&l)
			if l.Name == "" && (row[1] != covered || row[2] != "" || row[3] != "") {
				t.Errorf("a covered line is %q", row)
			}
			if want := strings.Join(slices.DeleteFunc(row, func(s string) bool { return s == "" }), " "); !strings.Contains(text, want) {
				t.Errorf("%q is not in the book:\n%s", want, text)
			}
		}
		if cover := spaced(pages[0]); !strings.Contains(cover, "2,000–2,238") || !strings.Contains(cover, "80") || !strings.Contains(cover, p.say("volume 2 of 8", "제2권(모두 8권)")) {
			t.Errorf("the cover is\n%s", cover)
		}
	}
}

// The tables add up to the count, and know no few people.
func TestTotalsCSV(t *testing.T) {
	t.Parallel()
	d := delivery()
	data, err := press(t, "ko").TotalsCSV(d)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), byteOrderMark))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	least, most, all := 0, 0, []string{}
	for _, row := range rows[1:] {
		var a, b int
		fmt.Sscan(row[3], &a)
		fmt.Sscan(row[4], &b)
		switch row[0] {
		case "way":
			least, most = least+a, most+b
		case "all":
			all = row
		}
	}
	if least != d.Tally.AtLeast || most != d.Tally.AtMost || all[3] != "15412" || all[4] != "15503" {
		t.Errorf("the rows add up to %d and %d, and say %v", least, most, all)
	}
	if last := rows[len(rows)-1]; !slices.Equal(last, []string{"region", "others", "그 밖의 지역 합계", "7", ""}) {
		t.Errorf("small regions are told as %q", last)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for want, numbers := range map[string][]uint32{"": nil, "7": {7}, "1–3, 7, 9–10": {1, 2, 3, 7, 9, 10}} {
		if got := Ranges(numbers); got != want {
			t.Errorf("%v is %q, want %q", numbers, got, want)
		}
	}
}
