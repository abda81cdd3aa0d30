package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/redisdb"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// receiptTask is the payload of a receipt: a delivery's token, and what is said of it.
type receiptTask struct {
	Gateway string         `json:"g"`
	Token   string         `json:"t"`
	Purpose seal.Purpose   `json:"p"`
	Event   gateway.Event  `json:"e"`
	Kind    gateway.Kind   `json:"k,omitempty"`
	Reason  gateway.Reason `json:"r,omitempty"`
	Code    string         `json:"c,omitempty"`
}

// An Inbound takes what comes back from outside: reports, opt-outs, texts. What
// it has taken without an error is kept, so that the far side may forget it. It
// is safe for concurrent use, and needs no Worker in its process.
type Inbound struct {
	rdb    Redis
	ledger *broadcast.Ledger
	people *lists.Store
	keys   *seal.Keyring
	clk    clock.Clock
	log    *slog.Logger
	queue  *Queue
	links  Links
	signs  Replies
}

// Replies reads what people write back, where signatures are gathered by that.
type Replies interface {
	// Text takes a text, and says whether it was a signer's; then nobody else reads it.
	// Source names the text, so that it counts once however often it is brought.
	Text(ctx context.Context, source string, from address.Address, text string) (bool, error)
}

// NewInbound makes an Inbound.
func NewInbound(p Parts, links Links) *Inbound {
	return &Inbound{p.Redis, p.Ledger, p.People, p.Keys, p.Clock, p.Log, NewQueue(p.Redis), links, p.Replies}
}

// Report queues what a gateway says of deliveries. purpose is what their tokens
// were made for: seal.Bounce for returned mail, seal.Report else. A token that
// was not made here is left out and counted.
func (in *Inbound) Report(ctx context.Context, gatewayName string, purpose seal.Purpose, reports []gateway.Report) error {
	forged := 0
	for _, r := range reports {
		d, err := broadcast.OpenToken(in.keys, purpose, r.Delivery)
		if err != nil {
			forged++
			continue
		}
		if d.Call == broadcast.TestCall {
			if err := in.testCame(ctx, d); err != nil {
				return err
			}
			continue
		}
		t := receiptTask{Gateway: gatewayName, Token: r.Delivery, Purpose: purpose, Event: r.Event}
		if r.Err != nil {
			t.Kind, t.Reason, t.Code = r.Err.Kind, r.Err.Reason, r.Err.Code
		}
		// The id is what is said: the same report twice in a row is one task.
		sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%d|%d|%s", t.Token, t.Purpose, t.Event, t.Kind, t.Reason, t.Code))
		if _, err := in.queue.put(redisdb.Kept(ctx), taskReceipt, queueControl, "r/"+hex.EncodeToString(sum[:16]), t); err != nil {
			return err
		}
	}
	if forged > 0 {
		in.log.Warn("reports with a token that was not made here were left out", "gateway", gatewayName, "count", forged)
	}
	return nil
}

