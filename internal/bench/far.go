package main

import (
	"context"
	"fmt"
	"time"
)

const (
	roundTrip      = 10 * time.Millisecond
	farConnections = 32
)

// far sends to a relay that is a round trip of 10 ms away. A connection can have
// one message on its way at a time, so that connections ÷ round trip is all that
// there is to reach.
func far(ctx context.Context, b *bench) error {
	p, err := b.people(ctx)
	if err != nil {
		return err
	}
	server, err := startCounter(0)
	if err != nil {
		return err
	}
	defer server.stop()
	line, err := startDistance(fmt.Sprintf("127.0.0.1:%d", server.port()), roundTrip/2)
	if err != nil {
		return err
	}
	defer line.stop()
	connections := farConnections
	if b.short {
		connections = b.connections
	}
	rates, err := b.steady(ctx, p, fleet{workers: 1, connections: connections, port: line.port(), text: p.text}, server, b.samples)
	if err != nil {
		return err
	}
	best := float64(connections) / roundTrip.Seconds()
	shares := make([]float64, len(rates))
	for i, rate := range rates {
		shares[i] = rate / best
	}
	b.results.add(figure{Name: fmt.Sprintf("at a round trip of 10 ms: messages/s ÷ (%d connections ÷ round trip)", connections), Unit: "×", Asked: 0.85, AtLeast: true}, shares...)
	return nil
}
