package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"clarion/broadcast"
	"clarion/internal/child"
	"clarion/internal/port"
)

// A worker is a process of the program.
type worker struct {
	*child.Process
	way
	slot int // its line to Redis
	dir  string
	log  *journal
}

// A journal is what a process says, read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A way is how a worker is started.
type way struct {
	serve   bool // with the inbox
	tapped  bool // over the tap
	jumping bool // its clock can jump
	patient bool // with the program's own liveness and sweep
	gone    bool // without a journal, as when the machine is gone with it
}

// startWorker starts a worker in a slot, and waits until it is at work. The port
// of an inbox may be gone by the time that it listens: then it gets another.
func (f *fleet) startWorker(slot int, how way) (w *worker, err error) {
	for range 3 {
		if how.serve {
			free, err := port.Free()
			if err != nil {
				return nil, err
			}
			f.inbox.Store(int64(free))
		}
		if w, err = f.tryWorker(slot, how); err != nil || !w.ended() {
			return w, err
		}
	}
	return w, fmt.Errorf("a worker ended as it began: %w: %s", w.Err(), w.log)
}

func (f *fleet) tryWorker(slot int, how way) (*worker, error) {
	dir, err := os.MkdirTemp(f.dir, "worker")
	if err != nil {
		return nil, err
	}
	program, where := f.program, f.lines[slot].address()
	if how.jumping {
		program = f.jumping
	}
	if how.tapped {
		where = f.taps[slot].listener.Addr().String()
	}
	config := filepath.Join(dir, "clarion.toml")
	if err := os.WriteFile(config, []byte(f.config("redis://"+where, how)), 0o600); err != nil {
		return nil, err
	}
	args := []string{"worker", "--channels", "email"}
	if how.serve {
		args = []string{"serve"}
	}
	cmd := exec.Command(program, append(args, "--config", config)...)
	cmd.Dir = dir
	log := &journal{}
	cmd.Stderr = log
	p, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	w := &worker{p, how, slot, dir, log}
	f.workers = append(f.workers, w)
	return w, await(30*time.Second, "a worker to start", func() bool { return strings.Contains(log.String(), "running") || w.ended() })
}

// dump ends the worker in a way that has it say where all of its goroutines are, and
// names the file in which that is kept.
func (w *worker) dump() string {
	if err := w.Signal(syscall.SIGQUIT); err != nil {
		return err.Error()
	}
	select {
	case <-w.Done():
	case <-time.After(10 * time.Second):
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("chaos-%d.txt", w.PID()))
	if err := os.WriteFile(file, []byte(w.log.String()), 0o600); err != nil {
		return err.Error()
	}
	return file
}

func (w *worker) ended() bool {
	select {
	case <-w.Done():
		return true
	default:
		return false
	}
}

func (w *worker) kill() error {
	err := w.Signal(syscall.SIGKILL)
	<-w.Done()
	return err
}

// stopWorkers ends all workers and forgets them.
func (f *fleet) stopWorkers() {
	for _, w := range f.workers {
		w.kill()
		os.RemoveAll(w.dir)
	}
	f.workers = nil
}

// living are the workers that run.
func (f *fleet) living() (out []*worker) {
	for _, w := range f.workers {
		if !w.ended() {
			out = append(out, w)
		}
	}
	return out
}

func (f *fleet) worker(pid int) *worker {
	for _, w := range f.workers {
		if w.PID() == pid {
			return w
		}
	}
	return nil
}

// pidOf reads the process out of a worker's name in the ledger: host-pid-hex.
func pidOf(name string) int {
	parts := strings.Split(name, "-")
	if len(parts) < 3 {
		return 0
	}
	pid, _ := strconv.Atoi(parts[len(parts)-2])
	return pid
}

// A takeover is a line of a worker's log.
type takeover struct {
	by, of  int // pids
	work    int
	inDoubt int
}

// takeovers are what the workers say of this.
func (f *fleet) takeovers() (out []takeover) {
	for _, w := range f.workers {
		for line := range strings.Lines(w.log.String()) {
			if !strings.Contains(line, "took over a batch") {
				continue
			}
			t := takeover{by: w.PID(), of: pidOf(field(line, "worker"))}
			t.work, _ = strconv.Atoi(field(line, "batch"))
			t.inDoubt, _ = strconv.Atoi(field(line, "in_doubt"))
			out = append(out, t)
		}
	}
	return out
}

// field reads key=value out of a line of slog's text form.
func field(line, key string) string {
	_, after, _ := strings.Cut(line, " "+key+"=")
	value, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	return value
}

// owned is how many works of a call a process has in hand by the ledger.
func owned(owners []broadcast.Lease, pid int) (n int) {
	for _, l := range owners {
		if pidOf(l.Worker) == pid && l.Work != broadcast.PlanWork {
			n++
		}
	}
	return n
}
