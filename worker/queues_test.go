package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"clarion/internal/redistest"
)

// What asynq gave up is listed with its error and without its payload, run again or
// deleted; what is not there any more is told so, and what a gateway reported is kept.
func TestFailedTasks(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	q := NewQueue(rdb)
	for id, kind := range map[string]string{"c1/1/1": taskBatch, "c1/2/1": taskBatch, "r/1": taskReceipt} {
		if _, err := q.put(t.Context(), kind, "email", id, leaseTask{}); err != nil {
			t.Fatal(err)
		}
	}
	given := make(chan struct{}, 8)
	s := asynq.NewServerFromRedisClient(rdb, asynq.Config{Concurrency: 1, Queues: map[string]int{"email": 1}, TaskCheckInterval: 10 * time.Millisecond,
		LogLevel: asynq.FatalLevel, ErrorHandler: asynq.ErrorHandlerFunc(func(context.Context, *asynq.Task, error) { given <- struct{}{} })})
	if err := s.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		return errors.Join(errors.New("the gateway is gone"), asynq.SkipRetry)
	})); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-given
	}
	s.Shutdown() // which waits until all are in the archive
	failed, err := q.Failed()
	if err != nil || len(failed) != 3 {
		t.Fatalf("%+v, %v", failed, err)
	}
	for _, f := range failed {
		report := f.ID == "r/1"
		if !f.GivenUp || f.Droppable == report || (f.Kind == taskReceipt) != report || f.Error == "" || f.Queue != "email" {
			t.Errorf("%+v", f)
		}
	}
	if err := q.Drop("email", "r/1"); !errors.Is(err, ErrReport) {
		t.Errorf("deleting what a gateway reported: %v", err)
	}
	if err := q.RunAgain("email", "r/1"); err != nil {
		t.Fatal(err)
	}
	if err := q.Drop("email", "c1/1/1"); err != nil {
		t.Fatal(err)
	}
	if err := q.RunAgain("email", "c1/2/1"); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []error{q.Drop("email", "c1/1/1"), q.RunAgain("email", "c1/1/1"), q.Drop("email", "c1/2/1"), q.RunAgain("none", "x")} {
		if !errors.Is(gone, ErrNoTask) {
			t.Errorf("what is not there any more: %v", gone)
		}
	}
	states, err := q.States()
	if err != nil || len(states) != 1 || states[0].Waiting != 2 || states[0].Archived != 0 {
		t.Errorf("%+v, %v", states, err)
	}
}
