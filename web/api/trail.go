package api

import (
	"strconv"

	"clarion/internal/audit"
	"clarion/web/desk"
)

// trailLength is how many entries of the trail are read at once.
const trailLength = 100

// A trailRequest says from where the audit trail is read.
type trailRequest struct {
	Before string `json:"before,omitempty"` // number of an entry; "" for the end
}

type trailAnswer struct {
	Entries []audit.Entry `json:"entries"`
}

func (a *api) trail(q *request, in trailRequest) (trailAnswer, error) {
	var before uint64
	if in.Before != "" {
		var err error
		if before, err = strconv.ParseUint(in.Before, 10, 63); err != nil {
			return trailAnswer{}, desk.Mistake("the parameter \"before\" is the number of an entry")
		}
	}
	entries, err := a.Trail.Read(q.Context(), before, trailLength)
	return trailAnswer{append([]audit.Entry{}, entries...)}, err
}

// A trailReport says whether the trail is whole.
type trailReport audit.Report

func (a *api) verifyTrail(q *request, _ none) (trailReport, error) {
	r, err := a.Trail.Verify(q.Context())
	return trailReport(r), err
}
