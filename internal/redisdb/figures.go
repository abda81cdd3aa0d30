package redisdb

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// Figures say how full a Redis is, and whether it keeps what it is told.
type Figures struct {
	Node     string // which one of a Cluster, "host:port"; "" of any other
	Used     int64  // bytes of memory
	Limit    int64  // bytes that it may take: maxmemory, else what the machine has; 0 if that is not told
	Keeps    bool   // it has an append-only file
	Written  bool   // what it last wrote to disk went well
	Disk     int64  // bytes of the disk that a Redis of our own is on; 0 of any other
	DiskFree int64  // of those, bytes that are free
	Clients  int
	Replicas int
}

// MemoryShare is the share of the memory that is used, 0 if that is not known.
func (f Figures) MemoryShare() float64 { return part(f.Used, f.Limit) }

// DiskShare is the share of the disk that is used, 0 if that is not known.
func (f Figures) DiskShare() float64 { return part(f.Disk-f.DiskFree, f.Disk) }

func part(n, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Figures asks Redis how it fares; each master of a Cluster. One within this
// process tells nothing.
func (db *DB) Figures(ctx context.Context) ([]Figures, error) {
	if db.process != nil {
		return []Figures{{Written: true}}, nil
	}
	if nodes, ok := db.client.(*redis.ClusterClient); ok {
		var mu sync.Mutex
		var all []Figures
		err := nodes.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			f, err := figures(ctx, node)
			f.Node = node.Options().Addr
			mu.Lock()
			defer mu.Unlock()
			all = append(all, f)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("ask the Cluster at %s how it fares: %w", db.where, err)
		}
		return all, nil
	}
	f, err := figures(ctx, db.client)
	if err != nil {
		return nil, fmt.Errorf("ask Redis at %s how it fares: %w", db.where, err)
	}
	if db.managed != nil {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(db.managed.dataDir, &fs); err != nil {
			return nil, fmt.Errorf("ask how full the disk of %s is: %w", db.managed.dataDir, err)
		}
		f.Disk, f.DiskFree = int64(fs.Blocks)*int64(fs.Bsize), int64(fs.Bavail)*int64(fs.Bsize)
	}
	return []Figures{f}, nil
}

func figures(ctx context.Context, node redis.Cmdable) (Figures, error) {
	info, err := readInfo(ctx, node, "memory", "persistence", "replication", "clients")
	if err != nil {
		return Figures{}, err
	}
	n := func(name string) int64 {
		v, _ := strconv.ParseInt(info[name], 10, 64) // what an older one does not tell is 0
		return v
	}
	f := Figures{Used: n("used_memory"), Limit: n("maxmemory"), Clients: int(n("connected_clients")), Replicas: int(n("connected_slaves"))}
	if f.Limit == 0 {
		f.Limit = n("total_system_memory")
	}
	f.Keeps = info["aof_enabled"] == "1"
	f.Written = info["aof_last_write_status"] != "err" && info["aof_last_bgrewrite_status"] != "err" && info["rdb_last_bgsave_status"] != "err"
	return f, nil
}
