package redisdb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"clarion/internal/child"
	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

func TestSentinel(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	masterPort, replicaPort, port := redistest.Port(t), redistest.Port(t), redistest.Port(t)
	common := []string{"--bind", "127.0.0.1", "--appendfsync", "always",
		"--user", "clarion", "on", ">p@ss", "~*", "&*", "+@all", "--masteruser", "clarion", "--masterauth", "p@ss"}
	master := redistest.Server(t, append(common, "--port", masterPort, "--repl-diskless-sync-delay", "0")...)
	redistest.Server(t, append(common, "--port", replicaPort, "--replicaof", "127.0.0.1 "+masterPort)...)
	direct, err := redisdb.Connect("redis://clarion:p%40ss@127.0.0.1:" + masterPort)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	eventually(t, func() error { // the sentinel must find the replica at its first look
		info, err := direct.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "state=online") {
			err = errors.New("the replica is not there")
		}
		return err
	})

	dir := t.TempDir()
	file := filepath.Join(dir, "sentinel.conf")
	config := fmt.Sprintf(`port %s
bind 127.0.0.1
dir %s
requirepass sentinel
sentinel monitor calls 127.0.0.1 %s 1
sentinel auth-user calls clarion
sentinel auth-pass calls p@ss
sentinel down-after-milliseconds calls 60000
sentinel failover-timeout calls 3000
`, port, dir, masterPort)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(exec.Command("redis-server", file, "--sentinel"), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Signal(syscall.SIGKILL); p.Err() })
	watch := redis.NewSentinelClient(&redis.Options{Addr: "127.0.0.1:" + port, Password: "sentinel"})
	defer watch.Close()
	eventually(t, func() error {
		replicas, err := watch.Replicas(ctx, "calls").Result()
		if err == nil && len(replicas) != 1 {
			err = fmt.Errorf("the sentinel knows %d replicas", len(replicas))
		}
		return err
	})

	db := open(t, redisdb.Config{URL: "redis+sentinel://clarion:p%40ss@127.0.0.1:" + port + "/calls?sentinel_password=sentinel"})
	set(t, db, "k", "v")
	if n, err := db.Client().Do(ctx, "WAIT", 1, 5000).Int(); err != nil || n != 1 {
		t.Fatalf("WAIT: %d, %v", n, err)
	}
	before := pid(t, db)
	master.Kill()
	// Only now: on a busy machine a master that lives may be silent for as long.
	if err := watch.Set(ctx, "calls", "down-after-milliseconds", "300").Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return db.Client().Set(ctx, "after", "1", 0).Err() })
	wantKept(t, db, "k", "v")
	if pid(t, db) == before {
		t.Error("the killed master answers")
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const nodes, slots = 3, 16384
	var urls []string
	var clients []redis.UniversalClient
	var servers []*redistest.Instance
	for i := range nodes {
		port, bus := redistest.Port(t), redistest.Port(t)
		server := redistest.Server(t, "--bind", "127.0.0.1", "--port", port, "--cluster-port", bus,
			"--cluster-enabled", "yes", "--appendfsync", "always")
		client := server.Client()
		first, last := i*slots/nodes, (i+1)*slots/nodes-1
		if err := client.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", first, last).Err(); err != nil {
			t.Fatal(err)
		}
		for _, other := range clients {
			if err := other.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", port, bus).Err(); err != nil {
				t.Fatal(err)
			}
		}
		urls = append(urls, "127.0.0.1:"+port)
		clients = append(clients, client)
		servers = append(servers, server)
	}
	for _, c := range clients {
		eventually(t, func() error {
			info, err := c.ClusterInfo(ctx).Result()
			if err == nil && !(strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")) {
				err = fmt.Errorf("the cluster is not whole:\n%s", info)
			}
			return err
		})
	}

	db := open(t, redisdb.Config{URL: "redis+cluster://" + urls[0] + "," + urls[1]})
	script := redis.NewScript("return redis.call('INCRBY', KEYS[1], ARGV[1])")
	for i := range 30 { // on all nodes
		key := "{call:" + strconv.Itoa(i) + "}:n"
		if n, err := script.Run(ctx, db.Client(), []string{key}, i).Int(); err != nil || n != i {
			t.Fatalf("%s: %d, %v", key, n, err)
		}
	}
	if findings, err := db.Check(ctx); err != nil || len(findings) > 0 {
		t.Errorf("findings %v, %v", findings, err)
	}
	servers[1].Restart() // its node file holds its slots
	for i := range 30 {
		wantKept(t, db, "{call:"+strconv.Itoa(i)+"}:n", strconv.Itoa(i))
	}

	if err := clients[2].ConfigSet(ctx, "appendonly", "no").Err(); err != nil {
		t.Fatal(err)
	}
	findings, err := db.Check(ctx)
	if err != nil || len(findings) != 1 || findings[0].Setting != "appendonly" {
		t.Errorf("one node without an append-only file: findings %v, %v", findings, err)
	}
}
