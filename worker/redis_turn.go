package worker

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed turn.lua
var luaTurn string

// A Turn is held by one process at a time: whose turn it is to read the mailbox.
// It ends by itself, by the clock of Redis, when that process dies.
type Turn struct {
	rdb    Redis
	who    string
	script *redis.Script
}

// MailTurn is the turn at the mailbox; each process makes its own.
func (in *Inbound) MailTurn() *Turn { return &Turn{in.rdb, rand.Text(), redis.NewScript(luaTurn)} }

// Take says whether it is our turn, for d from now on.
func (t *Turn) Take(ctx context.Context, d time.Duration) (bool, error) {
	ours, err := t.script.Run(ctx, t.rdb, []string{keyTurn.Name()}, t.who, d.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("ask whose turn it is at the mailbox: %w", err)
	}
	return ours, nil
}

// Leave ends our turn, if it is ours.
func (t *Turn) Leave(ctx context.Context) error {
	if err := t.script.Run(ctx, t.rdb, []string{keyTurn.Name()}, t.who, 0).Err(); err != nil {
		return fmt.Errorf("give up the turn at the mailbox: %w", err)
	}
	return nil
}
