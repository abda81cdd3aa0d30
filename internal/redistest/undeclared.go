package redistest

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/rkey"
)

// asynqPrefix starts every key that asynq keeps for itself.
const asynqPrefix = "asynq:"

// Undeclared fails the test for each key in Redis that no declaration in keys
// matches, or whose type is not the declared one. Call it at the end of a test
// that used the package's features; asynq's own keys are let through.
func Undeclared(t testing.TB, client redis.UniversalClient, keys []rkey.Key) {
	t.Helper()
	ctx := context.Background()
	if cluster, ok := client.(*redis.ClusterClient); ok {
		err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			return undeclared(ctx, t, node, keys)
		})
		if err != nil {
			t.Errorf("scan the cluster's keys: %v", err)
		}
		return
	}
	if err := undeclared(ctx, t, client, keys); err != nil {
		t.Errorf("scan the keys: %v", err)
	}
}

func undeclared(ctx context.Context, t testing.TB, client redis.Cmdable, keys []rkey.Key) error {
	t.Helper()
	scan := client.Scan(ctx, 0, "", 1000).Iterator()
	for scan.Next(ctx) {
		name := scan.Val()
		if strings.HasPrefix(name, asynqPrefix) {
			continue
		}
		key, ok := rkey.Find(keys, name)
		if !ok {
			t.Errorf("key %q is declared nowhere", name)
			continue
		}
		kind, err := client.Type(ctx, name).Result()
		if err != nil {
			return err
		}
		if kind != "none" && kind != string(key.Type) { // none: it expired since the scan
			t.Errorf("key %q is a %s, and %q is declared as a %s", name, kind, key.Pattern, key.Type)
		}
	}
	return scan.Err()
}
