package redisdb_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

// What is kept is on a replica when its command returns: without the replicas it
// fails although the master did it, and done again it goes well once they are
// back.
func TestKept(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]func(testing.TB) *redistest.Group{
		"sentinel": func(t testing.TB) *redistest.Group { return redistest.Sentinel(t) },
		"cluster":  func(t testing.TB) *redistest.Group { return redistest.Cluster(t, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			g := group(t)
			db := open(t, redisdb.Config{URL: g.URL(), Replicas: redisdb.Replicas{N: 1, Timeout: 3 * time.Second}})
			rdb, kept := db.Client(), redisdb.Kept(ctx)
			count := redis.NewScript("return redis.call('INCR', KEYS[1])")
			keys := []string{"{a}", "{b}", "{c}", "{d}", "{e}", "{f}"} // on all nodes
			for _, key := range keys {
				if err := count.Run(kept, rdb, []string{key}).Err(); err != nil {
					t.Fatal(err)
				}
			}
			pipe := rdb.Pipeline() // reads on other nodes ask nobody to wait
			n := count.EvalSha(ctx, pipe, keys[:1])
			pipe.Get(ctx, keys[1])
			if _, err := pipe.Exec(kept); err != nil || n.Val() != int64(2) {
				t.Fatalf("a pipeline: %v, %v", n.Val(), err)
			}
			findings, err := db.Check(ctx)
			if err != nil || len(findings) != 1 || findings[0].Setting != "min-replicas-to-write" {
				t.Errorf("findings %v, %v", findings, err)
			}

			var replicas []*redistest.Instance
			for _, node := range g.Nodes() {
				if role, err := node.Client().Do(ctx, "ROLE").Slice(); err != nil || role[0] == "slave" {
					replicas = append(replicas, node)
				}
			}
			for _, r := range replicas {
				r.Pause()
			}
			if err := count.Run(kept, rdb, keys[:1]).Err(); !errors.Is(err, redisdb.ErrFewReplicas) {
				t.Errorf("without replicas: %v", err)
			}
			pipe = rdb.Pipeline()
			count.EvalSha(ctx, pipe, keys[:1])
			read := pipe.Get(ctx, keys[1])
			if _, err := pipe.Exec(kept); !errors.Is(err, redisdb.ErrFewReplicas) {
				t.Errorf("a pipeline without replicas: %v", err)
			}
			if name == "cluster" && (read.Err() != nil || read.Val() != "1") {
				t.Errorf("what is only read on another node: %v", read)
			}
			if n, err := rdb.Get(ctx, keys[0]).Int(); err != nil || n != 4 {
				t.Errorf("the master counts %d, %v: it did it", n, err)
			}
			if err := count.Run(ctx, rdb, keys[:1]).Err(); err != nil {
				t.Errorf("what is not kept does not wait: %v", err)
			}
			for _, r := range replicas {
				r.Continue()
			}
			eventually(t, func() error { return count.Run(kept, rdb, keys[:1]).Err() })
		})
	}
}

func TestReplicasFindings(t *testing.T) {
	t.Parallel()
	g := redistest.Sentinel(t, "--min-replicas-to-write", "1")
	db := open(t, redisdb.Config{URL: g.URL()})
	findings, err := db.Check(t.Context())
	if err != nil || len(findings) != 1 || findings[0].Setting != "wait_replicas" || !findings[0].Ours {
		t.Errorf("replicas that nobody waits for: %v, %v", findings, err)
	}
	db = open(t, redisdb.Config{URL: g.URL(), Replicas: redisdb.Replicas{N: 3}})
	findings, err = db.Check(t.Context())
	if err != nil || len(findings) != 1 || findings[0].Setting != "connected_slaves" {
		t.Errorf("fewer replicas than are waited for: %v, %v", findings, err)
	}
	for want, r := range map[string]redisdb.Replicas{"wait_replicas": {N: -1}, "wait_timeout": {N: 1, Timeout: time.Minute}} {
		if _, err := redisdb.Open(t.Context(), redisdb.Config{URL: g.URL(), Replicas: r}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "redis."+want) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
