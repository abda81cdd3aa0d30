package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"clarion/internal/redisdb"
	"clarion/lists/address"
)

// serviceKept is how long a service text may wait; a confirmation that comes
// later than that would only puzzle.
const serviceKept = 24 * time.Hour

// repliesKept bounds the replies that wait to be read.
const repliesKept = 100_000

// holdService writes a service text down, sealed; waiting is true when one
// with its id was there already and has not been sent.
func (in *Inbound) holdService(ctx context.Context, id string, t serviceText) (waiting bool, err error) {
	name, sealed, err := in.sealService(id, t)
	if err != nil {
		return false, err
	}
	set, err := in.rdb.SetNX(redisdb.Kept(ctx), name, sealed, serviceKept).Result()
	if err != nil {
		return false, fmt.Errorf("keep a service text: %w", err)
	}
	return !set, nil
}

// rewriteService writes a service text down in place of what is there; one that
// waited for too long stays gone.
func (in *Inbound) rewriteService(ctx context.Context, id string, t serviceText) error {
	name, sealed, err := in.sealService(id, t)
	if err != nil {
		return err
	}
	if err := in.rdb.SetArgs(redisdb.Kept(ctx), name, sealed, redis.SetArgs{Mode: "XX", KeepTTL: true}).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("keep a service text: %w", err)
	}
	return nil
}

func (in *Inbound) sealService(id string, t serviceText) (name string, sealed []byte, err error) {
	record, err := json.Marshal(t)
	if err != nil {
		return "", nil, fmt.Errorf("keep a service text: %w", err)
	}
	name = keyService.Name(id)
	return name, in.keys.Seal(nil, record, []byte(name)), nil
}

func (in *Inbound) readService(ctx context.Context, id string) (t serviceText, ok bool, err error) {
	sealed, err := in.rdb.GetDel(ctx, keyService.Name(id)).Bytes()
	return in.openService(id, sealed, err)
}

// openService opens what Redis answered.
func (in *Inbound) openService(id string, sealed []byte, err error) (t serviceText, ok bool, _ error) {
	name := keyService.Name(id)
	if errors.Is(err, redis.Nil) {
		return t, false, nil
	} else if err != nil {
		return t, false, fmt.Errorf("read a service text: %w", err)
	}
	record, err := in.keys.Open(nil, sealed, []byte(name))
	if err != nil {
		return t, false, fmt.Errorf("read a service text: %w", err)
	}
	if err := json.Unmarshal(record, &t); err != nil {
		return t, false, fmt.Errorf("read a service text: %w", err)
	}
	return t, true, nil
}

func (in *Inbound) dropService(ctx context.Context, id string) error {
	if err := in.rdb.Del(ctx, keyService.Name(id)).Err(); err != nil {
		return fmt.Errorf("drop a service text: %w", err)
	}
	return nil
}

// firstAnswer notes for a while that id was answered by who, and reports whether
// that is new. Asked again by the same, as when the answer was lost on the way,
// it says the same.
func (in *Inbound) firstAnswer(ctx context.Context, id, who string, kept time.Duration) (bool, error) {
	pipe := in.rdb.Pipeline()
	fresh := pipe.SetNX(ctx, keyAnswered.Name(id), who, kept)
	by := pipe.Get(ctx, keyAnswered.Name(id))
	if _, err := pipe.Exec(redisdb.Kept(ctx)); err != nil {
		return false, fmt.Errorf("answer a text: %w", err)
	}
	return fresh.Val() || by.Val() == who, nil
}

func (in *Inbound) forgetAnswer(ctx context.Context, id string) error {
	if err := in.rdb.Del(ctx, keyAnswered.Name(id)).Err(); err != nil {
		return fmt.Errorf("answer a text: %w", err)
	}
	return nil
}

// keepReply keeps what a person wrote, sealed, for a person to read.
func (in *Inbound) keepReply(ctx context.Context, from address.Address, text string) error {
	record, err := json.Marshal(map[string]any{"from": from.Reveal(), "text": text, "at": in.clk.Now()})
	if err != nil {
		return fmt.Errorf("keep a reply: %w", err)
	}
	name := keyReplies.Name()
	pipe := in.rdb.Pipeline()
	pipe.LPush(ctx, name, in.keys.Seal(nil, record, []byte(name)))
	pipe.LTrim(ctx, name, 0, repliesKept-1)
	if _, err := pipe.Exec(redisdb.Kept(ctx)); err != nil {
		return fmt.Errorf("keep a reply: %w", err)
	}
	return nil
}
