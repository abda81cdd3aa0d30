package redisdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// lockPoll is how often a lock that someone else holds is tried again.
const lockPoll = 100 * time.Millisecond

// tryLock takes the lock of the file at path (flock(2)), making it if need be.
// It returns nil without an error when another process holds it. The lock is
// held until every copy of the file is closed, those of child processes that
// inherited it included.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// waitLock takes the lock as soon as it is free, or ends with ctx.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		f, err := tryLock(path)
		if f != nil || err != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-poll.C:
		}
	}
}

// maxSocketPath is the longest path of a unix socket in bytes: sun_path has
// 108 with the closing zero (unix(7)). Redis would cut a longer one silently.
const maxSocketPath = 107

// socketPath is where the socket for dataDir stands: in the folder itself, or
// if that path is too long, in a short folder that only this user can enter,
// named after it.
func socketPath(dataDir string) (path string, moved bool, err error) {
	path = filepath.Join(dataDir, "redis.sock")
	if len(path) <= maxSocketPath {
		return path, false, nil
	}
	base := os.TempDir()
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/run"} {
		if dir != "" && syscall.Access(dir, 2 /* W_OK */) == nil {
			base = dir
			break
		}
	}
	sum := sha256.Sum256([]byte(dataDir))
	dir := filepath.Join(base, "clarion-"+strconv.Itoa(os.Geteuid())+"-"+hex.EncodeToString(sum[:6]))
	path = filepath.Join(dir, "redis.sock")
	if len(path) > maxSocketPath {
		return "", true, fmt.Errorf("the path %s/redis.sock has more than the %d bytes of a socket's path, and so has %s: choose a shorter data folder", dataDir, maxSocketPath, path)
	}
	return path, true, ownFolder(dir)
}

// ownFolder makes dir with mode 0700, or checks that one that stands there
// already is a folder of this user's alone: in a shared place another user
// may have put one there first.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a folder for the socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder for the socket: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm() != 0o700 || stat.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("the folder %s for the socket is not this user's alone (mode 0700): remove it", dir)
	}
	return nil
}
