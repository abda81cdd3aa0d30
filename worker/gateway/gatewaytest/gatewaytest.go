// Package gatewaytest owns the suite that every gateway runs: each answer of
// the far side must become its verdict, a cut line must never be mistaken for a
// message that did not leave, and nothing personal or secret may leak.
package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// The scenes that every far side must be able to play. Wherever its protocol
// carries text, a far side quotes the recipient (and the message and the login,
// where it has seen them) in its answers, so that the suite can look for leaks.
const (
	// Accept takes every message.
	Accept = "accept"
	// CutBefore lets the line break before anything of the message was read:
	// the far side hangs up instead of greeting or, where the client speaks
	// first (HTTP), nothing listens.
	CutBefore = "cut_before"
	// CutAfter reads the whole of each message, as far as what commits the
	// sender to it (the final dot, the request, the submit), and hangs up
	// instead of answering.
	CutAfter = "cut_after"
	// Hang reads as CutAfter does, sends on Rig.Reached, and never answers.
	Hang = "hang"
	// SecondDead refuses the second message that it is offered, since no such
	// mailbox or number exists, and takes all others. Only gateways with
	// sessions are asked to play it.
	SecondDead = "second_dead"
)

// A Harness says how the suite reaches a gateway and its far side.
type Harness struct {
	// Channel is the channel of the gateway.
	Channel address.Channel
	// Start starts a far side that plays scene and returns it with a gateway
	// set up to talk to it. Each test calls it anew, several at a time; what it
	// starts it ends by t.Cleanup.
	Start func(t testing.TB, scene string) Rig
	// Answers lists the far side's other answers, each a scene of its own.
	Answers []Answer
	// Secrets are the password and keys that Start gives the gateway.
	Secrets []string
	// Forged makes requests that do not come from the provider; needed when the
	// gateway is a gateway.Reporter.
	Forged func() []*http.Request
	// Body makes the i-th message's body, which must contain Marker. Nil means
	// a plain one: a short mail, a text, or a one-page PDF.
	Body func(i int) []byte
}

// A Rig is a far side that plays a scene, and the gateway that talks to it.
type Rig struct {
	Gateway gateway.Gateway
	// Taken returns how many messages the far side has taken responsibility for.
	Taken func() int
	// Reached receives once for each message that the scene Hang has read.
	Reached <-chan struct{}
}

// An Answer is one answer of the far side, and the verdict it must become.
type Answer struct {
	Scene      string
	Kind       gateway.Kind   // 0: the message is accepted
	Reason     gateway.Reason // always compared
	Code       string         // compared unless ""
	RetryAfter time.Duration  // always compared
}

// Marker stands in the body of every message of the suite.
const Marker = "confidential-marker-4711"

// patience is how long the suite waits for what should come at once. It bounds
// a failing test; no passing test waits for it.
const patience = 20 * time.Second

// Run runs the suite. It captures the program's log meanwhile, so the test that
// calls it must not be parallel; the suite's own tests are.
func Run(t *testing.T, h Harness) {
	logs := captureLog(t)
	t.Run("suite", func(t *testing.T) {
		for _, c := range h.checks() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, h)
			})
		}
	})
	h.leaks(t, "the log", logs.String())
}

type check struct {
	name string
	run  func(t testing.TB, h Harness)
}

func (h Harness) checks() []check {
	list := []check{
		{"accept", checkAccept},
		{"cut_before", checkCutBefore},
		{"cut_after", checkCutAfter},
		{"cancelled", checkCancelled},
		{"cancel", checkCancel},
		{"concurrent", checkConcurrent},
		{"probe", checkProbe},
		{"find", checkFind},
		{"forged", checkForged},
	}
	for _, a := range h.Answers {
		list = append(list, check{"answer/" + a.Scene, func(t testing.TB, h Harness) { checkAnswer(t, h, a) }})
	}
	return append(list, sessionChecks()...)
}

// Message returns the i-th message of the suite for channel c.
func (h Harness) Message(i int) gateway.Message {
	m := gateway.Message{Delivery: fmt.Sprintf("delivery%04d", i), To: recipient(h.Channel, i)}
	switch h.Channel {
	case address.Email:
		m.From = fmt.Sprintf("b+delivery%04d@bounce.ngo.example", i)
		m.Body = fmt.Appendf(nil, "From: office@ngo.example\r\nTo: undisclosed-recipients:;\r\nSubject: %s %d\r\n"+
			"Message-ID: <delivery%04d@ngo.example>\r\n\r\n.a line that starts with a dot\r\n%s\r\n", Marker, i, i, Marker)
	case address.SMS:
		m.From, m.Body = "0212345678", fmt.Appendf(nil, "서명해 주세요 %s %d", Marker, i)
	default:
		m.From, m.Body = "+82211110000", fmt.Appendf(nil, "%%PDF-1.4\n%% %s %d\ntrailer<</Root 1 0 R>>\n%%%%EOF\n", Marker, i)
	}
	if h.Body != nil {
		m.Body = h.Body(i)
	}
	return m
}

func recipient(c address.Channel, i int) address.Address {
	if c == address.Email {
		return address.Canonical(c, fmt.Sprintf("leak.canary.%04d@recipient.example", i))
	}
	return address.Canonical(c, fmt.Sprintf("+8210777%05d", 15500+i))
}

// verdict returns err as the *gateway.Error that a gateway must return.
func verdict(t testing.TB, err error) *gateway.Error {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) {
		t.Fatalf("the gateway returned %T %v, want a *gateway.Error", err, err)
	}
	return e
}

