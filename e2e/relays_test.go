package e2e_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
)

// relaysConfig has short waits between tries, and few connections, so that it is
// known how much can be on the wire to a relay.
const relaysConfig = `
[worker.retry.email]
first = "1s"
most = "2s"
attempts = 100
`

const weighedConfig = `
[gateway.%s]
kind = "smtp"
host = %q
port = %s
tls = "none"
weight = %d
connections = %d
`

// TestRelayDies sends a call through two Postfix, one of which carries three times
// as much as the other and is killed in the middle: the rest goes through the
// other, nobody is written to twice and nobody is forgotten.
func TestRelayDies(t *testing.T) {
	t.Parallel()
	const connections = 2
	s, c := prepare(t), &crowd{n: map[string]int{}}
	s.listen()
	s.config = "dns.lanes = false\n" + s.config + relaysConfig
	relays := map[string]*rig.Mail{}
	for name, weight := range map[string]int{"north": 3, "south": 1} {
		m := rig.StartMail(t, rig.MailOptions{BounceAddr: s.inbox, BounceProtocol: "lmtp"})
		host, port, err := net.SplitHostPort(m.RelayAddr)
		must(t, err)
		s.config += fmt.Sprintf(weighedConfig, name, host, port, weight, connections)
		relays[name] = m
	}
	s.serve()

	// Many batches, since one goes through one relay: people of one batch share a place.
	places := strings.Fields("Asia/Seoul Asia/Tokyo Asia/Jakarta Asia/Kolkata Europe/Berlin Europe/London America/New_York America/Chicago America/Los_Angeles America/Sao_Paulo")
	var table strings.Builder
	table.WriteString("name,email,language,timezone\n")
	for i := range 200 {
		p := c.add([]string{"ko", "en"}[i%2], &spot{channel: email, address: fmt.Sprintf("p%d@%s.example", i, []string{"mail", "gov"}[i/2%2]), fate: sent})
		fmt.Fprintf(&table, "%s,%s,%s,%s\n", p.name, p.address(email), p.language, places[i/4%len(places)])
	}
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table.String()), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	id := s.launch(s.newCall("relays", `"email", "sms", "fax"]`, `"email"]`, "email = 200\n", "email = 25\n", `in_doubt = "resend"`, `in_doubt = "hold"`))

	north, south := relays["north"], relays["south"]
	s.await("a third of the call", func() bool { return len(north.MX.Received())+len(south.MX.Received()) >= len(c.people)/3 })
	if n, k := len(north.MX.Received()), len(south.MX.Received()); n <= k || k == 0 {
		t.Errorf("of weights 3 and 1 the relays have carried %d and %d mails", n, k)
	}
	north.Crash(t)

	var st status
	s.await("the dead relay to be left alone", func() bool {
		st = ask[status](s, 0, "call", "status", id)
		return slices.ContainsFunc(st.Waiting, func(h held) bool {
			return h.What == "north" && h.Channel == "" && h.Kind == "temporary" && h.Reason == "network" && h.Seconds > 0
		})
	})
	if out, said, code := s.run("call", "status", id); code != 0 || !strings.Contains(out, "north cannot be reached since ") {
		t.Errorf("call status does not say that a relay is left alone, and why:\n%s%s", out, said)
	}
	s.await("the end of the call", func() bool {
		st = ask[status](s, 0, "call", "status", id)
		return st.State == "done"
	})
	if doubt := st.InDoubt; st.Audience != len(c.people) || statesOf(st)[email]["sent"]+doubt != len(c.people) || doubt > connections {
		t.Fatalf("the call ended at %+v", st)
	}
	// What the dead one had taken lies in its queue.
	north.Restart(t)
	s.await("the relays' queues to be empty", func() bool { return len(north.Queued())+len(south.Queued()) == 0 })
	copies, _ := gathered(t, relays)
	if missing := len(c.people) - len(copies); missing > st.InDoubt {
		t.Errorf("%d people got nothing, and %d mails are in doubt", missing, st.InDoubt)
	}
	for to, n := range copies {
		if n != 1 {
			t.Errorf("%s got the call %d times", to, n)
		}
	}

	// Those in doubt, to be decided by a person: sent again, they are the same mail.
	if _, said, code := s.run("call", "doubt", id, "--resend"); code != 0 {
		t.Errorf("call doubt ended with status %d: %s", code, said)
	}
	s.finish(id, func(st status) bool { return st.State == "done" && statesOf(st)[email]["sent"] == len(c.people) })
	s.await("the relays' queues to be empty again", func() bool { return len(north.Queued())+len(south.Queued()) == 0 })
	copies, ids := gathered(t, relays)
	for _, p := range c.people {
		if to := p.address(email); copies[to] == 0 || len(ids[to]) != 1 {
			t.Errorf("%s got the call %d times, as %d mails", to, copies[to], len(ids[to]))
		}
	}
	r := ask[report](s, 0, "call", "report", id)
	carried := map[string]int{}
	for _, row := range r.Rows {
		if row.By == "gateway" {
			carried[row.Name] = row.Total
		}
	}
	if carried["north"]+carried["south"] != len(c.people) || carried["north"] == 0 || carried["south"] <= len(c.people)/2 {
		t.Errorf("call report counts by gateway: %v", carried)
	}
	if a := ask[audit](s, 0, "call", "audit", id); !a.OK {
		t.Errorf("audit: %+v", a)
	}
	if code := s.server.End(time.Minute); code != 0 {
		t.Errorf("clarion serve ended with status %d", code)
	}
	s.silent(c)
}

// gathered counts, by address, the letters that came through relays, and their
// Message-IDs.
func gathered(t *testing.T, relays map[string]*rig.Mail) (copies map[string]int, ids map[string]map[string]bool) {
	t.Helper()
	copies, ids = map[string]int{}, map[string]map[string]bool{}
	for _, m := range relays {
		for _, l := range m.MX.Received() {
			v := readLetter(t, l)
			if copies[v.to]++; ids[v.to] == nil {
				ids[v.to] = map[string]bool{}
			}
			ids[v.to][v.id] = true
		}
	}
	return copies, ids
}
