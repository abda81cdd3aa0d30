package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program once, and puts it first in PATH, so that tests call it
// by its name.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clarion-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the program:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	builds := map[string][]string{"clarion": {"build"}}
	if server != "clarion" {
		builds[server] = []string{"build", "-race"}
	}
	for name, args := range builds {
		args = append(args, "-o", filepath.Join(dir, name), "clarion/cmd/clarion")
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
			return 1
		}
	}
	if err := os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, "put the program into PATH:", err)
		return 1
	}
	return m.Run()
}
