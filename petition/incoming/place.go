package incoming

import (
	"slices"
	"strings"

	"clarion/petition"
)

// placed finds the region that a text begins with, and the rest as the district: "서울
// 관악구", "Seoul", "경기도 고양시". Without one of the campaign's regions, all of it is
// the district.
func placed(c *petition.Campaign, text string) (region, district string) {
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	for n := min(len(words), 2); n > 0; n-- { // "North Holland" has two
		head := short(strings.Join(words[:n], " "))
		for _, r := range c.Regions {
			if head != "" && slices.Contains(calls(r), head) {
				return r.ID, strings.Join(words[n:], " ")
			}
		}
	}
	return "", strings.Join(words, " ")
}

// calls are what people call a region, each as short makes it.
func calls(r petition.Region) []string {
	names := []string{short(r.ID), short(r.Korean), short(r.English)}
	// 경상북도 is 경북, and so on: the first and the third letter of those with a direction.
	if k := []rune(r.Korean); len(k) == 4 && k[3] == '도' && (k[2] == '북' || k[2] == '남') {
		names = append(names, string([]rune{k[0], k[2]}))
	}
	return names
}

// endings of regions that people leave out, longest first.
var endings = []string{"특별자치시", "특별자치도", "특별시", "광역시", "-do", "-si", "도", "시"}

// short is a name of a region as it is compared: in small letters, without blanks and
// what says which kind of region it is.
func short(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	for _, e := range endings {
		if cut, ok := strings.CutSuffix(s, e); ok && len([]rune(cut)) > 1 {
			return cut
		}
	}
	return s
}
