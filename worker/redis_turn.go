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

// A Turn is held by one process at a time: whose turn it is to read the mailbox, or
// to look for alarms. It ends by itself, by the clock of Redis, when that process dies.
type Turn struct {
	rdb    Redis
	at     string // what it is a turn at
	who    string
	script *redis.Script
}

// NewTurn is the turn at something; each process makes its own.
func NewTurn(rdb Redis, at string) *Turn {
	return &Turn{rdb, at, rand.Text(), redis.NewScript(luaTurn)}
}

// MailTurn is the turn at the mailbox.
func (in *Inbound) MailTurn() *Turn { return NewTurn(in.rdb, "mailbox") }

// Take says whether it is our turn, for d from now on.
func (t *Turn) Take(ctx context.Context, d time.Duration) (bool, error) {
	ours, err := t.script.Run(ctx, t.rdb, []string{keyTurn.Name(t.at)}, t.who, d.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("ask whose turn it is (%s): %w", t.at, err)
	}
	return ours, nil
}

// Leave ends our turn, if it is ours.
func (t *Turn) Leave(ctx context.Context) error {
	if err := t.script.Run(ctx, t.rdb, []string{keyTurn.Name(t.at)}, t.who, 0).Err(); err != nil {
		return fmt.Errorf("give up the turn (%s): %w", t.at, err)
	}
	return nil
}
