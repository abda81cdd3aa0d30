package redisdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A Finding is a setting of Redis that is not as Clarion needs it.
type Finding struct {
	Setting string // Redis's own name, as "maxmemory-policy", or ours
	Value   string // what it is now
	Want    string // what to set it to, as a line of the file
	Ours    bool   // the file is clarion.toml, else redis.conf
	Why     string // what happens otherwise
	Lossy   bool   // data would be lost: Open refuses
}

// String is the finding in a sentence.
func (f Finding) String() string {
	return fmt.Sprintf("%s is %s: %s; set %q", f.Setting, f.Value, f.Why, f.Want)
}

// A LossyError says that a Redis would lose data, and what to set.
type LossyError struct {
	Where    string
	Findings []Finding // those that are Lossy
}

func (e *LossyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Redis at %s would lose data:", e.Where)
	for _, f := range e.Findings {
		b.WriteString("\n  " + f.String())
	}
	b.WriteString("\nset these in its redis.conf (or by CONFIG SET and CONFIG REWRITE), or say redis.allow_lossy = true if the loss is meant")
	return b.String()
}

// Check asks Redis, each master of a Cluster, for the settings that data and
// memory depend on, and lists what is not as it should be.
func (db *DB) Check(ctx context.Context) ([]Finding, error) {
	if db.process != nil {
		return []Finding{{
			Setting: "redis", Value: "in-process", Want: "a data folder or redis.url",
			Why: "nothing is kept when this process ends", Lossy: true,
		}}, nil
	}
	nodes, ok := db.client.(*redis.ClusterClient)
	if !ok {
		findings, err := db.checkNode(ctx, db.client)
		if err != nil {
			return nil, fmt.Errorf("check the settings of Redis at %s: %w", db.where, err)
		}
		return findings, nil
	}
	var mu sync.Mutex
	var all []Finding
	err := nodes.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		findings, err := db.checkNode(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		for _, f := range findings {
			if !slices.Contains(all, f) { // each node has the same file, as a rule
				all = append(all, f)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check the settings of the Cluster at %s: %w", db.where, err)
	}
	return all, nil
}

// Small hashes are packed as long as they stay under these
// (hash-max-listpack-entries and -value): contacts stand in hashes of 100 with
// values under 255 bytes, and take three times the memory unpacked.
const (
	packedEntries = 512
	packedValue   = 255
)

func (db *DB) checkNode(ctx context.Context, node redis.Cmdable) ([]Finding, error) {
	info, err := readInfo(ctx, node, "memory", "persistence", "replication")
	if err != nil {
		return nil, err
	}
	// Hosted services often forbid CONFIG; what INFO does not say is then unknown.
	config, configErr := readConfig(ctx, node, "appendfsync", "hash-max-*", "min-replicas-to-write")

	findings := db.replicas.findings(info, config)
	if role := info["role"]; role == "slave" {
		findings = append(findings, Finding{
			Setting: "role", Value: "replica", Want: "replicaof no one", Lossy: true,
			Why: "a replica takes no writes: redis.url must name the master, or a Sentinel group that knows it",
		})
	}
	if policy := info["maxmemory_policy"]; info["maxmemory"] != "0" && policy != "noeviction" {
		findings = append(findings, Finding{
			Setting: "maxmemory-policy", Value: policy, Want: "maxmemory-policy noeviction", Lossy: true,
			Why: fmt.Sprintf("when %s bytes are full, Redis throws away contacts and opt-outs", info["maxmemory"]),
		})
	}
	if info["aof_enabled"] != "1" {
		findings = append(findings, Finding{
			Setting: "appendonly", Value: "no", Want: "appendonly yes", Lossy: true,
			Why: "after a crash, what was sent since the last snapshot would be sent again",
		})
	} else if fsync := config["appendfsync"]; configErr == nil && fsync != "always" {
		why := "a power failure loses up to a second: what was sent in it is sent again"
		if fsync == "no" {
			why = "a power failure loses up to half a minute: what was sent in it is sent again"
		}
		findings = append(findings, Finding{Setting: "appendfsync", Value: fsync, Want: "appendfsync always", Why: why})
	}
	if configErr != nil {
		return append(findings, Finding{
			Setting: "CONFIG GET", Value: "refused", Want: "appendfsync always",
			Why: "whether each write reaches the disk cannot be told; ask whoever runs this Redis",
		}), nil
	}
	findings = packed(findings, config, "entries", packedEntries)
	return packed(findings, config, "value", packedValue), nil
}

// findings says what is not as it should be about the replicas of a master.
// config is nil where Redis does not tell its settings.
func (r Replicas) findings(info, config map[string]string) (findings []Finding) {
	n, err := strconv.Atoi(info["connected_slaves"])
	switch {
	case err != nil || info["role"] == "slave":
		return nil
	case n < r.N:
		findings = append(findings, Finding{
			Setting: "connected_slaves", Value: strconv.Itoa(n), Want: "replicaof HOST PORT", // on each machine that is to have one
			Why: fmt.Sprintf("nothing is sent before %d have each claim (redis.wait_replicas in clarion.toml)", r.N),
		})
	case n > 0 && r.N == 0:
		findings = append(findings, Finding{
			Setting: "wait_replicas", Value: "0", Want: "wait_replicas = 1", Ours: true,
			Why: "a failover forgets what the new master had not heard of yet: messages go twice, and opt-outs are lost",
		})
	}
	if n > 0 && config["min-replicas-to-write"] == "0" {
		findings = append(findings, Finding{
			Setting: "min-replicas-to-write", Value: "0", Want: "min-replicas-to-write 1",
			Why: "a master that is cut off goes on taking imports and plans, which are thrown away when it comes back as a replica",
		})
	}
	return findings
}

// packed adds a finding if the limit of packed hashes is under want. Redis
// before 7.0 calls it ziplist.
func packed(findings []Finding, config map[string]string, what string, want int) []Finding {
	name := "hash-max-listpack-" + what
	value, ok := config[name]
	if !ok {
		name = "hash-max-ziplist-" + what
		value = config[name]
	}
	if n, err := strconv.Atoi(value); err == nil && n >= want {
		return findings
	}
	return append(findings, Finding{
		Setting: name, Value: value, Want: fmt.Sprintf("%s %d", name, want),
		Why: "contacts take about three times the memory",
	})
}

func readConfig(ctx context.Context, node redis.Cmdable, patterns ...string) (map[string]string, error) {
	config := map[string]string{}
	for _, pattern := range patterns {
		values, err := node.ConfigGet(ctx, pattern).Result()
		if err != nil {
			return nil, err
		}
		maps.Copy(config, values)
	}
	return config, nil
}

// readInfo reads the fields of sections of INFO.
func readInfo(ctx context.Context, node redis.Cmdable, sections ...string) (map[string]string, error) {
	info := map[string]string{}
	// One section each: several in one call are new in Redis 7.0.
	for _, section := range sections {
		text, err := node.Info(ctx, section).Result()
		if err != nil {
			return nil, err
		}
		addInfo(info, text)
	}
	return info, nil
}

// addInfo adds the fields of a section of INFO.
func addInfo(info map[string]string, text string) {
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			info[name] = value
		}
	}
}
