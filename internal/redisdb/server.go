package redisdb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"clarion/internal/child"
)

const (
	// answerPoll is how often a redis-server that starts is asked.
	answerPoll = 10 * time.Millisecond
	// waitPrevious is how long an earlier redis-server may take to end: it
	// writes its last data, and an fsync on a slow disk takes its time.
	waitPrevious = 2 * time.Minute
	// stopTime is how long our own may take after SIGTERM.
	stopTime = time.Minute
)

// serve runs one redis-server from its start to its end, and says how it ended
// and whether it ever answered. When ctx ends it stops the server and waits;
// the error is nil if that went well.
func (m *managed) serve(ctx context.Context) (answered bool, err error) {
	p, tail, err := m.start(ctx)
	if err != nil {
		return false, err
	}
	began := time.Now()
	poll := time.NewTicker(answerPoll)
	defer poll.Stop()
	progress := time.NewTicker(10 * time.Second)
	defer progress.Stop()
	for {
		select {
		case <-p.Done():
			return answered, fmt.Errorf("redis-server in %s ended (%v); it said last:\n%s", m.dataDir, p.Err(), tail)
		case <-ctx.Done():
			return answered, m.end(p)
		case <-progress.C:
			m.log.Info("redis-server is reading its append-only file", "data", m.dataDir, "for", time.Since(began).Round(time.Second))
		case <-poll.C:
			if answers(m.socket) == nil {
				answered = true
				m.log.Info("redis-server runs", "socket", m.socket, "pid", p.PID())
				m.upOnce.Do(func() { close(m.up) })
				poll.Stop()
				progress.Stop()
			}
		}
	}
}

// start waits until an earlier redis-server of this folder is gone and starts
// a new one.
func (m *managed) start(ctx context.Context) (*child.Process, *tail, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, nil, errors.New("redis-server is not installed: install it (on Debian: apt-get install redis-server), or set redis.url to a Redis that runs elsewhere")
	}
	lock, err := m.lockServer(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer lock.Close()                                                             // the server has it now
	if err := os.Remove(m.socket); err != nil && !errors.Is(err, os.ErrNotExist) { // nobody listens there: the lock is ours
		return nil, nil, fmt.Errorf("remove the socket of an earlier redis-server: %w", err)
	}
	cmd := exec.Command(program, m.arguments()...)
	cmd.Dir = filepath.Join(m.dataDir, "redis")
	said := &tail{log: m.log}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // a child of redis-server may hold the pipe a little longer
	cmd.ExtraFiles = []*os.File{lock}
	p, err := child.Start(cmd, syscall.SIGTERM)
	return p, said, err
}

func (m *managed) lockServer(ctx context.Context) (*os.File, error) {
	path := filepath.Join(m.dataDir, "redis", "lock")
	lock, err := tryLock(path)
	if lock != nil || err != nil {
		return lock, err
	}
	m.log.Info("waiting until an earlier redis-server of this data folder has ended", "data", m.dataDir)
	limited, cancel := context.WithTimeout(ctx, waitPrevious)
	defer cancel()
	lock, err = waitLock(limited, path)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = fmt.Errorf("an earlier redis-server still runs in %s after %v: see which (fuser -v %s) and end it with kill -TERM", m.dataDir, waitPrevious, path)
	}
	return lock, err
}

// arguments are the settings of redis.conf that matter, each as Clarion needs it.
func (m *managed) arguments() []string {
	return []string{
		"--port", "0",
		"--unixsocket", m.socket, "--unixsocketperm", "700",
		"--dir", filepath.Join(m.dataDir, "redis"),
		"--appendonly", "yes", "--appendfsync", m.appendFsync, "--no-appendfsync-on-rewrite", "no",
		"--aof-use-rdb-preamble", "yes",
		"--save", "", // the append-only file is all; snapshots beside it would cost a fork each
		"--maxmemory-policy", "noeviction",
		"--hash-max-listpack-entries", strconv.Itoa(packedEntries),
		"--hash-max-listpack-value", strconv.Itoa(packedValue),
		"--daemonize", "no", "--logfile", "", "--always-show-logo", "no",
	}
}

// end asks p to write everything and end.
func (m *managed) end(p *child.Process) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.Done():
		m.log.Info("redis-server has ended", "data", m.dataDir)
		return nil
	case <-time.After(stopTime):
		err := fmt.Errorf("redis-server in %s did not end within %v of SIGTERM and was killed", m.dataDir, stopTime)
		return errors.Join(err, p.Signal(syscall.SIGKILL), p.Err())
	}
}

// answers asks the Redis at socket whether it is ready; while it reads its
// files it is not. It does without the client library, whose pool would note
// each failure.
func answers(socket string) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	reply, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(reply, "+PONG") {
		return errors.New(strings.TrimSpace(reply))
	}
	return nil
}

// tail passes what redis-server says on to the log, at level debug, and keeps
// the last lines for the error when it ends.
type tail struct {
	log *slog.Logger

	mu    sync.Mutex
	part  []byte // of a line
	lines []string
}

// tailLines are enough to hold Redis's own explanation.
const tailLines = 12

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, b...)
	for {
		line, rest, whole := bytes.Cut(t.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		t.part = rest
		t.lines = append(t.lines, string(line))
		if len(t.lines) > tailLines {
			t.lines = t.lines[1:]
		}
		t.log.Debug("redis-server", "says", string(line))
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
