package main

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	answerAfter  = 50 * time.Millisecond // each message
	gatewayLimit = 800                   // messages a second, within what four workers reach
	callLimit    = 500
)

// scale sends to a server that takes its time over each message, with one, two
// and four processes of as many connections each; then at limits that all four
// share.
func scale(ctx context.Context, b *bench) error {
	p, err := b.people(ctx)
	if err != nil {
		return err
	}
	server, err := startCounter(answerAfter)
	if err != nil {
		return err
	}
	defer server.stop()
	f := fleet{connections: b.connections, port: server.port(), text: p.text}
	rates := map[int][]float64{}
	for _, f.workers = range []int{1, 2, 4} {
		if rates[f.workers], err = b.steady(ctx, p, f, server, b.samples); err != nil {
			return err
		}
		say("%d workers: %.0f messages/s", f.workers, median(rates[f.workers]))
	}
	times := func(workers int) (ratios []float64) {
		for i, rate := range rates[workers] {
			ratios = append(ratios, rate/rates[1][i])
		}
		return ratios
	}
	b.results.add(figure{Name: "two worker processes: messages/s ÷ those of one", Unit: "×"}, times(2)...)
	b.results.add(figure{Name: "four worker processes: messages/s ÷ those of one", Unit: "×", Asked: 3.8, AtLeast: true}, times(4)...)

	gate, call := float64(gatewayLimit), float64(callLimit)
	if b.short { // within what so few connections reach
		gate, call = 60, 60
	}
	slow, err := readCall("call", fmt.Sprintf("[pace]\nemail = %g\n", call))
	if err != nil {
		return err
	}
	for _, limit := range []struct {
		what string
		rate float64
		f    fleet
	}{
		{"a gateway's rate", gate, fleet{workers: 4, connections: b.connections, port: server.port(), rate: gate, text: p.text}},
		{"a call's pace", call, fleet{workers: 4, connections: b.connections, port: server.port(), text: slow}},
	} {
		rates, err := b.steady(ctx, p, limit.f, server, b.samples)
		if err != nil {
			return err
		}
		off := make([]float64, len(rates))
		for i, rate := range rates {
			off[i] = 100 * math.Abs(rate/limit.rate-1)
		}
		say("%s of %g/s: %.1f/s", limit.what, limit.rate, median(rates))
		b.results.add(figure{Name: fmt.Sprintf("%s of %g/s over four processes: off by", limit.what, limit.rate), Unit: "%", Asked: 2}, off...)
	}
	return nil
}
