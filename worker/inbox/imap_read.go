package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"clarion/worker/bounce"
)

// visit reads the mailbox over one connection, until it breaks or ctx ends or
// our turn does. read says that the folder could be read at all.
func (m *Mailbox) visit(ctx context.Context) (read bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go m.keepTurn(ctx, cancel)
	s, err := m.dial(ctx)
	if err != nil {
		return false, err
	}
	defer s.close()
	selected, err := s.client.Select(m.cfg.Folder, nil).Wait()
	if err != nil {
		return false, wrap("open the folder of inbox.imap", err)
	}
	if selected.UIDValidity != m.validity { // every UID means another mail now
		clear(m.taken)
		m.validity = selected.UIDValidity
	}
	for ctx.Err() == nil {
		if err := m.pass(ctx, s); err != nil {
			return read, err
		}
		read = true
		m.waiting()
		if err := s.await(ctx); err != nil {
			return read, err
		}
	}
	return read, nil
}

// keepTurn takes our turn anew, and ends the visit when another has it.
func (m *Mailbox) keepTurn(ctx context.Context, cancel func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(turnRenew):
		}
		if ours, err := m.turn.Take(ctx, turnTime); err != nil || !ours {
			cancel()
			return
		}
	}
}

// maxFailures is how many mails of a pass may fail to be stored before it ends.
const maxFailures = 3

// pass reads what is in the folder, mail by mail.
func (m *Mailbox) pass(ctx context.Context, s *imapSession) error {
	uids, err := s.unread()
	if err != nil {
		return err
	}
	failures := 0
	for _, uid := range uids {
		if ctx.Err() != nil {
			return nil
		}
		folder, err := m.readOne(ctx, s, uid)
		if err != nil {
			if failures++; failures >= maxFailures {
				return errors.New("mails could not be stored; they stay in the folder")
			}
			continue
		}
		if folder == "" {
			continue
		}
		m.taken[uint32(uid)] = folder
		var refused *refusal
		switch err := s.move(uid, folder); {
		case errors.As(err, &refused):
			// Another process has it already, or the folder is full: the next time again.
			m.log.Warn("a mail that was taken in could not be moved", "folder", folder, "error", err)
			continue
		case err != nil:
			return err
		}
		delete(m.taken, uint32(uid))
	}
	return nil
}

// readOne takes one mail in and returns the folder that it belongs to then, ""
// if it is gone. The error says that it could not be stored, or the line broke.
func (m *Mailbox) readOne(ctx context.Context, s *imapSession, uid imap.UID) (string, error) {
	if folder := m.taken[uint32(uid)]; folder != "" {
		return folder, nil
	}
	raw, err := s.fetch(uid)
	var refused *refusal
	switch {
	case errors.Is(err, errTooLarge):
		m.log.Warn("a mail in the mailbox was set aside unread: it is over 16 MB", "folder", m.cfg.Unclear)
		return m.cfg.Unclear, nil
	case errors.As(err, &refused) && !refused.passing():
		m.log.Warn("the mail server does not give a mail out; it was set aside", "error", err)
		return m.cfg.Unclear, nil
	case err != nil:
		m.log.Warn("a mail in the mailbox could not be read", "error", err)
		return "", err
	case raw == nil:
		return "", nil
	}
	return m.takeIn(context.WithoutCancel(ctx), raw)
}

// takeIn decides what a mail is by what its header tells of its envelope.
func (m *Mailbox) takeIn(ctx context.Context, raw []byte) (string, error) {
	mail, err := bounce.Read(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("read a mail: %w", err)
	}
	const null = false // the reader knows the Return-Path
	for _, box := range m.mailboxes(mail) {
		err := m.taker.take(ctx, box, mail, null, raw)
		switch {
		case errors.Is(err, errUnclear), errors.Is(err, ErrRefused):
			return m.cfg.Unclear, nil
		case err != nil:
			return "", err
		}
	}
	return m.cfg.Done, nil
}

// mailboxes are those of our addresses that a mail was sent to. If it names
// none, its delivery is that of the message which it returns or answers, so far as
// we made the token; at last it is a mail to the organisation.
func (m *Mailbox) mailboxes(mail *bounce.Result) []mailbox {
	var all []mailbox
	for _, to := range mail.Mailboxes {
		purpose, token, ok := parse(m.domains, to)
		if ok && (purpose == Forwarded || m.taker.sink.Accepts(purpose, token)) {
			box := mailbox{address: to, purpose: purpose, token: token}
			if !holds(all, box) {
				all = append(all, box)
			}
		}
	}
	switch {
	case len(all) > 0:
		return all
	case mail.Delivery != "" && m.taker.sink.Accepts(Bounce, mail.Delivery):
		return []mailbox{{purpose: Bounce, token: mail.Delivery, traced: true}}
	case mail.Unsubscribe != "" && m.taker.sink.Accepts(Unsubscribe, mail.Unsubscribe):
		return []mailbox{{purpose: Unsubscribe, token: mail.Unsubscribe, traced: true}}
	}
	return []mailbox{{purpose: Bounce}}
}

func holds(all []mailbox, box mailbox) bool {
	for _, b := range all {
		if b.purpose == box.purpose && b.token == box.token {
			return true
		}
	}
	return false
}

// cleanDomains are domains as they are compared: in lower case, without a last dot.
func cleanDomains(domains []string) []string {
	out := make([]string, len(domains))
	for i, d := range domains {
		out[i] = strings.ToLower(strings.TrimSuffix(d, "."))
	}
	return out
}
