package worker

import (
	"testing"
	"time"
)

// fleet are gateways by name, in the order of their numbers.
func fleet(gates ...Gate) []way {
	out := make([]way, len(gates))
	for i, g := range gates {
		out[i] = way{&gate{Gate: g}, uint8(i + 1)}
	}
	return out
}

// play lets works of n deliveries take their turns, and counts where they went.
func play(s *shares, all []way, waits []time.Duration, rounds, n int) map[string]int {
	went := map[string]int{}
	for range rounds {
		g := s.order(all, waits)[0].gate
		s.charge(g, n)
		went[g.Name] += n
	}
	return went
}

func TestShares(t *testing.T) {
	t.Parallel()
	all := fleet(Gate{Name: "a", Weight: 3}, Gate{Name: "b"}, Gate{Name: "spare", Standby: true})
	well := make([]time.Duration, 3)
	var share shares
	if went := play(&share, all, well, 400, 256); went["a"] != 300*256 || went["b"] != 100*256 || went["spare"] != 0 {
		t.Errorf("by weights 3 and 1: %v", went)
	}
	if went := play(&share, all, []time.Duration{time.Second, 0, 0}, 100, 256); went["b"] != 100*256 {
		t.Errorf("with a away: %v", went)
	}
	// Who was away has not saved up turns.
	if went := play(&share, all, well, 40, 256); went["a"] != 30*256 || went["b"] != 10*256 {
		t.Errorf("with a back: %v", went)
	}
	if went := play(&share, all, []time.Duration{time.Minute, time.Second, 0}, 10, 1); went["spare"] != 10 {
		t.Errorf("with both away: %v", went)
	}
	if went := play(&share, all, []time.Duration{time.Minute, time.Second, time.Hour}, 10, 1); went["b"] != 10 {
		t.Errorf("with all away, the first to return: %v", went)
	}
	// What one may fall back on when the first is full.
	if order := share.order(all, well); len(order) != 2 {
		t.Errorf("%d gateways to choose from, the standby among them", len(order))
	}
}
