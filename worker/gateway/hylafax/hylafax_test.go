package hylafax_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/gatewaytest"
	"clarion/worker/gateway/hylafax"
)

func TestConformance(t *testing.T) {
	other := gateway.OtherReason
	gatewaytest.Run(t, gatewaytest.Harness{
		Channel: address.Fax,
		Start: func(t testing.TB, scene string) gatewaytest.Rig {
			s := &server{scene: scene}
			addr := start(t, s)
			return gatewaytest.Rig{Gateway: open(t, hylafax.Config{Addr: addr, Modem: "fast"}), Taken: s.taken, Reached: s.reached}
		},
		Secrets: []string{password},
		Answers: []gatewaytest.Answer{
			{Scene: "multiline"},
			{Scene: "shutting_down", Kind: gateway.Temporary, Reason: other, Code: "421"},
			{Scene: "bad_login", Kind: gateway.Misconfigured, Reason: gateway.Authentication, Code: "530"},
			{Scene: "account", Kind: gateway.Misconfigured, Reason: gateway.Authentication, Code: "332"},
			{Scene: "no_login_now", Kind: gateway.Temporary, Reason: other, Code: "450"},
			{Scene: "no_passive", Kind: gateway.Temporary, Reason: other, Code: "425"},
			{Scene: "garbled_passive", Kind: gateway.Temporary, Reason: other, Code: "227"},
			{Scene: "disk_full", Kind: gateway.Temporary, Reason: other, Code: "452"},
			{Scene: "no_job", Kind: gateway.Misconfigured, Reason: other, Code: "500"},
			{Scene: "bad_number", Kind: gateway.Failed, Reason: other, Code: "504"},
			{Scene: "bad_modem", Kind: gateway.Misconfigured, Reason: other, Code: "504"},
			{Scene: "bad_document", Kind: gateway.Misconfigured, Reason: other, Code: "550"},
			{Scene: "no_scheduler", Kind: gateway.Temporary, Reason: other, Code: "460"},
			{Scene: "no_taking_back", Kind: gateway.Indeterminate, Reason: other, Code: "460"},
		},
	})
}

func fax(to, body string) gateway.Message {
	return gateway.Message{Delivery: "token", To: address.Canonical(address.Fax, to), Body: []byte(body)}
}

