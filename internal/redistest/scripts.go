package redistest

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// EveryScript fails the test, at its end, for each script in the folder dir that
// has not run through client without an error. One whose name ends in common.lua
// is the head of all others.
func EveryScript(t testing.TB, client redis.UniversalClient, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.lua"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no scripts: %v", dir, err)
	}
	var head []byte
	for _, file := range files {
		if strings.HasSuffix(file, "common.lua") {
			if head, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	names := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "common.lua") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(append(append([]byte{}, head...), text...)) // Redis's name of a script
		names[hex.EncodeToString(sum[:])] = file
	}
	r := &ran{shas: map[string]bool{}}
	client.AddHook(r)
	t.Cleanup(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for sha, file := range names {
			if !r.shas[sha] && !t.Failed() {
				t.Errorf("%s has not run", file)
			}
		}
	})
}

// ran notes which scripts ran.
type ran struct {
	mu   sync.Mutex
	shas map[string]bool
}

func (r *ran) note(cmd redis.Cmder) {
	args := cmd.Args()
	if cmd.Err() != nil && cmd.Err() != redis.Nil || len(args) < 2 {
		return
	}
	text, _ := args[1].(string)
	switch cmd.Name() {
	case "eval":
		sum := sha1.Sum([]byte(text))
		text = hex.EncodeToString(sum[:])
	case "evalsha":
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shas[text] = true
}

func (r *ran) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (r *ran) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		r.note(cmd)
		return err
	}
}

func (r *ran) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			r.note(cmd)
		}
		return err
	}
}

// Flush empties a Redis, each master of a Cluster.
func Flush(ctx context.Context, client redis.UniversalClient) error {
	if nodes, ok := client.(*redis.ClusterClient); ok {
		return nodes.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return node.FlushAll(ctx).Err() })
	}
	return client.FlushAll(ctx).Err()
}
