package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clarion/broadcast"
	"clarion/internal/seal"
	"clarion/lists/address"
)

// A seen is what the sink has of one delivery.
type seen struct {
	copies []message
	entry  broadcast.Entry
}

// judge sets sink and ledger side by side, delivery by delivery.
func (r *round) judge(res *result) error {
	ctx := context.Background()
	if r.lossy {
		return r.reckon(res)
	}
	audit, err := r.ledger.Audit(ctx, r.id)
	if err != nil {
		return err
	}
	if !audit.OK() || audit.States.Sum() != r.audience {
		return fmt.Errorf("audit: the states sum to %d of %d: %s", audit.States.Sum(), r.audience, strings.Join(audit.Differences, "; "))
	}
	all := map[broadcast.Ref]*seen{}
	if err := r.ledger.Entries(ctx, r.id, func(e broadcast.Entry) error {
		all[e.Ref] = &seen{entry: e}
		return nil
	}); err != nil {
		return err
	}
	if err := r.match(all); err != nil {
		return err
	}
	if err := r.crossed(); err != nil {
		return err
	}
	said := r.said(all)
	for _, s := range all {
		if err := r.one(s, said); err != nil {
			return fmt.Errorf("delivery %s, %s, attempt %d, flags %x, %d times at the sink: %w", s.entry.Ref, s.entry.State, s.entry.Attempt, s.entry.Flags, len(s.copies), err)
		}
		if s.entry.Flags&broadcast.Doubted != 0 {
			res.Doubted++
		}
		if s.entry.State == broadcast.InDoubt {
			res.Left++
			if len(s.copies) == 0 {
				res.Undelivered++
			}
		}
		res.Again += max(len(s.copies)-1, 0)
	}
	return r.windows(res)
}

// match gives each message of the sink to its delivery, which the token in its
// envelope sender names. An address gets messages of one delivery alone.
func (r *round) match(all map[broadcast.Ref]*seen) error {
	of := map[string]broadcast.Ref{}
	for _, m := range r.sink.taken() {
		d, err := broadcast.OpenToken(r.keys, seal.Bounce, m.token)
		if err != nil {
			return fmt.Errorf("a message has no token of ours: %w", err)
		}
		to, err := address.ParseEmail(m.to)
		if err != nil {
			return err
		}
		s := all[d.Ref]
		switch {
		case d.Call != r.id:
			return fmt.Errorf("a message is of call %s, not %s", d.Call, r.id)
		case s == nil:
			return fmt.Errorf("a message is of delivery %s, which the ledger does not have", d.Ref)
		case d.Key != r.people.Key(to):
			return fmt.Errorf("a message of delivery %s went to another address than its own", d.Ref)
		}
		if ref, ok := of[m.to]; ok && ref != d.Ref {
			return fmt.Errorf("an address got messages of two deliveries, %s and %s", ref, d.Ref)
		}
		of[m.to] = d.Ref
		s.copies = append(s.copies, m)
	}
	return nil
}

// one judges one delivery.
func (r *round) one(s *seen, said map[broadcast.Ref]bool) error {
	e, n := s.entry, len(s.copies)
	doubted := e.Flags&broadcast.Doubted != 0
	switch e.State {
	case broadcast.Sent, broadcast.Bounced, broadcast.Failed:
		if n == 0 {
			return fmt.Errorf("it is missing")
		}
		if e.State != broadcast.Sent && !said[e.Ref] {
			return fmt.Errorf("nothing came back that says so")
		}
		if e.State == broadcast.Sent && said[e.Ref] && !doubted {
			return fmt.Errorf("a report that was taken is lost")
		}
	case broadcast.Suppressed:
		if n > 0 && !doubted {
			return fmt.Errorf("it went all the same")
		}
	case broadcast.InDoubt:
		if !r.hold && e.Attempt < broadcast.DoubtAttempts {
			return fmt.Errorf("it was to be sent again")
		}
	default:
		return fmt.Errorf("this is no end")
	}
	if n < 2 {
		return nil
	}
	switch {
	case r.hold:
		return fmt.Errorf("doubled though what is in doubt is held")
	case !doubted:
		return fmt.Errorf("doubled and never in doubt")
	case n > int(e.Attempt) || n > broadcast.DoubtAttempts:
		return fmt.Errorf("more often than by rule")
	}
	for i := 1; i < n; i++ {
		if gap := s.copies[i].at.Sub(s.copies[i-1].at); !r.stalled() && gap < grace-10*time.Millisecond {
			return fmt.Errorf("sent again after %v, before its time", gap)
		}
	}
	return nil
}

