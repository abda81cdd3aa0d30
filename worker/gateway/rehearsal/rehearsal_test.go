package rehearsal

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/lists/address"
	"clarion/worker/gateway"
	"clarion/worker/gateway/gatewaytest"
)

func start(t testing.TB, c Config) (*Gateway, *clock.Manual) {
	t.Helper()
	clk := clock.NewManual(time.Date(2013, 6, 10, 9, 0, 0, 0, time.UTC))
	g, err := New(c, "rehearsal", clk)
	if err != nil {
		t.Fatal(err)
	}
	return g, clk
}

func to(c address.Channel, mark string) address.Address {
	if c == address.Email {
		if mark != "" {
			mark = "+" + mark
		}
		return address.Canonical(c, "kim"+mark+"@ngo.example")
	}
	if mark == "" {
		mark = "5678"
	}
	return address.Canonical(c, "+821055"+"55"+mark)
}

// verdict is a try and its outcome, in words.
func verdict(err error) string {
	if err == nil {
		return "accepted"
	}
	e := gateway.Classify(err, false)
	return e.Kind.String() + " " + e.Reason.String()
}

// TestCases walks through every case: the first try, the second after a failure
// that asks for one, every report and text, and what Find says in the end.
func TestCases(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"email": "accepted", "email unknown": "dead mailbox_unknown", "email bounce": "accepted, failed dead mailbox_unknown",
		"email full": "failed mailbox_full", "email disabled": "failed mailbox_disabled", "email greylist": "temporary greylisted, accepted",
		"email defer": "temporary other, temporary other", "email throttle": "throttled rate_limited, accepted", "email policy": "refused policy",
		"email slow": "accepted", "email complain": "accepted, complaint", "email optout": "accepted, opt_out",
		"email reply": "accepted, text", "email doubt": "indeterminate network, found", "email lost": "indeterminate network",
		"sms": "accepted, delivered", "sms 0001": "dead mailbox_unknown", "sms 0002": "throttled rate_limited, accepted, delivered",
		"sms 0003": "accepted, failed failed other", "sms 0004": "accepted, failed failed expired", "sms 0005": "accepted, failed refused policy",
		"sms 0006": "accepted", "sms 0007": "accepted, accepted, delivered", "sms 0008": "accepted, delivered, text", "sms 0009": "accepted, delivered, text",
		"sms 0010": "opted_out opt_out", "sms 0011": "indeterminate network, found, delivered", "sms 0012": "indeterminate network", "sms 0013": "accepted, delivered",
		"fax": "accepted, delivered", "fax 0001": "accepted, failed failed busy", "fax 0002": "accepted, failed failed no_answer",
		"fax 0003": "accepted, failed temporary network", "fax 0004": "accepted, failed failed person_answered", "fax 0005": "dead mailbox_unknown",
		"fax 0006": "accepted", "fax 0011": "indeterminate network, found, delivered", "fax 0012": "indeterminate network",
	} {
		name, mark, _ := strings.Cut(key, " ")
		c, err := address.ParseChannel(name)
		if err != nil {
			t.Fatal(err)
		}
		g, clk := start(t, Config{Slow: conf.Duration(time.Nanosecond)})
		m := gateway.Message{Delivery: "d1", To: to(c, mark), From: "office@ngo.example"}
		_, err = g.Send(t.Context(), m)
		got := []string{verdict(err)}
		if e := gateway.Classify(err, false); e != nil && (e.Kind == gateway.Temporary || e.Kind == gateway.Throttled) {
			if e.RetryAfter != 2*time.Second {
				t.Errorf("%s: retry after %s", key, e.RetryAfter)
			}
			_, err = g.Send(t.Context(), m)
			got = append(got, verdict(err))
		}
		_, found, _ := g.Find(t.Context(), "d1")
		if taken := err == nil; taken && !found {
			t.Errorf("%s: taken but not found", key)
		} else if !taken && found {
			got = append(got, "found")
		}
		if early, _ := g.Poll(t.Context()); len(early) != 0 {
			t.Errorf("%s: %d reports at once", key, len(early))
		}
		var last gateway.Event
		for range 20 {
			clk.Advance(time.Second)
			reports, _ := g.Poll(t.Context())
			for _, r := range reports {
				if r.Delivery != "d1" {
					t.Errorf("%s: report of delivery %q", key, r.Delivery)
				}
				last = r.Event
				word := map[gateway.Event]string{gateway.EventAccepted: "accepted", gateway.EventDelivered: "delivered", gateway.EventFailed: "failed",
					gateway.EventComplaint: "complaint", gateway.EventOptOut: "opt_out"}[r.Event]
				if r.Err != nil {
					word += " " + verdict(r.Err)
				}
				got = append(got, word)
			}
			texts, _ := g.PollTexts(t.Context())
			for _, x := range texts {
				if x.From != m.To.Reveal() || x.To != m.From || x.Channel != c || x.Text == "" {
					t.Errorf("%s: text %q", key, x.Text)
				}
				got = append(got, "text")
			}
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s:\n got %s\nwant %s", key, s, want)
		}
		if r, _, _ := g.Find(t.Context(), "d1"); last != 0 && r.Event != last {
			t.Errorf("%s: Find says %d, the last report %d", key, r.Event, last)
		}
		if g.Waiting() != 0 {
			t.Errorf("%s: %d reports never came", key, g.Waiting())
		}
	}
}

