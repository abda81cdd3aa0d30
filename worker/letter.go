package worker

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"

	"clarion/broadcast"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// A Letter is one message of the service class to somebody who asked for it, or whose
// address somebody typed: such as the link by which a signature is confirmed.
type Letter struct {
	To      address.Address // email or mobile number
	Subject string          // of a mail
	Text    string          // with line ends as "\n"
}

// lettersMost is how many letters an address gets within a day, whoever types it: a
// family may share one, and nobody is mailed until they despair.
const lettersMost = 5

// Tell sends a letter, once for each id, which names nobody. It has it kept when it
// returns: a machine that dies loses none. Nothing goes to an address that must not be
// written to, or that had lettersMost within a day; who asked is not told so, since it
// may be anybody.
func (in *Inbound) Tell(ctx context.Context, id string, l Letter) error {
	key := in.people.Key(l.To)
	fits, err := in.countLetter(ctx, hex.EncodeToString(key[:]), id)
	if err != nil {
		return err
	}
	if !fits {
		in.log.Info("a letter was left out: its address had as many as it may within a day")
		return nil
	}
	if went, err := in.answered(ctx, id); err != nil || went {
		return err
	}
	t := serviceText{Number: l.To.Reveal(), From: in.links.TextFrom, Text: l.Text, Channel: l.To.Channel(), Subject: l.Subject}
	if _, err := in.holdService(ctx, id, t); err != nil {
		return err
	}
	return in.queueService(ctx, id, l.To.Channel())
}

// sendLetter sends one letter. A mail stays in its record until it went, and goes again
// under the same Message-ID when nobody knows, as often as a call would. A text is
// taken out of its record first: a second is worse than none.
func (w *Worker) sendLetter(ctx context.Context, id string, t serviceText) error {
	in := w.inbound()
	to := address.Canonical(t.Channel, t.Number)
	sup, err := w.people.SuppressionOf(ctx, t.Channel, w.people.Key(to))
	if err != nil {
		return err
	}
	if sup != nil {
		return in.dropService(ctx, id)
	}
	m := gateway.Message{To: to, From: t.From, Body: []byte(t.Text)}
	if t.Channel == address.Email {
		if m, err = w.letterMail(id, to, t); err != nil {
			return err
		}
	} else if _, mine, err := in.readService(ctx, id); err != nil || !mine {
		return err // another has taken it
	}
	gates := make([]Gate, 0, len(w.gates))
	for _, g := range w.gates {
		gates = append(gates, g.Gate)
	}
	err = SendOne(ctx, gates, m)
	if Uncertain(err) {
		t.Doubts++
	}
	if err == nil || ForGood(err) || t.Doubts > 0 && (t.Channel != address.Email || t.Doubts >= broadcast.DoubtAttempts) {
		if err != nil {
			w.log.Warn("a letter was not sent, or nobody knows whether it was", "error", err)
		}
		if err := w.persist(ctx, func(ctx context.Context) error { return in.noteAnswer(ctx, id) }); err != nil {
			return err
		}
		return in.dropService(ctx, id)
	}
	return errors.Join(err, w.persist(ctx, func(ctx context.Context) error {
		if t.Channel == address.Email {
			return in.rewriteService(ctx, id, t)
		}
		_, err := in.holdService(ctx, id, t)
		return err
	}))
}

// letterMail is a letter as a mail, RFC 5322. Its Message-ID, which is also its envelope
// sender and whom an answer goes to, comes of its id and its address: so an answer finds
// its way and proves whose it is, and a copy is seen for what it is.
func (w *Worker) letterMail(id string, to address.Address, t serviceText) (gateway.Message, error) {
	domain := w.cfg.Links.BounceDomain
	sum := w.keys.Sum(seal.Handed, []byte(id))
	sent := broadcast.Delivery{Call: broadcast.TestCall, Channel: address.Email, Ref: broadcast.Ref{Batch: binary.BigEndian.Uint32(sum[:]), Index: sum[4]}, Key: w.people.Key(to)}
	token := sent.Token(w.keys, seal.Bounce)
	from := bounceLocal + token + "@" + domain
	signer := w.cfg.Links.Signers.For(domain)
	var out []byte
	if signer != nil {
		out = signer.Reserve(out)
	}
	out = fmt.Appendf(out, "From: %s <sign@%s>\r\nTo: <%s>\r\nReply-To: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		mime.BEncoding.Encode("utf-8", oneLine(w.cfg.Links.Organisation)), domain, to.Reveal(), from, foldedWords(oneLine(t.Subject)), w.clk.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"), from)
	var body bytes.Buffer
	q := quotedprintable.NewWriter(&body)
	if _, err := q.Write([]byte(strings.ReplaceAll(strings.TrimRight(t.Text, "\n")+"\n", "\n", "\r\n"))); err != nil {
		return gateway.Message{}, fmt.Errorf("write a letter: %w", err)
	}
	if err := q.Close(); err != nil {
		return gateway.Message{}, fmt.Errorf("write a letter: %w", err)
	}
	out = append(out, body.Bytes()...)
	if signer != nil {
		if err := signer.Sign(out, w.clk.Now()); err != nil {
			return gateway.Message{}, fmt.Errorf("sign a letter: %w", err)
		}
	}
	return gateway.Message{Delivery: token, To: to, From: from, Body: out}, nil
}

// oneLine is s without what would begin another line of a header.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)), " ")
}

// foldedWords is s as encoded words, each on a line of its own (RFC 2047 §2).
func foldedWords(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}
