package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
)

// TestServeEndsAndGoesOn ends clarion serve with SIGTERM in the middle of a call,
// twice, and starts it again: it ends in order, and nobody gets the call twice or
// not at all. What comes back meanwhile is not lost: the relay keeps it.
func TestServeEndsAndGoesOn(t *testing.T) {
	t.Parallel()
	const mails, dead, phones = 200, 10, 60
	s := newSite(t, rig.MailOptions{GiveUpAfter: 2 * time.Minute}, email, sms)
	var table strings.Builder
	table.WriteString("name,email,mobile,language\n")
	for i := range mails {
		fmt.Fprintf(&table, "P %d,p%d@mail.example,,%s\n", i, i, []string{"ko", "en"}[i%2])
		if i%(mails/dead) == 0 {
			fmt.Fprintf(&table, "N %d,nouser%d@mail.example,,en\n", i, i)
		}
		if i < phones {
			fmt.Fprintf(&table, "S %d,,010-2%03d-3000,ko\n", i, i)
		}
	}
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table.String()), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	id := s.launch(s.newCall("main", "email = 200\nsms = 50\n", "email = 20\nsms = 6\n", "hard_bounces = 0.05", "hard_bounces = 0.5", `"email", "sms", "fax"]`, `"email", "sms"]`))

	for _, share := range []int{5, 2} {
		s.await("some of the call", func() bool {
			return len(s.mail.MX.Received()) >= mails/share/2 && len(s.sms.Got(t)) >= phones/share/2
		})
		if code := s.server.End(time.Minute); code != 0 {
			t.Fatalf("clarion serve ended with status %d:\n%s", code, s.server.Log())
		}
		if st := ask[status](s, 0, "call", "status", id); st.State != "running" || st.InDoubt != 0 || statesOf(st)[email]["sending"]+statesOf(st)[sms]["sending"] != 0 {
			t.Fatalf("clarion serve ended, and the call stands at %+v", st)
		}
		s.serve()
	}
	s.finish(id, func(st status) bool {
		e, m := statesOf(st)[email], statesOf(st)[sms]
		return st.State == "done" && e["sent"] == mails && e["bounced"] == dead && m["sent"]+m["delivered"] == phones
	})
	s.settled()
	s.await("the last texts", func() bool { return len(textsTo(s.sms.Got(t))) == phones })
	got := map[string]int{}
	for _, l := range s.mail.MX.Received() {
		got[l.To[0]]++
	}
	for number, m := range textsTo(s.sms.Got(t)) {
		got[number] = len(m.bodies)
	}
	if len(got) != mails+phones {
		t.Errorf("%d people got the call, want %d", len(got), mails+phones)
	}
	for to, n := range got {
		if n != 1 {
			t.Errorf("%s got the call %d times", to, n)
		}
	}
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK {
		t.Errorf("audit: %+v", a)
	}
}
