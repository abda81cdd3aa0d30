package redisdb_test

import (
	"testing"
	"time"

	"clarion/internal/redisdb"
	"clarion/internal/redistest"
)

// A Redis that starts again under another replication id is another one, where a
// replica could have been promoted in between; alone it is the same.
func TestLineage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		server *redistest.Instance
		turns  int64
	}{{redistest.Server(t), 0}, {redistest.Replicated(t), 1}} {
		db := open(t, redisdb.Config{URL: c.server.URL()})
		set(t, db, "k", "v")
		l := db.Lineage()
		id := l.ID()
		if l.Turns() != 0 || !l.Stood(time.Hour) || l.Replicated() != (c.turns > 0) || (id != "") != (c.turns > 0) {
			t.Errorf("at first: %q, %d turns", id, l.Turns())
		}
		c.server.Restart()
		wantKept(t, db, "k", "v")
		if l.Turns() != c.turns || l.Stood(time.Hour) != (c.turns == 0) || !l.Stood(0) {
			t.Errorf("started again: %d turns", l.Turns())
		}
		if c.turns == 0 {
			continue
		}
		// Who starts now knows from the data which one there was before.
		later := open(t, redisdb.Config{URL: c.server.URL()}).Lineage()
		later.Expect("")
		later.Expect(later.ID())
		if later.Turns() != 0 {
			t.Error("the same is taken for another")
		}
		if later.Expect(id); later.Turns() != 1 || later.ID() == id {
			t.Error("another is taken for the same")
		}
	}
	var none *redisdb.Lineage
	if none.Expect("x"); none.Turns() != 0 || !none.Stood(0) || none.Replicated() || none.ID() != "" {
		t.Error("none has turned")
	}
}
