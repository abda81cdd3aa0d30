package desk

import (
	"strings"
	"testing"

	"clarion/lists/address"
	"clarion/petition"
)

// Who agreed to news is on the list of the petition, whatever they are called, with
// the words that they agreed to; and off it when they withdraw.
func TestNewsJoinsAndLeaves(t *testing.T) {
	t.Parallel()
	d, ctx := withPetition(t, open(t)), t.Context()
	n := d.news()
	names := []string{"김영희", "Kim; Lee; Park; Choi", "a|b|c|d", "a\tb\tc", `O'Neil "the" 'x'`, "sep=;", "Straße", "email", "name", "'Kim", "one,two,three,four"}
	for i, name := range names {
		for _, to := range []address.Address{address.Canonical(address.Email, "p"+string(rune('a'+i))+"@example.org"), address.Canonical(address.Fax, "+8227882001")} {
			s := &petition.Signature{Name: name, Language: "ko", Contact: to}
			for range 2 {
				if err := n.Join(ctx, s); err != nil {
					t.Fatalf("%q joins: %v", name, err)
				}
			}
			found, err := d.People.Lookup(ctx, to)
			if err != nil {
				t.Fatal(err)
			}
			if one := found[len(found)-1]; one.Name != strings.Join(strings.Fields(name), " ") || one.Language != "ko" {
				t.Errorf("%q is kept as %+v", name, one)
			}
		}
	}
	on := func() int {
		t.Helper()
		info, err := d.People.List(ctx, d.Roll.ID)
		if err != nil {
			t.Fatal(err)
		}
		return info.Contacts
	}
	if got := on(); got != 2*len(names) {
		t.Errorf("%d of %d are on the list", got, 2*len(names))
	}
	gone := &petition.Signature{Language: "ko", Contact: address.Canonical(address.Email, "pa@example.org")}
	for range 2 {
		if err := n.Leave(ctx, gone); err != nil {
			t.Fatal(err)
		}
	}
	if got := on(); got != 2*len(names)-1 {
		t.Errorf("after one left %d are on the list", got)
	}
}
