package desk

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"clarion/broadcast"
	"clarion/internal/redistest"
	"clarion/lists"
)

func TestSavedDraft(t *testing.T) {
	t.Parallel()
	d := withPetition(t, open(t))
	ctx := t.Context()
	redistest.EveryScript(t, d.Redis, ".")
	// Of two who launch the answer at once, one does.
	for i, want := range []bool{true, false} {
		if mine, err := d.claimAnswer(ctx, "", broadcast.ID(strconv.Itoa(i))); err != nil || mine != want {
			t.Errorf("launch %d of the answer: %t, %v", i, mine, err)
		}
	}
	first, err := d.SaveDraft(ctx, SavedDraft{Name: " 탈북 고아 ", Author: "kim", Files: sample(t)})
	if err != nil {
		t.Fatal(err)
	}
	if first.ID == "" || first.Version != 1 || first.Name != "탈북 고아" || !first.Changed.Equal(d.Clock.Now()) {
		t.Errorf("saved as %+v", first)
	}
	got, err := d.LoadDraft(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != first.Name || got.Author != "kim" || got.Version != 1 || !got.Changed.Equal(first.Changed) || !bytes.Equal(got.Files["picture.png"], first.Files["picture.png"]) {
		t.Errorf("loaded %q by %q, version %d", got.Name, got.Author, got.Version)
	}
	if draft := ReadFiles(got.Files); len(draft.Problems) > 0 {
		t.Error(draft.Problems)
	}
	got.Files = map[string][]byte{"call.toml": []byte("half a th")}
	changed, err := d.SaveDraft(ctx, *got)
	if err != nil || changed.Version != 2 || changed.ID != first.ID {
		t.Fatalf("%+v, %v", changed, err)
	}
	// Who began with the first version overwrites nothing and deletes nothing.
	if _, err := d.SaveDraft(ctx, *first); !errors.Is(err, ErrConflict) {
		t.Errorf("an old version is saved: %v", err)
	}
	if err := d.DeleteDraft(ctx, first.ID, 1); !errors.Is(err, ErrConflict) {
		t.Errorf("an old version is deleted: %v", err)
	}
	if got, err = d.LoadDraft(ctx, first.ID); err != nil || string(got.Files["call.toml"]) != "half a th" || len(got.Files) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := d.DeleteDraft(ctx, first.ID, 2); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(d.LoadDraft(ctx, first.ID)), second(d.SaveDraft(ctx, *changed)), second(d.LaunchSaved(ctx, changed, LaunchOptions{})), d.DeleteDraft(ctx, first.ID, 2)} {
		if !errors.Is(err, ErrNoDraft) {
			t.Errorf("a draft that is gone: %v", err)
		}
	}
	if all, err := d.Drafts(ctx); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestDraftsAreListedAndSealed(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	for i, name := range []string{"one", "two", "three"} {
		if _, err := d.SaveDraft(ctx, SavedDraft{Name: name, Author: "secret author", Files: map[string][]byte{"sms.ko.txt": []byte("secret words " + strconv.Itoa(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.Drafts(ctx)
	if err != nil || len(all) != 3 || all[0].Files != nil {
		t.Fatalf("%+v, %v", all, err)
	}
	redistest.Undeclared(t, d.Redis, slices.Concat(Keys(), broadcast.Keys(), lists.Keys()))
	for _, s := range all {
		for _, key := range draftKeys(s.ID)[:2] {
			dump, err := d.Redis.Dump(ctx, key).Result()
			if err != nil || strings.Contains(dump, "secret") {
				t.Errorf("%s is not sealed: %v", key, err)
			}
		}
	}
	// A record that was moved under another draft opens nowhere.
	from, to := draftKeys(all[0].ID), draftKeys(all[1].ID)
	if err := d.Redis.Copy(ctx, from[0], to[0], 0, true).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := d.LoadDraft(ctx, all[1].ID); err == nil {
		t.Errorf("a moved record opens: %+v", got)
	}
}

// Of many editors who save at once over one version, one wins, and none is lost
// without being told.
func TestEditorsDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	d := open(t)
	s, err := d.SaveDraft(t.Context(), SavedDraft{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	const editors, each = 4, 10
	var wg sync.WaitGroup
	for range editors {
		wg.Go(func() {
			for done := 0; done < each; {
				mine, err := d.LoadDraft(t.Context(), s.ID)
				if err != nil {
					t.Error(err)
					return
				}
				mine.Files = map[string][]byte{"n": append(mine.Files["n"], '.')}
				switch _, err := d.SaveDraft(t.Context(), *mine); {
				case err == nil:
					done++
				case !errors.Is(err, ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := d.LoadDraft(t.Context(), s.ID)
	if err != nil || len(got.Files["n"]) != editors*each || got.Version != 1+editors*each {
		t.Errorf("%d changes, version %d, %v", len(got.Files["n"]), got.Version, err)
	}
}

func TestDraftsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	d := open(t)
	many := map[string][]byte{}
	for i := range maxDraftCount + 1 {
		many[strconv.Itoa(i)] = nil
	}
	for _, s := range []SavedDraft{{}, {Name: "  "}, {Name: strings.Repeat("가", maxDraftName+1)}, {Name: "x", Files: many}, {Name: "x", Files: map[string][]byte{"..": nil}}, {Name: "x", Files: map[string][]byte{"../x.md": nil}}, {Name: "x", Files: map[string][]byte{"": nil}},
		{Name: "x", Files: map[string][]byte{".": nil}}, {Name: "x", Files: map[string][]byte{"a\u202egnp.png": nil}}, {Name: "x", Files: map[string][]byte{"a\nb.md": nil}}, {Name: "x", Files: map[string][]byte{strings.Repeat("가", maxFileName+1): nil}}, {Name: "x", Files: map[string][]byte{"a.png": make([]byte, maxDraftFiles)}}} {
		if _, err := d.SaveDraft(t.Context(), s); !Mistaken(err) {
			t.Errorf("%.20q with %d files: %v", s.Name, len(s.Files), err)
		}
	}
}
