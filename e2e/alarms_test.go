package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
)

// alarmsConfig looks often, and has somebody told.
const alarmsConfig = `
[alarm]
every = "1s"
calm = "1s"
gateway_down = "1s"
redis_above = 0.999    # how full this machine's disk is does not matter here

[[alarm.person]]
name = "Duty"
email = "duty@gov.example"
language = "en"
`

// TestAlarmReachesSomebody kills one of two Postfix while a call runs: who has duty is
// told through the other, once, and again when it is back.
func TestAlarmReachesSomebody(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.listen()
	s.config = "dns.lanes = false\n" + s.config + alarmsConfig
	relays := map[string]*rig.Mail{}
	for _, name := range []string{"north", "south"} {
		m := rig.StartMail(t, rig.MailOptions{BounceAddr: s.inbox, BounceProtocol: "lmtp"})
		host, port, err := net.SplitHostPort(m.RelayAddr)
		must(t, err)
		s.config += fmt.Sprintf(weighedConfig, name, host, port, 1, 1)
		relays[name] = m
	}
	s.serve()
	var table strings.Builder
	table.WriteString("name,email,language\n")
	for i := range 1000 { // more than can leave while the test looks
		fmt.Fprintf(&table, "Person %d,p%d@mail.example,en\n", i, i)
	}
	ask[imported](s, 0, "lists", "import", s.write("all.csv", table.String()), "--list", "supporters", "--consent", "I want to hear of Save 9.")
	id := s.launch(s.newCall("alarms", `"email", "sms", "fax"]`, `"email"]`, "email = 200\n", "email = 4\n"))

	north, south := relays["north"], relays["south"]
	s.await("mail through both", func() bool { return len(north.MX.Received()) > 0 && len(south.MX.Received()) > 0 })
	north.Crash(t)
	s.await("the alarm", func() bool { return len(notices(t, relays)) > 0 })
	north.Restart(t)
	s.await("the end of the alarm", func() bool { return len(notices(t, relays)) > 1 })
	s.run("call", "stop", id)
	told := notices(t, relays)
	if len(told) != 2 || !strings.Contains(told[0], "Warning · A gateway is down") || !strings.Contains(told[0], "north cannot be reached since") ||
		!strings.Contains(told[1], "This is over:") || !strings.Contains(told[1], "north") {
		t.Errorf("who has duty is told:\n%s", strings.Join(told, "\n---\n"))
	}
	if code := s.server.End(time.Minute); code != 0 {
		t.Errorf("clarion serve ended with status %d", code)
	}
	if log := s.read(s.server.LogPath); strings.Contains(log, "duty@") || strings.Contains(log, "Duty") {
		t.Error("the log names who is told")
	}
}

// notices are the texts of the mails to who has duty.
func notices(t *testing.T, relays map[string]*rig.Mail) (out []string) {
	t.Helper()
	var all []rig.Letter
	for _, name := range []string{"south", "north"} {
		all = append(all, relays[name].MX.Received()...)
	}
	for _, l := range all {
		m, err := mail.ReadMessage(bytes.NewReader(l.Data))
		must(t, err)
		if m.Header.Get("To") != "<duty@gov.example>" {
			continue
		}
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		must(t, err)
		out = append(out, string(text))
	}
	return out
}