// handleReceipt applies a report to the ledger and to suppression. Both steps
// may be done twice without harm.
func (w *Worker) handleReceipt(ctx context.Context, t *asynq.Task) error {
	var r receiptTask
	if err := json.Unmarshal(t.Payload(), &r); err != nil {
		return fmt.Errorf("read a receipt: %w", asynq.SkipRetry)
	}
	d, err := broadcast.OpenToken(w.keys, r.Purpose, r.Token)
	if err != nil {
		return fmt.Errorf("read a receipt: %w: %w", err, asynq.SkipRetry)
	}
	if verdicts[r.Kind].holdGate && w.gates[r.Gateway] != nil {
		// Our own side is at fault, a telephone line without a dial tone: the next would fail as this one did.
		e := &gateway.Error{Kind: r.Kind, Reason: r.Reason, Code: r.Code}
		wait, err := w.pace.hold(ctx, gateLimit(r.Gateway), e, misconfigured, rateBlame{})
		if err != nil {
			return err
		}
		w.log.Warn("left alone for a while", "what", gateLimit(r.Gateway), "for", wait, "error", e)
	}
	err = w.apply(ctx, d, r)
	if errors.Is(err, broadcast.ErrNoDelivery) {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	return err
}

// madeUp reports whether what a gateway says is made up and must not touch the
// suppression of people who are not.
func (w *Worker) madeUp(g *gate) bool { return g != nil && g.Rehearsal && !w.cfg.Samples }

// apply enters one report.
func (w *Worker) apply(ctx context.Context, d broadcast.Delivery, r receiptTask) error {
	says := broadcast.Says{Reason: uint8(r.Reason), Detail: r.Code}
	var reason lists.Reason
	switch r.Event {
	case gateway.EventDelivered:
		says.Change, says.Reason = broadcast.SaysGone, 0
		if !w.madeUp(w.gates[r.Gateway]) {
			if err := w.people.Arrived(ctx, d.Channel, d.Key); err != nil {
				return err
			}
		}
	case gateway.EventFailed:
		v, ok := verdicts[r.Kind]
		if !ok {
			v = verdicts[gateway.Failed]
		}
		says.Change = v.report
		var run bool
		if reason, run = consequence(r.Kind, r.Reason); run && !w.madeUp(w.gates[r.Gateway]) {
			ended, err := w.people.Failed(ctx, d.Channel, d.Key, string(d.Call), w.cfg.Run)
			if err != nil {
				return err
			}
			if ended {
				reason = lists.Bounced
			}
		}
	case gateway.EventComplaint:
		says.NoChange, says.Flag, reason = true, broadcast.Complained, lists.Complained
	case gateway.EventOptOut:
		says.NoChange, says.Flag, reason = true, broadcast.OptedOut, lists.OptedOut
	default:
		return nil // accepted, delayed: no end yet
	}
	if reason != 0 && !w.madeUp(w.gates[r.Gateway]) {
		sup := lists.Suppression{Reason: reason, Source: r.Gateway, Since: w.clk.Now(), Call: string(d.Call)}
		if reason == lists.Bounced { // what an amnesty goes by: returned mail names the inbox as its source
			sup.Failure = r.Reason.String()
			var err error
			if sup.Gateway, err = w.ledger.Through(ctx, d.Call, d.Ref); err != nil {
				return err
			}
		}
		if _, err := w.people.Suppress(ctx, d.Channel, d.Key, sup); err != nil {
			return err
		}
	}
	_, err := w.ledger.Apply(ctx, d.Call, d.Ref, says)
	return err
}

// poll asks a gateway for reports, where it is one that must be asked.
func (w *Worker) poll(ctx context.Context, g *gate) error {
	poller, ok := g.Gateway.(gateway.Poller)
	if !ok {
		return nil
	}
	reports, err := poller.Poll(ctx)
	if err != nil {
		return err
	}
	in := w.inbound()
	if len(reports) > 0 {
		// A report that cannot be queued is lost to a gateway that tells it once.
		err := w.persist(ctx, func(ctx context.Context) error { return in.Report(ctx, g.Name, purposeOf(g.Channel), reports) })
		if err != nil {
			return err
		}
	}
	texts, ok := g.Gateway.(textPoller)
	if !ok {
		return nil
	}
	inbound, err := texts.PollTexts(ctx)
	if err != nil {
		return err
	}
	if w.madeUp(g) {
		return nil // a made-up STOP must not reach a real number's suppression
	}
	for _, t := range inbound {
		if err := w.persist(ctx, func(ctx context.Context) error { return in.Text(ctx, g.Name, t) }); err != nil {
			return err
		}
	}
	return nil
}

// A textPoller is asked for the texts that people sent, as a Poller is for reports.
type textPoller interface {
	PollTexts(ctx context.Context) ([]gateway.Inbound, error)
}

func (w *Worker) inbound() *Inbound {
	return &Inbound{w.rdb, w.ledger, w.people, w.keys, w.clk, w.log, w.queue, w.cfg.Links, w.signs}
}

// purposeOf is what the tokens of a channel's deliveries are made for.
func purposeOf(ch address.Channel) seal.Purpose {
	if ch == address.Email {
		return seal.Bounce
	}
	return seal.Report
}

// findOne asks what became of a delivery in doubt. One that the gateway never
// heard of goes again.
func (w *Worker) findOne(ctx context.Context, id broadcast.ID, finder gateway.Finder, e broadcast.Entry) error {
	people, err := w.people.Read(ctx, []uint32{e.Contact})
	if err != nil || people[0].Number == 0 {
		return err
	}
	d := broadcast.Delivery{Call: id, Ref: e.Ref, Channel: e.Work.Channel, Key: w.people.Key(people[0].Address(e.Work.Channel))}
	r, found, err := finder.Find(ctx, d.Token(w.keys, purposeOf(e.Work.Channel)))
	if err != nil {
		w.log.Warn("a gateway cannot say what became of a delivery in doubt", "call", id, "error", gateway.Classify(err, false))
		return nil
	}
	switch {
	case !found:
		_, err = w.ledger.Apply(ctx, id, e.Ref, broadcast.Says{Change: broadcast.SendAgain, Due: w.clk.Now()})
	case r.Event == gateway.EventAccepted:
		_, err = w.ledger.Apply(ctx, id, e.Ref, broadcast.Says{Change: broadcast.Settle})
	default:
		err = w.inbound().Report(ctx, "", purposeOf(e.Work.Channel), []gateway.Report{r})
	}
	return err
}

// Unsubscribe stops the address that a link or mail belongs to, at once. how is
// the way in a word: "one_click", "page". It returns seal.ErrToken for a
// token that was not made here, and the delivery for the page to show.
func (in *Inbound) Unsubscribe(ctx context.Context, token, how string) (broadcast.Delivery, error) {
	d, err := broadcast.OpenToken(in.keys, seal.Unsubscribe, token)
	if err != nil {
		return d, err
	}
	return d, in.stop(ctx, d, how)
}

// stop enters that the address of a delivery is to hear no more.
func (in *Inbound) stop(ctx context.Context, d broadcast.Delivery, how string) error {
	sup := lists.Suppression{Reason: lists.OptedOut, Source: how, Since: in.clk.Now(), Call: string(d.Call)}
	if _, err := in.people.Suppress(ctx, d.Channel, d.Key, sup); err != nil {
		return err
	}
	_, err := in.ledger.Apply(ctx, d.Call, d.Ref, broadcast.Says{NoChange: true, Flag: broadcast.OptedOut})
	if errors.Is(err, broadcast.ErrNoDelivery) {
		return nil // the ledger is gone; the opt-out holds
	}
	return err
}

// Resubscribe is the undo on the page: it takes back what links and mails of
// the address stopped, and nothing else.
func (in *Inbound) Resubscribe(ctx context.Context, token string) error {
	d, err := broadcast.OpenToken(in.keys, seal.Unsubscribe, token)
	if err != nil {
		return err
	}
	for _, how := range []string{"one_click", "page", sourceMail} {
		if _, err := in.people.Restore(ctx, d.Channel, d.Key, lists.SuppressionFilter{Reason: lists.OptedOut, Source: how}); err != nil {
			return err
		}
	}
	return nil
}

// A Subscription is what the page behind an unsubscribe link shows.
type Subscription struct {
	Masked   string // the address, masked; "" when the contact is gone
	Language string
	Stopped  bool
}

// Subscription looks up what a link belongs to, and changes nothing.
func (in *Inbound) Subscription(ctx context.Context, token string) (Subscription, error) {
	d, err := broadcast.OpenToken(in.keys, seal.Unsubscribe, token)
	if err != nil {
		return Subscription{}, err
	}
	var out Subscription
	sup, err := in.people.SuppressionOf(ctx, d.Channel, d.Key)
	if err != nil {
		return out, err
	}
	out.Stopped = sup != nil
	numbers, err := in.people.FindKey(ctx, d.Key)
	if err != nil || len(numbers) == 0 {
		return out, err
	}
	people, err := in.people.Read(ctx, numbers[:1])
	if err != nil {
		return out, err
	}
	out.Masked, out.Language = people[0].Address(d.Channel).String(), people[0].Language
	return out, nil
}

// Known reports whether a token was made here for purpose.
func (in *Inbound) Known(purpose seal.Purpose, token string) bool {
	_, err := broadcast.OpenToken(in.keys, purpose, token)
	return err == nil
}
