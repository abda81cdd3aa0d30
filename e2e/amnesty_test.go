package e2e_test

import (
	"fmt"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
)

// TestAmnesty is a call to a ministry whose postmaster has lost the list of
// mailboxes: the relay brings every mail back as to somebody unknown. Once the
// ministry knows its people again, an amnesty takes the suppressions back and the
// mails go again: to each once, to nobody who said stop or complained meanwhile,
// and the one who really is unknown bounces again.
func TestAmnesty(t *testing.T) {
	t.Parallel()
	const each = 8
	s, c := newSite(t, rig.MailOptions{}, email), &crowd{n: map[string]int{}}
	for i := range each {
		c.add([]string{"ko", "en"}[i%2], &spot{channel: email, address: fmt.Sprintf("p%d@gov.example", i), fate: sent})
		c.add([]string{"ko", "en"}[i%2], &spot{channel: email, address: fmt.Sprintf("p%d@mail.example", i), fate: sent})
	}
	gone := dead("mailbox_unknown")
	unknown := c.add("en", &spot{channel: email, address: "nouser@gov.example", fate: gone}).at(email)
	stopped := c.add("ko", &spot{channel: email, address: "stopped@gov.example", fate: gone}).at(email)
	angry := c.add("en", &spot{channel: email, address: "angry@gov.example", fate: gone}).at(email)
	complains := c.add("en", &spot{channel: email, address: "complains@mail.example", fate: sent}).at(email)
	wronged := each + 3 // all of the ministry

	table, rows := c.table(t, func(*person) bool { return true }, false)
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	since := time.Now().Format(time.RFC3339)
	s.mail.MX.Refuse("gov.example", "5.1.1 user unknown")
	id := s.launch(s.newCall("amnesty", `"email", "sms", "fax"]`, `"email"]`, "hard_bounces = 0.05", "hard_bounces = 1.0"))
	s.finish(id, func(st status) bool {
		return st.State == "done" && statesOf(st)[email]["bounced"] == wronged && statesOf(st)[email]["sent"] == rows-wronged
	})
	checked := func(p *spot, reason string) {
		t.Helper()
		if v := ask[suppression](s, 0, "suppress", "check", p.address, "--channel", email); v.Suppressed != (reason != "") || v.Reason != reason {
			t.Errorf("%s is suppressed as %+v, want %q", p.address, v, reason)
		}
	}
	for _, p := range c.spots(email, func(*spot) bool { return true }) {
		if strings.HasSuffix(p.address, "@gov.example") {
			checked(p, "bounced")
		} else {
			checked(p, "")
		}
	}

	// What people want stays, also of those whose mail came back.
	ask[suppression](s, 0, "suppress", "add", stopped.address, "--channel", email, "--reason", "opted_out")
	ask[suppression](s, 0, "suppress", "add", angry.address, "--channel", email, "--reason", "complained")
	s.settled()
	s.complain(complains)
	s.await("the complaint", func() bool {
		return ask[suppression](s, 0, "suppress", "check", complains.address, "--channel", email).Reason == "complained"
	})

	s.mail.MX.Refuse("gov.example", "")
	order := []string{"suppress", "amnesty", "--gateway", "relay", "--since", since, "--reason", "mailbox_unknown"}
	again := wronged - 2
	would := ask[amnesty](s, 0, append(order, "--dry-run")...)
	did := ask[amnesty](s, 0, append(order, "--yes", "--why", "the ministry had lost its list")...)
	for _, v := range []amnesty{would, did} {
		if v.Found != wronged || v.Deliveries != again || v.Calls[id] != again || v.Reasons["mailbox_unknown"] != again || len(v.TooLate) != 0 {
			t.Errorf("the amnesty finds %+v, want %d suppressions and %d deliveries", v, wronged, again)
		}
	}
	if !would.DryRun || would.Restored+would.Offered != 0 || did.DryRun || did.Restored != wronged || did.Offered != again {
		t.Errorf("the amnesty would do %+v, and did %+v", would, did)
	}

	s.finish(id, func(st status) bool {
		return st.State == "done" && statesOf(st)[email]["sent"] == rows-3 && statesOf(st)[email]["bounced"] == 3
	})
	s.settled()
	var got, want []string
	for _, l := range s.mail.MX.Received() {
		got = append(got, readLetter(t, l).to)
	}
	for _, p := range c.spots(email, func(p *spot) bool { return p.taken }) {
		want = append(want, p.address)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("mails arrived for %q, want one for each of %q", got, want)
	}
	for _, p := range c.spots(email, func(p *spot) bool { return p.taken && p != complains }) {
		checked(p, "")
	}
	for address, want := range map[string]delivery{
		"p0@gov.example": {id, email, "sent", "", ""},
		unknown.address:  {id, email, "bounced", "mailbox_unknown", "5.1.1"},
	} {
		if v := ask[contact](s, 0, "contact", "show", address); !slices.Equal(v.History, []delivery{want}) {
			t.Errorf("the history of %s is %+v, want %+v", address, v.History, want)
		}
	}
	checked(unknown, "bounced")
	checked(stopped, "opted_out")
	checked(angry, "complained")
	checked(complains, "complained")
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK || a.Audience != rows || len(a.Differences) > 0 {
		t.Errorf("audit of call %s: %+v", id, a)
	}
	if out, said, code := s.run("suppress", "amnesty", "--list"); code != 0 || !strings.Contains(out, fmt.Sprintf("reason mailbox_unknown: %d suppressions taken back, %d messages queued again\n   the ministry had lost its list\n", wronged, again)) {
		t.Errorf("the record says %q %q", out, said)
	}
	if code := s.server.End(time.Minute); code != 0 {
		t.Errorf("clarion serve ended with status %d", code)
	}
	s.silent(c, `msg="returned mail"`)
}

// complain has the provider of an address say that its owner called the call spam
// (RFC 5965), to the envelope sender of the mail that arrived.
func (s *site) complain(p *spot) {
	s.t.Helper()
	letters := s.mail.MX.ReceivedBy(p.address)
	if len(letters) != 1 {
		s.t.Fatalf("%s got %d letters", p.address, len(letters))
	}
	report := strings.ReplaceAll(fmt.Sprintf(`From: feedback@mail.example
To: <%[1]s>
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=cut

--cut
Content-Type: text/plain

This is a complaint about a mail.

--cut
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: mail.example/1
Version: 1
Original-Rcpt-To: <%[2]s>

--cut
Content-Type: message/rfc822

%[3]s
--cut--
`, letters[0].From, p.address, strings.ReplaceAll(string(letters[0].Data), "\r\n", "\n")), "\n", "\r\n")
	must(s.t, smtp.SendMail(s.mail.RelayAddr, nil, "feedback@mail.example", []string{letters[0].From}, []byte(report)))
}
