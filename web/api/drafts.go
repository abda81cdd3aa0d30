package api

import (
	"path"
	"time"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/lists/address"
	"clarion/web"
	"clarion/web/desk"
)

// A draftHead is what a list tells of a draft.
type draftHead struct {
	ID         string    `json:"id"`
	Version    int64     `json:"version"`
	Name       string    `json:"name"`
	Author     string    `json:"author"` // who changed it last
	Changed    time.Time `json:"changed"`
	Correction string    `json:"correction,omitempty"` // id of the draft that goes out if this one was wrong
}

// A draftAnswer is a draft whole.
type draftAnswer struct {
	draftHead
	draftFiles
}

// draftFiles are the files of a call's folder by name: texts as they are, pictures in
// base64.
type draftFiles struct {
	Texts    map[string]string `json:"texts"`
	Pictures map[string][]byte `json:"pictures,omitempty"`
}

// A draftRequest is a draft as a program writes it.
type draftRequest struct {
	Name       string `json:"name"`
	Correction string `json:"correction,omitempty"`
	draftFiles
}

func headOf(s *desk.SavedDraft) draftHead {
	return draftHead{s.ID, s.Version, s.Name, s.Author, s.Changed, s.Correction}
}

func (a *api) answerDraft(q *request, s *desk.SavedDraft) *draftAnswer {
	out := &draftAnswer{headOf(s), draftFiles{map[string]string{}, map[string][]byte{}}}
	for name, data := range s.Files {
		if isText(name) {
			out.Texts[name] = string(data)
		} else {
			out.Pictures[name] = data
		}
	}
	q.w.Header().Set("ETag", tag(s.Version))
	return out
}

func isText(name string) bool {
	switch path.Ext(name) {
	case ".md", ".txt", ".toml":
		return true
	}
	return false
}

// files puts texts and pictures together.
func (f draftFiles) files() (map[string][]byte, error) {
	all := map[string][]byte{}
	for name, text := range f.Texts {
		if !isText(name) {
			return nil, desk.Mistake("%q is no text: those end in .toml, .md and .txt", name)
		}
		all[name] = []byte(text)
	}
	for name, data := range f.Pictures {
		if isText(name) {
			return nil, desk.Mistake("%q is no picture: put it into texts", name)
		}
		all[name] = data
	}
	return all, nil
}

type draftsAnswer struct {
	Drafts []draftHead `json:"drafts"`
}

func (a *api) drafts(q *request, _ none) (draftsAnswer, error) {
	all, err := a.Desk.Drafts(q.Context())
	out := draftsAnswer{[]draftHead{}}
	for i := range all {
		out.Drafts = append(out.Drafts, headOf(&all[i]))
	}
	return out, err
}

func (a *api) newDraft(q *request, in draftRequest) (*draftAnswer, error) {
	return a.saveDraft(q, "", in)
}

func (a *api) replaceDraft(q *request, in draftRequest) (*draftAnswer, error) {
	return a.saveDraft(q, q.PathValue("draft"), in)
}

func (a *api) saveDraft(q *request, id string, in draftRequest) (*draftAnswer, error) {
	files, err := in.files()
	if err != nil {
		return nil, err
	}
	s, err := a.Desk.SaveDraft(q.Context(), desk.SavedDraft{ID: id, Version: q.version, Name: in.Name, Author: q.who.Name, Files: files, Correction: in.Correction})
	if err != nil {
		return nil, err
	}
	return a.answerDraft(q, s), nil
}

func (a *api) draft(q *request, _ none) (*draftAnswer, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	return a.answerDraft(q, s), nil
}

func (a *api) deleteDraft(q *request, _ none) (none, error) {
	return none{}, a.Desk.DeleteDraft(q.Context(), q.PathValue("draft"), q.version)
}

// load is the draft that the path names.
func (a *api) load(q *request) (*desk.SavedDraft, error) {
	return a.Desk.LoadDraft(q.Context(), q.PathValue("draft"))
}

func (a *api) check(q *request, _ none) (*desk.CheckReport, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	return a.Desk.Check(q.Context(), desk.ReadFiles(s.Files))
}

func (a *api) proofs(q *request, _ none) (*desk.Proof, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	return a.Desk.Proofs(q.Context(), desk.ReadFiles(s.Files), q.PathValue("language"))
}

// launched is a call that was made of a draft.
type launched struct {
	ID       broadcast.ID        `json:"id"`
	Audience int                 `json:"audience"`
	State    broadcast.CallState `json:"state"`
}

// send makes a call of a draft, and tells of it.
func (a *api) send(q *request, s *desk.SavedDraft, did audit.Action, send func() (broadcast.ID, error)) (*launched, error) {
	id, err := a.Desk.SendNoted(s, did, a.noteOf(q), send)
	if err != nil {
		return nil, err
	}
	call, err := a.Desk.Ledger.Call(q.Context(), id)
	if err != nil {
		return nil, err
	}
	state, err := a.told(q, id, call.State)
	return &launched{id, call.Audience, state}, err
}

func (a *api) rehearse(q *request, _ none) (*launched, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	return a.send(q, s, audit.Rehearsed, func() (broadcast.ID, error) {
		return a.Desk.Launch(q.Context(), desk.ReadFiles(s.Files), desk.LaunchOptions{Rehearsal: true, By: q.who.Number})
	})
}

// A testRequest says where a test goes.
type testRequest struct {
	Email string `json:"email,omitempty"`
	SMS   string `json:"sms,omitempty"`
	Fax   string `json:"fax,omitempty"`
}

func (a *api) test(q *request, in testRequest) (*launched, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	return a.send(q, s, audit.Tested, func() (broadcast.ID, error) {
		return a.Desk.Test(q.Context(), desk.ReadFiles(s.Files), map[address.Channel]string{address.Email: in.Email, address.SMS: in.SMS, address.Fax: in.Fax})
	})
}

func (a *api) launch(q *request, _ none) (*launched, error) {
	s, err := a.load(q)
	if err != nil {
		return nil, err
	}
	if s.Version != q.version {
		return nil, web.ErrVersion
	}
	ready, err := a.Desk.Ready(q.Context(), s)
	if err == nil {
		err = ready.Err()
	}
	if err != nil {
		return nil, err
	}
	return a.send(q, s, audit.Launched, func() (broadcast.ID, error) {
		return a.Desk.LaunchSaved(q.Context(), s, desk.LaunchOptions{By: q.who.Number})
	})
}

// A correctRequest names the draft that corrects.
type correctRequest struct {
	Draft string `json:"draft"`
}

func (a *api) correct(q *request, in correctRequest) (*launched, error) {
	wrong, err := q.call()
	if err != nil {
		return nil, err
	}
	s, err := a.Desk.LoadDraft(q.Context(), in.Draft)
	if err != nil {
		return nil, err
	}
	return a.send(q, s, audit.Corrected, func() (broadcast.ID, error) {
		return a.Desk.CorrectSaved(q.Context(), wrong, s, desk.LaunchOptions{By: q.who.Number})
	})
}
