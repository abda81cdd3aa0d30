package e2e_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/e2e/rig"
	answers "clarion/templates/sms"
)

// TestCall brings a call in Korean and English to some 300 contacts through real
// gateways, with every kind of failure and every way of saying stop among them.
func TestCall(t *testing.T) {
	t.Parallel()
	s, c := newSite(t, rig.MailOptions{}, email, sms, fax), newCrowd()
	s.takeLists(c)

	// A small call first: its mails bring the links by which people say stop.
	first := s.launch(s.newCall("first", `lists = ["supporters"]`, `lists = ["early"]`, `"email", "sms", "fax"]`, `"email", "sms"]`))
	s.finish(first, func(st status) bool { return st.State == "done" })
	letters := map[string]letter{}
	s.await("the letters of the first call", func() bool {
		for _, l := range s.mail.MX.Received() {
			letters[strings.ToLower(l.To[0])] = readLetter(t, l)
		}
		return len(letters) == len(c.spots(email, func(p *spot) bool { return p.who.early }))
	})
	s.await("the texts of the first call", func() bool {
		return len(textsTo(s.sms.Got(t))) == len(c.spots(sms, func(p *spot) bool { return p.who.early }))
	})
	got := s.taken()
	for _, p := range c.stops(isBefore) {
		s.stop(p, letters)
	}
	s.confirmed(c.stops(isBefore), got)

	// The main call. Its pace leaves time to say stop before one's turn.
	got = s.taken()
	folder := s.newCall("main", "email = 200\nsms = 50\n", "email = 3\nsms = 2\n", "hard_bounces = 0.05", "hard_bounces = 0.5")
	s.checks(folder, c, "main")
	main := s.launch(folder)
	s.await("the first messages of the main call", func() bool {
		now := s.taken()
		return now.mails > got.mails && now.texts > got.texts
	})
	stopped := s.taken()
	for _, p := range c.stops(isDuring) {
		s.stop(p, letters)
	}
	s.confirmed(c.stops(isDuring), stopped)
	want := c.states()
	s.finish(main, func(st status) bool {
		return st.State == "done" && maps.EqualFunc(want, statesOf(st), func(a, b map[string]int) bool { return maps.Equal(a, b) })
	})
	s.settled()
	s.arrived(c, folder, got)
	s.recorded(c, main)

	// Those who say stop after it, then a second call to all.
	for _, l := range s.mail.MX.Received()[got.mails:] {
		letters[strings.ToLower(l.To[0])] = readLetter(t, l)
	}
	stopped = s.taken()
	for _, p := range c.stops(isAfter) {
		s.stop(p, letters)
	}
	s.confirmed(c.stops(isAfter), stopped)
	flagged := ask[status](s, 0, "call", "status", main)
	if n := flagged.Channels[email].OptedOut; n != len(c.spots(email, func(p *spot) bool { return p.stop != "" && isAfter(p) })) {
		t.Errorf("the main call led to %d opt-outs by email", n)
	}
	got = s.taken()
	folder = s.newCall("second", `"email", "sms", "fax"]`, `"email", "sms"]`, "hard_bounces = 0.05", "hard_bounces = 0.5")
	s.checks(folder, c, "second")
	log := s.mail.Log()
	second := s.launch(folder)
	s.finish(second, func(st status) bool { return st.State == "done" && statesOf(st)[sms]["sent"] == 2 })
	s.settled()
	s.again(c, got, s.mail.Log()[len(log):])
	for _, id := range []string{first, main, second} {
		if a := ask[audit](s, 0, "call", "audit", id); !a.OK || len(a.Differences) > 0 {
			t.Errorf("audit of call %s: %+v", id, a)
		}
	}

	if code := s.server.End(time.Minute); code != 0 {
		t.Errorf("clarion serve ended with status %d", code)
	}
	s.silent(c, `msg="returned mail"`)
}

