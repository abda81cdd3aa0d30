package main

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/child"
	"clarion/internal/port"
	"clarion/internal/redisdb"
)

//go:embed libc/shim.c
var shimSource []byte

// buildShim compiles what goes before libc in redis-server.
func buildShim(dir, object string) error {
	source := filepath.Join(dir, "shim.c")
	if err := os.WriteFile(source, shimSource, 0o600); err != nil {
		return err
	}
	if out, err := exec.Command("gcc", "-O1", "-shared", "-fPIC", "-o", object, source).CombinedOutput(); err != nil {
		return fmt.Errorf("build what goes before libc in Redis: %w: %s", err, out)
	}
	return nil
}

// A server is a redis-server whose syncs are noted and whose clock can be shifted.
type server struct {
	dir, shim, sync string // sync: appendfsync
	port            int
	process         *child.Process
	rdb             redis.UniversalClient // straight to it, past any proxy
}

func (s *server) socket() string { return filepath.Join(s.dir, "s") }

// log is where Redis writes its log: beside its folder, which may be full.
func (s *server) log() string { return s.dir + ".log" }

func newServer(dir, shim, sync string) (*server, error) {
	free, err := port.Free()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, shim: shim, sync: sync, port: free}
	if err := os.Mkdir(filepath.Join(dir, "synced"), 0o700); err != nil {
		return nil, err
	}
	if err := s.shift(0); err != nil {
		return nil, err
	}
	if s.rdb, err = redisdb.Connect("unix://" + s.socket()); err != nil {
		return nil, err
	}
	return s, s.start()
}

// start starts redis-server on its files and waits until it has read them.
func (s *server) start() (err error) {
	os.Remove(s.socket())
	cmd := exec.Command("redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--unixsocket", s.socket(), "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", s.sync, "--logfile", s.log(), "--hash-max-listpack-entries", "512", "--hash-max-listpack-value", "255")
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+s.shim, "CHAOS_SYNCED="+filepath.Join(s.dir, "synced"), "CHAOS_CLOCK="+filepath.Join(s.dir, "clock"))
	if s.process, err = child.Start(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	return await(30*time.Second, "Redis", func() bool { return s.rdb.Ping(context.Background()).Err() == nil })
}

func (s *server) kill() { s.process.Signal(syscall.SIGKILL); <-s.process.Done() }

func (s *server) close() {
	s.process.Signal(syscall.SIGCONT)
	s.kill()
	s.rdb.Close()
}

// shift sets the clock of Redis so many seconds off.
func (s *server) shift(seconds int64) error {
	f, err := os.OpenFile(filepath.Join(s.dir, "clock"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(seconds)), 0)
	return errors.Join(err, f.Close())
}

// ahead is how far the clock of Redis is from ours.
func (s *server) ahead() time.Duration {
	at, err := s.rdb.Time(context.Background()).Result()
	if err != nil {
		return 0
	}
	return time.Until(at)
}

func (s *server) appendOnly() (string, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("no append-only file in %s", s.dir)
	}
	return files[len(files)-1], nil
}

// tear leaves at the end of the append-only file what a power loss in the
// middle of a write leaves: the beginning of a command that was never answered.
func (s *server) tear() error {
	name, err := s.appendOnly()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString("*3\r\n$3\r\nSET\r\n$9\r\nhal")
	return err
}

// unsynced is how many bytes at the end of the append-only file are not known to
// be on disk.
func (s *server) unsynced() (int64, error) {
	name, err := s.appendOnly()
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	inode := info.Sys().(*syscall.Stat_t).Ino
	note, err := os.ReadFile(filepath.Join(s.dir, "synced", strconv.FormatUint(inode, 10)))
	if err != nil || len(note) != 8 {
		return 0, fmt.Errorf("no sync of %s was noted", name)
	}
	return info.Size() - int64(binary.NativeEndian.Uint64(note)), nil
}

// loseUnsynced cuts the append-only file of a dead Redis back to its last sync,
// and returns how many bytes that took.
func (s *server) loseUnsynced() (int64, error) {
	lost, err := s.unsynced()
	if err != nil {
		return 0, err
	}
	name, err := s.appendOnly()
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return lost, os.Truncate(name, info.Size()-lost)
}

// asleep waits until the kernel has stopped Redis.
func (s *server) asleep() bool {
	return await(time.Second, "Redis to stop", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.PID()))
		return err == nil && strings.Contains(string(stat), ") T ")
	}) == nil
}

// squeeze lets Redis have no more memory than it has; 0 lifts that.
func (s *server) squeeze(on bool) error {
	most := "0"
	if on {
		used, err := s.info("memory", "used_memory")
		if err != nil {
			return err
		}
		most = strconv.FormatInt(used, 10)
	}
	return s.rdb.ConfigSet(context.Background(), "maxmemory", most).Err()
}

// refused is how many commands were refused for want of memory.
func (s *server) refused() int64 {
	text, err := s.rdb.Info(context.Background(), "errorstats").Result()
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(text, "errorstat_OOM:count=")
	after, _, _ = strings.Cut(after, "\r")
	n, _ := strconv.ParseInt(after, 10, 64)
	return n
}

func (s *server) info(section, field string) (int64, error) {
	text, err := s.rdb.Info(context.Background(), section).Result()
	if err != nil {
		return 0, err
	}
	_, after, ok := strings.Cut("\r\n"+text, "\r\n"+field+":")
	if !ok {
		return 0, fmt.Errorf("INFO %s has no %s", section, field)
	}
	after, _, _ = strings.Cut(after, "\r")
	return strconv.ParseInt(after, 10, 64)
}

// clients is how many come to Redis over the proxies.
func (s *server) clients() int {
	text, err := s.rdb.ClientList(context.Background()).Result()
	if err != nil {
		return 0
	}
	return strings.Count(text, "addr=127.0.0.1:") // ours come over the socket
}

// inHand are the tasks of a queue that asynq holds for somebody.
func (s *server) inHand(queue string) []string {
	ids, err := s.rdb.LRange(context.Background(), "asynq:{"+queue+"}:active", 0, -1).Result()
	if err != nil {
		return nil
	}
	return ids
}

// waiting is how many tasks of a queue asynq has for nobody yet.
func (s *server) waiting(queue string) int64 {
	ctx, key := context.Background(), "asynq:{"+queue+"}:"
	pending, err := s.rdb.LLen(ctx, key+"pending").Result()
	if err != nil {
		return -1
	}
	retry, err := s.rdb.ZCard(ctx, key+"retry").Result()
	if err != nil {
		return -1
	}
	return pending + retry
}

// isReceipt tells a report's task by its id.
func isReceipt(id string) bool { return strings.HasPrefix(id, "r/") }

// queues says what asynq has in each of its sets.
func (s *server) queues() string {
	ctx := context.Background()
	names, err := s.rdb.SMembers(ctx, "asynq:queues").Result()
	var out strings.Builder
	for _, name := range names {
		key := "asynq:{" + name + "}:"
		for _, list := range []string{"pending", "active"} {
			ids, _ := s.rdb.LRange(ctx, key+list, 0, 20).Result()
			fmt.Fprintf(&out, "%s %s %v; ", name, list, ids)
		}
		for _, set := range []string{"retry", "scheduled", "archived"} {
			ids, _ := s.rdb.ZRange(ctx, key+set, 0, 20).Result()
			fmt.Fprintf(&out, "%s %s %v; ", name, set, ids)
		}
	}
	return fmt.Sprint(out.String(), err)
}
