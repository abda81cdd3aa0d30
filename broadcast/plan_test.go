package broadcast

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"clarion/lists"
	"clarion/lists/address"
)

// What a planner keeps of a contact is no part of the text that it was read in,
// with a thousand others: a group would keep all of it.
func TestPlannerKeepsNoText(t *testing.T) {
	t.Parallel()
	text := "someone@own.example Asia/Seoul and a thousand more"
	at := strings.Index(text, "@own.example ")
	c := &lists.Contact{Number: 1, Zone: text[at+len("@own.example ") : strings.Index(text, " and")]}
	c.Email = address.Canonical(address.Email, text[:at+len("@own.example")])
	p := &planner{size: BatchSize, channel: address.Email, language: func(string) string { return "ko" }, groups: map[group][]uint32{}, own: map[string]bool{}, limited: func(string) bool { return false }}
	if err := p.add(t.Context(), 1, c); err != nil {
		t.Fatal(err)
	}
	first := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	for g := range p.groups {
		if g.lane != "own.example" || g.zone != "Asia/Seoul" {
			t.Fatalf("group %+v", g)
		}
		for _, s := range []string{g.lane, g.zone} {
			if k := uintptr(unsafe.Pointer(unsafe.StringData(s))); k >= first && k < first+uintptr(len(text)) {
				t.Errorf("%q is kept with the text around it", s)
			}
		}
	}
}

// Domains that one system receives for are one lane; one that settings name stays apart.
func TestPlannerAsksWhoReceives(t *testing.T) {
	t.Parallel()
	asked := 0
	p := &planner{size: BatchSize, channel: address.Email, language: func(string) string { return "ko" }, groups: map[group][]uint32{}, own: map[string]bool{}, lanes: map[string]string{},
		people: map[string]int{}, limited: func(lane string) bool { return lane == "apart.example" }}
	p.systems = func(_ context.Context, domains []string) ([]string, error) {
		asked += len(domains)
		out := slices.Clone(domains)
		for i, d := range domains {
			if d != "alone.example" {
				out[i] = "gmail.com"
			}
		}
		return out, nil
	}
	var people []lists.Contact
	for i, domain := range []string{"one.example", "two.example", "apart.example", "alone.example", "one.example"} {
		people = append(people, lists.Contact{Number: uint32(i + 1), Email: address.Canonical(address.Email, "a@"+domain)})
	}
	for range 2 {
		if err := p.learn(t.Context(), people); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 3 {
		t.Errorf("asked for %d domains, want 3", asked)
	}
	got := map[string]int{}
	for i := range people {
		got[p.lane(people[i].Email)]++
	}
	if want := map[string]int{"gmail.com": 3, "apart.example": 1, "alone.example": 1}; !maps.Equal(got, want) {
		t.Errorf("lanes %v, want %v", got, want)
	}
}
