package archtest

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// A room is a package, or all packages that a pattern matches, and the floor
// it stands on. It imports rooms on floors below, and those beside it that are
// named here. Tests import what they like.
type room struct {
	name   string // without "clarion/"; * stands for one folder
	floor  int
	beside []string // rooms of its own floor that it may import
}

// rooms is the table of docs/architecture.md. The first line that fits a
// package is its own.
var rooms = []room{
	// The program, and what stands outside it and looks in.
	{"cmd/clarion", 6, nil},
	{"e2e", 6, []string{"e2e/rig", "cmd/clarion"}},
	{"e2e/*", 6, []string{"e2e/rig"}},
	{"internal/bench", 6, []string{"e2e/rig"}},
	{"internal/archtest", 6, nil},
	{"internal/docstest", 6, nil},
	{"internal/gendocs", 6, nil},
	{"internal/corpora", 6, nil},

	// What people and machines reach over HTTP.
	// Who may come in knows no page, and each page may ask it.
	{"web", 5, []string{"web/access", "web/console", "web/public", "web/api", "web/hook", "web/desk"}},
	{"web/access", 5, nil},
	{"web/desk", 5, nil},
	{"web/*", 5, []string{"web", "web/access", "web/desk"}},

	// The only door to the queue. The contract of gateways is below them all;
	// a gateway knows the contract and its own wire, builtin knows each gateway.
	{"worker", 4, []string{"worker/gateway"}},
	{"worker/alarm", 4, []string{"worker", "worker/gateway"}},
	{"worker/inbox", 4, []string{"worker", "worker/bounce", "worker/gateway"}},
	{"worker/bounce", 4, []string{"worker/gateway", "worker/gateway/smtpreply"}},
	{"worker/gateway", 4, nil},
	{"worker/gateway/builtin", 4, []string{"worker", "worker/gateway", "worker/gateway/*"}},
	{"worker/gateway/mx", 4, []string{"worker/gateway", "worker/gateway/smtp"}},
	{"worker/gateway/*", 4, []string{"worker/gateway", "worker/gateway/smtpreply"}},
	// What comes back on paper; it neither knows the queue nor is known by it.
	{"petition", 4, nil},
	{"petition/paper", 4, []string{"petition"}},
	{"petition/incoming", 4, []string{"petition"}},
	{"petition/pack", 4, []string{"petition", "petition/paper"}},
	{"petition/texting", 4, nil},
	// It looks at calls and neither knows the queue nor who shows them to it.
	{"webhooks", 4, nil},

	{"broadcast", 3, nil},
	{"broadcast/amnesty", 3, []string{"broadcast"}},

	{"lists", 2, []string{"lists/tabular", "lists/optout"}},
	{"lists/tabular", 2, nil},
	{"lists/optout", 2, nil},

	{"templates", 1, nil},
	{"templates/*", 1, []string{"templates"}},

	// An address is a word that each floor speaks, and it knows no other.
	{"lists/address", 0, nil},
	{"internal/clock", 0, nil},
	{"internal/chart", 0, nil},
	{"internal/compose", 0, nil},
	{"internal/pdf", 0, nil},
	{"internal/rkey", 0, nil},
	{"internal/seal", 0, nil},
	{"internal/audit", 0, []string{"internal/clock", "internal/redisdb", "internal/rkey", "internal/seal"}},
	{"internal/conf", 0, nil},
	{"internal/quiet", 0, nil},
	{"internal/dkim", 0, nil},
	{"internal/dns", 0, nil},
	{"internal/maildns", 0, nil},
	{"internal/child", 0, nil},
	{"internal/port", 0, nil},
	{"internal/publicnet", 0, nil},
	{"internal/redisdb", 0, []string{"internal/child"}},
	{"internal/redistest", 0, []string{"internal/child", "internal/port", "internal/redisdb", "internal/rkey"}},
}

// forTests are the rooms that only tests and what stands outside may import.
var forTests = []string{"internal/redistest", "worker/gateway/gatewaytest", "e2e/rig", "e2e/pages"}

// fits says whether name is what pattern says: itself, or with * one folder.
func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func find(name string) (room, bool) {
	// A name as it is wins over a pattern: worker/gateway/builtin is its own line.
	for _, r := range rooms {
		if r.name == name {
			return r, true
		}
	}
	for _, r := range rooms {
		if fits(r.name, name) {
			return r, true
		}
	}
	return room{}, false
}

// allowed says whether the package from may import the package to.
func allowed(from, to room, name string) bool {
	return to.floor < from.floor || to.floor == from.floor && slices.ContainsFunc(from.beside, func(pattern string) bool {
		return fits(pattern, name)
	})
}

func TestFloors(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from, ok := find(p.name)
		if !ok {
			t.Errorf("%s stands on no floor: give it a line in the table of rooms", p.name)
			continue
		}
		for _, imported := range p.Imports {
			name, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to, ok := find(name)
			switch {
			case !ok: // said above
			case !allowed(from, to, name):
				t.Errorf("%s (floor %d) imports %s (floor %d): a room imports only rooms on floors below", p.name, from.floor, name, to.floor)
			case slices.Contains(forTests, name) && from.floor != 6 && !slices.Contains(forTests, p.name):
				t.Errorf("%s imports %s, which is for tests", p.name, name)
			}
		}
	}
}

// The table itself must refuse what the design refuses.
func TestFloorsRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"worker", "broadcast", true},
		{"worker", "worker/gateway", true},
		{"worker", "worker/gateway/smtp", false},
		{"worker/gateway", "worker", false},
		{"worker/gateway/smtp", "worker/gateway/kannel", false},
		{"worker/gateway/smtp", "worker", false},
		{"worker/gateway/builtin", "worker/gateway/smtp", true},
		{"worker", "worker/gateway/builtin", false},
		{"petition", "worker", false},
		{"worker", "petition", false},
		{"broadcast", "worker", false},
		{"broadcast", "lists", true},
		{"lists", "broadcast", false},
		{"templates", "lists", false},
		{"templates/email", "templates", true},
		{"templates", "templates/email", false},
		{"lists/address", "internal/conf", false},
		{"worker", "web", false},
		{"web/public", "web/console", false},
		{"web/console", "web/desk", true},
		{"web/desk", "web", false},
		{"cmd/clarion", "web", true},
		{"web", "cmd/clarion", false},
	} {
		from, ok := find(c.from)
		to, okTo := find(c.to)
		if !ok || !okTo {
			t.Errorf("%s or %s stands on no floor", c.from, c.to)
		} else if got := allowed(from, to, c.to); got != c.want {
			t.Errorf("%s imports %s: allowed %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
