package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/child"
	"clarion/internal/port"
	"clarion/internal/redisdb"
)

// A Group is several redis-servers of a test that belong together.
type Group struct {
	t     testing.TB
	nodes []*Instance
	ports []string
	url   string

	sentinels []string // their ports
}

// URL names the group as the setting redis.url does.
func (g *Group) URL() string { return g.url }

// Nodes are the servers: each may be killed and restarted.
func (g *Group) Nodes() []*Instance { return g.nodes }

// Client makes a client of the group for one test.
func (g *Group) Client() redis.UniversalClient {
	g.t.Helper()
	c, err := redisdb.Connect(g.url)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

// Masters are the nodes that take writes, as they say themselves.
func (g *Group) Masters() []*Instance {
	var out []*Instance
	for _, n := range g.nodes {
		role, err := n.client.Do(context.Background(), "ROLE").Slice()
		if err == nil && len(role) > 0 && role[0] == "master" {
			out = append(out, n)
		}
	}
	return out
}

// online waits until n has so many replicas that are in step with it.
func (g *Group) online(n *Instance, replicas int) {
	g.t.Helper()
	if err := n.poll(func() error {
		info, err := n.client.Info(context.Background(), "replication").Result()
		if got := strings.Count(info, "state=online"); err == nil && got != replicas {
			err = fmt.Errorf("%d of %d replicas are in step", got, replicas)
		}
		return err
	}); err != nil {
		g.t.Fatal(err)
	}
}

func (g *Group) start(n int, args func(port string) []string) {
	g.t.Helper()
	for range n {
		port := Port(g.t)
		common := []string{"--bind", "127.0.0.1", "--port", port, "--appendfsync", "always", "--repl-diskless-sync-delay", "0"}
		g.nodes = append(g.nodes, Server(g.t, append(common, args(port)...)...))
		g.ports = append(g.ports, port)
	}
}

// Replicated starts a server that has a replica.
func Replicated(t testing.TB, args ...string) *Instance {
	t.Helper()
	g := &Group{t: t}
	g.start(2, func(string) []string { return args })
	if err := g.nodes[1].client.SlaveOf(context.Background(), "127.0.0.1", g.ports[0]).Err(); err != nil {
		t.Fatal(err)
	}
	g.online(g.nodes[0], 1)
	return g.nodes[0]
}

// Sentinel starts a master with two replicas and three sentinels, which promote a
// replica by two votes. They give a silent master a minute: a machine that is
// busy is no failover. Hasty makes that short.
func Sentinel(t testing.TB, args ...string) *Group {
	t.Helper()
	g := &Group{t: t}
	g.start(3, func(string) []string { return args })
	for _, replica := range g.nodes[1:] {
		if err := replica.client.SlaveOf(context.Background(), "127.0.0.1", g.ports[0]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	g.online(g.nodes[0], 2)
	ports := []string{Port(t), Port(t), Port(t)}
	for _, port := range ports {
		dir, err := os.MkdirTemp("", "sentinel")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		file := filepath.Join(dir, "sentinel.conf")
		config := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nlogfile %s/log\nsentinel monitor calls 127.0.0.1 %s 2\n"+
			"sentinel down-after-milliseconds calls 60000\nsentinel failover-timeout calls 3000\n", port, dir, dir, g.ports[0])
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := child.Start(exec.Command("redis-server", file, "--sentinel"), syscall.SIGKILL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Signal(syscall.SIGKILL); <-p.Done() })
	}
	for _, port := range ports {
		g.watched(port)
	}
	g.sentinels = ports
	g.url = "redis+sentinel://127.0.0.1:" + strings.Join(ports, ",127.0.0.1:") + "/calls"
	return g
}

// Hasty has the sentinels notice a dead master after half a second from now on.
func (g *Group) Hasty() {
	g.t.Helper()
	for _, port := range g.sentinels {
		s := redis.NewSentinelClient(&redis.Options{Addr: "127.0.0.1:" + port})
		if err := s.Set(context.Background(), "calls", "down-after-milliseconds", "500").Err(); err != nil {
			g.t.Fatal(err)
		}
		s.Close()
	}
}

// watched waits until the sentinel on port knows the others, and the replicas.
func (g *Group) watched(port string) {
	g.t.Helper()
	ctx := context.Background()
	s := redis.NewSentinelClient(&redis.Options{Addr: "127.0.0.1:" + port})
	defer s.Close()
	if err := g.nodes[0].poll(func() error {
		replicas, err1 := s.Replicas(ctx, "calls").Result()
		others, err2 := s.Sentinels(ctx, "calls").Result()
		if len(replicas) != 2 || len(others) != 2 {
			return errors.Join(err1, err2, fmt.Errorf("the sentinel knows %d replicas and %d sentinels", len(replicas), len(others)))
		}
		return nil
	}); err != nil {
		g.t.Fatal(err)
	}
}

// slots is how many a Cluster has.
const slots = 16384

// Cluster starts a Cluster of three masters, with so many replicas each. No node
// is taken for dead within a minute, nor is its introduction given up: a machine that
// is busy, or whose disk is, is no failover.
func Cluster(t testing.TB, replicas int, args ...string) *Group {
	t.Helper()
	const masters = 3
	ctx := context.Background()
	g := &Group{t: t}
	buses := map[string]string{}
	g.start(masters*(1+replicas), func(port string) []string {
		buses[port] = Port(t)
		return append([]string{"--cluster-enabled", "yes", "--cluster-port", buses[port], "--cluster-node-timeout", "60000"}, args...)
	})
	first := g.nodes[0].client
	for i, n := range g.nodes {
		if i < masters {
			if err := n.client.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", i*slots/masters, (i+1)*slots/masters-1).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			if err := first.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", g.ports[i], buses[g.ports[i]]).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := "cluster_known_nodes:" + strconv.Itoa(len(g.nodes)) + "\r\n"
	for _, n := range g.nodes {
		if err := n.poll(func() error {
			info, err := n.client.ClusterInfo(ctx).Result()
			if err == nil && !(strings.Contains(info, "cluster_state:ok") && strings.Contains(info, whole)) {
				err = fmt.Errorf("the Cluster is not whole:\n%s", info)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i := masters; i < len(g.nodes); i++ {
		id, err := g.nodes[i%masters].client.ClusterMyID(ctx).Result()
		if err == nil {
			err = g.nodes[i].client.ClusterReplicate(ctx, id).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range g.nodes[:masters] {
		g.online(n, replicas)
	}
	for _, n := range g.nodes {
		if err := n.client.ConfigSet(ctx, "cluster-node-timeout", "60000").Err(); err != nil {
			t.Fatal(err)
		}
	}
	g.url = "redis+cluster://127.0.0.1:" + strings.Join(g.ports, ",127.0.0.1:")
	return g
}

// Port is a free port of the loopback for a server of the test.
func Port(t testing.TB) string {
	t.Helper()
	p, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(p)
}

// Await asks holds until it answers nil, for five minutes at most.
func (g *Group) Await(what string, holds func() error) {
	g.t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("wait for %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// HandOver has the sentinels promote a replica of a master that is well.
func (g *Group) HandOver() error {
	host, _, _ := strings.Cut(strings.TrimPrefix(g.url, "redis+sentinel://"), ",")
	s := redis.NewSentinelClient(&redis.Options{Addr: host})
	defer s.Close()
	return s.Failover(context.Background(), "calls").Err()
}
