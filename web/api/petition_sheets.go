package api

import (
	"slices"

	"clarion/petition"
	"clarion/web/desk"
)

// A sheetFilter selects sheets; what is empty selects all.
type sheetFilter struct {
	State petition.SheetState `json:"state,omitempty"`
	Late  bool                `json:"late,omitempty"`
}

type sheetsAnswer struct {
	Sheets []desk.SheetRow `json:"sheets"` // the late ones first
}

func (a *api) sheets(q *request, in sheetFilter) (sheetsAnswer, error) {
	if in.State != "" && !slices.Contains(petition.SheetStates, in.State) {
		return sheetsAnswer{}, desk.Mistake("state: there is no %q", in.State)
	}
	all, err := a.Desk.Sheets(q.Context())
	all = slices.DeleteFunc(all, func(s desk.SheetRow) bool { return in.State != "" && s.State != in.State || in.Late && !s.Late })
	return sheetsAnswer{append([]desk.SheetRow{}, all...)}, err
}

func (a *api) askForSheets(q *request, _ none) (*desk.SheetAsk, error) {
	names, err := a.forwarders(q)
	if err != nil {
		return nil, err
	}
	return a.Desk.AskForSheets(q.Context(), names, a.noteOf(q))
}

func (a *api) issueSheets(q *request, in desk.SheetWish) (sheetsAnswer, error) {
	made, err := a.Desk.IssueSheets(q.Context(), in, a.noteOf(q))
	return sheetsAnswer{made}, err
}

func (a *api) sheet(q *request, _ none) (*desk.SheetRow, error) {
	n, err := numberOf(q, "sheet")
	if err != nil {
		return nil, err
	}
	return a.Desk.Sheet(q.Context(), n)
}

// A markRequest says where a sheet is.
type markRequest struct {
	State petition.SheetState `json:"state"` // out, back, scanned, lost
}

func (a *api) markSheet(q *request, in markRequest) (*desk.SheetRow, error) {
	n, err := numberOf(q, "sheet")
	if err != nil {
		return nil, err
	}
	return a.Desk.MarkSheet(q.Context(), n, in.State, a.noteOf(q))
}

// A countRequest is how many signatures the token's owner counted on a sheet.
type countRequest struct {
	Signatures int  `json:"signatures"`
	Again      bool `json:"again,omitempty"` // it is the second count
}

func (a *api) countSheet(q *request, in countRequest) (*desk.SheetRow, error) {
	n, err := numberOf(q, "sheet")
	if err != nil {
		return nil, err
	}
	return a.Desk.CountSheet(q.Context(), n, in.Signatures, in.Again, q.who.Number, a.noteOf(q))
}

// A boxRequest says in which box a sheet lies.
type boxRequest struct {
	Box uint32 `json:"box"` // from 1
}

func (a *api) boxSheet(q *request, in boxRequest) (*desk.SheetRow, error) {
	n, err := numberOf(q, "sheet")
	if err != nil {
		return nil, err
	}
	return a.Desk.BoxSheet(q.Context(), n, in.Box, a.noteOf(q))
}
