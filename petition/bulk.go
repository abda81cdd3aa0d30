package petition

import (
	"strconv"
	"time"
)

// A Filter chooses signatures; its zero value chooses all.
type Filter struct {
	Way       Way       `json:"way,omitempty"`       // "" for any
	From      time.Time `json:"from,omitzero"`       // signed at or after
	Before    time.Time `json:"before,omitzero"`     // signed before
	Volunteer uint32    `json:"volunteer,omitempty"` // 0 for any
}

// args are what lua/change.lua takes.
func (f Filter) args() []any {
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
