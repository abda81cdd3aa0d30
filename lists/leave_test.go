package lists

import (
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/lists/tabular"
)

// Who leaves a list stays on the others, and stays a contact.
func TestLeave(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for _, list := range []string{"save-9", "friends"} {
			table, err := tabular.Open(strings.NewReader("email\nkim@example.org\nlee@example.org\n"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Import(t.Context(), table, ImportOptions{List: list}, nil); err != nil {
				t.Fatal(err)
			}
		}
		kim := address.Canonical(address.Email, "kim@example.org")
		for range 2 {
			if err := s.Leave(t.Context(), "save-9", kim); err != nil {
				t.Fatal(err)
			}
		}
		for list, want := range map[string]int{"save-9": 1, "friends": 2} {
			if got, err := s.List(t.Context(), list); err != nil || got.Contacts != want {
				t.Errorf("%s has %d contacts, want %d; %v", list, got.Contacts, want, err)
			}
		}
		if err := s.Leave(t.Context(), "save-9", address.Canonical(address.Email, "nobody@example.org")); err != nil {
			t.Errorf("somebody unknown leaves: %v", err)
		}
	})
}
