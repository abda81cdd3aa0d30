package api

import (
	"errors"
	"fmt"
	"time"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists/address"
	"clarion/web"
	"clarion/web/desk"
	"clarion/worker"
)

type queuesAnswer struct {
	Queues  []queueRow   `json:"queues"`
	Failed  []failedRow  `json:"failed"` // those that were given up first
	Workers []workerRow  `json:"workers"`
	Calls   []backlogRow `json:"calls"` // those with work to do or to wait for
	Redis   []redisRow   `json:"redis"`
}

type queueRow struct {
	Name          string  `json:"name"`
	Waiting       int     `json:"waiting"`
	OldestSeconds float64 `json:"oldest_seconds"` // how long the first of those has waited
	Active        int     `json:"active"`
	Later         int     `json:"later"`
	GivenUp       int     `json:"given_up"`
	Paused        bool    `json:"paused"` // from outside of Clarion
	Processed     int     `json:"processed"`
	Failed        int     `json:"failed"`
}

type failedRow struct {
	Queue     string    `json:"queue"`
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Error     string    `json:"error"`
	GivenUp   bool      `json:"given_up"`  // it runs no more by itself
	Droppable bool      `json:"droppable"` // nothing is lost with it
	Runs      int       `json:"runs"`
	At        time.Time `json:"at,omitzero"`
}

type workerRow struct {
	ID       string            `json:"id"`
	Channels []address.Channel `json:"channels"`
	Alive    bool              `json:"alive"`
	Sign     time.Time         `json:"sign"`
	Holds    int               `json:"holds"` // batches
}

type backlogRow struct {
	ID    broadcast.ID `json:"id"`
	Name  string       `json:"name"`
	Open  int          `json:"open"`  // batches
	Owned int          `json:"owned"` // of those, in a worker's hands
	Later int          `json:"later"` // of those, waiting for a lane, a gateway or their hour
	Due   int          `json:"due"`   // deliveries to be tried again
	Next  time.Time    `json:"next,omitzero"`
}

type redisRow struct {
	Node          string `json:"node"`
	UsedBytes     int64  `json:"used_bytes"`
	LimitBytes    int64  `json:"limit_bytes"` // 0: not told
	Keeps         bool   `json:"keeps"`       // it has an append-only file
	Written       bool   `json:"written"`     // what it last wrote to disk went well
	DiskBytes     int64  `json:"disk_bytes"`  // 0 of one that is not our own
	DiskFreeBytes int64  `json:"disk_free_bytes"`
	Clients       int    `json:"clients"`
	Replicas      int    `json:"replicas"`
}

func (a *api) queues(q *request, _ none) (queuesAnswer, error) {
	r, err := a.Desk.Queues(q.Context())
	if err != nil {
		return queuesAnswer{}, err
	}
	return queuesAnswer{
		each(r.Queues, func(s worker.QueueState) queueRow {
			return queueRow{s.Name, s.Waiting, s.Oldest.Seconds(), s.Active, s.Later, s.Archived, s.Paused, s.Processed, s.Failed}
		}),
		each(r.Failed, func(t worker.FailedTask) failedRow {
			return failedRow{t.Queue, t.ID, t.Kind, t.Error, t.GivenUp, t.Droppable, t.Runs, t.At.UTC()}
		}),
		each(r.Workers, func(w desk.WorkerRow) workerRow {
			return workerRow{w.ID, append([]address.Channel{}, w.Channels...), w.Alive, w.Sign.UTC(), w.Holds}
		}),
		each(r.Calls, func(c desk.BacklogRow) backlogRow {
			return backlogRow{c.ID, c.Name, c.Open, c.Owned, c.Later, c.Due, c.Next.UTC()}
		}),
		each(r.Redis, func(f redisdb.Figures) redisRow {
			return redisRow{f.Node, f.Used, f.Limit, f.Keeps, f.Written, f.Disk, f.DiskFree, f.Clients, f.Replicas}
		}),
	}, nil
}

// each makes rows, and [] of none.
func each[In, Out any](all []In, row func(In) Out) []Out {
	out := make([]Out, len(all))
	for i := range all {
		out[i] = row(all[i])
	}
	return out
}

// A taskRequest names a failed task.
type taskRequest struct {
	Queue string `json:"queue"`
	ID    string `json:"id"`
}

func (a *api) runTask(q *request, in taskRequest) (none, error) {
	return none{}, taskError(a.Desk.RunTask(in.Queue, in.ID, a.noteOf(q)))
}

func (a *api) dropTask(q *request, in taskRequest) (none, error) {
	return none{}, taskError(a.Desk.DropTask(in.Queue, in.ID, a.noteOf(q)))
}

func taskError(err error) error {
	switch {
	case errors.Is(err, desk.ErrNoQueue):
		return desk.Mistake("%w: see GET %s/queues", err, Prefix)
	case errors.Is(err, worker.ErrNoTask):
		return fmt.Errorf("%w: %w", web.ErrNotFound, err)
	}
	return err
}