// stalled says that somebody slept, if only for want of a processor: what he had
// begun came when he woke.
func (r *round) stalled() bool {
	for _, t := range r.takeovers() {
		if !slices.ContainsFunc(r.killed, func(w *worker) bool { return w.PID() == t.of }) {
			return true
		}
	}
	for _, f := range r.faults {
		if f.stalls {
			return true
		}
	}
	return false
}

// crossed looks for messages to those who were suppressed. Strictly: what comes
// after that can only be of the group that was claimed before, which is at most
// so many messages on a connection that stood before.
func (r *round) crossed() error {
	for who, since := range r.suppressed {
		counts := map[*sinkConn]int{}
		for _, m := range r.sink.taken() {
			if !m.at.After(since) {
				continue
			}
			if counts[m.conn]++; m.to != who {
				continue
			}
			switch {
			case since.IsZero():
				return fmt.Errorf("an address got a message that had been suppressed before the call")
			case m.conn.opened.After(since) || counts[m.conn] > group:
				return fmt.Errorf("an address got a message %v after it was suppressed, as number %d of its connection since", m.at.Sub(since), counts[m.conn])
			}
		}
	}
	return nil
}

// said are the deliveries of which a returned mail was taken. A dead mailbox is
// suppressed from here on.
func (r *round) said(all map[broadcast.Ref]*seen) map[broadcast.Ref]bool {
	out := map[broadcast.Ref]bool{}
	if r.post == nil {
		return out
	}
	for _, rep := range r.post.reports() {
		if d, err := broadcast.OpenToken(r.keys, seal.Bounce, rep.token); err == nil {
			out[d.Ref] = true
		}
		if rep.hard {
			if _, old := r.suppressed[rep.to]; !old {
				r.suppressed[rep.to] = time.Now()
			}
		}
	}
	return out
}

// windows bounds what one kill puts in doubt.
func (r *round) windows(res *result) error {
	of := map[int]int{}
	for _, t := range r.takeovers() {
		of[t.of] += t.inDoubt
	}
	for _, w := range r.killed {
		res.Window = max(res.Window, of[w.PID()])
		if most := connections * group; of[w.PID()] > most {
			return fmt.Errorf("one kill put %d in doubt, more than connections × group, %d", of[w.PID()], most)
		}
	}
	return nil
}

// reckon counts what a Redis that lost writes has led to; none of it is a failure.
func (r *round) reckon(res *result) error {
	res.Lost.Bytes = int(r.lost)
	doubted := map[string]bool{}
	copies := map[string]int{}
	for _, m := range r.sink.taken() {
		if copies[m.to]++; copies[m.to] > 1 {
			res.Lost.Doubled++
		}
	}
	states := map[broadcast.Ref]bool{}
	err := r.ledger.Entries(context.Background(), r.id, func(e broadcast.Entry) error {
		states[e.Ref] = e.Flags&broadcast.Doubted != 0
		switch e.State {
		case broadcast.InDoubt:
			res.Left++
		case broadcast.Pending, broadcast.Sending, broadcast.Deferred:
			res.Lost.Open++
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range r.sink.taken() {
		if d, err := broadcast.OpenToken(r.keys, seal.Bounce, m.token); err == nil && states[d.Ref] {
			doubted[m.to] = true
		}
	}
	for i := range recipients {
		a := addressOf(i)
		if _, no := r.suppressed[a]; copies[a] == 0 && !no {
			res.Lost.Missing++
		}
		if doubted[a] && copies[a] > 1 {
			res.Again += copies[a] - 1
			res.Lost.Doubled -= copies[a] - 1
		}
	}
	return nil
}
