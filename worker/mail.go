package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"slices"
	"strings"

	"clarion/broadcast"
	"clarion/internal/clock"
	"clarion/internal/dkim"
	"clarion/internal/seal"
	"clarion/lists"
	"clarion/lists/address"
	"clarion/worker/gateway"
)

// sourceMail is the source of opt-outs by mail.
const sourceMail = "mail"

// UnsubscribeMail stops the address of a delivery, by a mail to its unsubscribe
// address (purpose seal.Unsubscribe) or an answer to the delivery (seal.Bounce).
func (in *Inbound) UnsubscribeMail(ctx context.Context, purpose seal.Purpose, token string) error {
	d, err := broadcast.OpenToken(in.keys, purpose, token)
	if err != nil {
		return err
	}
	return in.stop(ctx, d, sourceMail)
}

// UnsubscribeAddress stops the author of a mail that names no delivery. What is
// no address is left alone.
func (in *Inbound) UnsubscribeAddress(ctx context.Context, from string) error {
	a, err := address.ParseEmail(from)
	if err != nil {
		in.log.Warn("a mail that asks to stop came from what is no address; it was dropped")
		return nil
	}
	_, err = in.people.Suppress(ctx, address.Email, in.people.Key(a), lists.Suppression{Reason: lists.OptedOut, Source: sourceMail, Since: in.clk.Now()})
	return err
}

// Answers reports whether a mail that bears the token of one of ours answers what we sent
// to that very address, and whether that was a letter.
func (in *Inbound) Answers(token string, a address.Address) (ours, letter bool) {
	d, err := broadcast.OpenToken(in.keys, seal.Bounce, token)
	ours = err == nil && d.Channel == address.Email && d.Key == in.people.Key(a)
	return ours, ours && d.Call == broadcast.TestCall
}

// Replied notes that a person wrote back to a delivery.
func (in *Inbound) Replied(ctx context.Context, token string) error {
	d, err := broadcast.OpenToken(in.keys, seal.Bounce, token)
	if err != nil {
		return err
	}
	_, err = in.ledger.Apply(ctx, d.Call, d.Ref, broadcast.Says{NoChange: true, Flag: broadcast.Replied})
	if errors.Is(err, broadcast.ErrNoDelivery) {
		return nil
	}
	return err
}

// A Forwarder hands people's mails on to the organisation, through its own
// gateways. Where mail checks who may write in whose name (DMARC), that of others
// cannot: so the mail goes out in our name, and an answer to it goes to the person.
type Forwarder struct {
	To      address.Address // the organisation's inbox
	From    string          // envelope sender and author, an address of the bounce domain
	Mark    string          // name of the header by which a mail is known that was handed on before
	Gates   []Gate          // those for email are tried in their order, a standby last
	Signers dkim.Domains
	Clock   clock.Clock
}

// Forward returns once a gateway has taken the mail. The error is a
// *gateway.Error: of a kind that will not change when all refuse it for good.
func (f *Forwarder) Forward(ctx context.Context, raw []byte) error {
	body, err := f.compose(raw)
	if err != nil {
		return err
	}
	if err := SendOne(ctx, f.Gates, gateway.Message{To: f.To, From: f.From, Body: body}); err != nil {
		return fmt.Errorf("hand a person's mail on: %w", err)
	}
	return nil
}

// dropped are the fields that do not hold for the mail as it is handed on.
var dropped = [...]string{"from", "sender", "reply-to", "return-path", "dkim-signature", "auto-submitted", "disposition-notification-to", "return-receipt-to"}

// compose makes the mail that goes to the organisation: the person's, under our
// name, with the person as whom an answer goes to.
func (f *Forwarder) compose(raw []byte) ([]byte, error) {
	raw = crlf(raw)
	header, text, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var kept bytes.Buffer
	old := map[string]string{}
	for _, field := range fields(header) {
		name, value, _ := strings.Cut(string(field), ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if slices.Contains(dropped[:], name) || strings.HasPrefix(name, "arc-") {
			old[name] = strings.TrimSpace(strings.NewReplacer("\r\n", "").Replace(value))
			continue
		}
		kept.Write(field)
	}
	name, answer := "", old["reply-to"]
	if from, err := mail.ParseAddress(old["from"]); err == nil {
		name = from.Name
		if answer == "" {
			answer = from.Address
		}
	}
	var out []byte
	_, domain, _ := strings.Cut(f.From, "@")
	signer := f.Signers.For(domain)
	if signer != nil {
		out = signer.Reserve(out)
	}
	if name = strings.Join(strings.Fields(strings.Map(plain, name)), " "); name == "" {
		name = "Clarion"
	}
	out = fmt.Appendf(out, "From: %s <%s>\r\n", mime.QEncoding.Encode("utf-8", name), f.From)
	if to, err := mail.ParseAddress(answer); err == nil {
		out = fmt.Appendf(out, "Reply-To: <%s>\r\n", to.Address)
	}
	out = fmt.Appendf(out, "%s: %s\r\nAuto-Submitted: auto-generated\r\n", f.Mark, domain)
	out = append(append(append(out, kept.Bytes()...), "\r\n"...), text...)
	if signer != nil {
		if err := signer.Sign(out, f.Clock.Now()); err != nil {
			return nil, &gateway.Error{Kind: gateway.Refused, Reason: gateway.Content, Err: errors.New("the mail cannot be signed")}
		}
	}
	return out, nil
}

// plain leaves out of a name what has a meaning in a header.
func plain(r rune) rune {
	if r < ' ' || strings.ContainsRune(`<>()[]:;@\,."`, r) {
		return ' '
	}
	return r
}

// fields are the fields of a header, each with its line ends. A line that is none
// is left out.
func fields(header []byte) [][]byte {
	var all [][]byte
	for line := range bytes.Lines(append(slices.Clip(header), "\r\n"...)) {
		switch {
		case (line[0] == ' ' || line[0] == '\t') && len(all) > 0:
			all[len(all)-1] = append(all[len(all)-1], line...)
		case bytes.IndexByte(line, ':') > 0 && !bytes.HasPrefix(line, []byte("From ")):
			all = append(all, slices.Clone(line))
		}
	}
	return all
}

// crlf ends every line as SMTP wants it (RFC 5321 §2.3.8).
func crlf(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	b = bytes.ReplaceAll(b, []byte("\r"), nil)
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
