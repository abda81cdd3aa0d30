package docstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A link to a file leads to one, and one with a mark to a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|<img src="([^"]+)"`)
	n := 0
	for _, file := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			m[1] += m[2]
			target, mark, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") {
				continue
			}
			n++
			path := file
			if target != "" {
				path = filepath.Join(filepath.Dir(file), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", file, m[1])
				continue
			}
			if mark != "" && !slices.Contains(marks(read(t, path)), mark) {
				t.Errorf("%s: there is no heading for %s", file, m[1])
			}
		}
	}
	if n == 0 {
		t.Error("no document links to another")
	}
}

// marks are the names of a document's headings in links: small letters, without
// punctuation, with - for spaces.
func marks(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		heading := strings.TrimLeft(line, "#")
		if heading == line || !strings.HasPrefix(heading, " ") {
			continue
		}
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`,.:;()'?!/\"", r):
				return -1
			}
			return r
		}, strings.ToLower(strings.TrimSpace(heading))))
	}
	return out
}

// The tree that the README draws is the tree.
func TestTree(t *testing.T) {
	t.Parallel()
	found := blocks(t, "text tree")
	if len(found) != 1 {
		t.Fatalf("%d trees are drawn, want one", len(found))
	}
	var at string
	for line := range strings.Lines(found[0].text) {
		names, _, _ := strings.Cut(strings.TrimLeft(line, " "), "  ")
		for name := range strings.FieldsSeq(names) {
			path := name
			if strings.HasPrefix(line, " ") {
				path = filepath.Join(at, name)
			} else {
				at = name
			}
			if s, err := os.Stat(filepath.Join(root, path)); err != nil || !s.IsDir() {
				t.Errorf("the README draws a folder %s, which is not there", path)
			}
		}
	}
	tops, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tops {
		if name := d.Name(); d.IsDir() && name[0] != '.' && name != "cmd" && name != "scripts" && !strings.Contains("\n"+found[0].text, "\n"+name+" ") {
			if out, err := exec.Command("git", "-C", root, "ls-files", name).Output(); err == nil && len(out) > 0 {
				t.Errorf("the README does not draw the folder %s", name)
			}
		}
	}
}

// Each package has a line in the table of rooms, and each room is there.
func TestRooms(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, filepath.Join(root, "docs/architecture.md"))
	for name := range strings.FieldsSeq(string(out)) {
		if name = strings.TrimPrefix(name, "clarion/"); !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/architecture.md does not name the package `%s`", name)
		}
	}
}

// Each module that we ask for ourselves has its reason.
func TestDependencies(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(root, "docs/dependencies.md"))
	direct := map[string]bool{}
	for line := range strings.Lines(read(t, filepath.Join(root, "go.mod"))) {
		f := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(f) == 2 && strings.Contains(f[0], ".") && f[1][0] == 'v' {
			direct[f[0]] = true
			if !strings.Contains(text, "`"+f[0]+"`") {
				t.Errorf("docs/dependencies.md does not say why %s", f[0])
			}
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9.-]+/[^`]+)`").FindAllStringSubmatch(text, -1) {
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md has a reason for %s, which go.mod does not ask for", m[1])
		}
	}
}
