package broadcast

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Through returns the name of the gateway that a delivery last went through, ""
// if it went through none or is not there.
func (l *Ledger) Through(ctx context.Context, call ID, ref Ref) (string, error) {
	pipe := l.rdb.Pipeline()
	at := int64(ref.Index)*entryBytes + 2
	number := pipe.GetRange(ctx, keyStates.Name(call, ref.Batch), at, at)
	names := pipe.HGet(ctx, keyCall.Name(call), "gateways")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read the gateway of %s/%s: %w", call, ref, err)
	}
	all := strings.Split(names.Val(), ",")
	if v := number.Val(); len(v) == 1 && int(v[0]) < len(all) {
		return all[v[0]], nil
	}
	return "", nil
}
