package desk

import (
	"context"
	"errors"
	"regexp"

	"clarion/broadcast"
	"clarion/internal/audit"
	"clarion/internal/redisdb"
	"clarion/worker"
)

// A QueuesReport is how the machinery stands, for technicians.
type QueuesReport struct {
	Queues  []worker.QueueState
	Failed  []worker.FailedTask
	Workers []WorkerRow
	Calls   []BacklogRow // those that have work to do or to wait for
	Redis   []redisdb.Figures
}

// A WorkerRow is a worker and how many works it has in hand.
type WorkerRow struct {
	worker.WorkerState
	Holds int
}

// A BacklogRow is what is to be done of a call.
type BacklogRow struct {
	ID   broadcast.ID
	Name string
	broadcast.Backlog
}

// Queues reads how queues, workers, running calls and Redis stand; nothing is scanned.
func (d *Desk) Queues(ctx context.Context) (*QueuesReport, error) {
	r := &QueuesReport{}
	var err error
	if r.Queues, err = d.Queue.States(); err != nil {
		return nil, err
	}
	if r.Failed, err = d.Queue.Failed(); err != nil {
		return nil, err
	}
	ids, err := d.Ledger.Active(ctx)
	if err != nil {
		return nil, err
	}
	holds := map[string]int{}
	if len(ids) > 0 {
		backlogs, err := d.Ledger.Backlogs(ctx, ids)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			call, err := d.Ledger.Call(ctx, id)
			if errors.Is(err, broadcast.ErrNoCall) {
				continue // it was deleted meanwhile
			} else if err != nil {
				return nil, err
			}
			r.Calls = append(r.Calls, BacklogRow{id, call.Name, backlogs[i]})
			for w, n := range backlogs[i].Owners {
				holds[w] += n
			}
		}
	}
	workers, err := worker.Workers(ctx, d.Redis)
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		r.Workers = append(r.Workers, WorkerRow{w, holds[w.ID]})
	}
	if d.Figures != nil {
		if r.Redis, err = d.Figures(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// queueName is what a queue may be called in the audit trail.
var queueName = regexp.MustCompile(`^[a-z][a-z-]{0,30}$`)

// ErrNoQueue means that a queue cannot be called so.
var ErrNoQueue = errors.New("that is no queue")

// RunTask runs a failed task of a queue again, noted first.
func (d *Desk) RunTask(queue, id string, note Note) error {
	return onTask(audit.TaskRun, queue, id, d.Queue.RunAgain, note)
}

// DropTask deletes a task of a queue that was given up, noted first.
func (d *Desk) DropTask(queue, id string, note Note) error {
	return onTask(audit.TaskDropped, queue, id, d.Queue.Drop, note)
}

func onTask(did audit.Action, queue, id string, do func(queue, id string) error, note Note) error {
	if !queueName.MatchString(queue) {
		return ErrNoQueue
	}
	if err := note(did, "queue:"+queue, nil); err != nil {
		return err
	}
	err := do(queue, id)
	if errors.Is(err, worker.ErrReport) {
		return Mistake("%v", err)
	}
	return err
}
