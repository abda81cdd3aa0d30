package redistest_test

import (
	"context"
	"fmt"
	"testing"

	"clarion/internal/redistest"
	"clarion/internal/rkey"
)

func TestNewIsPrivate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := redistest.New(t), redistest.New(t)
	if err := a.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Exists(ctx, "k").Result(); err != nil || n != 0 {
		t.Fatalf("another test's key shows: %d, %v", n, err)
	}
}

func TestRestartKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := redistest.Server(t)
	if err := server.Client().Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	before := server.PID()
	server.Kill()
	if err := server.Client().Get(ctx, "k").Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	server.Restart()
	if server.PID() == before {
		t.Fatal("the same process")
	}
	if v, err := server.Client().Get(ctx, "k").Result(); err != nil || v != "v" {
		t.Fatalf("after the restart k = %q, %v", v, err)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	server := redistest.Server(t)
	server.Pause()
	answered := make(chan error, 1)
	go func() { answered <- server.Client().Ping(t.Context()).Err() }()
	select {
	case err := <-answered:
		t.Errorf("a paused server answers: %v", err)
	default:
	}
	server.Continue()
	if err := <-answered; err != nil {
		t.Errorf("ping a server that goes on: %v", err)
	}
}

// recorder is a testing.TB that only notes what it is told.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestUndeclared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	keys := []rkey.Key{
		{Pattern: "{call:<id>}:counters", Type: rkey.Hash},
		{Pattern: "{aud}:next", Type: rkey.String},
	}
	client := redistest.New(t)
	client.HSet(ctx, "{call:7}:counters", "sent", 1)
	client.Set(ctx, "{aud}:next", 1, 0)
	client.SAdd(ctx, "asynq:queues", "default")
	redistest.Undeclared(t, client, keys)

	client.Set(ctx, "stray", 1, 0)
	client.Set(ctx, "{call:8}:counters", 1, 0)
	r := &recorder{TB: t}
	redistest.Undeclared(r, client, keys)
	if len(r.errors) != 2 {
		t.Errorf("a stray key and one of the wrong type gave %q", r.errors)
	}
}
