package access

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// Each right has a row, and each row an answer for each role.
func TestTableIsTotal(t *testing.T) {
	t.Parallel()
	seen := map[Right]bool{}
	for _, row := range table {
		if seen[row.right] {
			t.Errorf("%s has two rows", row.right)
		}
		seen[row.right] = true
		for i, a := range append(row.roles[:], row.fresh, row.token) {
			if a != may && a != not {
				t.Errorf("%s: column %d is undecided", row.right, i)
			}
		}
		if row.en == "" || row.ko == "" {
			t.Errorf("%s has no sentence", row.right)
		}
		if row.roles[slices.Index(Roles[:], Director)] != may {
			t.Errorf("the director, who gives roles, may not %s", row.right)
		}
	}
	source, err := os.ReadFile("right.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\t[A-Z]\w+ +(Right|Role) += "`).FindAllSubmatch(source, -1) {
		declared[string(m[1])]++
	}
	if declared["Right"] != len(table) || declared["Role"] != len(Roles) {
		t.Errorf("%v are declared, %d rights and %d roles stand in the table", declared, len(table), len(Roles))
	}
	for _, r := range Roles {
		if r.Word("en") == "" || r.Word("ko") == "" || !r.Has(Own) {
			t.Errorf("%s has no word, or no account", r)
		}
	}
	if Right("dance").Valid() || Director.Has("dance") || Role("king").Has(Own) || Role("king").Valid() {
		t.Error("what there is not has rights")
	}
}

// Who launches does not release, unless they are the director; what gives power
// takes a fresh proof, and no token has it.
func TestDutiesAreApart(t *testing.T) {
	t.Parallel()
	for _, r := range Roles {
		if r != Director && r.Has(Launch) && r.Has(Release) {
			t.Errorf("a %s launches and releases", r)
		}
	}
	for _, r := range []Right{Launch, Release, Export, Deliver, Purge, Team, Tokens} {
		if !r.Fresh() {
			t.Errorf("%s takes no fresh proof", r)
		}
	}
	for _, r := range []Right{Own, Release, Purge, Team, Tokens} {
		if r.ForTokens() {
			t.Errorf("a token may %s", r)
		}
	}
}
