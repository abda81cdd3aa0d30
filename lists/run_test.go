package lists

import (
	"context"
	"testing"
	"time"

	"clarion/internal/clock"
	"clarion/internal/redistest"
	"clarion/lists/address"
)

func TestRun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	clk := clock.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	s := opened(t, redistest.New(t))
	s.clk = clk
	k := s.Key(mail(t, "a@example.org"))
	run := Run{Calls: 3, Within: 30 * 24 * time.Hour}
	fails := func(call string, want bool) {
		t.Helper()
		if ended, err := s.Failed(ctx, address.Email, k, call, run); err != nil || ended != want {
			t.Errorf("after call %s: %v, %v", call, ended, err)
		}
	}
	fails("c1", false)
	fails("c1", false) // told twice
	fails("c2", false)
	if err := s.Arrived(ctx, address.Email, k); err != nil {
		t.Fatal(err)
	}
	fails("c3", false)
	fails("c4", false)
	fails("c5", true)
	fails("c5", true) // the crash between counting and suppressing forgets nothing
	clk.Set(clk.Now().Add(31 * 24 * time.Hour))
	fails("c6", false) // what failed long ago is no run
	if ended, err := s.Failed(ctx, address.SMS, k, "c7", run); err != nil || ended {
		t.Errorf("another channel: %v, %v", ended, err)
	}
}
