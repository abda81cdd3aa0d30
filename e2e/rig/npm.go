package rig

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// npmPackage returns the node_modules folder that holds the package. It looks in
// $CLARION_NPM, else in .cache/npm of the repository, and installs what is
// missing there, one test binary at a time.
func npmPackage(t testing.TB, name, version string) string {
	t.Helper()
	dir := os.Getenv("CLARION_NPM")
	if dir == "" {
		dir = filepath.Join(repository(t), ".cache", "npm")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatalf("make the npm folder: %v", err)
	}
	lock := create(t, filepath.Join(dir, ".lock"))
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock the npm folder: %v", err)
	}
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, name, "package.json")); err == nil {
		return modules
	}
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", dir, name+"@"+version)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("install npm package %s@%s: %v\n%s", name, version, err, out)
	}
	return modules
}

// repository returns the folder of go.mod above the test's own.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the working folder: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("find go.mod above the test's folder: there is none")
		}
		dir = up
	}
}

// AxeCore returns the script by which pages are tested for accessibility
// (github.com/dequelabs/axe-core).
func AxeCore(t testing.TB) string {
	t.Helper()
	return filepath.Join(npmPackage(t, "axe-core", "4.11.1"), "axe-core", "axe.min.js")
}
