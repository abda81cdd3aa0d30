package main

import (
	"strings"
	"testing"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/petition"
)

// Who agreed to news is on the list of the petition, whatever they are called, with
// the words that they agreed to; and off it when they withdraw.
func TestNewsJoinsAndLeaves(t *testing.T) {
	ctx := t.Context()
	rdb := redistest.New(t)
	keys, err := seal.New([]byte(strings.Repeat("k", 32)))
	must(t, err)
	people, err := lists.Open(ctx, rdb, keys, clock.System{})
	must(t, err)
	campaign, problems, err := petition.LoadFS(petition.Example())
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	n := news{people, petition.OpenRoll(campaign, rdb, keys, clock.System{})}
	names := []string{"김영희", "Kim; Lee; Park; Choi", "a|b|c|d", "a\tb\tc", `O'Neil "the" 'x'`, "sep=;", "Straße", "email", "name", "'Kim", "one,two,three,four"}
	for i, name := range names {
		to := address.Canonical(address.Email, "p"+string(rune('a'+i))+"@example.org")
		s := &petition.Signature{Name: name, Language: "ko", Contact: to}
		for range 2 {
			if err := n.Join(ctx, s); err != nil {
				t.Fatalf("%q joins: %v", name, err)
			}
		}
		found, err := people.Lookup(ctx, to)
		must(t, err)
		if len(found) != 1 || found[0].Name != strings.Join(strings.Fields(name), " ") || found[0].Language != "ko" {
			t.Errorf("%q is kept as %+v", name, found)
		}
	}
	info, err := people.List(ctx, campaign.ID)
	must(t, err)
	if info.Contacts != len(names) {
		t.Errorf("%d of %d are on the list", info.Contacts, len(names))
	}
	gone := &petition.Signature{Language: "ko", Contact: address.Canonical(address.Email, "pa@example.org")}
	must(t, n.Leave(ctx, gone))
	must(t, n.Leave(ctx, gone))
	if info, err = people.List(ctx, campaign.ID); err != nil || info.Contacts != len(names)-1 {
		t.Errorf("after one left %d are on the list, %v", info.Contacts, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
