package redisdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A managed Redis lives in a data folder:
//
//	clarion.lock   held by the Clarion that supervises Redis here, as long as it lives
//	redis.sock     where Redis listens
//	redis/         Redis's own files
//	redis/lock     held by redis-server and its children, as long as one of them lives
//
// The kernel drops a lock with its last holder, so neither can be stale. A
// Clarion that does not get clarion.lock is a guest of the one that has it,
// and takes over when that one ends. redis/lock outlives a killed Clarion
// until its redis-server has written everything.
type managed struct {
	dataDir     string
	socket      string
	appendFsync string
	pause       time.Duration // before the first new start
	log         *slog.Logger

	owner  atomic.Bool   // clarion.lock is ours
	opened atomic.Bool   // Open has succeeded
	up     chan struct{} // closed when a redis-server of ours first answered
	upOnce sync.Once
	failed chan error // see DB.Failed

	stop    context.CancelFunc
	stopped chan struct{}
	stopErr error // how the last redis-server was stopped; read after stopped
}

func openManaged(ctx context.Context, c Config, log *slog.Logger, pause time.Duration) (*DB, error) {
	if c.AppendFsync == "" {
		c.AppendFsync = "always"
	}
	if !slices.Contains([]string{"always", "everysec", "no"}, c.AppendFsync) {
		return nil, fmt.Errorf("redis.append_fsync is %q: it must be always, everysec or no", c.AppendFsync)
	}
	dataDir, err := dataFolder(c.DataDir)
	if err != nil {
		return nil, err
	}
	socket, moved, err := socketPath(dataDir)
	if err != nil {
		return nil, err
	}
	if moved {
		log.Info("the data folder's path is too long for a socket, so Redis listens elsewhere", "socket", socket)
	}
	client, err := address{form: "unix", hosts: []string{socket}}.connect(nil)
	if err != nil {
		return nil, err
	}
	lock, err := tryLock(filepath.Join(dataDir, "clarion.lock"))
	if err != nil {
		return nil, err
	}

	running, stop := context.WithCancel(context.Background())
	m := &managed{
		dataDir: dataDir, socket: socket, appendFsync: c.AppendFsync, pause: pause, log: log,
		up: make(chan struct{}), failed: make(chan error, 1),
		stop: stop, stopped: make(chan struct{}),
	}
	m.owner.Store(lock != nil)
	go m.run(running, lock)
	db := &DB{client: client, where: socket, managed: m}
	if err := m.wait(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	m.opened.Store(true)
	log.Info("opened Redis", "at", socket, "kind", db.Kind())
	return db, nil
}

// dataFolder makes the folder and its redis/ and returns its one true path,
// which all who open it agree on.
func dataFolder(dir string) (string, error) {
	if err := os.MkdirAll(filepath.Join(dir, "redis"), 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	return dir, nil
}

// wait returns when a redis-server answers, ours or the one we are a guest of.
func (m *managed) wait(ctx context.Context) error {
	poll := time.NewTicker(answerPoll)
	defer poll.Stop()
	for {
		select {
		case <-m.up:
			return nil
		case err := <-m.failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait for Redis in %s: %w", m.dataDir, ctx.Err())
		case <-poll.C:
			if !m.owner.Load() && answers(m.socket) == nil {
				return nil
			}
		}
	}
}

const (
	// Between a redis-server's end and the next start: doubled each time, back
	// to the first once one has answered.
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
	// maxStarts is how many redis-servers in a row may end without an answer
	// before it is given up: about half a minute.
	maxStarts = 9
)

// run waits for clarion.lock, unless it has it, and then keeps a redis-server
// running until ctx ends.
func (m *managed) run(ctx context.Context, lock *os.File) {
	defer close(m.stopped)
	if lock == nil {
		var err error
		if lock, err = waitLock(ctx, filepath.Join(m.dataDir, "clarion.lock")); err != nil {
			if ctx.Err() == nil {
				m.failed <- err
			}
			return
		}
		m.owner.Store(true)
		m.log.Info("the other Clarion in this data folder has ended: this one runs Redis now", "data", m.dataDir)
	}
	defer lock.Close()

	pause, silent := m.pause, 0
	for {
		answered, err := m.serve(ctx)
		if ctx.Err() != nil {
			m.stopErr = err
			return
		}
		if answered {
			pause, silent = m.pause, 0
		} else {
			silent++
		}
		if silent > 0 && !m.opened.Load() || silent == maxStarts {
			m.failed <- err
			return
		}
		m.log.Error("redis-server ended and is started again", "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// close stops the redis-server, if it is ours, and waits until it has ended.
func (m *managed) close() error {
	m.stop()
	<-m.stopped
	return m.stopErr
}
