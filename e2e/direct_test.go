package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clarion/e2e/rig"
	"clarion/worker/gateway/gatewaytest"
)

// directConfig has short waits between tries: what is tested is what follows from
// an answer, and the times themselves under a virtual clock (package worker).
const directConfig = `
[worker.retry.email]
first = "1s"
most = "2s"
attempts = 100

[gateway.direct]
kind = "mx"
hello = "mail.ngo.example"
port = %d
loopback = true
`

const directRecords = `
mx-host=two.example,mx1.two.example,5
mx-host=two.example,mx2.two.example,10
mx-host=grey.example,mx.grey.example,10
mx-host=busy.example,mx.busy.example,10
dns-rr=null.example,15,000000
host-record=mx1.two.example,NET.9
host-record=mx2.two.example,NET.2
host-record=mx.grey.example,NET.3
host-record=mx.busy.example,NET.4
`

// TestCallStraightToTheReceivers brings a call to the exchangers of each domain
// itself: past one that is down, through greylisting, and with one that wants no
// mail for now left alone while the others get theirs.
func TestCallStraightToTheReceivers(t *testing.T) {
	t.Parallel()
	const each = 20 // people of a domain: so many share a lane of their own
	n := rig.StartNetwork(t, directRecords)
	var greylist seen
	var open atomic.Bool // the busy exchanger takes mail
	exchangers := map[string]*gatewaytest.FarSide{
		"two.example": gatewaytest.ServeMail(t, n.Listen(t, 2), nil, func(step string, _ int, arg string) string {
			if step == "rcpt" && strings.Contains(arg, "nouser") {
				return "550 5.1.1 " + mailbox(arg) + ": user unknown"
			}
			return ""
		}, "PIPELINING", "8BITMIME"),
		"grey.example": gatewaytest.ServeMail(t, n.Listen(t, 3), nil, func(step string, _ int, arg string) string {
			if step == "rcpt" && greylist.first(arg) {
				return "450 4.2.0 " + mailbox(arg) + ": Recipient address rejected: Greylisted"
			}
			return ""
		}, "PIPELINING"),
		// A 421 ends the session (RFC 5321 §3.8), so each of its mails needs one of its own.
		"busy.example": gatewaytest.ServeMail(t, n.Listen(t, 4), nil, func(step string, _ int, arg string) string {
			if step == "mail" && !open.Load() {
				return "421 4.7.0 Too many messages from " + mailbox(arg) + ", try again in 2 seconds"
			}
			return ""
		}, "PIPELINING"),
	}

	s := prepare(t)
	s.listen()
	s.config = fmt.Sprintf("dns.resolver = %q\n", n.DNS) + s.config + fmt.Sprintf(directConfig, n.Port)
	s.serve()
	c := &crowd{n: map[string]int{}}
	for domain := range exchangers {
		for i := range each {
			c.add("en", &spot{channel: email, address: fmt.Sprintf("p%d@%s", i, domain), fate: sent})
		}
	}
	c.add("en", &spot{channel: email, address: "nouser@two.example", fate: dead("mailbox_unknown")})
	c.add("en", &spot{channel: email, address: "p@null.example", fate: dead("domain_unknown")})
	table, rows := c.table(t, func(*person) bool { return true }, false)
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	id := s.launch(s.newCall("direct", `"email", "sms", "fax"]`, `"email"]`))

	// The busy exchanger is left alone, and all others have ended meanwhile.
	var st status
	if !s.comes("the others to go on", func() bool {
		st = ask[status](s, 0, "call", "status", id)
		lanes := map[string]int{}
		for _, l := range st.Lanes {
			lanes[l.Lane] = l.Sent
		}
		alone := slices.ContainsFunc(st.Waiting, func(w held) bool {
			return w.What == "busy.example" && w.Kind == "throttled" && w.Reason == "rate_limited" && w.Code == "4.7.0" && w.Seconds > 0 && w.Waiting == each
		})
		return alone && lanes["two.example"] == each && lanes["grey.example"] == each && lanes["busy.example"] == 0 && statesOf(st)[email]["bounced"] == 2
	}) {
		t.Fatalf("call %s stands at %+v", id, st)
	}
	if st.State != "running" || len(st.Waiting) != 1 {
		t.Errorf("with one exchanger that is busy the call stands at %+v", st)
	}
	for locale, says := range map[string]string{
		"en_GB.UTF-8": `(?m)^busy\.example has asked us to go slower since \d\d:\d\d KST\. We sent too many messages, or too fast \(4\.7\.0\)\. 20 messages wait for it\. It is (tried again at \d\d:\d\d KST|being tried again)\.$`,
		"ko_KR.UTF-8": `(?m)^busy\.example: \d\d:\d\d KST부터 속도를 줄여 달라고 합니다\. 너무 많이 보냈거나 너무 빨리 보냈습니다 \(4\.7\.0\)\. 20건이 기다립니다\. (\d\d:\d\d KST에|지금) 다시 시도합니다\.$`,
	} {
		if out, said, code := s.runIn(locale, "call", "status", id); code != 0 || !regexp.MustCompile(says).MatchString(out) {
			t.Errorf("call status in %s does not say who waits for whom, and why:\n%s%s", locale, out, said)
		}
	}

	open.Store(true)
	s.finish(id, func(st status) bool {
		return st.State == "done" && st.Audience == rows && statesOf(st)[email]["sent"] == len(exchangers)*each && statesOf(st)[email]["bounced"] == 2
	})
	for domain, f := range exchangers {
		var got, want []string
		for _, mail := range f.Received() {
			got = append(got, readLetter(t, rig.Letter{Data: []byte(mail)}).to)
		}
		for _, p := range c.spots(email, func(p *spot) bool { return p.taken && strings.HasSuffix(p.address, "@"+domain) }) {
			want = append(want, p.address)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the exchanger of %s took mail for %q, want %q", domain, got, want)
		}
	}
	if n := greylist.met(); n != each {
		t.Errorf("%d were greylisted, want %d", n, each)
	}
	s.recorded(c, id)
	for _, p := range c.spots(email, func(p *spot) bool { return p.state == "bounced" }) {
		if v := ask[suppression](s, 0, "suppress", "check", p.address, "--channel", email); !v.Suppressed || v.Reason != "bounced" {
			t.Errorf("%s bounced and is suppressed as %+v", p.address, v)
		}
	}
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK || a.Audience != rows || len(a.Differences) > 0 {
		t.Errorf("audit of call %s: %+v", id, a)
	}
	if code := s.server.End(time.Minute); code != 0 {
		t.Errorf("clarion serve ended with status %d", code)
	}
	s.silent(c)
}

// mailbox is the address that a MAIL or RCPT command names.
func mailbox(command string) string {
	_, rest, _ := strings.Cut(command, "<")
	address, _, _ := strings.Cut(rest, ">")
	return "<" + address + ">"
}

// A seen knows what came before.
type seen struct {
	mu  sync.Mutex
	all map[string]bool
}

// first reports whether v comes for the first time.
func (s *seen) first(v string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[v] {
		return false
	}
	if s.all == nil {
		s.all = map[string]bool{}
	}
	s.all[v] = true
	return true
}

func (s *seen) met() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}
