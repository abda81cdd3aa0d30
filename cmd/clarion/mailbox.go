package main

import (
	"context"
	"fmt"
	"log/slog"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/internal/seal"
	"clarion/lists/address"
	"clarion/petition/incoming"
	"clarion/worker"
	"clarion/worker/bounce"
	"clarion/worker/gateway"
	"clarion/worker/inbox"
)

// mailSink hands what the inbox takes to the worker's Inbound.
type mailSink struct {
	in       *worker.Inbound
	incoming *incoming.Desk    // nil: nobody signs by mail
	forward  *worker.Forwarder // nil: people's answers are only counted
}

func (a *app) mailSink(in *worker.Inbound) (mailSink, error) {
	s := mailSink{in: in, incoming: a.incoming}
	if a.cfg.Inbox.RepliesTo == "" {
		return s, nil
	}
	to, err := address.ParseEmail(a.cfg.Inbox.RepliesTo)
	if err != nil {
		return s, inputError("inbox.replies_to: %w", err)
	}
	s.forward = &worker.Forwarder{
		To: to, From: inbox.ForwardLocal + "@" + a.cfg.Inbox.Domain, Mark: bounce.LoopField,
		Gates: a.cfg.gates, Signers: a.cfg.signers, Clock: clock.System{},
	}
	return s, nil
}

// purposes are what the tokens in the inbox's addresses were made for.
var purposes = [...]seal.Purpose{inbox.Bounce: seal.Bounce, inbox.Unsubscribe: seal.Unsubscribe}

// Accepts reports whether the token was made here for this purpose.
func (m mailSink) Accepts(p inbox.Purpose, token string) bool { return m.in.Known(purposes[p], token) }

// Report takes what a mail says of deliveries.
func (m mailSink) Report(ctx context.Context, p inbox.Purpose, reports []gateway.Report) error {
	return m.in.Report(ctx, "inbox", purposes[p], reports)
}

// Unsubscribe stops the address that the token belongs to.
func (m mailSink) Unsubscribe(ctx context.Context, p inbox.Purpose, token string) error {
	return m.in.UnsubscribeMail(ctx, purposes[p], token)
}

// UnsubscribeAddress stops the author of a mail.
func (m mailSink) UnsubscribeAddress(ctx context.Context, from string) error {
	return m.in.UnsubscribeAddress(ctx, from)
}

// Reply notes that a person answered. A signer's mail is for the petition, any other is
// handed on, once.
func (m mailSink) Reply(ctx context.Context, token string, mail []byte) error {
	if token != "" {
		if err := m.in.Replied(ctx, token); err != nil {
			return err
		}
	}
	if taken, err := m.signs(ctx, token, mail); err != nil || taken || m.forward == nil {
		return err
	}
	err := m.in.HandOnce(ctx, mail, func() error { return m.forward.Forward(ctx, mail) })
	if err != nil && worker.ForGood(err) {
		return fmt.Errorf("%w: %w", inbox.ErrRefused, err)
	}
	return err
}

// mailbox looks whether the mailbox lets us in, and has the folder that is read.
func (d *doctor) mailbox(ctx context.Context) {
	c := d.cfg.Inbox
	if c.IMAP.Host == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	m, err := inbox.OpenMailbox(c.IMAP, []string{c.Domain}, nil, nil, slog.New(slog.DiscardHandler))
	if err == nil {
		err = m.Probe(ctx)
	}
	if err != nil {
		d.both(finding{Check: checkInboxIMAP, Severity: stops, Finding: fmt.Sprintf("returned mail is not read: %v", err),
			Do: "see that [inbox.imap] in " + d.configFile + " is right, and that the provider allows IMAP by this login: an app password where it wants a second factor, an access token (auth) at Microsoft 365"}, aQuarter,
			inKorean{Finding: fmt.Sprintf("메일함에 들어갈 수 없어 반송 메일을 읽지 못합니다: %v", err),
				Do: d.configFile + "의 [inbox.imap]이 맞는지, 업체가 이 방식의 IMAP 로그인을 허용하는지 확인하십시오. 2단계 인증이면 앱 비밀번호를, Microsoft 365면 액세스 토큰(auth)을 쓰십시오."})
		return
	}
	d.both(finding{Check: checkInboxIMAP, Finding: "the mailbox lets us in, and its folder is there"}, aQuarter, inKorean{Finding: "메일함에 들어갈 수 있고 읽을 폴더가 있습니다."})
}

// checkMailbox finds what is wrong with the ways in which people's mail comes and goes.
func (c *config) checkMailbox(doc *conf.Doc, wrong func(key []string, format string, args ...any)) {
	if c.Inbox.RepliesTo != "" {
		if _, err := address.ParseEmail(c.Inbox.RepliesTo); err != nil {
			wrong([]string{"inbox", "replies_to"}, "replies_to: %v", err)
		}
	}
	if c.Inbox.IMAP.Host == "" && !doc.Has("inbox", "imap") {
		return
	}
	if err := c.Inbox.IMAP.Check(); err != nil {
		wrong([]string{"inbox", "imap"}, "inbox.imap: %v", err)
	}
	if c.Inbox.Domain == "" {
		wrong([]string{"inbox", "domain"}, "domain is empty: it is the domain that returned mail comes to")
	}
}
