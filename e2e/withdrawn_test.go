package e2e_test

import (
	"testing"

	"clarion/e2e/rig"
)

// TestDoneCallIsTakenBack stops a call whose only fax was handed over: HylaFAX found
// the line busy and would dial again, and does not.
func TestDoneCallIsTakenBack(t *testing.T) {
	t.Parallel()
	const busy = "02-2222-0001" // the last four digits, to the rig
	s := newSite(t, rig.MailOptions{}, fax)
	ask[imported](s, 0, "lists", "import", s.write("offices.csv", "name,fax\nMinistry,"+busy+"\n"), "--list", "offices", "--consent", "yes")
	id := s.launch(s.newCall("held", `lists = ["supporters"]`, `lists = ["offices"]`, `"email", "sms", "fax"]`, `"fax"]`))
	s.finish(id, func(st status) bool { return st.State == "done" && statesOf(st)[fax]["sent"] == 1 })
	if st := ask[status](s, 0, "call", "stop", id); st.State != "stopped" {
		t.Errorf("stopped, the call is %s", st.State)
	}
	s.await("the fax to be taken back", func() bool { return statesOf(ask[status](s, 0, "call", "status", id))[fax]["failed"] == 1 })
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK {
		t.Errorf("audit: %+v", a)
	}
	if got := s.fax.Received(t); len(got) != 0 {
		t.Errorf("%d faxes arrived", len(got))
	}
	if _, said, status := s.run("call", "stop", id); status != 2 {
		t.Errorf("stopped again: status %d, %s", status, said)
	}
}
