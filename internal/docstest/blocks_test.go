// Package docstest owns the proof of the documents: their settings are read by
// the program, their commands are run, their links lead somewhere, and what they
// say of the tree is so.
package docstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// A block is a fenced piece of a document. Its info is what stands behind the
// fence: "sh test" is run, "toml clarion.toml" is read as that file.
type block struct {
	file, info, text string
	line             int // of its first line
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// documents are all Markdown files that people read.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 5 {
		t.Fatalf("only %d documents were found: %v", len(all), all)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the blocks of all documents whose info begins with one of kinds.
func blocks(t *testing.T, kinds ...string) []block {
	t.Helper()
	var out []block
	for _, file := range documents(t) {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range parse(name, read(t, file)) {
			for _, kind := range kinds {
				if b.info == kind || strings.HasPrefix(b.info, kind+" ") {
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// parse finds the fenced blocks of a document (CommonMark §4.5, with backticks).
func parse(file, text string) []block {
	var out []block
	var open *block
	n := 0
	for line := range strings.Lines(text) {
		n++
		info, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case open == nil && fence:
			open = &block{file: file, info: strings.TrimSpace(info), line: n + 1}
		case open != nil && fence && info == "":
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	return out
}

func TestParse(t *testing.T) {
	t.Parallel()
	got := parse("x.md", "a\n```sh test\nls\n\npwd\n```\n```toml\n```\n```\nopen\n")
	want := []block{{"x.md", "sh test", "ls\n\npwd\n", 3}, {"x.md", "toml", "", 8}}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("read as %#v, want %#v", got, want)
	}
}

// program builds Clarion and returns the folder that it is in.
func program(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "clarion"), "./cmd/clarion")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build clarion: %v\n%s", err, out)
	}
	return dir
}

// command runs argv in dir, with Clarion in the path.
func command(dir, bin string, argv ...string) (string, error) {
	if argv[0] == "clarion" {
		argv[0] = filepath.Join(bin, argv[0])
	}
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
	out, err := c.CombinedOutput()
	return string(out), err
}
