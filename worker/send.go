package worker

import (
	"context"
	"errors"
	"time"

	"clarion/broadcast"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// send composes and sends the claimed group, and notes how each delivery ended.
// What was not begun is still pending, and its group among those to be sent.
func (b *batch) send(ctx context.Context, g broadcast.Group) (why *back) {
	w := b.w
	b.messages, b.places, b.arena = b.messages[:0], b.places[:0], b.arena[:0]
	for i := range g.Len() {
		if b.sent.Attempts[i] == 0 || b.sent.Results[i].State == broadcast.Suppressed {
			continue
		}
		m, arena, err := w.compose(b.call, b.work, b.work.Ref(g.From+i), &b.contacts[i], b.arena)
		if err != nil {
			// A value that cannot stand in a message, or a page that cannot be drawn.
			b.end(i, broadcast.Result{State: broadcast.Rejected, Reason: uint8(gateway.Content)})
			continue
		}
		b.arena, b.messages, b.places = arena, append(b.messages, m), append(b.places, i)
	}
	if len(b.messages) == 0 {
		b.giveSlotsBack(ctx, 0)
		return nil
	}
	var hold *gateway.Error
	var answers tally
	var dead []suppress
	notSent := 0
	conclude := func(j int, r gateway.Receipt, err error) {
		i := b.places[j]
		if errors.Is(err, gateway.ErrNotSent) {
			b.end(i, broadcast.Result{State: broadcast.Pending})
			notSent++
			return
		}
		res, e := b.conclude(b.sent.Attempts[i], r, err)
		answers.add(e)
		if e == nil {
			b.end(i, res)
			return
		}
		v := verdicts[e.Kind]
		why, run := consequence(e.Kind, e.Reason)
		if why != 0 || run && (res.State == broadcast.Failed || res.State == broadcast.Bounced) {
			// The journal hears of it once the suppression is entered: else a crash would forget that.
			b.sent.Results[i] = res
			dead = append(dead, suppress{i, w.people.Key(b.messages[j].To), why, e.Reason})
		} else {
			b.end(i, res)
		}
		if v.holdGate {
			hold, notSent = e, notSent+1
		}
	}
	begin := func(j int) bool {
		if !b.goOn() {
			return false
		}
		i := b.places[j]
		b.page.begun(i, b.sent.Attempts[i])
		return true
	}
	broken := false
	if b.session != nil {
		if err := b.session.SendGroup(ctx, b.messages, begin, conclude); err != nil {
			b.session.Close()
			b.session, b.line = nil, false
			broken = true
		}
	} else {
		for j, m := range b.messages {
			// One message may take half a minute: who is told to end does not begin another.
			r, err := gateway.Receipt{}, error(gateway.ErrNotSent)
			if hold == nil && b.gate.line(ctx) == nil {
				if ctx.Err() == nil && !w.draining.Load() && begin(j) {
					r, err = b.gate.Gateway.Send(ctx, m)
				}
				b.gate.hangUp()
			}
			conclude(j, r, err)
		}
	}
	b.suppressAll(ctx, dead)
	b.went(ctx, len(b.messages)-notSent, answers.taken)
	slow, how := answers.verdict(len(b.messages)-notSent, b.work.Lane)
	switch {
	case hold != nil:
		return &back{wait: b.holdGate(ctx, hold)}
	case answers.gate != nil:
		return &back{wait: b.holdGate(ctx, answers.gate)}
	case slow != nil:
		return &back{wait: b.holdLane(ctx, slow, how)}
	case broken && notSent > 0:
		// The rest of the group goes over a new connection, a few times; then the gateway is left alone.
		// A relay that takes so many messages a connection and no more is well.
		if answers.taken > 0 {
			b.breaks = 0
		}
		if b.breaks++; b.breaks > 3 {
			return &back{wait: b.holdGate(ctx, &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Network, Code: "connection lost"})}
		}
	}
	if notSent > 0 {
		b.again(g)
	}
	return nil
}

// conclude turns the answer to an attempt into its entry in the ledger.
func (b *batch) conclude(attempt byte, r gateway.Receipt, err error) (broadcast.Result, *gateway.Error) {
	if err == nil {
		state := broadcast.Sent
		if r.Delivered {
			state = broadcast.Delivered
		}
		return broadcast.Result{State: state}, nil
	}
	e := gateway.Classify(err, true)
	v := verdicts[e.Kind]
	res := broadcast.Result{State: v.state, Reason: uint8(e.Reason), Detail: e.Code}
	now := b.w.clk.Now()
	switch {
	case v.holdGate:
		return broadcast.Result{State: broadcast.Pending}, e
	case e.Kind == gateway.Indeterminate:
		if b.work.Channel == address.Email && !b.call.Hold && attempt < broadcast.DoubtAttempts {
			res.Due = now.Add(b.grace())
		}
	case v.retry:
		if at, ok := b.nextTry(now, int(attempt), e.RetryAfter); ok {
			res.State, res.Due = broadcast.Deferred, at
		}
	}
	return res, e
}

// end notes how delivery i of the group ended.
func (b *batch) end(i int, r broadcast.Result) {
	b.sent.Results[i] = r
	b.page.ended(i, b.sent.Attempts[i], r)
}

// nextTry returns when a delivery is tried again: past quiet hours, and not after
// the call's end.
func (b *batch) nextTry(now time.Time, attempts int, asked time.Duration) (time.Time, bool) {
	ends := b.call.retryEnds(now)
	at, ok := b.retry().next(now, attempts, asked, ends)
	if !ok {
		return at, false
	}
	at = b.quiet.awake(at)
	return at, !at.After(ends)
}

// A rehearsal does not wait as the real thing does.
const rehearsalGrace = 2 * time.Second

var rehearsalRetry = Retry{First: 2 * time.Second, Most: 10 * time.Second, Attempts: 6}

func (b *batch) retry() Retry {
	if b.call.Rehearsal {
		return rehearsalRetry
	}
	return b.w.cfg.Retry[b.work.Channel]
}

func (b *batch) grace() time.Duration {
	if b.call.Rehearsal {
		return min(rehearsalGrace, b.w.cfg.Grace)
	}
	return b.w.cfg.Grace
}

// suppress is an address that must not be written to again, and why.
type suppress struct {
	place  int // within the group
	key    lists.AddressKey
	reason lists.Reason // 0: it counts towards a run of failures
	why    gateway.Reason
}

// suppressAll enters suppressions before the deliveries that show them are
// committed: a crash in between repeats one, and never forgets one.
func (b *batch) suppressAll(ctx context.Context, dead []suppress) {
	for _, s := range dead {
		err := b.w.persist(ctx, func(ctx context.Context) error {
			if b.w.madeUp(b.gate) {
				return nil
			}
			reason := s.reason
			if reason == 0 {
				ended, err := b.w.people.Failed(ctx, b.work.Channel, s.key, string(b.call.ID), b.w.cfg.Run)
				if err != nil || !ended {
					return err
				}
				reason = lists.Bounced
			}
			sup := lists.Suppression{Reason: reason, Source: b.gate.Name, Since: b.w.clk.Now(), Call: string(b.call.ID)}
			if reason == lists.Bounced {
				sup.Gateway, sup.Failure = b.gate.Name, s.why.String()
			}
			_, err := b.w.people.Suppress(ctx, b.work.Channel, s.key, sup)
			return err
		})
		if err != nil {
			b.w.log.Error("a suppression could not be stored", "call", b.call.ID, "error", err)
			continue
		}
		b.end(s.place, b.sent.Results[s.place])
	}
}
