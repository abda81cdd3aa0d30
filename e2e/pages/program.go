// Package pages looks at the built program's pages in Chromium, for the tests that walk
// them as people do.
package pages

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// program is the built program, for all tests of a package.
var program string

// Run builds the program, runs the tests of a package and returns its status.
func Run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clarion-pages-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the program:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "clarion")
	if out, err := exec.Command("go", "build", "-o", program, "clarion/cmd/clarion").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// Start runs the program in a folder until the test ends, and returns what it first
// says that find finds. ended hears how it ends.
func Start(t *testing.T, dir string, find *regexp.Regexp, ended func(error), args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		ended(cmd.Wait())
	})
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if m := find.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, said) // the pipe must not fill
			return m[1]
		}
	}
	t.Fatalf("clarion %s does not say what %s finds", args[0], find)
	return ""
}

// Program is the path of the built program.
func Program() string { return program }

// Told runs a command of the program in a folder, at an English terminal, and returns what
// it printed.
func Told(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=en_GB.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("clarion %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// Demo starts the demo with so many contacts, and returns the address of its pages.
func Demo(t *testing.T, contacts int) string {
	t.Helper()
	ended := func(error) {} // its call may be under way still, which its status says
	return Start(t, t.TempDir(), regexp.MustCompile(`^Pages at (.+)$`), ended, "demo", "--contacts", strconv.Itoa(contacts), "--port", "0")
}
