// Package redistest owns the Redis of tests: a private redis-server for each,
// which a test may kill, restart or freeze, and the check that a scan finds no
// undeclared key.
package redistest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/child"
	"clarion/internal/redisdb"
)

// New starts a private redis-server that keeps nothing on disk, and returns a
// client of it. Both end with the test.
func New(t testing.TB) redis.UniversalClient {
	t.Helper()
	return Server(t, "--appendonly", "no").Client()
}

// An Instance is one redis-server of a test.
type Instance struct {
	t       testing.TB
	dir     string
	args    []string
	process *child.Process
	client  redis.UniversalClient
}

// Server starts a private redis-server on a unix socket, with the append-only
// file on, so that what was written is there again after Kill and Restart.
// args are further options, as "--maxmemory", "10mb"; the last one said wins.
func Server(t testing.TB, args ...string) *Instance {
	t.Helper()
	// Not t.TempDir: its name holds the test's, and a socket's path ends at
	// 107 bytes (unix(7)).
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatalf("make a folder for redis-server: %v", err)
	}
	redisdb.LogTo(slog.New(slog.DiscardHandler)) // a killed server is no news
	i := &Instance{t: t, dir: dir, args: args}
	if i.client, err = redisdb.Connect(i.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.client.Close()
		if i.process != nil {
			i.Kill()
		}
		os.RemoveAll(dir)
	})
	i.start()
	return i
}

// Addr is the path of the server's unix socket.
func (i *Instance) Addr() string { return filepath.Join(i.dir, "s") }

// URL names the server as the setting redis.url does.
func (i *Instance) URL() string { return "unix://" + i.Addr() }

// Client is the client that Clarion makes of this server, one for the whole test.
func (i *Instance) Client() redis.UniversalClient { return i.client }

// PID is the server's process id.
func (i *Instance) PID() int { return i.process.PID() }

// Kill ends the server with SIGKILL and waits until it is gone.
func (i *Instance) Kill() {
	i.signal(syscall.SIGKILL)
	<-i.process.Done()
}

// Restart starts the server again on its files, killing it first if it runs.
func (i *Instance) Restart() {
	i.t.Helper()
	i.Kill()
	i.start()
}

// Mark is how long the history is that the server has written down.
func (i *Instance) Mark() int64 {
	info, err := os.Stat(i.history())
	if err != nil {
		i.t.Errorf("redis-server: %v", err)
		return 0
	}
	return info.Size()
}

// Rewind starts the server again with its history up to a mark, and under another
// replication id: as a replica is that takes its place, and had heard no more.
func (i *Instance) Rewind(mark int64) {
	i.t.Helper()
	i.Kill()
	if now := i.Mark(); now <= mark {
		i.t.Fatalf("redis-server: there is no history after the mark, at %d of %d", mark, now)
	}
	if err := os.Truncate(i.history(), mark); err != nil {
		i.t.Fatal(err)
	}
	i.start()
}

// history is the append-only file that is written to.
func (i *Instance) history() string {
	files, err := filepath.Glob(filepath.Join(i.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		i.t.Errorf("redis-server has no append-only file, or several: %v, %v", files, err)
		return ""
	}
	return files[0]
}

// Pause freezes the server (SIGSTOP) and waits until it stands: connections
// stay open and nothing answers.
func (i *Instance) Pause() {
	i.t.Helper()
	i.signal(syscall.SIGSTOP)
	if err := i.poll(func() error {
		state, err := i.state()
		if err == nil && state != "T" {
			err = fmt.Errorf("it is in state %s", state)
		}
		return err
	}); err != nil {
		i.t.Fatalf("pause redis-server: %v", err)
	}
}

// Continue lets a paused server go on (SIGCONT).
func (i *Instance) Continue() { i.signal(syscall.SIGCONT) }

func (i *Instance) signal(sig syscall.Signal) {
	if err := i.process.Signal(sig); err != nil {
		i.t.Errorf("redis-server: %v", err)
	}
}

func (i *Instance) start() {
	i.t.Helper()
	args := append([]string{
		"--port", "0", "--unixsocket", i.Addr(), "--dir", i.dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "no",
		"--hash-max-listpack-entries", "512", "--hash-max-listpack-value", "255",
		"--logfile", filepath.Join(i.dir, "log"),
	}, i.args...)
	p, err := child.Start(exec.Command("redis-server", args...), syscall.SIGKILL)
	if err != nil {
		i.t.Fatalf("%v (Debian's package redis-server has it)", err)
	}
	i.process = p
	// It answers once its socket stands and the files of an earlier run are read.
	if err := i.poll(func() error {
		if _, err := os.Stat(i.Addr()); err != nil {
			return err
		}
		return i.client.Ping(context.Background()).Err()
	}); err != nil {
		log, _ := os.ReadFile(filepath.Join(i.dir, "log"))
		i.t.Fatalf("redis-server does not answer: %v\n%s", err, log)
	}
}

// state is the letter of the process's state in proc_pid_stat(5), as "T" for stopped.
func (i *Instance) state() (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", i.PID()))
	if err != nil {
		return "", err
	}
	var pid int
	var name, state string
	if _, err := fmt.Sscan(string(stat), &pid, &name, &state); err != nil {
		return "", err
	}
	return state, nil
}

// poll asks until holds answers nil, the server ends, or two minutes have passed.
func (i *Instance) poll(holds func() error) error {
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := holds()
		if err == nil {
			return nil
		}
		select {
		case <-i.process.Done():
			return fmt.Errorf("it ended: %w", i.process.Err())
		case <-deadline.C:
			return err
		case <-again.C:
		}
	}
}
