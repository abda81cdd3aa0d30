package api

import (
	"strconv"
	"time"

	"clarion/petition"
	"clarion/web"
	"clarion/web/desk"
)

// forwarders are those of the team who forward the appeal, by number and name.
func (a *api) forwarders(q *request) (map[uint32]string, error) {
	if a.Staff == nil {
		return map[uint32]string{q.who.Number: q.who.Name}, nil // the demo has nobody else
	}
	return a.Staff.Forwarders(q.Context())
}

func (a *api) petition(q *request, _ none) (*desk.PetitionReport, error) {
	names, err := a.forwarders(q)
	if err != nil {
		return nil, err
	}
	return a.Desk.PetitionReport(q.Context(), names)
}

func (a *api) enterPaper(q *request, in desk.PaperForm) (*desk.Entered, error) {
	return a.Desk.EnterPaper(q.Context(), in, a.noteOf(q))
}

type invalidAnswer struct {
	Signatures int `json:"signatures"` // that would become invalid
}

func (a *api) surveyInvalid(q *request, in petition.Filter) (out invalidAnswer, err error) {
	out.Signatures, err = a.Desk.SurveyInvalid(q.Context(), in)
	return out, err
}

// An invalidRequest makes signatures invalid together.
type invalidRequest struct {
	petition.Filter
	Reason string `json:"reason"` // for the record; it names nobody
}

type bulkAnswer struct {
	ID uint32 `json:"id"`
}

func (a *api) makeInvalid(q *request, in invalidRequest) (out bulkAnswer, err error) {
	out.ID, err = a.Desk.MakeInvalid(q.Context(), in.Filter, in.Reason, q.who.Number, a.noteOf(q))
	return out, err
}

type bulksAnswer struct {
	Bulks []petition.Bulk `json:"bulks"` // the last one first
}

func (a *api) bulks(q *request, _ none) (bulksAnswer, error) {
	all, err := a.Desk.Bulks(q.Context())
	return bulksAnswer{append([]petition.Bulk{}, all...)}, err
}

func (a *api) restoreInvalid(q *request, _ none) (none, error) {
	id, err := numberOf(q, "bulk")
	if err != nil {
		return none{}, err
	}
	return none{}, a.Desk.RestoreInvalid(q.Context(), id, a.noteOf(q))
}

// numberOf is a number in the path.
func numberOf(q *request, name string) (uint32, error) {
	n, err := strconv.ParseUint(q.PathValue(name), 10, 32)
	if err != nil {
		return 0, web.ErrNotFound
	}
	return uint32(n), nil
}

func (a *api) withdraw(q *request, in desk.Withdrawing) (*desk.Withdrawn, error) {
	return a.Desk.WithdrawFor(q.Context(), in, a.noteOf(q))
}

func (a *api) delivery(q *request, _ none) (*desk.DeliveryReport, error) {
	return a.Desk.Delivery(q.Context())
}

func (a *api) advance(q *request, in desk.Advance) (*desk.Advanced, error) {
	return a.Desk.AdvancePetition(q.Context(), in, q.who.Number, a.noteOf(q))
}

func (a *api) pack(q *request, in desk.PackWish) (stream, error) {
	write, err := a.Desk.PackZip(q.Context(), in, a.noteOf(q))
	return write, err
}

// An answeredRequest says when the addressee answered, now if it does not say.
type answeredRequest struct {
	On time.Time `json:"on,omitzero"`
}

func (a *api) answered(q *request, in answeredRequest) (none, error) {
	return none{}, a.Desk.NoteAnswer(q.Context(), in.On, q.who.Number, a.noteOf(q))
}

func (a *api) answerCall(q *request, _ none) (*draftAnswer, error) {
	s, err := a.Desk.PrepareAnswer(q.Context(), nil, q.who.Name, a.noteOf(q))
	if err != nil {
		return nil, err
	}
	return a.answerDraft(q, s), nil
}

// A purgeRequest names the petition, so that the wrong one is never purged.
type purgeRequest struct {
	Petition string `json:"petition"`
}

func (a *api) purge(q *request, in purgeRequest) (*petition.Certificate, error) {
	return a.Desk.PurgePetition(q.Context(), in.Petition, q.who.Number, a.noteOf(q))
}
