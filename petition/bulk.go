package petition

import (
	"slices"
	"strconv"
	"time"
)

// A Filter chooses signatures; its zero value chooses all.
type Filter struct {
	Way       Way       `json:"way,omitempty"`       // "" for any
	From      time.Time `json:"from,omitzero"`       // signed at or after
	Before    time.Time `json:"before,omitzero"`     // signed before
	Volunteer uint32    `json:"volunteer,omitempty"` // 0 for any
	Numbers   []uint32  `json:"numbers,omitempty"`   // among these, nil for among all
}

// args are what lua/change.lua takes beside numbers.
func (f *Filter) args() []any {
	second := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return strconv.FormatInt(t.Unix(), 10)
	}
	volunteer := ""
	if f.Volunteer > 0 {
		volunteer = strconv.FormatUint(uint64(f.Volunteer), 10)
	}
	return []any{string(f.Way), second(f.From), second(f.Before), volunteer}
}

// Matches says whether a signature is among the chosen, as lua/change.lua does.
func (f *Filter) Matches(s *Signature) bool {
	return (f.Way == "" || s.Way == f.Way) && (f.From.IsZero() || s.At.Unix() >= f.From.Unix()) && (f.Before.IsZero() || s.At.Unix() < f.Before.Unix()) &&
		(f.Volunteer == 0 || s.Volunteer == f.Volunteer) && (f.Numbers == nil || slices.Contains(f.Numbers, s.Number))
}

// A Bulk is signatures that were made invalid together, for one reason.
type Bulk struct {
	ID       uint32    `json:"id"`
	Reason   string    `json:"reason"` // in the words of whoever did it
	By       uint32    `json:"by"`     // number in the team
	At       time.Time `json:"at"`
	Filter   Filter    `json:"filter"`
	Last     uint32    `json:"last"`     // of numbers up to this one
	Invalid  int       `json:"invalid"`  // that are invalid by it now
	Restored bool      `json:"restored"` // it was undone
	Pending  bool      `json:"pending"`  // not all of it is done yet: Nightly does the rest
}

// ErrReason asks for one.
var ErrReason = &Refusal{"reason", [2]string{"say why, in one line of at most 200 letters", "이유를 200자 안에서 한 줄로 적어 주십시오."}}

// ErrNoBulk means that there is none of the number asked for.
var ErrNoBulk = &Refusal{"", [2]string{"nothing was made invalid under this number", "이 번호로 무효 처리한 것이 없습니다."}}
