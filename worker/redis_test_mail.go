package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/rkey"
)

var keyTestMail = rkey.Key{Pattern: "{pace}:test:<key>", Type: rkey.String, Expiry: "an hour", Doc: "a test mail of doctor, or a notice of an alarm, came back: when, Unix milliseconds"}

// testKept is how long it is known that a test mail came back.
const testKept = time.Hour

// testCame notes that a mail outside of all calls came back.
func (in *Inbound) testCame(ctx context.Context, d broadcast.Delivery) error {
	if err := in.rdb.Set(ctx, keyTestMail.Name(fmt.Sprintf("%x", d.Key)), in.clk.Now().UnixMilli(), testKept).Err(); err != nil {
		return fmt.Errorf("note a test mail: %w", err)
	}
	return nil
}

// TestCame reports whether a mail with this delivery of broadcast.TestCall came back
// within the last hour, by whichever process took it.
func (in *Inbound) TestCame(ctx context.Context, d broadcast.Delivery) (bool, error) {
	_, err := in.rdb.Get(ctx, keyTestMail.Name(fmt.Sprintf("%x", d.Key))).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look whether a test mail came: %w", err)
	}
	return true, nil
}
