package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
)

// A FailedTask is one whose last run failed: it is tried again, or was given up. Its
// payload is not told; its error is one of ours, which holds no personal data.
type FailedTask struct {
	Queue, ID, Kind string
	Error           string
	GivenUp         bool // it is in asynq's archive, and runs no more by itself
	Droppable       bool // nothing is lost with it
	Runs            int  // that failed
	At              time.Time
}

// failedMost is how many are told of each queue, of those given up and of others each.
const failedMost = 50

// ErrNoTask means that a task is not there any more: it has run, or was deleted.
var ErrNoTask = errors.New("that task is not there any more")

// ErrReport means that a task holds what a gateway reported: that somebody said stop
// would be lost with it.
var ErrReport = errors.New("that task holds what a gateway reported, and is not deleted: run it again")

// Failed lists tasks whose last run failed, those that were given up first.
func (q *Queue) Failed() (out []FailedTask, err error) {
	names, err := q.inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("list failed tasks: %w", err)
	}
	for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){q.inspector.ListArchivedTasks, q.inspector.ListRetryTasks} {
		for _, name := range names {
			tasks, err := list(name, asynq.PageSize(failedMost))
			if errors.Is(err, asynq.ErrQueueNotFound) {
				continue
			} else if err != nil {
				return nil, fmt.Errorf("list failed tasks of the queue %s: %w", name, err)
			}
			for _, t := range tasks {
				givenUp := t.State == asynq.TaskStateArchived
				out = append(out, FailedTask{Queue: name, ID: t.ID, Kind: t.Type, Error: t.LastErr, GivenUp: givenUp, Droppable: givenUp && t.Type != taskReceipt, Runs: t.Retried, At: t.LastFailedAt})
			}
		}
	}
	return out, nil
}

// RunAgain puts a failed task back among those that wait. The error is ErrNoTask when
// it is not there any more.
func (q *Queue) RunAgain(queue, id string) error {
	return q.onFailed(queue, id, func(t *asynq.TaskInfo) error {
		if t.State != asynq.TaskStateArchived && t.State != asynq.TaskStateRetry {
			return ErrNoTask
		}
		return q.inspector.RunTask(queue, id)
	})
}

// Drop deletes a task that was given up; what the ledger holds open is handed out
// anew. The error is ErrNoTask as of RunAgain, ErrReport for one that holds a report.
func (q *Queue) Drop(queue, id string) error {
	return q.onFailed(queue, id, func(t *asynq.TaskInfo) error {
		switch {
		case t.State != asynq.TaskStateArchived:
			return ErrNoTask
		case t.Type == taskReceipt:
			return ErrReport
		}
		return q.inspector.DeleteTask(queue, id)
	})
}

func (q *Queue) onFailed(queue, id string, do func(*asynq.TaskInfo) error) error {
	t, err := q.inspector.GetTaskInfo(queue, id)
	if err == nil {
		err = do(t)
	}
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		return ErrNoTask
	case err == nil, errors.Is(err, ErrNoTask), errors.Is(err, ErrReport):
		return err
	}
	return fmt.Errorf("change a failed task: %w", err)
}
