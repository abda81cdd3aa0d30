package redisdb

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Lineage knows whether Redis is still the one that it was. A replica that is
// promoted gives itself another replication id (Redis, "Replication"), and may not
// know what the master before it had answered last. Each new connection is asked
// before anything else goes over it, so that nothing reaches another master
// unnoticed. The nil Lineage never turns; nor does one of a Cluster, which has an
// id a node.
type Lineage struct {
	born       time.Time
	replicated atomic.Bool  // there is or was a replica that could take the master's place
	turns      atomic.Int64 // how often another one did
	last       atomic.Int64 // when it last did: nanoseconds since born, 0 for never
	mu         sync.Mutex
	id         string
}

// newLineage makes the lineage of a Redis that is yet to be met.
func newLineage(replicated bool) *Lineage {
	l := &Lineage{born: time.Now()}
	l.replicated.Store(replicated)
	return l
}

// met asks a new connection.
func (l *Lineage) met(ctx context.Context, conn *redis.Conn) error {
	text, err := conn.Info(ctx, "replication").Result()
	if err != nil {
		return fmt.Errorf("ask Redis for its replication id: %w", err)
	}
	info := map[string]string{}
	addInfo(info, text)
	if info["role"] != "master" || info["master_replid"] == "" {
		return nil // a sentinel, or a replica, which takes no writes
	}
	if n := info["connected_slaves"]; n != "" && n != "0" {
		l.replicated.Store(true)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.id
	l.id = info["master_replid"]
	l.compare(was)
	return nil
}

// compare turns the lineage when it was another one. The caller holds mu.
func (l *Lineage) compare(was string) {
	if was != "" && was != l.id && l.replicated.Load() {
		l.last.Store(max(int64(time.Since(l.born)), 1))
		l.turns.Add(1)
	}
}

// Expect says under which ID the data was last seen, "" if that is not known: where
// there is another now, it took the place while nobody of this process looked.
func (l *Lineage) Expect(id string) {
	if l == nil || id == "" {
		return
	}
	l.replicated.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.compare(id)
}

// ID is the replication id of the one that was met last, "" where none could take its place.
func (l *Lineage) ID() string {
	if !l.Replicated() {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.id
}

// Replicated reports whether another one could take its place.
func (l *Lineage) Replicated() bool { return l != nil && l.replicated.Load() }

// Turns counts how often another one took its place.
func (l *Lineage) Turns() int64 {
	if l == nil {
		return 0
	}
	return l.turns.Load()
}

// Stood reports whether none took its place within d, by the monotonic clock.
func (l *Lineage) Stood(d time.Duration) bool {
	if l == nil {
		return true
	}
	last := l.last.Load()
	return last == 0 || time.Since(l.born)-time.Duration(last) >= d
}
