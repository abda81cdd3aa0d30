package worker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// A QueueState is how one of the queues stands.
type QueueState struct {
	Name      string
	Waiting   int           // tasks that any worker may take
	Active    int           // in a worker's hands
	Later     int           // set for a time, or to be tried again
	Archived  int           // given up by asynq; the sweep hands their works out anew
	Oldest    time.Duration // how long the first of those waiting has waited
	Paused    bool          // by a technician, outside of Clarion
	Processed int           // tasks ended since the queue was made, those that failed among them
	Failed    int
}

// States returns how the queues stand that any task was ever put into, by name. A
// queue that was taken away meanwhile is left out.
func (q *Queue) States() ([]QueueState, error) {
	names, err := q.inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("read how the queues stand: %w", err)
	}
	out := make([]QueueState, 0, len(names))
	for _, name := range names {
		i, err := q.inspector.GetQueueInfo(name)
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read how the queue %s stands: %w", name, err)
		}
		out = append(out, QueueState{Name: name, Waiting: i.Pending, Active: i.Active, Later: i.Scheduled + i.Retry, Archived: i.Archived,
			Oldest: i.Latency, Paused: i.Paused, Processed: i.ProcessedTotal, Failed: i.FailedTotal})
	}
	slices.SortFunc(out, func(a, b QueueState) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
