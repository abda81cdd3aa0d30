package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"clarion/broadcast"
	"clarion/internal/redisdb"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/lists/optout"
	"clarion/templates/sms"
	"clarion/worker/gateway"
)

// serviceTask is the payload of a service text: the id of its sealed record.
type serviceTask struct {
	ID string `json:"id"`
}

// A serviceText is one text that goes to one number outside any call: the
// confirmation of an opt-out, the answer to HELP or START. It is kept sealed. So is a
// Letter, which has a channel, goes through any gateway, and to nobody who is suppressed.
type serviceText struct {
	Number  string          `json:"n"` // or email address
	From    string          `json:"f"`
	Text    string          `json:"t"`
	Gateway string          `json:"g"`
	Channel address.Channel `json:"h,omitempty"` // of a letter, else 0
	Subject string          `json:"s,omitempty"`
	Doubts  int             `json:"d,omitempty"` // times that nobody knows whether it went
}

// Text takes an inbound text: stop, start and help act at once, a signer's is for the
// petition, anything else is kept for a person to read.
func (in *Inbound) Text(ctx context.Context, gatewayName string, t gateway.Inbound) error {
	from, err := address.ParsePhone(t.From, in.links.Region, address.SMS)
	if err != nil {
		in.log.Warn("a text came from what is no number; it was dropped", "gateway", gatewayName)
		return nil
	}
	key := in.people.Key(from)
	lang, err := in.language(ctx, key)
	if err != nil {
		return err
	}
	wish := optout.Intent(t.Text)
	if wish == optout.Stop { // whatever else it may say
		return in.stopText(ctx, gatewayName, t, from, key, lang)
	}
	if in.signs != nil { // before START, which "동의" is too: who was asked means the question
		if taken, err := in.signs.Text(ctx, sourceOf(gatewayName, t), from, t.Text); err != nil || taken {
			return err
		}
	}
	switch wish {
	case optout.Start:
		changed, err := in.people.Restore(ctx, address.SMS, key, lists.SuppressionFilter{Reason: lists.OptedOut, Source: sourceText})
		if err != nil || !changed {
			return err
		}
		if err := in.forgetAnswer(ctx, stopID(key)); err != nil { // the next STOP is a new one
			return err
		}
		return in.answer(ctx, gatewayName, t, from, key, sms.Started, lang)
	case optout.Help:
		// One answer in a while: two machines must not talk to each other for ever.
		if fresh, err := in.firstAnswer(ctx, hex.EncodeToString(key[:]), rand.Text(), answeredFor); err != nil || !fresh {
			return err
		}
		return in.answer(ctx, gatewayName, t, from, key, sms.Help, lang)
	}
	return in.keepReply(ctx, from, t.Text)
}

// sourceOf names a text: by the provider's id of it, else by what it says and who wrote it.
func sourceOf(gatewayName string, t gateway.Inbound) string {
	if t.ID != "" {
		return strings.Join([]string{"text", gatewayName, t.ID}, "\x00")
	}
	return strings.Join([]string{"text", gatewayName, t.From, t.Text}, "\x00")
}

// sourceText is the source of opt-outs by text; START takes back only those.
const sourceText = "text"

// stopText suppresses the number at once, and sends the one confirmation, which
// the suppression just made does not hold back (47 CFR 64.1200(a)(12)).
func (in *Inbound) stopText(ctx context.Context, gatewayName string, t gateway.Inbound, from address.Address, key lists.AddressKey, lang string) error {
	// The confirmation is written down first: when this machine dies in between,
	// the text comes again and finds it, and it is sent then. Texts of an impatient
	// person come together, and whichever is entered first, one confirmation goes.
	id := stopID(key)
	waiting, err := in.holdService(ctx, id, in.serviceText(gatewayName, t, from, sms.OptedOut, lang))
	if err != nil {
		return err
	}
	fresh, err := in.people.Suppress(ctx, address.SMS, key, lists.Suppression{Reason: lists.OptedOut, Source: sourceText, Since: in.clk.Now()})
	if err != nil {
		return err
	}
	if !fresh && !waiting {
		sup, err := in.people.SuppressionOf(ctx, address.SMS, key)
		if err != nil {
			return err
		}
		if sup == nil || in.clk.Now().Sub(sup.Since) > answeredFor {
			return in.dropService(ctx, id) // it was confirmed long ago
		}
	}
	return in.queueService(ctx, id, address.SMS)
}

// stopID is the id of the service text that confirms a STOP.
func stopID(key lists.AddressKey) string { return "stop-" + hex.EncodeToString(key[:]) }

func (in *Inbound) serviceText(gatewayName string, t gateway.Inbound, from address.Address, what sms.Answer, lang string) serviceText {
	return serviceText{Number: from.Reveal(), From: t.To, Gateway: gatewayName, Text: sms.Reply(lang, what, in.links.Organisation, t.To)}
}

