package main

import (
	"context"
	"fmt"
	"net/smtp"
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
	asked, stop := context.WithCancel(ctx)
	defer stop()
	trips := make(chan []float64, 1)
	go func() { trips <- roundTrips(asked, line.port()) }()
	rates, err := b.steady(ctx, p, fleet{workers: 1, connections: connections, port: line.port(), text: p.text}, server, b.samples)
	if err != nil {
		return err
	}
	stop()
	best := float64(connections) / roundTrip.Seconds()
	shares := make([]float64, len(rates))
	for i, rate := range rates {
		shares[i] = rate / best
	}
	b.results.add(figure{Name: fmt.Sprintf("at a round trip of 10 ms: messages/s ÷ (%d connections ÷ round trip)", connections), Unit: "×", Asked: 0.85, AtLeast: true}, shares...)
	b.results.add(figure{Name: "a round trip of 10 ms as it is meanwhile", Unit: "ms"}, median(<-trips))
	return nil
}

// roundTrips asks the server for nothing, again and again until ctx ends, on a connection
// beside those that send, and returns how many milliseconds each answer took: as much
// as the line, the proxy and two busy cores make of it.
func roundTrips(ctx context.Context, port int) (took []float64) {
	c, err := smtp.Dial(fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil
	}
	defer c.Close()
	for ctx.Err() == nil {
		asked := time.Now()
		if c.Noop() != nil {
			return took
		}
		took = append(took, milliseconds(time.Since(asked)))
	}
	return took
}
