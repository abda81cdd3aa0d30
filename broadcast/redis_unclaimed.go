package broadcast

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Unclaimed says of each delivery of a work whether a claim would still get it:
// pending in a batch, deferred or in doubt with its attempt unchanged in further
// attempts. A work that was put back goes on with those.
func (l *Ledger) Unclaimed(ctx context.Context, call ID, w *Work) ([]bool, error) {
	states, rs := runs(call, w, 0, w.Len())
	pipe := l.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(rs))
	for i, r := range rs {
		cmds[i] = pipe.GetRange(ctx, states[r.key], int64(r.start)*entryBytes, int64(r.start+r.n)*entryBytes-1)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("see what is open of batch %s/%d: %w", call, w.Number, err)
	}
	out := make([]bool, 0, w.Len())
	for i, r := range rs {
		text := cmds[i].Val()
		for j := range r.n {
			if (j+1)*entryBytes > len(text) {
				return nil, fmt.Errorf("see what is open of batch %s/%d: %w", call, w.Number, errBatchCoding)
			}
			s, attempt := State(text[j*entryBytes]&stateBits), text[j*entryBytes+1]
			if w.Again() {
				out = append(out, (s == Deferred || s == InDoubt) && attempt == r.behind[j])
			} else {
				out = append(out, s == Pending)
			}
		}
	}
	return out, nil
}