// answer sends one service text.
func (in *Inbound) answer(ctx context.Context, gatewayName string, t gateway.Inbound, from address.Address, key lists.AddressKey, what sms.Answer, lang string) error {
	id := fmt.Sprintf("answer-%d-%s-%d", what, hex.EncodeToString(key[:]), in.clk.Now().Unix()/60)
	if _, err := in.holdService(ctx, id, in.serviceText(gatewayName, t, from, what, lang)); err != nil {
		return err
	}
	return in.queueService(ctx, id, address.SMS)
}

// language is the contact's language, "ko" when it is not known.
func (in *Inbound) language(ctx context.Context, key lists.AddressKey) (string, error) {
	numbers, err := in.people.FindKey(ctx, key)
	if err != nil || len(numbers) == 0 {
		return "ko", err
	}
	people, err := in.people.Read(ctx, numbers[:1])
	if err != nil || people[0].Language == "" {
		return "ko", err
	}
	return people[0].Language, nil
}

func (in *Inbound) queueService(ctx context.Context, id string, ch address.Channel) error {
	_, err := in.queue.put(redisdb.Kept(ctx), taskService, queueOf(ch, true), "s/"+id, serviceTask{id})
	return err
}

// handleService sends one service text. It is taken out of its record before it
// is handed over: a text that may have gone is never sent a second time.
func (w *Worker) handleService(ctx context.Context, t *asynq.Task) error {
	var p serviceTask
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return fmt.Errorf("read a task: %w", asynq.SkipRetry)
	}
	in := w.inbound()
	text, ok, err := in.peekService(ctx, p.ID)
	if err != nil || !ok {
		return err
	}
	if text.Channel != 0 {
		return w.sendLetter(ctx, p.ID, text)
	}
	text, ok, err = in.readService(ctx, p.ID)
	if err != nil || !ok {
		return err
	}
	g := w.gates[text.Gateway]
	if g == nil || g.Channel != address.SMS {
		// Another process may have it.
		if _, err := in.holdService(ctx, p.ID, text); err != nil {
			return err
		}
		return fmt.Errorf("send a service text: %w", errNoGate)
	}
	var first bool
	who := rand.Text()
	if err := w.persist(ctx, func(ctx context.Context) (err error) {
		first, err = in.firstAnswer(ctx, p.ID, who, serviceKept)
		return err
	}); err != nil {
		return err // it is out of its record already: given up, it would be lost
	}
	if !first {
		return nil // it went already, for a text that came together with this one
	}
	m := gateway.Message{To: address.Canonical(address.SMS, text.Number), From: text.From, Body: []byte(text.Text)}
	_, err = g.Gateway.Send(ctx, m)
	if err == nil {
		return nil
	}
	e := gateway.Classify(err, true)
	w.log.Warn("a service text was not sent", "gateway", text.Gateway, "error", e)
	if !verdicts[e.Kind].retry {
		return nil
	}
	if err := in.forgetAnswer(ctx, p.ID); err != nil {
		return err
	}
	if _, err := in.holdService(ctx, p.ID, text); err != nil {
		return err
	}
	return e
}

// Begin starts a call that is planned or scheduled: from here on its messages go out.
func Begin(ctx context.Context, ledger *broadcast.Ledger, queue *Queue, id broadcast.ID) error {
	if _, err := ledger.Do(ctx, id, broadcast.ActLaunch); err != nil {
		var state *broadcast.StateError
		if errors.As(err, &state) && state.State == broadcast.Running {
			return nil // another process was quicker
		}
		return err
	}
	return queue.enqueuePlan(ctx, broadcast.Lease{Call: id, Work: broadcast.PlanWork, Fence: 1})
}

// Resume goes on with a paused call: its open batches are handed out. On a running
// one whose rest waits for its canary, it lets the rest follow at once.
func Resume(ctx context.Context, ledger *broadcast.Ledger, queue *Queue, id broadcast.ID) (broadcast.CallState, error) {
	state, err := ledger.Do(ctx, id, broadcast.ActResume)
	var runs *broadcast.StateError
	if errors.As(err, &runs) && runs.State == broadcast.Running {
		passed, perr := ledger.PassCanaries(ctx, id)
		if perr != nil || passed {
			return state, perr
		}
	}
	if err != nil {
		return state, err
	}
	idle, err := ledger.Idle(ctx, id)
	if err != nil {
		return state, err
	}
	for _, l := range idle {
		if l.Work == broadcast.PlanWork {
			err = queue.enqueuePlan(ctx, l)
		} else {
			var work *broadcast.Work
			if work, err = ledger.Work(ctx, id, l.Work); err == nil {
				err = queue.Enqueue(ctx, l, work.Channel)
			}
		}
		if err != nil {
			return state, err
		}
	}
	return state, nil
}

// answeredFor is how long one number gets no second answer to HELP.
const answeredFor = 5 * time.Minute
