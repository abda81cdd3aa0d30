package desk

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/internal/rkey"
)

var keyAnswer = rkey.Key{Pattern: "{desk}:answer:<petition>", Type: rkey.Hash, Expiry: "kept", Doc: "the draft and the call by which the addressee's answer goes to signers"}

var (
	//go:embed answer.lua
	answerSource string
	answerScript = redis.NewScript(answerSource)
)

// answerCall reads by which draft and call the answer goes out.
func (d *Desk) answerCall(ctx context.Context) (a AnswerCall, err error) {
	m, err := d.Redis.HGetAll(ctx, keyAnswer.Name(d.Roll.ID)).Result()
	if err != nil {
		return a, fmt.Errorf("read how the answer goes out: %w", err)
	}
	return AnswerCall{Draft: m["draft"], Call: broadcast.ID(m["call"])}, nil
}

func (d *Desk) keepAnswerDraft(ctx context.Context, draft string) error {
	if err := d.Redis.HSet(ctx, keyAnswer.Name(d.Roll.ID), "draft", draft).Err(); err != nil {
		return fmt.Errorf("note how the answer goes out: %w", err)
	}
	return nil
}

// claimAnswer notes the call by which the answer goes out, in place of one that was
// read; false if another process was faster.
func (d *Desk) claimAnswer(ctx context.Context, read, now broadcast.ID) (bool, error) {
	n, err := answerScript.Run(redisdb.Kept(ctx), d.Redis, []string{keyAnswer.Name(d.Roll.ID)}, string(read), string(now)).Int()
	if err != nil {
		return false, fmt.Errorf("note how the answer goes out: %w", err)
	}
	return n == 1, nil
}
