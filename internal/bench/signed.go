package main

import (
	"context"
	"fmt"

	"clarion/internal/dkim"
	"clarion/lists"
)

// signed is the row email with messages that Clarion signs: the same pairs, with
// fewer recipients, since a signature by RSA takes most of a millisecond.
func signed(ctx context.Context, b *bench) error {
	p, err := b.people(ctx)
	if err != nil {
		return err
	}
	relay, err := relay(b.sink.port, b.connections)
	if err != nil {
		return err
	}
	defer func() { p.signers = nil }()
	for _, by := range []struct {
		name       string
		algorithm  dkim.Algorithm
		recipients int
	}{{"Ed25519", dkim.Ed25519, 4 * b.signed}, {"RSA-2048", dkim.RSA, b.signed}} {
		if p.signers, err = signers(by.algorithm); err != nil {
			return err
		}
		list := "signed-" + string(by.algorithm)
		if err := p.load(ctx, list, by.recipients); err != nil {
			return err
		}
		who := lists.Audience{Lists: []string{list}}
		n := float64(by.recipients)
		var ratio, rate, own []float64
		for range b.samples {
			s, err := p.send(ctx, relay, who, by.recipients, b.connections)
			if err != nil {
				return err
			}
			took, _, err := b.sink.source(ctx, by.recipients, b.connections, shape{s.octets, s.from, s.to})
			if err != nil {
				return err
			}
			ratio, rate, own = append(ratio, took.Seconds()/s.took.Seconds()), append(rate, n/s.took.Seconds()), append(own, float64(s.own.Microseconds())/n)
		}
		say("signed by %s: %.0f/s, %.2f of smtp-source", by.name, median(rate), median(ratio))
		what := "email signed by " + by.name
		b.results.add(figure{Name: what + ": messages/s ÷ those of smtp-source -d", Unit: "×"}, ratio...)
		b.results.add(figure{Name: what + ": messages", Unit: "/s"}, rate...)
		b.results.add(figure{Name: what + ": processor time of the worker", Unit: "µs/message"}, own...)
	}
	return nil
}

// signers sign with a new key for the domain that our call is from.
func signers(a dkim.Algorithm) (dkim.Domains, error) {
	const domain = "example.org"
	text, err := dkim.Generate(a)
	if err != nil {
		return nil, err
	}
	key, err := dkim.ParseKey(domain, "bench", string(text))
	if err != nil {
		return nil, err
	}
	s, err := dkim.NewSigner([]dkim.Key{key}, nil)
	if err != nil {
		return nil, fmt.Errorf("make a signer: %w", err)
	}
	return dkim.Domains{domain: s}, nil
}
