package worker

import (
	"context"
	"slices"

	"clarion/broadcast"
)

// cut cuts the work into the groups that are claimed together. A work that
// was put back begins where it stood: a group of which nothing is open any more
// would take slots of the pace for nothing, and behind a slow pace the work
// would come no further than that.
func (b *batch) cut(ctx context.Context) error {
	var open []bool // nil: all
	if b.lease.Fence > 1 {
		var err error
		if open, err = b.w.ledger.Unclaimed(ctx, b.lease.Call, b.work); err != nil {
			return err
		}
	}
	k := b.w.cfg.Group[b.work.Channel]
	b.groups = []broadcast.Group{}
	for from := 0; from < b.work.Len(); from += k {
		g := broadcast.Group{Call: b.lease.Call, Work: b.work, From: from, To: min(from+k, b.work.Len())}
		if open == nil || slices.Contains(open[g.From:g.To], true) {
			b.groups = append(b.groups, g)
		}
	}
	return nil
}
