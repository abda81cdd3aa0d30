package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// fake is a gateway and its far side in one, right but for one fault.
type fake struct {
	scene, fault string
	mu           sync.Mutex
	offered      int
	sent         map[string]bool
	reached      chan struct{}
}

func (f *fake) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	kind := func(k gateway.Kind, r gateway.Reason) (gateway.Receipt, error) {
		e := &gateway.Error{Kind: k, Reason: r}
		switch f.fault {
		case "leaks the recipient":
			e.Err = fmt.Errorf("no mailbox %s", strings.ToUpper(m.To.Reveal()))
		case "leaks deep":
			e.Err = hidden{errors.New(Marker)}
		}
		if f.fault == "untyped" {
			return gateway.Receipt{}, errors.New("broken")
		}
		return gateway.Receipt{}, e
	}
	if ctx.Err() != nil && f.fault != "begins after the end" {
		return kind(gateway.Temporary, gateway.Network)
	}
	f.mu.Lock()
	n := f.offered
	f.offered++
	f.mu.Unlock()
	switch f.scene {
	case CutBefore:
		if f.fault == "doubts what did not leave" {
			return kind(gateway.Indeterminate, gateway.Network)
		}
		return kind(gateway.Temporary, gateway.Network)
	case CutAfter:
		if f.fault == "repeats what may have left" {
			return kind(gateway.Temporary, gateway.Network)
		}
		return kind(gateway.Indeterminate, gateway.Network)
	case Hang:
		f.reached <- struct{}{}
		<-ctx.Done()
		if f.fault == "repeats what may have left" {
			return kind(gateway.Temporary, gateway.Network)
		}
		return kind(gateway.Indeterminate, gateway.Network)
	case "full":
		if f.fault == "condemns the full" {
			return kind(gateway.Dead, gateway.MailboxUnknown)
		}
		return kind(gateway.Failed, gateway.MailboxFull)
	case SecondDead:
		if n == 1 {
			return kind(gateway.Dead, gateway.MailboxUnknown)
		}
	}
	if f.fault != "loses messages" || n != 1 {
		f.mu.Lock()
		f.sent[m.Delivery] = true
		f.mu.Unlock()
	}
	return gateway.Receipt{}, nil
}

// hidden shows its cause only to those who unwrap.
type hidden struct{ cause error }

func (hidden) Error() string                { return "hidden" }
func (h hidden) Unwrap() error              { return h.cause }
func (h hidden) Format(s fmt.State, _ rune) { fmt.Fprint(s, "hidden") }

func (f *fake) Probe(ctx context.Context) error {
	if f.scene == CutBefore && f.fault != "probes blindly" {
		return errors.New("it hangs up")
	}
	return nil
}

func (f *fake) Find(_ context.Context, d string) (gateway.Report, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return gateway.Report{}, f.sent[d] || f.fault == "finds everything", nil
}

func (f *fake) ParseRequest(*http.Request) ([]gateway.Report, []gateway.Inbound, error) {
	if f.fault == "believes forgeries" {
		return []gateway.Report{{Delivery: "d"}}, nil, nil
	}
	return nil, nil, gateway.ErrForged
}

func (f *fake) OpenSession(context.Context) (gateway.Session, error) { return fakeSession{f}, nil }

type fakeSession struct{ f *fake }

func (fakeSession) Close() error { return nil }

func (s fakeSession) SendGroup(ctx context.Context, group []gateway.Message, proceed func(int) bool, result func(int, gateway.Receipt, error)) error {
	var broken error
	for i, m := range group {
		asked := i
		if s.f.fault == "asks for the first alone" {
			asked = 0
		}
		if broken != nil || ctx.Err() != nil || (!proceed(asked) && s.f.fault != "does not stop") {
			if s.f.fault == "forgets results" {
				continue
			}
			result(i, gateway.Receipt{}, gateway.ErrNotSent)
			continue
		}
		r, err := s.f.Send(ctx, m)
		result(i, r, err)
		if s.f.fault == "tells twice" {
			result(i, r, err)
		}
		var e *gateway.Error
		if errors.As(err, &e) && s.f.fault != "hides the break" && (e.Kind == gateway.Indeterminate || e.Kind == gateway.Temporary) {
			broken = errors.New("the session is broken")
		}
	}
	return broken
}

// recorder is a testing.TB that keeps failures to itself.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorder) Error(args ...any) { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}
func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

// failing runs all checks on a gateway with a fault and returns the names of
// those that failed.
func failing(t *testing.T, fault string) []string {
	h := Harness{
		Channel: address.Email,
		Start: func(_ testing.TB, scene string) Rig {
			f := &fake{scene: scene, fault: fault, sent: map[string]bool{}, reached: make(chan struct{}, 64)}
			return Rig{Gateway: f, Reached: f.reached, Taken: func() int {
				f.mu.Lock()
				defer f.mu.Unlock()
				return len(f.sent)
			}}
		},
		Answers: []Answer{{Scene: "full", Kind: gateway.Failed, Reason: gateway.MailboxFull}},
		Forged:  func() []*http.Request { return []*http.Request{httptest.NewRequest("POST", "/", nil)} },
	}
	var names []string
	for _, c := range h.checks() {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.run(r, h)
		}()
		<-done
		if len(r.failures) > 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// The suite passes a right gateway and catches each fault by the check that is
// there for it.
func TestSuiteCatchesFaults(t *testing.T) {
	t.Parallel()
	if names := failing(t, ""); len(names) != 0 {
		t.Fatalf("a right gateway fails at %v", names)
	}
	for fault, name := range map[string]string{
		"leaks the recipient": "answer/full", "leaks deep": "answer/full", "untyped": "cut_after", "begins after the end": "cancelled",
		"doubts what did not leave": "cut_before", "repeats what may have left": "cancel", "condemns the full": "answer/full",
		"loses messages": "accept", "probes blindly": "probe", "finds everything": "find", "believes forgeries": "forged",
		"does not stop": "group_proceed", "forgets results": "group_cancelled", "tells twice": "group", "hides the break": "group_cut_after",
		"asks for the first alone": "group",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			if names := failing(t, fault); !slices.Contains(names, name) {
				t.Errorf("caught by %v, want %s", names, name)
			}
		})
	}
}

// What is logged counts too, whichever way. Not parallel: the log is one.
func TestLogIsCaptured(t *testing.T) {
	for name, write := range map[string]func(number string){
		"slog": func(number string) { slog.Debug("sent", "to", number) },
		"log":  func(number string) { log.Print("sent to ", number) },
	} {
		b := captureLog(t)
		write(recipient(address.SMS, 1).Reveal())
		r := &recorder{TB: t}
		Harness{Channel: address.SMS}.leaks(r, "the log", b.String())
		if len(r.failures) == 0 {
			t.Errorf("a number written by %s was not seen", name)
		}
	}
}
