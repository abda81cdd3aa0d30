package redisdb_test

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"clarion/internal/redisdb"
)

// pid is the process that answers.
func pid(t *testing.T, db *redisdb.DB) int {
	t.Helper()
	var n int
	eventually(t, func() error {
		info, err := db.Client().Info(t.Context(), "server").Result()
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(info, "process_id:")
		n, err = strconv.Atoi(rest[:strings.IndexAny(rest, "\r\n")])
		return err
	})
	return n
}

// gone says whether the process has ended. A zombie has: whoever adopted it
// has not reaped it yet.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return errors.Is(err, os.ErrNotExist) || strings.Contains(string(stat), ") Z ")
}

func set(t *testing.T, db *redisdb.DB, key, value string) {
	t.Helper()
	if err := db.Client().Set(t.Context(), key, value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// wantKept waits until Redis answers and tells that key holds value.
func wantKept(t *testing.T, db *redisdb.DB, key, value string) {
	t.Helper()
	eventually(t, func() error {
		got, err := db.Client().Get(t.Context(), key).Result()
		if err == nil && got != value {
			t.Fatalf("%s = %q, want %q", key, got, value)
		}
		return err
	})
}

func wantKind(t *testing.T, db *redisdb.DB, want redisdb.Kind) {
	t.Helper()
	eventually(t, func() error {
		if got := db.Kind(); got != want {
			return fmt.Errorf("the kind is %s, want %s", got, want)
		}
		return nil
	})
}

func TestManagedIsRestartedAndKeepsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, redisdb.Config{DataDir: dir})
	wantKind(t, db, redisdb.Managed)
	if !db.Keeps() {
		t.Error("a managed Redis keeps data")
	}
	findings, err := db.Check(t.Context())
	if err != nil || len(findings) > 0 {
		t.Errorf("our own Redis has findings: %v, %v", findings, err)
	}
	f, err := db.Figures(t.Context())
	if err != nil || len(f) != 1 || !f[0].Keeps || !f[0].Written || f[0].MemoryShare() <= 0 || f[0].MemoryShare() >= 1 || f[0].DiskShare() <= 0 || f[0].DiskShare() > 1 || f[0].Clients < 1 {
		t.Errorf("our own Redis has figures %+v, %v", f, err)
	}
	info, err := os.Stat(filepath.Join(dir, "redis.sock"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's mode is %v, %v, want 0700", info, err)
	}
	first := pid(t, db)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		before := pid(t, db)
		set(t, db, "k", sig.String())
		if err := syscall.Kill(before, sig); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			if pid(t, db) == before {
				return fmt.Errorf("process %d still runs after %v", before, sig)
			}
			return nil
		})
		wantKept(t, db, "k", sig.String())
	}

	last := pid(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []int{first, last} {
		if !gone(p) {
			t.Errorf("process %d is there after Close", p)
		}
	}
	wantKept(t, open(t, redisdb.Config{DataDir: dir}), "k", syscall.SIGTERM.String())
}

func TestGuestTakesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner := open(t, redisdb.Config{DataDir: dir})
	guest := open(t, redisdb.Config{DataDir: dir})
	wantKind(t, guest, redisdb.Guest)
	set(t, owner, "k", "from the owner")
	wantKept(t, guest, "k", "from the owner")

	third := open(t, redisdb.Config{DataDir: dir})
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	wantKept(t, owner, "k", "from the owner") // a guest that leaves takes nothing along

	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	wantKind(t, guest, redisdb.Managed)
	wantKept(t, guest, "k", "from the owner")
}

// elsewhere opens Redis in dir in another process and waits until it has; the
// answer is its kind. leave ends it in order.
func elsewhere(t *testing.T, dir string) (kind redisdb.Kind, process *os.Process, leave func() error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), openElsewhere+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	leave = func() error {
		in.Close()
		return cmd.Wait()
	}
	t.Cleanup(func() { leave() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return redisdb.Kind(strings.TrimSpace(line)), cmd.Process, leave
}

func TestGuestInAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, redisdb.Config{DataDir: dir})
	kind, _, leave := elsewhere(t, dir)
	if kind != redisdb.Guest {
		t.Errorf("the other process's kind is %s", kind)
	}
	before := pid(t, db)
	if err := leave(); err != nil {
		t.Error(err)
	}
	if pid(t, db) != before {
		t.Error("a guest that left took the redis-server along")
	}
}

// A Clarion killed by SIGKILL leaves a redis-server that is still ending, a
// socket, and a guest that takes over.
func TestOwnerIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kind, process, _ := elsewhere(t, dir)
	if kind != redisdb.Managed {
		t.Fatalf("the other process's kind is %s", kind)
	}
	guest := open(t, redisdb.Config{DataDir: dir})
	wantKind(t, guest, redisdb.Guest)
	set(t, guest, "k", "kept")
	before := pid(t, guest)
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantKind(t, guest, redisdb.Managed)
	eventually(t, func() error {
		if !gone(before) {
			return errors.New("the redis-server of a killed Clarion lives on")
		}
		return nil
	})
	wantKept(t, guest, "k", "kept")
}

func TestStaleSocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "redis.sock")})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	wantKind(t, open(t, redisdb.Config{DataDir: dir}), redisdb.Managed)
}

// The path of a socket ends at 107 bytes; that of a data folder does not.
func TestLongDataFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 20))
	db := open(t, redisdb.Config{DataDir: dir})
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(db.Where())) })
	if len(db.Where()) > 107 {
		t.Errorf("the socket's path %s is too long", db.Where())
	}
	info, err := os.Stat(filepath.Dir(db.Where()))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder has mode %v, %v, want 0700", info, err)
	}
	wantKind(t, open(t, redisdb.Config{DataDir: dir}), redisdb.Guest)
}

// A redis-server that cannot read its files says so itself.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, redisdb.Config{DataDir: dir})
	set(t, db, "k", "v")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(dir, "redis", "appendonlydir", "*.manifest"))
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	if err := os.WriteFile(manifests[0], []byte("broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = redisdb.Open(t.Context(), redisdb.Config{DataDir: dir}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "manifest") {
		t.Errorf("the error does not hold Redis's own words: %v", err)
	}
}

func TestManagedRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]redisdb.Config{
		"append_fsync":   {DataDir: t.TempDir(), AppendFsync: "sometimes"},
		"data folder":    {DataDir: "/proc/nowhere"},
		"exclude":        {URL: "redis://h", InProcess: true},
		"set redis.url,": {},
	} {
		db, err := redisdb.Open(t.Context(), c, slog.New(slog.DiscardHandler))
		if err == nil {
			db.Close()
			t.Errorf("%+v is taken", c)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not say %q", err, name)
		}
	}
}

func TestRedisServerMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := redisdb.Open(t.Context(), redisdb.Config{DataDir: t.TempDir()}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "apt-get install redis-server") {
		t.Errorf("the error does not say what to install: %v", err)
	}
}
