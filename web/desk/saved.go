package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clarion/internal/rkey"
)

// What saving a draft may end with.
var (
	// ErrNoDraft means that no draft is saved under the id.
	ErrNoDraft = errors.New("there is no such draft")
	// ErrConflict means that the draft was changed since it was read: by another
	// editor, or in another window.
	ErrConflict = errors.New("the draft was changed meanwhile")
	// ErrOut means that the draft went out already as it is.
	ErrOut = errors.New("the draft went out already; one that was not changed since goes out once")
)

// A SavedDraft is a draft as editors keep it, whole or not. Its files are those of
// a call's folder; ReadFiles makes a Draft of them.
type SavedDraft struct {
	ID      string            `json:"id"`      // "" until it is saved for the first time
	Version int64             `json:"version"` // counts from 1; goes up with every change
	Name    string            `json:"name"`
	Author  string            `json:"author"`  // who changed it last
	Changed time.Time         `json:"changed"` // UTC, to the millisecond
	Files   map[string][]byte `json:"files,omitempty"`

	Correction string `json:"correction,omitempty"` // id of the draft that goes out if this one was wrong
}

// Both keys of a draft and the index share a slot, so that saving is one script.
// Names and texts may name people: all is sealed, for its draft and version alone.
var (
	keyDrafts     = rkey.Key{Pattern: "{desk}:drafts", Type: rkey.ZSet, Expiry: "kept", Doc: "ids of the drafts that editors keep, by the time of their last change (ms)"}
	keyDraft      = rkey.Key{Pattern: "{desk}:draft:<id>", Type: rkey.Hash, Expiry: "until deleted", Personal: true, Doc: "a draft: version, and sealed its name, author and time (head); which version went out (out), or corrected a call (out:CALL)"}
	keyDraftFiles = rkey.Key{Pattern: "{desk}:draft_files:<id>", Type: rkey.String, Expiry: "until deleted", Personal: true, Doc: "the files of a draft, sealed"}
)

// Keys declares every key that the package keeps in Redis.
func Keys() []rkey.Key {
	return []rkey.Key{keyDrafts, keyDraft, keyDraftFiles, keyRelease, keyDelivery, keyAnswer}
}

// Bounds of a saved draft. A call's folder may weigh 4 MiB; a draft may be a little
// more than that, so that its author learns what is too big rather than losing it.
const (
	maxDraftName  = 200     // characters
	maxDraftFiles = 6 << 20 // bytes in all
	maxDraftCount = 256     // files
	maxFileName   = 100     // characters
)

// check refuses what cannot be kept.
func (s *SavedDraft) check() error {
	s.Name = strings.TrimSpace(s.Name)
	total := 0
	for name, data := range s.Files {
		total += len(name) + len(data)
		// Such a name shows as another than it is, or leads out of a folder.
		if !fs.ValidPath(name) || name == "." || utf8.RuneCountInString(name) > maxFileName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return Mistake("%q is no name for a file: give it one of letters, digits and dots", name)
		}
	}
	switch n := utf8.RuneCountInString(s.Name); {
	case n == 0:
		return Mistake("the draft has no name: give it one by which others find it")
	case n > maxDraftName || !utf8.ValidString(s.Name):
		return Mistake("the draft's name is too long: %d characters are the most", maxDraftName)
	case total > maxDraftFiles:
		return Mistake("the draft has more than %d MB: make its pictures smaller", maxDraftFiles>>20)
	case len(s.Files) > maxDraftCount:
		return Mistake("the draft has more than %d files", maxDraftCount)
	}
	return nil
}

// A draftHead is what is told of a draft in a list.
type draftHead struct {
	Name    string `json:"name"`
	Author  string `json:"author"`
	Changed int64  `json:"changed"` // Unix milliseconds

	Correction string `json:"correction,omitempty"`
}

// place is what a part of a draft is sealed for: it opens nowhere else, nor beside
// another version.
func place(part, id string, version int64) []byte {
	return fmt.Appendf(nil, "%s:%s:%d", part, id, version)
}

func (d *Desk) sealDraft(s *SavedDraft) (head, files []byte, err error) {
	h, err := json.Marshal(draftHead{s.Name, s.Author, s.Changed.UnixMilli(), s.Correction})
	if err != nil {
		return nil, nil, fmt.Errorf("save draft: %w", err)
	}
	f, err := json.Marshal(s.Files)
	if err != nil {
		return nil, nil, fmt.Errorf("save draft: %w", err)
	}
	return d.Keys.Seal(nil, h, place("draft", s.ID, s.Version)), d.Keys.Seal(nil, f, place("draft_files", s.ID, s.Version)), nil
}

// openHead reads what a list tells of a draft.
func (d *Desk) openHead(id string, version int64, sealed string) (*SavedDraft, error) {
	var h draftHead
	if err := d.open(&h, sealed, place("draft", id, version)); err != nil {
		return nil, fmt.Errorf("read draft %s: %w", id, err)
	}
	return &SavedDraft{ID: id, Version: version, Name: h.Name, Author: h.Author, Changed: time.UnixMilli(h.Changed).UTC(), Correction: h.Correction}, nil
}

func (d *Desk) open(v any, sealed string, place []byte) error {
	data, err := d.Keys.Open(nil, []byte(sealed), place)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}