func TestWhatIsNoFaxIsNotSent(t *testing.T) {
	t.Parallel()
	s := &server{}
	g := open(t, hylafax.Config{Addr: start(t, s)})
	odd := fax("+82222220000", "%PDF-1.4")
	odd.Delivery = "two\r\nJSUBM"
	for name, c := range map[string]struct {
		m    gateway.Message
		kind gateway.Kind
	}{
		"no PDF":      {fax("+82222220000", "hello"), gateway.Refused},
		"no number":   {fax("nobody", "%PDF-1.4"), gateway.Failed},
		"a line more": {odd, gateway.Refused},
	} {
		_, err := g.Send(t.Context(), c.m)
		if e := gateway.Classify(err, false); e == nil || e.Kind != c.kind {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	if s.taken() != 0 {
		t.Errorf("the server took %d jobs", s.taken())
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := hylafax.Config{Addr: "127.0.0.1", User: "clarion", Password: conf.NewSecret("hush-hush"), Country: "82"}
	if _, err := hylafax.New(good); err != nil {
		t.Fatalf("new: %v", err)
	}
	for want, spoil := range map[string]func(*hylafax.Config){
		"addr":        func(c *hylafax.Config) { c.Addr = "" },
		"user":        func(c *hylafax.Config) { c.User = "" },
		"line breaks": func(c *hylafax.Config) { c.Password = conf.NewSecret("hush\r\n") },
		"country":     func(c *hylafax.Config) { c.Country = "" },
		"digits":      func(c *hylafax.Config) { c.DialPrefix = "W" },
		"max_dials":   func(c *hylafax.Config) { c.MaxDials = 13 },
		"max_tries":   func(c *hylafax.Config) { c.MaxTries = 4 },
		"kill_time":   func(c *hylafax.Config) { c.KillTime = conf.Duration(100 * 24 * time.Hour) },
		"resolution":  func(c *hylafax.Config) { c.Resolution = "superfine" },
	} {
		bad := good
		spoil(&bad)
		_, err := hylafax.New(bad)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("new: %v, want a sentence with %q", err, want)
		}
	}
}

func TestPollReportsEachEndOnce(t *testing.T) {
	t.Parallel()
	s := &server{
		sendq: "8|clarion|S|0|1|still|Busy signal detected\r\n" + "9|clarion|S|0|1|voice|No carrier detected\r\n" + "10|other|S|0|1|voice|No carrier detected\r\n",
		doneq: "1|clarion|D|2|2|arrived|\r\n" + "2|clarion|F|0|1|busy|Busy signal detected; too many attempts to dial\r\n" +
			"3|other|D|1|1|theirs|\r\n" + "4|clarion|D|1|1||\r\n" + "nonsense\r\n",
	}
	g := open(t, hylafax.Config{Addr: start(t, s)})
	reports, err := g.Poll(t.Context())
	if err != nil {
		t.Fatalf("poll: %v", err)
	}
	got := map[string]string{}
	for _, r := range reports {
		got[r.Delivery] = r.ID
		if r.Err != nil {
			got[r.Delivery] += " " + r.Err.Kind.String() + " " + r.Err.Reason.String()
		}
	}
	want := map[string]string{"arrived": "1", "busy": "2 failed busy", "voice": "9 failed person_answered"}
	if len(got) != len(want) || got["arrived"] != want["arrived"] || got["busy"] != want["busy"] || got["voice"] != want["voice"] {
		t.Errorf("reports %v, want %v", got, want)
	}
	s.mu.Lock()
	if len(s.killed) != 1 || s.killed[0] != "9" {
		t.Errorf("stopped the jobs %v, want 9, and no other's", s.killed)
	}
	s.sendq = "8|clarion|S|0|1|still|Busy signal detected\r\n"
	s.doneq += "9|clarion|F|0|1|voice|Job aborted by request\r\n"
	s.mu.Unlock()
	if reports, err = g.Poll(t.Context()); err != nil || len(reports) != 0 {
		t.Errorf("second poll: %d reports, %v; want none", len(reports), err)
	}
	// HylaFAX purges its queue and begins its ids anew.
	s.mu.Lock()
	s.doneq = ""
	s.mu.Unlock()
	if _, err := g.Poll(t.Context()); err != nil {
		t.Fatalf("poll: %v", err)
	}
	s.mu.Lock()
	s.doneq = "1|clarion|D|2|2|arrived|\r\n"
	s.mu.Unlock()
	if reports, err = g.Poll(t.Context()); err != nil || len(reports) != 1 {
		t.Errorf("poll of an id that came again: %d reports, %v; want one", len(reports), err)
	}
}

// What nobody wants any more is taken back while it waits, and left alone while it
// is on the line.
func TestUnwantedJobsAreTakenBack(t *testing.T) {
	t.Parallel()
	s := &server{sendq: "3|clarion|W|0|1|stopped|\r\n" + "4|clarion|S|0|1|stopped too|Busy signal detected\r\n" + "5|clarion|R|0|1|stopped, dialling|\r\n" +
		"6|clarion|W|0|1|wanted|\r\n" + "7|other|W|0|1|stopped, theirs|\r\n"}
	g := open(t, hylafax.Config{Addr: start(t, s)})
	g.WithdrawUnless(func(_ context.Context, delivery string) bool { return !strings.HasPrefix(delivery, "stopped") })
	reports, err := g.Poll(t.Context())
	if err != nil || len(reports) != 2 {
		t.Fatalf("%d reports, %v; want two", len(reports), err)
	}
	for _, r := range reports {
		if r.Event != gateway.EventFailed || r.Err.Kind != gateway.Failed || r.Err.Code != "aborted" || !strings.HasPrefix(r.Delivery, "stopped") {
			t.Errorf("%+v: %v", r, r.Err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.killed, []string{"3", "4"}) {
		t.Errorf("took back the jobs %v, want 3 and 4", s.killed)
	}
}

func TestFindTakesTheLatestJob(t *testing.T) {
	t.Parallel()
	s := &server{
		sendq: "12|clarion|R|0|1|twice|\r\n" + "13|clarion|R|0|1|just ended|\r\n",
		doneq: "11|clarion|F|0|1|twice|Busy signal detected\r\n" + "13|clarion|D|1|1|just ended|\r\n" + "14|other|D|1|1|theirs|\r\n",
	}
	g := open(t, hylafax.Config{Addr: start(t, s)})
	for tag, want := range map[string]gateway.Event{"twice": gateway.EventAccepted, "just ended": gateway.EventDelivered, "theirs": 0, "unheard of": 0} {
		r, found, err := g.Find(t.Context(), tag)
		if err != nil || found != (want != 0) || r.Event != want {
			t.Errorf("find %q: %+v, %v, %v; want event %d", tag, r, found, err, want)
		}
	}
}

func TestProbeSeesAStoppedScheduler(t *testing.T) {
	t.Parallel()
	s := &server{status: "HylaFAX scheduler on fax: Running\r\n"}
	g := open(t, hylafax.Config{Addr: start(t, s)})
	if err := g.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
	s.mu.Lock()
	s.status = "HylaFAX scheduler on fax: Not running\r\n"
	s.mu.Unlock()
	if err := g.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "faxq") {
		t.Errorf("probe: %v, want it to name faxq", err)
	}
}
