package worker

import (
	"context"
	"fmt"
	"time"

	"clarion/internal/redisdb"
	"clarion/internal/rkey"
)

var keyLetters = rkey.Key{Pattern: "service:letters:<address>", Type: rkey.Set, Expiry: "a day after the first", Personal: true, Doc: "the letters that an address got lately, by its keyed hash: it gets no more than a few a day"}

const lettersWithin = 24 * time.Hour

// countLetter notes that an address, by its keyed hash, is to get the letter of an id,
// and says whether it may. The same letter counts once.
func (in *Inbound) countLetter(ctx context.Context, key, id string) (bool, error) {
	name := keyLetters.Name(key)
	pipe := in.rdb.TxPipeline()
	pipe.SAdd(ctx, name, id)
	pipe.ExpireNX(ctx, name, lettersWithin)
	many := pipe.SCard(ctx, name)
	if _, err := pipe.Exec(redisdb.Kept(ctx)); err != nil {
		return false, fmt.Errorf("count a letter: %w", err)
	}
	if many.Val() <= lettersMost {
		return true, nil
	}
	if err := in.rdb.SRem(ctx, name, id).Err(); err != nil {
		return false, fmt.Errorf("count a letter: %w", err)
	}
	return false, nil
}

// answered says whether a service text or a letter went already.
func (in *Inbound) answered(ctx context.Context, id string) (bool, error) {
	n, err := in.rdb.Exists(ctx, keyAnswered.Name(id)).Result()
	if err != nil {
		return false, fmt.Errorf("look whether a letter went: %w", err)
	}
	return n > 0, nil
}

func (in *Inbound) noteAnswer(ctx context.Context, id string) error {
	if err := in.rdb.Set(redisdb.Kept(ctx), keyAnswered.Name(id), "letter", serviceKept).Err(); err != nil {
		return fmt.Errorf("note that a letter went: %w", err)
	}
	return nil
}

// peekService reads a service text and leaves it there.
func (in *Inbound) peekService(ctx context.Context, id string) (t serviceText, ok bool, err error) {
	sealed, err := in.rdb.Get(ctx, keyService.Name(id)).Bytes()
	return in.openService(id, sealed, err)
}
