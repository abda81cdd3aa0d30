package petition

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Tally is the one count of a petition.
type Tally struct {
	Goal    int        `json:"goal"`
	AtLeast int        `json:"at_least"` // confirmed, with each group of alike ones counted once, and the lower counts of sheets
	AtMost  int        `json:"at_most"`  // confirmed and unconfirmed, each, and the higher counts of sheets
	Repeats int        `json:"repeats"`  // taken off in AtLeast, since they may be somebody's second
	Ways    []WayTally `json:"ways"`     // of ways with names, in the order of Ways
	Stages  []int      `json:"stages"`   // certain ones by Stage, sheets not among them
	Regions []Share    `json:"regions"`  // certain ones, in the order of the campaign's regions, then of those that are none any more
	Sheets  SheetTally `json:"sheets"`
}

// A WayTally is how the signatures of a way stand. Each is one of Confirmed,
// Unconfirmed, Withdrawn and Invalid; Alike are among the confirmed.
type WayTally struct {
	Way         Way `json:"way"`
	Confirmed   int `json:"confirmed"`
	Unconfirmed int `json:"unconfirmed"` // they count in AtMost alone
	Alike       int `json:"alike"`       // have name, region and district in common with another, by whatever way: possible duplicates
	Withdrawn   int `json:"withdrawn"`
	Invalid     int `json:"invalid"`
}

// A Share is how many certain signatures a region has.
type Share struct {
	Region string `json:"region"`
	Count  int    `json:"count"`
}

// A SheetTally is how many sheets there are in each state, and what those say that
// were counted.
type SheetTally struct {
	Issued  int `json:"issued"`
	Out     int `json:"out"`
	Back    int `json:"back"`
	Scanned int `json:"scanned"`
	Counted int `json:"counted"`
	Lost    int `json:"lost"`
	Twice   int `json:"twice"`  // of the counted, those that a second person counted too
	First   int `json:"first"`  // signatures by the first count
	Second  int `json:"second"` // by the second, of sheets that have one
	Low     int `json:"low"`    // by the lower of both
	High    int `json:"high"`   // by the higher
}

// newTally reads the counters.
func newTally(c *Campaign, counts map[string]string) (*Tally, error) {
	var err error
	get := func(field string) int {
		text, ok := counts[field]
		if !ok {
			return 0
		}
		n, perr := strconv.Atoi(text)
		if perr != nil {
			err = fmt.Errorf("the counter %s is no number", field)
		}
		return n
	}
	t := &Tally{Goal: c.Goal}
	confirmed, unconfirmed := 0, 0
	for _, w := range Ways {
		if !w.named() {
			continue
		}
		of := func(what string) int { return get(what + ":" + string(w)) }
		row := WayTally{w, of("confirmed"), of("unconfirmed"), of("alike"), of("withdrawn"), of("invalid")}
		t.Ways = append(t.Ways, row)
		confirmed, unconfirmed = confirmed+row.Confirmed, unconfirmed+row.Unconfirmed
	}
	for s := range Stages {
		t.Stages = append(t.Stages, get("stage:"+strconv.Itoa(s)))
	}
	for _, id := range regionsOf(c, counts) {
		t.Regions = append(t.Regions, Share{id, get("region:" + id)})
	}
	sheet := func(what string) int { return get("sheet:" + what) }
	t.Sheets = SheetTally{sheet("issued"), sheet("out"), sheet("back"), sheet("scanned"), sheet("counted"), sheet("lost"),
		sheet("twice"), sheet("first"), sheet("second"), sheet("low"), sheet("high")}
	t.Repeats = confirmed - get("groups")
	t.AtLeast = confirmed - t.Repeats + t.Sheets.Low
	t.AtMost = confirmed + unconfirmed + t.Sheets.High
	return t, err
}

// regionsOf are the campaign's regions, and those that were taken out of its folder after
// people had signed there.
func regionsOf(c *Campaign, counts map[string]string) (ids []string) {
	for _, r := range c.Regions {
		ids = append(ids, r.ID)
	}
	for _, field := range slices.Sorted(maps.Keys(counts)) {
		id, ok := strings.CutPrefix(field, "region:")
		if ok && counts[field] != "0" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Certain is how many signatures with a name are certain.
func (t *Tally) Certain() int {
	n := 0
	for _, w := range t.Ways {
		n += w.Confirmed
	}
	return n
}

// Sentences say how the count is made up, in lang ("ko", else English), for whoever
// doubts it.
func (t *Tally) Sentences(lang string) []string {
	var out []string
	say := func(en, ko string, args ...any) {
		for i, a := range args {
			if n, ok := a.(int); ok {
				args[i] = Thousands(n)
			}
		}
		out = append(out, fmt.Sprintf(in(lang, [2]string{en, ko}), args...))
	}
	var sum WayTally
	var ways []string
	for _, w := range t.Ways {
		if w.Confirmed > 0 {
			ways = append(ways, w.Way.Word(lang)+" "+Thousands(w.Confirmed))
		}
		sum.Confirmed, sum.Unconfirmed, sum.Alike = sum.Confirmed+w.Confirmed, sum.Unconfirmed+w.Unconfirmed, sum.Alike+w.Alike
		sum.Withdrawn, sum.Invalid = sum.Withdrawn+w.Withdrawn, sum.Invalid+w.Invalid
	}
	say("At least %s, at most %s signatures.", "서명은 적어도 %s명, 많아야 %s명입니다.", t.AtLeast, t.AtMost)
	if sum.Confirmed > 0 {
		say("%s are confirmed (%s).", "확인된 서명은 %s명입니다(%s).", sum.Confirmed, strings.Join(ways, ", "))
	}
	if sum.Alike > 0 {
		say("%s of them have name, region and district in common with another: these may be two people or one who signed twice, so “at least” counts each such group once and leaves %s out.",
			"그 가운데 %s명은 이름과 사는 곳이 다른 서명과 같습니다. 다른 사람일 수도, 두 번 서명한 한 사람일 수도 있으므로 ‘적어도’에서는 한 무리를 한 명으로 세어 %s명을 뺐습니다.", sum.Alike, t.Repeats)
	}
	if sum.Unconfirmed > 0 {
		say("%s are not confirmed yet: they count in “at most” alone.", "%s명은 아직 확인되지 않아 ‘많아야’에만 들어갑니다.", sum.Unconfirmed)
	}
	if s := t.Sheets; s.Counted > 0 {
		say("%s are on %s sheets of paper, counted by a person. Names on sheets are not compared with those of other ways.",
			"종이 서명지 %[2]s장에 %[1]s명이 있으며 사람이 세었습니다. 서명지의 이름은 다른 방법의 서명과 대조하지 않습니다.", s.First, s.Counted)
		if s.Twice > 0 {
			say("A second person counted %s of these sheets again: where the two differ, “at least” takes the lower number and “at most” the higher (%s and %s in all).",
				"그 가운데 %s장은 다른 사람이 한 번 더 세었습니다. 두 수가 다르면 ‘적어도’에는 작은 수를, ‘많아야’에는 큰 수를 넣습니다(모두 %s명, %s명).", s.Twice, s.Low, s.High)
		}
	}
	if sum.Withdrawn+sum.Invalid > 0 {
		say("%s were withdrawn and %s are invalid: they count in neither.", "%s명은 철회했고 %s명은 무효입니다. 어느 쪽에도 들어가지 않습니다.", sum.Withdrawn, sum.Invalid)
	}
	return out
}

// Thousands writes a number with a comma before each three digits.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
