package gatewaytest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"clarion/worker/gateway"
)

// sessionChecks are for gateways that are a gateway.SessionOpener; for others
// they find nothing to do.
func sessionChecks() []check {
	list := []check{
		{"group", groupAccepted},
		{"group_second_dead", groupSecondDead},
		{"group_proceed", groupProceed},
		{"group_cut_before", groupCutBefore},
		{"group_cut_after", groupCutAfter},
		{"group_cancel", groupCancel},
		{"group_cancelled", groupCancelled},
	}
	for i, c := range list {
		list[i].run = func(t testing.TB, h Harness) {
			if _, ok := h.Start(t, Accept).Gateway.(gateway.SessionOpener); ok {
				c.run(t, h)
			}
		}
	}
	return list
}

// outcome is what result was told of a message of a group.
type outcome struct {
	calls int
	err   error
}

// sendGroup sends n messages from number first on and checks that each got
// exactly one result before SendGroup returned, and that proceed was asked for
// each that may have left.
func (h Harness) sendGroup(ctx context.Context, t testing.TB, s gateway.Session, first, n int, proceed func(int) bool) ([]outcome, error) {
	t.Helper()
	group := make([]gateway.Message, n)
	for i := range group {
		group[i] = h.Message(first + i)
	}
	var mu sync.Mutex
	out, asked := make([]outcome, n), make([]bool, n)
	err := s.SendGroup(ctx, group, func(i int) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[i] = true
		return proceed(i)
	}, func(i int, _ gateway.Receipt, err error) {
		mu.Lock()
		defer mu.Unlock()
		out[i].calls++
		out[i].err = err
	})
	h.errorLeaks(t, err)
	mu.Lock()
	defer mu.Unlock()
	for i, o := range out {
		if o.calls != 1 {
			t.Errorf("message %d of the group got %d results, want 1", i, o.calls)
		}
		var e *gateway.Error
		if left := o.err == nil || errors.As(o.err, &e) && e.Kind == gateway.Indeterminate; left && !asked[i] {
			t.Errorf("message %d of the group left without being asked for", i)
		}
		h.errorLeaks(t, o.err)
	}
	return out, err
}

func (h Harness) open(t testing.TB, scene string) (Rig, gateway.Session) {
	t.Helper()
	r := h.Start(t, scene)
	s, err := r.Gateway.(gateway.SessionOpener).OpenSession(t.Context())
	if err != nil {
		t.Fatalf("open a session: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return r, s
}

func always(int) bool { return true }

// begun reports whether err says that the message may have gone.
func begun(err error) bool {
	var e *gateway.Error
	return err == nil || errors.As(err, &e) && e.Kind == gateway.Indeterminate
}

func groupAccepted(t testing.TB, h Harness) {
	r, s := h.open(t, Accept)
	want := 0
	for _, n := range []int{0, 1, 16, 3} {
		out, err := h.sendGroup(t.Context(), t, s, want, n, always)
		if err != nil {
			t.Fatalf("send a group of %d: %v", n, err)
		}
		for i, o := range out {
			if o.err != nil {
				t.Errorf("message %d of %d: %v", i, n, o.err)
			}
		}
		want += n
		if got := r.Taken(); got != want {
			t.Errorf("the far side took %d messages, want %d", got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func groupSecondDead(t testing.TB, h Harness) {
	r, s := h.open(t, SecondDead)
	out, err := h.sendGroup(t.Context(), t, s, 0, 5, always)
	if err != nil {
		t.Fatalf("send a group: %v", err)
	}
	for i, o := range out {
		if i == 1 {
			wantKind(t, o.err, gateway.Dead)
		} else if o.err != nil {
			t.Errorf("message %d, after a refused one: %v", i, o.err)
		}
	}
	if n := r.Taken(); n != 4 {
		t.Errorf("the far side took %d messages, want 4", n)
	}
}

// Once proceed says no, not one more message leaves, not even an empty one, and
// what was not begun is said to be so.
func groupProceed(t testing.TB, h Harness) {
	for _, allowed := range []int{0, 1, 3} {
		r, s := h.open(t, Accept)
		asked := 0
		out, _ := h.sendGroup(t.Context(), t, s, 0, 6, func(int) bool { asked++; return asked <= allowed })
		for i, o := range out {
			if i < allowed && o.err != nil {
				t.Errorf("%d allowed: message %d: %v", allowed, i, o.err)
			}
			if i >= allowed && !errors.Is(o.err, gateway.ErrNotSent) {
				t.Errorf("%d allowed: message %d: %v, want ErrNotSent", allowed, i, o.err)
			}
		}
		s.Close()
		if n := r.Taken(); n != allowed {
			t.Errorf("the far side took %d messages, want %d", n, allowed)
		}
	}
}

// A line that breaks while the session opens leaves nothing in doubt.
func groupCutBefore(t testing.TB, h Harness) {
	r := h.Start(t, CutBefore)
	s, err := r.Gateway.(gateway.SessionOpener).OpenSession(t.Context())
	if err != nil {
		h.errorLeaks(t, err)
		wantKind(t, err, gateway.Temporary)
		return
	}
	defer s.Close()
	out, err := h.sendGroup(t.Context(), t, s, 0, 3, always)
	if err == nil {
		t.Error("SendGroup over a broken session returned no error")
	}
	for i, o := range out {
		if begun(o.err) {
			t.Errorf("message %d: %v, though nothing left", i, o.err)
		}
	}
}

// A line that breaks after the first message puts that one in doubt, no other.
func groupCutAfter(t testing.TB, h Harness) {
	_, s := h.open(t, CutAfter)
	out, err := h.sendGroup(t.Context(), t, s, 0, 4, always)
	h.inDoubt(t, out, err)
}

func groupCancel(t testing.TB, h Harness) {
	r, s := h.open(t, Hang)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type answer struct {
		out []outcome
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := h.sendGroup(ctx, t, s, 0, 4, always)
		done <- answer{out, err}
	}()
	await(t, r.Reached, "the far side to read the first message")
	cancel()
	a := await(t, done, "SendGroup to return after the cancellation")
	h.inDoubt(t, a.out, a.err)
}

func (h Harness) inDoubt(t testing.TB, out []outcome, err error) {
	t.Helper()
	if err == nil {
		t.Error("SendGroup over a broken session returned no error")
	}
	for i, o := range out {
		if i == 0 {
			wantKind(t, o.err, gateway.Indeterminate)
		} else if begun(o.err) {
			t.Errorf("message %d: %v, though it had not begun", i, o.err)
		}
	}
}

func groupCancelled(t testing.TB, h Harness) {
	r, s := h.open(t, Accept)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, _ := h.sendGroup(ctx, t, s, 0, 3, always)
	for i, o := range out {
		if !errors.Is(o.err, gateway.ErrNotSent) {
			t.Errorf("message %d: %v, want ErrNotSent", i, o.err)
		}
	}
	s.Close()
	if n := r.Taken(); n != 0 {
		t.Errorf("the far side took %d messages, want none", n)
	}
}
