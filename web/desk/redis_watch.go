package desk

import (
	"context"

	"clarion/broadcast"
	"clarion/worker"
)

// A Watched call is what its page shows.
type Watched struct {
	*worker.Board
	Flow    []broadcast.Flow // in no order
	Release *Release         // nil when nobody noted it
}

// Watch reads what a call's page shows, in one round trip; nothing is scanned.
func (d *Desk) Watch(ctx context.Context, id broadcast.ID) (*Watched, error) {
	pipe := d.Redis.Pipeline()
	board, flow := worker.QueueBoard(ctx, pipe, d.Clock, d.Ledger, id), d.Ledger.QueueFlow(ctx, pipe, id)
	release := pipe.HGetAll(ctx, keyRelease.Name(string(id)))
	_, _ = pipe.Exec(ctx) // each command says itself what went wrong
	w := &Watched{}
	var err error
	if w.Board, err = board(ctx, d.Redis, d.Lanes); err != nil {
		return nil, err
	}
	if w.Flow, err = flow(); err != nil {
		return nil, err
	}
	if w.Release, err = parseRelease(id, release); err != nil {
		return nil, err
	}
	return w, nil
}
