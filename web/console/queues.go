package console

import (
	"errors"
	"fmt"
	"net/http"

	"clarion/web"
	"clarion/web/access"
	"clarion/web/desk"
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

// failedTask does something with a failed task that a form names.
func (c *console) failedTask(do func(queue, id string, note desk.Note) error) func(http.ResponseWriter, *http.Request, *access.Visitor) error {
	return func(w http.ResponseWriter, r *http.Request, who *access.Visitor) error {
		err := do(r.PostFormValue("queue"), r.PostFormValue("id"), c.noteOf(r, who))
		switch {
		case errors.Is(err, desk.ErrNoQueue):
			return fmt.Errorf("%w: %w", web.ErrUnreadable, err)
		case errors.Is(err, worker.ErrNoTask):
			return fmt.Errorf("%w: %w", web.ErrNotFound, err)
		case err != nil:
			return err
		}
		http.Redirect(w, r, "/queues?done=task", http.StatusSeeOther)
		return nil
	}
}
