package redisdb

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A redis-server that ends again and again is given up, and that is told.
func TestFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := openManaged(t.Context(), Config{DataDir: dir}, slog.New(slog.DiscardHandler), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := db.Client().InfoMap(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	for _, c := range info["Server"]["process_id"] {
		pid = 10*pid + int(c-'0')
	}
	files := filepath.Join(dir, "redis", "appendonlydir")
	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-db.Failed():
		if !strings.Contains(err.Error(), "append") {
			t.Errorf("the error does not hold Redis's own words: %v", err)
		}
	case <-time.After(5 * time.Minute):
		t.Fatal("a redis-server that cannot start is tried for ever")
	}
}
