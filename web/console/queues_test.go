package console

import (
	"net/http"
	"strings"
	"testing"

	"clarion/web/desk"
)

// Technicians see where work waits; what is done to a task that is not there any
// more is told so.
func TestQueues(t *testing.T) {
	h := open(t, desk.ReleaseRule{})
	to, _ := h.post(h.draft()+"/rehearse", http.StatusSeeOther)
	id := strings.TrimPrefix(strings.SplitN(to, "?", 2)[0], "/calls/")
	page := text(h.get("/queues", 200))
	for _, want := range []string{"control 1", "No worker runs", id + " 1 0 0 0"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not told:\n%s", want, page)
		}
	}
	for _, act := range []string{"/queues/run", "/queues/delete"} {
		h.post(act, http.StatusNotFound, "queue", "control", "id", "c9/0/1")
		h.post(act, http.StatusBadRequest, "queue", "a:b@c", "id", "x")
	}
}
