package petition

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A Print is how large a sheet is printed.
type Print string

// The prints.
const (
	PrintNormal Print = "normal"
	PrintLarge  Print = "large" // for who sees badly
)

// A SheetState is where a sheet is.
type SheetState string

// The states, in their order; a sheet may be lost in any.
const (
	SheetIssued  SheetState = "issued"  // it has a number and may be printed
	SheetOut     SheetState = "out"     // somebody has it
	SheetBack    SheetState = "back"    // it came back
	SheetScanned SheetState = "scanned" // there is a picture of it
	SheetCounted SheetState = "counted" // a person counted it: its signatures count
	SheetLost    SheetState = "lost"    // nobody finds it: nothing on it counts
)

// SheetStates are all states, in their order, lost last.
var SheetStates = []SheetState{SheetIssued, SheetOut, SheetBack, SheetScanned, SheetCounted, SheetLost}

var sheetWords = map[SheetState][2]string{
	SheetIssued: {"issued", "발급"}, SheetOut: {"out", "나가 있음"}, SheetBack: {"back", "돌아옴"},
	SheetScanned: {"scanned", "스캔함"}, SheetCounted: {"counted", "셈"}, SheetLost: {"lost", "분실"},
}

// Word is what people call the state, in lang ("ko", else English).
func (s SheetState) Word(lang string) string { return in(lang, sheetWords[s]) }

// A Sheet is paper with lines for signatures.
type Sheet struct {
	Number    uint32                   `json:"number"` // from 1
	Lines     int                      `json:"lines"`  // how many may sign
	Print     Print                    `json:"print"`
	Volunteer uint32                   `json:"volunteer,omitempty"` // who has it, 0 for nobody in particular
	Label     string                   `json:"-"`                   // school or team, kept sealed; "" after the purge
	State     SheetState               `json:"state"`
	Times     map[SheetState]time.Time `json:"times"`            // when it came to each state, the last time
	Due       time.Time                `json:"due,omitzero"`     // when it is to be back, zero for no day
	First     *SheetCount              `json:"first,omitempty"`  // nil before it was counted
	Second    *SheetCount              `json:"second,omitempty"` // by somebody else, nil for none
	Box       uint32                   `json:"box,omitempty"`    // in which it lies, 0 for none
	Stage     Stage                    `json:"stage"`
}

// A SheetCount is how many signatures a person counted.
type SheetCount struct {
	Signatures int       `json:"signatures"`
	By         uint32    `json:"by"` // number in the team
	At         time.Time `json:"at"`
}

// Bounds are the lower and the higher of a sheet's counts; both 0 while it does not count.
func (s *Sheet) Bounds() (low, high int) {
	if s.State != SheetCounted || s.First == nil {
		return 0, 0
	}
	low, high = s.First.Signatures, s.First.Signatures
	if s.Second != nil {
		low, high = min(low, s.Second.Signatures), max(high, s.Second.Signatures)
	}
	return low, high
}

// Late says whether the sheet should have been back by now.
func (s *Sheet) Late(now time.Time) bool {
	return (s.State == SheetIssued || s.State == SheetOut) && !s.Due.IsZero() && now.After(s.Due)
}

