package console

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"clarion/internal/audit"
	"clarion/web"
	"clarion/web/access"
	"clarion/worker"
)

// queues shows technicians how queues, workers, calls and Redis stand.
func (c *console) queues(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	all, err := c.Desk.Queues(r.Context())
	if err != nil {
		return err
	}
	return c.show(w, r, who, "queues", page{Title: sayer(languageOf(r, who))("Queues", "대기열"), Data: all})
}

// queuesLive is the part of it that is fetched anew.
func (c *console) queuesLive(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
	all, err := c.Desk.Queues(r.Context())
	if err != nil {
		return err
	}
	return c.part(w, r, who, "queues", "machinery", all)
}

// queueName is what a queue may be called in the audit trail.
var queueName = regexp.MustCompile(`^[a-z][a-z-]{0,30}$`)

// failedTask does something with a failed task that a form names.
func (c *console) failedTask(did audit.Action, do func(q *worker.Queue, queue, id string) error) func(http.ResponseWriter, *http.Request, *access.Visitor) error {
	return func(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
		queue, id := r.PostFormValue("queue"), r.PostFormValue("id")
		if !queueName.MatchString(queue) {
			return fmt.Errorf("%w: that is no queue", web.ErrUnreadable)
		}
		if err := c.Trail.Append(r.Context(), audit.Entry{Actor: who.Actor(), Action: did, Object: "queue:" + queue}); err != nil {
			return err
		}
		if err := do(c.Desk.Queue, queue, id); errors.Is(err, worker.ErrNoTask) {
			return fmt.Errorf("%w: %w", web.ErrNotFound, err)
		} else if err != nil {
			return err
		}
		http.Redirect(w, r, "/queues?done=task", http.StatusSeeOther)
		return nil
	}
}
