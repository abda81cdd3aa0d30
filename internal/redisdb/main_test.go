package redisdb_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"clarion/internal/redisdb"
)

// openElsewhere makes the test binary a Clarion of its own: it opens Redis in
// the folder that this variable names, prints the kind, and closes Redis when
// its standard input ends.
const openElsewhere = "REDISDB_TEST_OPEN"

func TestMain(m *testing.M) {
	redisdb.LogTo(slog.New(slog.DiscardHandler))
	dir := os.Getenv(openElsewhere)
	if dir == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	db, err := redisdb.Open(ctx, redisdb.Config{DataDir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(db.Kind())
	io.Copy(io.Discard, os.Stdin)
	if err := db.Close(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// open opens c, which must go well, and closes it with the test.
func open(t *testing.T, c redisdb.Config) *redisdb.DB {
	t.Helper()
	db, err := redisdb.Open(t.Context(), c, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// eventually asks holds until it answers nil, for two minutes at most.
func eventually(t *testing.T, holds func() error) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
