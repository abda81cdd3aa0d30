package worker

import (
	"context"
	"fmt"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
)

// houseTask is the payload of housekeeping: the hour it is for, in hours since 1970.
type houseTask struct {
	Hour int64 `json:"h"`
}

// keepHouse queues the hour's housekeeping once, however many workers ask.
func (s *sweeper) keepHouse(ctx context.Context) error {
	hour := s.w.clk.Now().Unix() / 3600
	if hour == s.hour {
		return nil
	}
	if _, err := s.w.queue.put(ctx, taskHouse, queueControl, fmt.Sprintf("house/%d", hour), houseTask{hour}); err != nil {
		return err
	}
	s.hour = hour
	return nil
}

// handleHouse rolls up the flow of every call that has not been still for long,
// and forgets workers that have been.
func (w *Worker) handleHouse(ctx context.Context, _ *asynq.Task) error {
	if err := w.forget(ctx); err != nil {
		return err
	}
	calls, err := w.ledger.Calls(ctx)
	if err != nil {
		return err
	}
	for _, id := range calls {
		c, err := w.ledger.Call(ctx, id)
		if err != nil {
			return err
		}
		if !c.Finished.IsZero() && w.clk.Now().Sub(c.Finished) > broadcast.ReceiptsFor {
			continue
		}
		if err := w.ledger.RollUp(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