// Why something cannot be done with a sheet.
var (
	ErrNoSheet      = &Refusal{"sheet", [2]string{"there is no such sheet", "그런 서명지가 없습니다."}}
	ErrIssue        = &Refusal{"", [2]string{"issue 1 to 500 sheets at once, of 1 to 100 lines, in normal or large print", "한 번에 1~500장을, 장마다 1~100줄로, 보통이나 큰 글자로 발급할 수 있습니다."}}
	ErrLabel        = &Refusal{"label", [2]string{"write school or team in one line, of at most 60 letters", "학교나 모임 이름을 60자 안에서 한 줄로 적어 주십시오."}}
	ErrSheetCode    = &Refusal{"sheet", [2]string{"this is no code of a sheet of this petition", "이 서명 운동의 서명지 코드가 아닙니다."}}
	ErrSheetForward = &Refusal{"", [2]string{"a sheet only goes forward; if it is nowhere, say that it is lost", "서명지의 상태는 앞으로만 갑니다. 찾을 수 없으면 분실로 표시하십시오."}}
	ErrSheetLost    = &Refusal{"", [2]string{"the sheet is lost: if it was found, say first that it is back", "분실한 서명지입니다. 찾았다면 먼저 ‘돌아옴’으로 표시하십시오."}}
	ErrSheetLines   = &Refusal{"signatures", [2]string{"there are not so many lines on the sheet", "서명지의 줄 수보다 많습니다."}}
	ErrSamePerson   = &Refusal{"", [2]string{"the second count must be another person's", "두 번째 셈은 다른 사람이 해야 합니다."}}
	ErrNotCounted   = &Refusal{"", [2]string{"the sheet was not counted yet", "아직 세지 않은 서명지입니다."}}
	ErrCounted      = &Refusal{"", [2]string{"somebody else counted the sheet already: yours is the second count", "다른 사람이 이미 센 서명지입니다. 두 번째 셈으로 적으십시오."}}
	ErrCountedTwice = &Refusal{"", [2]string{"the sheet was counted by two already: both counts stay as they are", "두 사람이 이미 센 서명지라 바꿀 수 없습니다."}}
)

// enter brings the sheet to a state, which is not SheetCounted: a count does that. It
// says false where it is there already.
func (s *Sheet) enter(to SheetState, now time.Time) (bool, error) {
	place := func(s SheetState) int { return slices.Index(SheetStates, s) }
	switch {
	case place(to) < 0 || to == SheetCounted:
		return false, fmt.Errorf("a sheet cannot be brought to state %q", to)
	case s.State == to:
		return false, nil
	case s.State == SheetLost && to != SheetBack:
		return false, ErrSheetLost
	case s.State == SheetLost && s.First != nil: // found again: its count holds
		to = SheetCounted
	case s.State != SheetLost && place(to) < place(s.State):
		return false, ErrSheetForward
	}
	s.State, s.Times[to] = to, now
	return true, nil
}

// count enters a count; a first one may be mended by whoever made it until there is a
// second.
func (s *Sheet) count(c SheetCount, second bool) (bool, error) {
	switch {
	case s.State == SheetLost:
		return false, ErrSheetLost
	case c.Signatures < 0 || c.Signatures > s.Lines:
		return false, ErrSheetLines
	case second && s.First == nil:
		return false, ErrNotCounted
	case second && s.First.By == c.By:
		return false, ErrSamePerson
	case second && s.Second != nil && s.Second.By != c.By:
		return false, ErrCountedTwice
	}
	old := s.First
	if second {
		old = s.Second
	}
	if old != nil && old.By == c.By && old.Signatures == c.Signatures {
		return false, nil
	}
	if second {
		s.Second = &c
		return true, nil
	}
	if s.Second != nil {
		return false, ErrCountedTwice
	}
	if s.First != nil && s.First.By != c.By {
		return false, ErrCounted
	}
	if s.State != SheetCounted {
		s.State, s.Times[SheetCounted] = SheetCounted, c.At
	}
	s.First, s.Stage = &c, max(s.Stage, Counted)
	return true, nil
}

// weigh adds what the sheet is in the counters, n times.
func (s *Sheet) weigh(to map[string]int, n int) {
	to["sheet:"+string(s.State)] += n
	if s.State != SheetCounted || s.First == nil {
		return
	}
	low, high := s.Bounds()
	to["sheet:first"] += n * s.First.Signatures
	to["sheet:low"] += n * low
	to["sheet:high"] += n * high
	if s.Second != nil {
		to["sheet:second"] += n * s.Second.Signatures
		to["sheet:twice"] += n
	}
}

// leaf is the sheet's leaf in the tree: its number and counts, without a salt, since
// they name nobody.
func (s *Sheet) leaf(petition string) Hash {
	low, high := s.Bounds()
	var record []byte
	for _, part := range []string{"clarion sheet 1", petition, strconv.FormatUint(uint64(s.Number), 10), strconv.Itoa(low), strconv.Itoa(high)} {
		record = append(binary.AppendUvarint(record, uint64(len(part))), part...)
	}
	return leafHash(nil, record)
}