// takeLists imports the contacts: Koreans from CP949, others from UTF-8 with two
// mistakes in it, and the list of the first call.
func (s *site) takeLists(c *crowd) {
	t := s.t
	t.Helper()
	for _, of := range []struct {
		list, file, encoding string
		fits                 func(*person) bool
		tail                 string
		known                bool
	}{
		{"supporters", "korean.csv", "cp949", func(p *person) bool { return p.language == "ko" }, "", false},
		{"supporters", "others.csv", "utf-8", func(p *person) bool { return p.language == "en" }, "Nobody,not-an-address,,,en\nShort,,010-12,,en\n", false},
		{"early", "early.csv", "cp949", func(p *person) bool { return p.early && p.language == "ko" }, "", true},
		{"early", "early-others.csv", "utf-8", func(p *person) bool { return p.early && p.language == "en" }, "", true},
	} {
		content, rows := c.table(t, of.fits, of.encoding == "cp949")
		code, wrong := 0, strings.Count(of.tail, "\n")
		if wrong > 0 {
			code = 3 // done in part
		}
		r := ask[imported](s, code, "lists", "import", s.write(of.file, content+of.tail), "--list", of.list, "--consent", "I want to hear of Save 9.")
		fresh := rows
		if of.known {
			fresh = 0
		}
		if r.Records != rows+wrong || r.Accepted != rows || r.New != fresh || len(r.Rejected) != wrong || !strings.EqualFold(r.Encoding, of.encoding) {
			t.Errorf("import of %s: %+v, want %d contacts, %d of them new", of.file, r, rows, fresh)
		}
	}
}

// launch launches a call without being asked.
func (s *site) launch(folder string) string {
	s.t.Helper()
	return ask[launched](s, 0, "call", "launch", folder, "--yes").ID
}

// finish asks for the status of a call until it is what it should be. At every
// moment the states must sum to the audience.
func (s *site) finish(id string, ended func(status) bool) {
	s.t.Helper()
	var st status
	next := time.Time{}
	if !s.comes("the end of call "+id, func() bool {
		if time.Now().Before(next) {
			return false
		}
		st = ask[status](s, 0, "call", "status", id)
		next = time.Now().Add(time.Second)
		sum := 0
		for _, ch := range st.Channels {
			for _, n := range ch.States {
				sum += n
			}
		}
		if sum != st.Audience || st.InDoubt != 0 {
			s.t.Fatalf("the states sum to %d of %d, %d in doubt", sum, st.Audience, st.InDoubt)
		}
		return ended(st)
	}) {
		s.t.Logf("call %s stands at %+v", id, st)
	}
}

// tally is how much has arrived.
type tally struct{ mails, texts, faxes int }

func (s *site) taken() tally {
	return tally{len(s.mail.MX.Received()), len(s.sms.Got(s.t)), len(s.fax.Received(s.t))}
}

// settled waits until the relay holds no mail any more.
func (s *site) settled() {
	s.t.Helper()
	s.await("the relay's queue to be empty", func() bool { return len(s.mail.Queued()) == 0 })
}

// stop has the owner of an address say stop.
func (s *site) stop(p *spot, letters map[string]letter) {
	s.t.Helper()
	switch p.stop {
	case "one_click":
		s.click(letters[strings.ToLower(p.address)])
	case "mail":
		s.mailStop(letters[strings.ToLower(p.address)])
	case "staff":
		ask[suppression](s, 0, "suppress", "add", p.address, "--channel", p.channel, "--reason", "opted_out")
	default:
		for range 2 { // an impatient person
			s.sms.Text(s.t, strings.ReplaceAll(p.address, "-", ""), "0212345678", p.stop)
		}
	}
}

// confirmed waits until the stops are entered, and until each that came by text
// is confirmed by one text; got is what had arrived before.
func (s *site) confirmed(stops []*spot, got tally) {
	t := s.t
	t.Helper()
	if len(stops) == 0 {
		t.Fatal("nobody says stop")
	}
	for _, p := range stops {
		var v suppression
		s.await("the stop of "+p.address, func() bool {
			v = ask[suppression](s, 0, "suppress", "check", p.address, "--channel", p.channel)
			return v.Suppressed
		})
		if v.Reason != "opted_out" || v.Source != p.source() {
			t.Errorf("%s is suppressed as %+v", p.address, v)
		}
		if p.source() != "text" {
			continue
		}
		number := strings.ReplaceAll(p.address, "-", "")
		want := answers.Reply(p.who.language, answers.OptedOut, "Save 9 Campaign", "")
		s.await("the confirmation to "+p.address, func() bool { return textsTo(s.sms.Got(t)[got.texts:])[number] != nil })
		if m := textsTo(s.sms.Got(t)[got.texts:])[number]; m.from != "0212345678" || !slices.Equal(m.bodies, []string{want}) {
			t.Errorf("%s was told %q from %s, want %q", p.address, m.bodies, m.from, want)
		}
	}
}
