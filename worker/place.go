package worker

import (
	"context"
	"time"
)

const (
	// lineFirst and lineLongest are when a batch that waits for a connection asks
	// by itself. It is called as soon as one is free: this is for when whoever had
	// it died.
	lineFirst   = 15 * time.Second
	lineLongest = 5 * time.Minute
)

// enterLane takes one of the connections that the batch's lane bears, if these are
// counted. It answers with a back when all are in use.
func (b *batch) enterLane(ctx context.Context) (*back, error) {
	w := b.w
	most := b.bears().Connections
	if most == 0 || b.place != nil && w.places.has(b.place) {
		return nil, nil
	}
	before := 0
	if err := w.persist(ctx, func(ctx context.Context) (err error) {
		b.place, before, err = w.places.occupy(ctx, b.laneLimit(), most, leaseID(b.lease), leaseID(b.lease.Next()))
		return err
	}); err != nil || b.place != nil {
		return nil, err
	}
	return &back{wait: min(lineFirst+lineFirst*time.Duration(before/most), lineLongest), inLine: true}, nil
}

// leaveLane gives the batch's connection up, and hands out the batch that has
// waited longest for one; not when the whole lane waits for something else.
func (b *batch) leaveLane(ctx context.Context) {
	if b.place == nil {
		return
	}
	if b.line { // it is closed before another may open one
		b.session.Close()
		b.session, b.line = nil, false
	}
	w, pl := b.w, b.place
	b.place = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordsWait)
	defer cancel()
	for called := false; !called; {
		next, err := w.places.vacate(ctx, pl, !b.heldUp)
		if err == nil && next == "" {
			return
		}
		if err == nil {
			called, err = w.callUp(ctx, next)
		}
		if err != nil {
			w.log.Warn("the next batch comes to a lane's connection by itself, after a while", "lane", pl.lane, "error", err)
			return
		}
		pl = &place{lane: pl.lane, batch: next, most: pl.most} // its call may be paused or stopped: then it is the turn of the one behind it
	}
}

// callUp hands out a batch that waits in a lane's line; false when it does no more.
func (w *Worker) callUp(ctx context.Context, batch string) (bool, error) {
	lease, err := parseLeaseID(batch)
	if err != nil {
		return false, err
	}
	waits, err := w.ledger.TakeUp(ctx, lease)
	if err != nil || !waits {
		return false, err
	}
	return true, w.handOut(ctx, lease)
}

// calledEarly hands the batch out, now that it is put back, if it was called to its
// lane's connection before it was.
func (b *batch) calledEarly(ctx context.Context) error {
	next := leaseID(b.lease.Next())
	waits, err := b.w.places.waits(ctx, b.laneLimit(), next)
	if err == nil && !waits {
		_, err = b.w.callUp(ctx, next)
	}
	return err
}