func wantKind(t testing.TB, err error, kinds ...gateway.Kind) {
	t.Helper()
	e := verdict(t, err)
	for _, k := range kinds {
		if e.Kind == k {
			return
		}
	}
	t.Errorf("verdict %v, want one of %v", e, kinds)
}

func checkAccept(t testing.TB, h Harness) {
	r := h.Start(t, Accept)
	for i := range 2 {
		if _, err := r.Gateway.Send(t.Context(), h.Message(i)); err != nil {
			t.Fatalf("send: %v", err)
		}
	}
	if n := r.Taken(); n != 2 {
		t.Errorf("the far side took %d messages, want 2", n)
	}
}

func checkAnswer(t testing.TB, h Harness, a Answer) {
	r := h.Start(t, a.Scene)
	_, err := r.Gateway.Send(t.Context(), h.Message(0))
	h.errorLeaks(t, err)
	if a.Kind == 0 {
		if err != nil {
			t.Errorf("send: %v, want it accepted", err)
		}
		return
	}
	e := verdict(t, err)
	if e.Kind != a.Kind || e.Reason != a.Reason || e.RetryAfter != a.RetryAfter || (a.Code != "" && e.Code != a.Code) {
		t.Errorf("verdict %s %s %q retry %s, want %s %s %q retry %s",
			e.Kind, e.Reason, e.Code, e.RetryAfter, a.Kind, a.Reason, a.Code, a.RetryAfter)
	}
}

func checkCutBefore(t testing.TB, h Harness) {
	r := h.Start(t, CutBefore)
	_, err := r.Gateway.Send(t.Context(), h.Message(0))
	h.errorLeaks(t, err)
	wantKind(t, err, gateway.Temporary)
}

func checkCutAfter(t testing.TB, h Harness) {
	r := h.Start(t, CutAfter)
	_, err := r.Gateway.Send(t.Context(), h.Message(0))
	h.errorLeaks(t, err)
	wantKind(t, err, gateway.Indeterminate)
}

// A context that has ended before Send begins nothing.
func checkCancelled(t testing.TB, h Harness) {
	r := h.Start(t, Accept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Gateway.Send(ctx, h.Message(0))
	h.errorLeaks(t, err)
	wantKind(t, err, gateway.Temporary)
	if n := r.Taken(); n != 0 {
		t.Errorf("the far side took %d messages, want none", n)
	}
}

// A context that ends while the far side ponders ends Send, in doubt.
func checkCancel(t testing.TB, h Harness) {
	r := h.Start(t, Hang)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := r.Gateway.Send(ctx, h.Message(0))
		done <- err
	}()
	await(t, r.Reached, "the far side to read the message")
	cancel()
	err := await(t, done, "Send to return after the cancellation")
	h.errorLeaks(t, err)
	wantKind(t, err, gateway.Indeterminate)
}

func checkConcurrent(t testing.TB, h Harness) {
	const senders = 12
	r := h.Start(t, Accept)
	done := make(chan error, senders)
	for i := range senders {
		go func() {
			_, err := r.Gateway.Send(t.Context(), h.Message(i))
			done <- err
		}()
	}
	for range senders {
		if err := await(t, done, "a concurrent Send"); err != nil {
			t.Errorf("concurrent send: %v", err)
		}
	}
	if n := r.Taken(); n != senders {
		t.Errorf("the far side took %d messages, want %d", n, senders)
	}
}

func checkProbe(t testing.TB, h Harness) {
	up := h.Start(t, Accept)
	p, ok := up.Gateway.(gateway.Prober)
	if !ok {
		return
	}
	if err := p.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
	if n := up.Taken(); n != 0 {
		t.Errorf("the probe sent %d messages", n)
	}
	err := h.Start(t, CutBefore).Gateway.(gateway.Prober).Probe(t.Context())
	if err == nil {
		t.Error("the probe of a far side that hangs up found nothing wrong")
	}
	h.errorLeaks(t, err)
}

func checkFind(t testing.TB, h Harness) {
	r := h.Start(t, Accept)
	f, ok := r.Gateway.(gateway.Finder)
	if !ok {
		return
	}
	m := h.Message(0)
	if _, err := r.Gateway.Send(t.Context(), m); err != nil {
		t.Fatalf("send: %v", err)
	}
	if _, found, err := f.Find(t.Context(), m.Delivery); err != nil || !found {
		t.Errorf("find what was sent: %v, %v", found, err)
	}
	if _, found, err := f.Find(t.Context(), "neverheardof"); err != nil || found {
		t.Errorf("find what was never sent: %v, %v", found, err)
	}
}

func checkForged(t testing.TB, h Harness) {
	p, ok := h.Start(t, Accept).Gateway.(gateway.Reporter)
	if !ok {
		return
	}
	if h.Forged == nil {
		t.Fatal("the gateway reads reports over HTTP: its harness must forge some")
	}
	for i, req := range h.Forged() {
		reports, inbound, err := p.ParseRequest(req)
		if !errors.Is(err, gateway.ErrForged) || len(reports)+len(inbound) != 0 {
			t.Errorf("forged request %d: %d reports, %d texts, %v; want ErrForged", i, len(reports), len(inbound), err)
		}
		h.errorLeaks(t, err)
	}
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		t.Fatalf("waited %s for %s", patience, what)
		panic("unreachable")
	}
}
