// Package archtest owns the rules that hold for all packages: who may import
// whom, which third party has which door, and how a package is written.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is what the path of each of our packages begins with.
const module = "clarion/"

// A pkg is a package as go list tells it.
type pkg struct {
	ImportPath, Dir, Name                 string
	Imports                               []string
	GoFiles, CgoFiles, IgnoredGoFiles     []string
	TestGoFiles, XTestGoFiles, EmbedFiles []string

	name string // ImportPath without module
}

// files are the package's files, with their folder; those of its tests too if
// tests is set.
func (p pkg) files(tests bool) []string {
	names := append(append(append([]string{}, p.GoFiles...), p.CgoFiles...), p.IgnoredGoFiles...)
	if tests {
		names = append(append(names, p.TestGoFiles...), p.XTestGoFiles...)
	}
	for i, n := range names {
		names[i] = filepath.Join(p.Dir, n)
	}
	return names
}

// packages are all packages of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	return all
}

// list asks go list, once for all tests: it takes a second.
var list = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-json", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		p.name = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	if len(all) < 10 {
		return nil, fmt.Errorf("go list tells of %d packages only", len(all))
	}
	return all, nil
})
