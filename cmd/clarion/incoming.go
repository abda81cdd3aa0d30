package main

import (
	"context"
	"crypto/sha256"
	"slices"

	"clarion/internal/clock"
	"clarion/lists/address"
	"clarion/petition/incoming"
	"clarion/worker"
	"clarion/worker/bounce"
)

// letters bring signers answers by the worker's own way.
type letters struct{ in *worker.Inbound }

// Tell sends a letter, once for each id.
func (l letters) Tell(ctx context.Context, id string, letter incoming.Letter) error {
	return l.in.Tell(ctx, id, worker.Letter(letter))
}

// openIncoming opens what takes signers' replies and faxes, where there is a petition.
func (a *app) openIncoming() *incoming.Desk {
	if a.roll == nil {
		return nil
	}
	return incoming.Open(incoming.Parts{Roll: a.roll, Letters: letters{worker.NewInbound(a.parts(), a.cfg.links())}, Public: a.cfg.Web.PublicURL, Clock: clock.System{}, Log: a.log})
}

// replies reads what people write back, where they can be answered.
type replies struct {
	desk  *incoming.Desk
	reach []address.Channel
}

// replies are nil where no petition is signed here.
func (a *app) replies() worker.Replies {
	if a.incoming == nil {
		return nil
	}
	return replies{a.incoming, a.reach()}
}

// Text takes a text: its number is who wrote it, as its gateway says.
func (r replies) Text(ctx context.Context, source string, from address.Address, text string) (bool, error) {
	if !slices.Contains(r.reach, address.SMS) {
		return false, nil
	}
	return r.desk.Take(ctx, incoming.Reply{Source: source, From: from, Text: text, Known: true, Proven: true})
}

// signs takes a person's mail that signs, or agrees to what a letter asked, and says
// whether it did.
func (m mailSink) signs(ctx context.Context, token string, mail []byte) (bool, error) {
	if m.incoming == nil {
		return false, nil
	}
	author, text, err := bounce.Words(mail)
	if err != nil {
		return false, err
	}
	from, err := address.ParseEmail(author)
	if err != nil {
		return false, nil // nobody could be answered
	}
	sum := sha256.Sum256(mail)
	known, letter := m.in.Answers(token, from)
	return m.incoming.Take(ctx, incoming.Reply{Source: "mail\x00" + string(sum[:]), From: from, Text: text, Known: known, Proven: letter})
}
