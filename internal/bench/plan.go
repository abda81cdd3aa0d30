package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker"
)

// planning launches calls to the largest list: how long until the first message
// has left, and until everyone is in a batch, while others are sent already. The
// calls are stopped then. And it counts an audience of all lists, on two
// channels, with everyone who is left out and why.
func planning(ctx context.Context, b *bench) error {
	p, err := b.million(ctx)
	if err != nil {
		return err
	}
	relay, err := relay(b.sink.port, b.connections)
	if err != nil {
		return err
	}
	w, err := p.startWorker(ctx, worker.Gate{Name: relayName, Channel: address.Email, Gateway: relay, Connections: b.connections})
	if err != nil {
		return err
	}
	defer w.Shutdown()
	var first, whole, overlap []float64
	for range b.samples {
		relay.reset()
		began := time.Now()
		id, err := p.launch(ctx, p.text, lists.Audience{})
		if err != nil {
			return err
		}
		var planned time.Time
		sent := 0
		err = until(ctx, 20*time.Millisecond, func() (bool, error) {
			n, err := p.ledger.Counters(ctx, id)
			if err != nil || n.Unplan[address.Email] > 0 || relay.first.Load() == 0 {
				return false, err
			}
			planned = time.Now()
			for _, c := range n.Lanes {
				for state, k := range c.Counts {
					if state == broadcast.Sent {
						sent += k
					}
				}
			}
			return true, nil
		})
		if err != nil {
			return err
		}
		first = append(first, milliseconds(time.Unix(0, relay.first.Load()).Sub(began)))
		whole = append(whole, planned.Sub(began).Seconds())
		overlap = append(overlap, 100*float64(sent)/float64(b.many))
		say("planned in %.1f s, the first message after %.0f ms, %.0f %% sent meanwhile", whole[len(whole)-1], first[len(first)-1], overlap[len(overlap)-1])
		if err := p.stop(ctx, id); err != nil {
			return err
		}
	}
	of := fmt.Sprintf(" at %s contacts", thousands(b.many))
	b.results.add(figure{Name: "from launch to the first message taken" + of, Unit: "ms", Asked: 300}, first...)
	b.results.add(figure{Name: "from launch until everyone is in a batch" + of, Unit: "s", Asked: 10}, whole...)
	b.results.add(figure{Name: "sent by then" + of, Unit: "%"}, overlap...)
	return counting(ctx, b, p, of)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// counting counts the people that a call reaches.
func counting(ctx context.Context, b *bench, p *product, of string) error {
	a, err := p.leaveOut(ctx)
	if err != nil {
		return err
	}
	var took []float64
	for range max(b.samples, 5) {
		began := time.Now()
		n, err := p.people.Count(ctx, a)
		took = append(took, milliseconds(time.Since(began)))
		if err != nil {
			return err
		}
		if err := everyReason(n); err != nil {
			return err
		}
	}
	b.results.add(figure{Name: "count of an audience on two channels, with each reason" + of, Unit: "ms", Asked: 50}, took...)
	return nil
}

// leaveOut enters people of whom each is left out for another reason, and
// returns the audience that they are left out of.
func (p *product) leaveOut(ctx context.Context) (lists.Audience, error) {
	const each = 300
	a := lists.Audience{Lists: []string{everyone, "more"}, Without: []string{"board"}, Channels: []address.Channel{address.Email, address.SMS}}
	if err := p.load(ctx, "board", each); err != nil {
		return a, err
	}
	// Of two at one number the second is left out; who refuses has no number.
	var family, refused strings.Builder
	family.WriteString("이름,이메일,휴대폰\n")
	refused.WriteString("name,email,consent\n")
	for i := range each {
		fmt.Fprintf(&family, "김철수,a%d@family.example,010-9000-%04d\n이영희,b%d@family.example,010-9000-%04d\n", i, i, i, i)
		fmt.Fprintf(&refused, "Alex Reed,refused%d@own.example,no\n", i)
	}
	for _, table := range []string{family.String(), refused.String()} {
		if _, err := p.take(ctx, "more", "", strings.NewReader(table)); err != nil {
			return a, err
		}
	}
	for i := range each {
		number := address.Canonical(address.SMS, fmt.Sprintf("+82102000%04d", each+i))
		s := lists.Suppression{Reason: lists.Reasons[i%len(lists.Reasons)], Source: "staff"}
		if _, err := p.people.Suppress(ctx, address.SMS, p.people.Key(number), s); err != nil {
			return a, err
		}
	}
	return a, nil
}

// everyReason reports a reason that nobody was left out for: then the count did
// less than a real one.
func everyReason(n lists.Counts) error {
	want := []string{lists.Excluded, lists.NoAddress, lists.NoConsent, lists.SameAddress}
	for _, r := range lists.Reasons {
		want = append(want, r.String())
	}
	for _, reason := range want {
		if !slices.ContainsFunc(n.LeftOut, func(l lists.LeftOut) bool { return l.Reason == reason }) {
			return fmt.Errorf("count an audience: nobody is left out for %s", reason)
		}
	}
	return nil
}