// The package comment lists the cases as they are.
func TestDocumented(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("rehearsal.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Cases() {
		mark := "…" + c.Mark
		if c.Channel == address.Email {
			mark = "+" + c.Mark
		}
		if line := fmt.Sprintf("%-11s%s\n", mark, c.Meaning); !strings.Contains(string(source), line) {
			t.Errorf("the package comment lacks %q", line)
		}
	}
}

// The same seed fails the same addresses, near the shares asked for.
func TestRates(t *testing.T) {
	t.Parallel()
	const n = 4000
	run := func(seed int64) (kinds map[string]int, who string) {
		g, clk := start(t, Config{Seed: seed, Bounce: 0.1, Temporary: 0.2, Complaint: 0.05, NoReport: 0.5})
		kinds = map[string]int{}
		for i := range n {
			m := gateway.Message{Delivery: fmt.Sprint(i), To: address.Canonical(address.Email, fmt.Sprintf("s%d@ngo.example", i))}
			if _, err := g.Send(t.Context(), m); err != nil {
				kinds[verdict(err)]++
				who += m.Delivery + " "
				if _, err := g.Send(t.Context(), m); err != nil {
					t.Fatalf("the second try failed: %v", err)
				}
			}
		}
		clk.Advance(time.Hour)
		reports, _ := g.Poll(t.Context())
		for _, r := range reports {
			kinds[fmt.Sprint("event ", r.Event)]++
		}
		return kinds, who
	}
	first, who := run(7)
	again, whoAgain := run(7)
	if fmt.Sprint(first) != fmt.Sprint(again) || who != whoAgain {
		t.Error("the same seed gave another outcome")
	}
	if _, other := run(8); other == who {
		t.Error("another seed gave the same outcome")
	}
	for key, share := range map[string]float64{"temporary other": 0.2, fmt.Sprint("event ", gateway.EventFailed): 0.1, fmt.Sprint("event ", gateway.EventComplaint): 0.9 * 0.05} {
		if got := float64(first[key]) / n; got < share*0.8 || got > share*1.2 {
			t.Errorf("%s: %.3f of the messages, want about %.3f", key, got, share)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{Bounce: 1.5}, {Temporary: -0.1}, {NoReport: 2}, {Complaint: -1}} {
		if _, err := New(c, "rehearsal", clock.System{}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestFaxTakesItsTime(t *testing.T) {
	t.Parallel()
	g, clk := start(t, Config{PageTime: conf.Duration(time.Minute)})
	pdf := "<</Type /Pages /Kids[1 0 R 2 0 R 3 0 R]>> <</Type /Page>> <</Type/Page>> <</Type /Page>>"
	if _, err := g.Send(t.Context(), gateway.Message{Delivery: "d1", To: to(address.Fax, ""), Body: []byte(pdf)}); err != nil {
		t.Fatal(err)
	}
	clk.Advance(3 * time.Minute)
	if r, _ := g.Poll(t.Context()); len(r) != 0 {
		t.Error("three pages took less than three minutes")
	}
	clk.Advance(time.Minute)
	if r, _ := g.Poll(t.Context()); len(r) != 1 {
		t.Errorf("%d reports after four minutes", len(r))
	}
}

// scened sends the suite's messages to addresses that play its scenes.
type scened struct {
	g       *Gateway
	channel address.Channel
	mark    func(n int64) string
	cut     bool // sessions are broken from the start
	n       atomic.Int64
	taken   atomic.Int64
}

func (s *scened) message(m gateway.Message) gateway.Message {
	mark := s.mark(s.n.Add(1) - 1)
	if s.channel == address.Email {
		if mark != "" {
			mark = "+" + mark
		}
		m.To = address.Canonical(s.channel, "leak.canary"+mark+"@recipient.example")
	} else if mark != "" {
		m.To = address.Canonical(s.channel, "+8210777"+mark)
	}
	return m
}

func (s *scened) count(m gateway.Message, err error) {
	if _, found, _ := s.g.Find(context.Background(), m.Delivery); found {
		s.taken.Add(1)
	}
}

func (s *scened) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	r, err := s.g.Send(ctx, s.message(m))
	s.count(m, err)
	return r, err
}

func (s *scened) Find(ctx context.Context, d string) (gateway.Report, bool, error) {
	return s.g.Find(ctx, d)
}

func (s *scened) OpenSession(ctx context.Context) (gateway.Session, error) {
	inner, err := s.g.OpenSession(ctx)
	if err == nil && s.cut {
		inner.Close()
	}
	return scenedSession{inner, s}, err
}

type scenedSession struct {
	gateway.Session
	s *scened
}

func (s scenedSession) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	for i := range group {
		group[i] = s.s.message(group[i])
	}
	return s.Session.SendGroup(ctx, group, proceed, func(i int, r gateway.Receipt, err error) {
		s.s.count(group[i], err)
		result(i, r, err)
	})
}

func TestConformance(t *testing.T) {
	for _, c := range address.Channels {
		t.Run(c.String(), func(t *testing.T) {
			marks := map[string]string{gatewaytest.CutAfter: "lost", gatewaytest.CutBefore: "defer", "dead": "unknown", gatewaytest.Hang: "slow"}
			if c == address.SMS {
				marks = map[string]string{gatewaytest.CutAfter: "0012", "dead": "0001", gatewaytest.Hang: "0013"}
			}
			if c == address.Fax {
				marks = map[string]string{gatewaytest.CutAfter: "0012", "dead": "0005"}
			}
			h := gatewaytest.Harness{Channel: c}
			for _, k := range Cases() {
				if k.Channel == c && k.answer.Kind != gateway.Indeterminate {
					a := gatewaytest.Answer{Scene: k.Mark, Kind: k.answer.Kind, Reason: k.answer.Reason, Code: k.answer.Code}
					if a.Kind == gateway.Temporary || a.Kind == gateway.Throttled {
						a.RetryAfter = 2 * time.Second
					}
					h.Answers = append(h.Answers, a)
				}
			}
			h.Start = func(t testing.TB, scene string) gatewaytest.Rig {
				config := Config{Slow: conf.Duration(time.Nanosecond)}
				switch {
				case scene == gatewaytest.Hang:
					config.Latency = conf.Duration(time.Hour)
				case scene == gatewaytest.CutBefore && c != address.Email:
					config.Temporary = 1 // no number is put off by itself
				}
				g, _ := start(t, config)
				reached := make(chan struct{}, 64)
				if scene == gatewaytest.Hang {
					g.wait = func(ctx context.Context, d time.Duration) error {
						reached <- struct{}{}
						<-ctx.Done()
						return ctx.Err()
					}
				}
				s := &scened{g: g, channel: c, cut: scene == gatewaytest.CutBefore, mark: func(n int64) string {
					if scene == gatewaytest.SecondDead {
						if n == 1 {
							return marks["dead"]
						}
						return ""
					}
					if m, ok := marks[scene]; ok {
						return m
					}
					if scene != gatewaytest.Accept && scene != gatewaytest.CutBefore && scene != gatewaytest.Hang {
						return scene
					}
					return ""
				}}
				return gatewaytest.Rig{Gateway: s, Taken: func() int { return int(s.taken.Load()) }, Reached: reached}
			}
			gatewaytest.Run(t, h)
		})
	}
}

// What belongs to no delivery, such as the confirmation of an opt-out, is not
// reported, and nobody answers it.
func TestWhatIsNoDeliveryIsNotReported(t *testing.T) {
	t.Parallel()
	g, clk := start(t, Config{})
	if _, err := g.Send(t.Context(), gateway.Message{To: to(address.SMS, "0008"), Body: []byte("confirmed")}); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Hour)
	reports, err := g.Poll(t.Context())
	texts, terr := g.PollTexts(t.Context())
	if err != nil || terr != nil || len(reports) > 0 || len(texts) > 0 {
		t.Errorf("%d reports and %d texts came: %v, %v", len(reports), len(texts), err, terr)
	}
}
