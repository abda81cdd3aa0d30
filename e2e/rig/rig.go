// Package rig starts real gateway software for tests: Kannel before a small
// SMSC, HylaFAX over software modems, Postfix with its own DNS. Each instance
// has its own ports and scratch folder, stays on loopback, and is ended by
// process id when its test ends.
package rig

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clarion/internal/port"
)

// Dir returns a scratch folder that is removed when the test ends. Daemons that
// run under another user can enter it, and its path is short enough for unix
// sockets (108 octets, unix(7)).
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rig")
	if err != nil {
		t.Fatalf("make scratch folder: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatalf("open scratch folder to daemons: %v", err)
	}
	return dir
}

// FreePort returns a TCP port of 127.0.0.1 on which nobody listens (port.Free).
func FreePort(t testing.TB) int {
	t.Helper()
	p, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Eventually polls cond until it holds, and fails the test with what was waited
// for once limit has passed.
func Eventually(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", limit, what)
		}
	}
}

// Listening says whether something accepts TCP connections at addr.
func Listening(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// A Process is a daemon that the rig started.
type Process struct {
	Name    string
	Pid     int
	LogPath string        // its standard output and error
	done    chan struct{} // closed when it has ended
	status  int           // its exit status, once it has ended
	stop    sync.Once
}

// Start runs a program in dir and ends it, with what it has forked, when the
// test ends. Its output goes to dir/name.log. Should the test binary be killed,
// a leash ends the program all the same.
func Start(t testing.TB, dir, name string, argv ...string) *Process {
	t.Helper()
	p := &Process{Name: name, LogPath: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.OpenFile(p.LogPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatalf("open log of %s: %v", name, err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	p.Pid = cmd.Process.Pid
	release := leash(t, p.Pid)
	go func() {
		_ = cmd.Wait() // how it ended is in its log, and in its state
		p.status = cmd.ProcessState.ExitCode()
		release()
		out.Close()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Stop()
		if log := p.Log(); t.Failed() && log != "" {
			t.Logf("%s said at last:\n%s", name, log[max(0, len(log)-2000):])
		}
	})
	return p
}

// leash starts a shell that ends process group pid once this program has gone,
// which it notices by the end of its input. (Pdeathsig would not do: the kernel
// forgets it when a daemon changes its user, prctl(2).)
func leash(t testing.TB, pid int) (release func()) {
	t.Helper()
	const script = `read -r word || { kill -TERM -"$1"; sleep 2; kill -KILL -"$1"; } 2>/dev/null`
	cmd := exec.Command("sh", "-c", script, "leash", strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		t.Fatalf("put process %d on a leash: %v", pid, err)
	}
	return func() {
		_, _ = in.Write([]byte("ended\n"))
		in.Close()
		_ = cmd.Wait()
	}
}

// Running says whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Stop asks the process to end, twice if need be (bearerbox holds on at the
// first SIGTERM while messages wait), then kills its group.
func (p *Process) Stop() {
	p.stop.Do(func() {
		for range 2 {
			if p.Running() {
				_ = syscall.Kill(-p.Pid, syscall.SIGTERM)
				p.wait(3 * time.Second)
			}
		}
		p.Kill()
	})
}

// End asks the process itself to end, as a service manager does, and returns its
// exit status, or -1 when it has not ended within limit or a signal ended it.
func (p *Process) End(limit time.Duration) int {
	_ = syscall.Kill(p.Pid, syscall.SIGTERM)
	p.wait(limit)
	if p.Running() {
		return -1
	}
	return p.status
}

// Kill ends the process and its group at once, as a crash would.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	p.wait(5 * time.Second)
}

func (p *Process) wait(limit time.Duration) {
	select {
	case <-p.done:
	case <-time.After(limit):
	}
}

// Log returns what the process has printed so far.
func (p *Process) Log() string {
	b, err := os.ReadFile(p.LogPath)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}
