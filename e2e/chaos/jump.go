package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// jumped is added to a copy of a file that asks the clock. It reads from the
// folder that the program runs in how many seconds its clock is off, again each
// 5 ms, and says so in a file of its own.
const jumped = `
var jump struct {
	sync.Mutex
	read    time.Time
	seconds int
}

func jumpedNow() time.Time {
	now := time.Now()
	jump.Lock()
	defer jump.Unlock()
	if now.Sub(jump.read) > 5*time.Millisecond {
		jump.read = now
		text, _ := os.ReadFile("clock-jump")
		if n, _ := strconv.Atoi(string(text)); n != jump.seconds {
			jump.seconds = n
			os.WriteFile("clock-jumped-PACKAGE", text, 0o600)
		}
	}
	// Without its monotonic reading, so that differences jump too.
	return now.Round(0).Add(time.Duration(jump.seconds) * time.Second)
}
`

// clocked are the files that ask the clock for the program and for asynq: what
// they write into Redis as times comes from there.
var clocked = [...]struct{ pkg, file string }{
	{"clarion/internal/clock", "clock.go"},
	{"github.com/hibiken/asynq/internal/timeutil", "timeutil.go"},
}

const (
	asking = "return time.Now()" // once in each
	queue  = "github.com/hibiken/asynq"
)

// buildJumping builds the program with a clock that jumps when it is told to. Go
// asks the kernel itself, so that libfaketime does not reach it; the two files
// are replaced while building: our own by go build -overlay, asynq's in a copy of
// the module, since an overlay must not reach into Go's module cache.
func buildJumping(dir, file string) error {
	root, err := goSays("list", "-m", "-f", "{{.Dir}}", "clarion")
	if err != nil {
		return err
	}
	module, err := goSays("list", "-m", "-f", "{{.Dir}}", queue)
	if err != nil {
		return err
	}
	copied := filepath.Join(dir, "asynq")
	if err := os.RemoveAll(copied); err != nil {
		return err
	}
	if err := os.CopyFS(copied, os.DirFS(module)); err != nil {
		return fmt.Errorf("copy %s: %w", queue, err)
	}
	clock, err := jumping(filepath.Join(root, "internal/clock", clocked[0].file), "clock")
	if err != nil {
		return err
	}
	timeutil, err := jumping(filepath.Join(module, "internal/timeutil", clocked[1].file), "timeutil")
	if err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "internal/clock", clocked[0].file): filepath.Join(dir, "clock.go")}})
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	changed := filepath.Join(copied, "internal/timeutil", clocked[1].file)
	if err := os.Remove(changed); err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		filepath.Join(dir, "clock.go"):     clock,
		filepath.Join(dir, "overlay.json"): overlay,
		filepath.Join(dir, "go.sum"):       sum,
		filepath.Join(dir, "go.mod"):       append(mod, "\nreplace "+queue+" => "+copied+"\n"...),
		changed:                            timeutil,
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
	}
	_, err = goSays("build", "-modfile", filepath.Join(dir, "go.mod"), "-overlay", filepath.Join(dir, "overlay.json"), "-o", file, "clarion/cmd/clarion")
	return err
}

// goSays runs the go command and returns what it prints.
func goSays(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// jumping is a source file with its clock replaced.
func jumping(file, pkg string) ([]byte, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := string(source)
	if strings.Count(text, asking) != 1 {
		return nil, fmt.Errorf("%s does not ask the clock as it did: see e2e/chaos/jump.go", file)
	}
	text = strings.Replace(text, asking, "return jumpedNow()", 1)
	text = strings.Replace(text, "import (", "import (\n\t\"os\"\n\t\"strconv\"", 1)
	return []byte(text + strings.ReplaceAll(jumped, "PACKAGE", pkg)), nil
}

// jump sets the clock of a worker that was built for it, and waits until it knows.
func (w *worker) jump(seconds int) error {
	text := []byte(strconv.Itoa(seconds))
	// In one step, so that no half number is read.
	if err := os.WriteFile(filepath.Join(w.dir, "next"), text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(w.dir, "next"), filepath.Join(w.dir, "clock-jump")); err != nil {
		return err
	}
	return await(5*time.Second, "a clock to jump", func() bool {
		for _, c := range clocked {
			got, err := os.ReadFile(filepath.Join(w.dir, "clock-jumped-"+filepath.Base(c.pkg)))
			if err != nil || string(got) != string(text) {
				return false
			}
		}
		return true
	})
}
