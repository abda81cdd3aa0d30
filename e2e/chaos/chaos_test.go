package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The short form: every fault once.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	k, err := newKit("")
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	r, err := load("", 1)
	if err != nil {
		t.Fatal(err)
	}
	r.begin()
	all := faults()
	once := each(all)
	c := &campaign{kit: k, record: r, lanes: 6, sync: "always", fault: func(n int) *fault { return once[n] }, second: seconds(all),
		until: time.Now().Add(8 * time.Minute), tell: func(x result, before int) {
			t.Logf("%-48s %-30s struck %v after %d tries, %.1f s", x.Fault, x.Second, x.Struck, before+1, x.Took.Seconds())
		}}
	if err := c.play(len(once)); err != nil {
		t.Fatal(err)
	}
	lossy := each(lossyFaults())
	c.sync, c.second, c.next, c.fault = "everysec", nil, 0, func(n int) *fault { return lossy[n] }
	if err := c.play(len(lossy)); err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	r.print(&table)
	t.Logf("\n%s", table.String())
	for _, s := range r.Stretches {
		for _, f := range s.Failures {
			t.Error(f)
		}
	}
	if want := len(once) + len(lossy); r.played() != want {
		t.Errorf("%d of %d rounds were played", r.played(), want)
	}
	for name, f := range r.Lossy {
		if f.Lost.Missing > 0 {
			t.Errorf("%s, everysec: %d missing", name, f.Lost.Missing)
		}
	}
}

// The page says what the record says.
func TestPage(t *testing.T) {
	t.Parallel()
	r, err := load("played.json", 1)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "chaos.md")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/chaos.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/chaos.md is not what the record says: go run ./e2e/chaos -state e2e/chaos/played.json -doc docs/chaos.md")
	}
}

// Each fault has its share of the rounds, and a seed draws the same again.
func TestPlan(t *testing.T) {
	t.Parallel()
	p, q := newPlan(7, faults()), newPlan(7, faults())
	count := map[string]int{}
	for n := range p.cycle {
		if p.fault(n).name != q.fault(n).name {
			t.Fatalf("round %d is %s and %s", n, p.fault(n).name, q.fault(n).name)
		}
		count[p.fault(n).name]++
	}
	for _, f := range p.all {
		if count[f.name] != f.weight {
			t.Errorf("%s: %d rounds, want %d", f.name, count[f.name], f.weight)
		}
	}
}
