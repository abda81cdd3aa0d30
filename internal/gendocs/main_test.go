package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What is committed is what the code says now.
func TestDocumentsAreCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for name := range documents {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("docs/%s is not what the code says: run make generate", name)
		}
	}
}

// A state that two changes join is drawn once, and nothing begins or ends that
// goes on.
func TestDiagram(t *testing.T) {
	t.Parallel()
	edges := join(join(join(nil, edge{"a", "b", "go"}), edge{"a", "b", "run"}), edge{"b", "c", "end"})
	const want = "```mermaid\nstateDiagram-v2\n    [*] --> a\n    a --> b: go, run\n    b --> c: end\n    c --> [*]\n```\n\n"
	if got := diagram("a", edges); got != want {
		t.Errorf("drawn as\n%s\nwant\n%s", got, want)
	}
}
