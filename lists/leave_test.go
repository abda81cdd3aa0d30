package lists

import (
	"errors"
	"testing"

	"clarion/lists/address"
)

// Who leaves a list stays on the others, and a contact as long as there is one.
func TestLeave(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for _, list := range []string{"save-9", "friends"} {
			importCSV(t, s, ImportOptions{List: list}, "email\nkim@example.org\nlee@example.org\n")
		}
		kim := address.Canonical(address.Email, "kim@example.org")
		for range 2 {
			if err := s.Leave(t.Context(), "save-9", kim); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := s.Find(t.Context(), kim); err != nil || len(found) != 1 {
			t.Errorf("who is on another list is no contact any more: %v, %v", found, err)
		}
		for list, want := range map[string]int{"save-9": 1, "friends": 2} {
			if got, err := s.List(t.Context(), list); err != nil || got.Contacts != want {
				t.Errorf("%s has %d contacts, want %d; %v", list, got.Contacts, want, err)
			}
		}
		for range 2 {
			if err := s.Leave(t.Context(), "friends", kim); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := s.Find(t.Context(), kim); err != nil || len(found) != 0 {
			t.Errorf("who left the last list is a contact still: %v, %v", found, err)
		}
		if err := s.Leave(t.Context(), "save-9", address.Canonical(address.Email, "nobody@example.org")); err != nil {
			t.Errorf("somebody unknown leaves: %v", err)
		}
	})
}

// A list is cut down to those of an import, and made where it was not there.
func TestRetain(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		importCSV(t, s, ImportOptions{List: "answer"}, "email\nkim@example.org\nlee@example.org\nhan@example.org\n")
		now := importCSV(t, s, ImportOptions{List: "answer"}, "email\nlee@example.org\npark@example.org\n")
		if err := s.Retain(t.Context(), "answer", now.Who); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Resolve(t.Context(), Audience{Lists: []string{"answer"}, Channels: []address.Channel{address.Email}}); err != nil || len(collect(got.Bitmaps[address.Email])) != 2 || !hasBit(got.Bitmaps[address.Email], 2) || !hasBit(got.Bitmaps[address.Email], 4) {
			t.Errorf("on the list are %v, %v", collect(got.Bitmaps[address.Email]), err)
		}
		if found, err := s.Find(t.Context(), address.Canonical(address.Email, "kim@example.org")); err != nil || len(found) != 1 {
			t.Errorf("who was taken off is no contact any more: %v, %v", found, err)
		}
		for _, list := range []string{"answer", "nobody"} {
			if err := s.Retain(t.Context(), list, nil); err != nil {
				t.Fatal(err)
			}
			if got, err := s.List(t.Context(), list); err != nil || got.Contacts != 0 {
				t.Errorf("%s has %d contacts, %v", list, got.Contacts, err)
			}
		}
		if err := s.Retain(t.Context(), " ", nil); !errors.Is(err, ErrBadName) {
			t.Errorf("a list without a name: %v", err)
		}
	})
}

// With a list go the contacts that were on it alone.
func TestDrop(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		importCSV(t, s, ImportOptions{List: "supporters"}, "email\nkim@example.org\n")
		importCSV(t, s, ImportOptions{List: "save-9"}, "email\nkim@example.org\nlee@example.org\n")
		for range 2 {
			if err := s.Drop(t.Context(), "save-9"); err != nil {
				t.Fatal(err)
			}
		}
		if all, err := s.Lists(t.Context()); err != nil || len(all) != 1 || all[0].Contacts != 1 {
			t.Errorf("the lists are %+v, %v", all, err)
		}
		for text, want := range map[string]int{"kim@example.org": 1, "lee@example.org": 0} {
			if found, err := s.Find(t.Context(), address.Canonical(address.Email, text)); err != nil || len(found) != want {
				t.Errorf("%s is found %d times, want %d; %v", text, len(found), want, err)
			}
		}
	})
}
