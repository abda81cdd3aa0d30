package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/lists/address"
)

// The kinds of task. Their payloads hold ids only.
const (
	taskPlan    = "plan"         // make batches of a call's frozen audience
	taskBatch   = "batch"        // send a batch, or further attempts
	taskReceipt = "receipt"      // apply what a gateway reports
	taskHouse   = "housekeeping" // roll up what is old
	taskService = "service"      // send one service text, such as the confirmation of an opt-out, or one letter
)

// The queues: one a channel, one ahead of it for what was taken over or is due
// again (asynq puts a requeued task last), and one for all that is no message.
const queueControl = "control"

func queueOf(ch address.Channel, again bool) string {
	if again {
		return ch.String() + "-again"
	}
	return ch.String()
}

// leaseTask is the payload of plan and batch tasks.
type leaseTask struct {
	Call  broadcast.ID `json:"c"`
	Work  uint32       `json:"w"`
	Fence int64        `json:"f"`
}

// A Queue puts work into asynq. It is safe for concurrent use.
type Queue struct {
	client    *asynq.Client
	inspector *asynq.Inspector
}

// taskLimits apply to every task: asynq's own retry and timeout must never end
// a work, since the ledger says what is open. Each recovery of a dead worker's
// task counts as a retry, so their number is large.
func taskLimits() []asynq.Option {
	return []asynq.Option{asynq.MaxRetry(1000), asynq.Timeout(24 * time.Hour)}
}

// put adds a task under id; one that is there already is no error.
func (q *Queue) put(ctx context.Context, kind, queue, id string, payload any) (fresh bool, err error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return false, fmt.Errorf("queue a %s task: %w", kind, err)
	}
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(kind, data), append(taskLimits(), asynq.Queue(queue), asynq.TaskID(id))...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("queue a %s task: %w", kind, err)
	}
	return true, nil
}

func workID(l broadcast.Lease) string { return fmt.Sprintf("%s/%d", l.Call, l.Work) }

func leaseID(l broadcast.Lease) string { return fmt.Sprintf("%s/%d/%d", l.Call, l.Work, l.Fence) }

// parseLeaseID reads what leaseID wrote.
func parseLeaseID(s string) (l broadcast.Lease, err error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return l, fmt.Errorf("%q names no batch", s)
	}
	work, err1 := strconv.ParseUint(parts[1], 10, 32)
	fence, err2 := strconv.ParseInt(parts[2], 10, 64)
	return broadcast.Lease{Call: broadcast.ID(parts[0]), Work: uint32(work), Fence: fence}, errors.Join(err1, err2)
}

// Enqueue hands a work out. The task's id is call, batch and fence, so that the
// same hand-out twice is one task.
func (q *Queue) Enqueue(ctx context.Context, l broadcast.Lease, ch address.Channel) error {
	_, err := q.put(ctx, taskBatch, queueOf(ch, l.Fence > 1), leaseID(l), leaseTask{l.Call, l.Work, l.Fence})
	return err
}

func (q *Queue) enqueuePlan(ctx context.Context, l broadcast.Lease) error {
	_, err := q.put(ctx, taskPlan, queueControl, leaseID(l), leaseTask{l.Call, l.Work, l.Fence})
	return err
}

// stuck reports whether asynq holds a lease's task and would not run it soon: for
// a worker that is about to begin, or for one that died before it did, or in its
// archive, after errors without end. Its id is taken as long.
func (q *Queue) stuck(l broadcast.Lease, queue string) bool {
	info, err := q.inspector.GetTaskInfo(queue, leaseID(l))
	return err == nil && (info.State == asynq.TaskStateActive || info.State == asynq.TaskStateArchived)
}

// asynqLog passes asynq's words on to slog. Its errors are those that our
// handlers return, which hold no personal data.
type asynqLog struct{ log *slog.Logger }

func (a asynqLog) Debug(v ...any) { a.log.Debug(fmt.Sprint(v...)) }
func (a asynqLog) Info(v ...any)  { a.log.Debug(fmt.Sprint(v...)) }
func (a asynqLog) Warn(v ...any)  { a.log.Warn(fmt.Sprint(v...)) }
func (a asynqLog) Error(v ...any) { a.log.Error(fmt.Sprint(v...)) }
func (a asynqLog) Fatal(v ...any) { a.log.Error(fmt.Sprint(v...)) }
