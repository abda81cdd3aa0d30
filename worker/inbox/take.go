package inbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"clarion/lists/optout"
	"clarion/worker/bounce"
	"clarion/worker/gateway"
)

// ErrRefused is how a Sink says that a person's mail can be handed on to nobody,
// however often it comes.
var ErrRefused = errors.New("nobody takes it")

// errUnclear is a mail that reports a failure of a delivery which it does not name.
var errUnclear = errors.New("it does not say of which delivery it speaks")

// A taker decides what follows from a mail, whichever way it came in.
type taker struct {
	sink    Sink
	log     *slog.Logger
	timeout time.Duration // for the sink
}

// fromPerson reports whether somebody wrote the mail who waits for an ear.
func fromPerson(mail *bounce.Result, null bool) bool {
	return mail.Kind == bounce.Other && !mail.Automatic && !null
}

// toHandOn reports whether a mail must be at hand whole, for somebody to read.
func toHandOn(to []mailbox, mail *bounce.Result, null bool) bool {
	if !fromPerson(mail, null) || mail.Wish == optout.Stop {
		return false
	}
	for _, m := range to {
		if m.purpose == Bounce {
			return true
		}
	}
	return false
}

// take hands on what the mail says to one of our addresses. whole is the mail if
// toHandOn asks for it. After nil it may be forgotten; after ErrRefused and
// errUnclear it is of no use to bring it again.
func (t taker) take(ctx context.Context, m mailbox, mail *bounce.Result, null bool, whole []byte) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	var err error
	did := "nothing"
	report, reports := reportOf(m.token, mail)
	switch {
	case m.purpose == Forwarded:
		did = "lost: the organisation's inbox does not take what is handed on to it; look at inbox.replies_to"
	case m.purpose == Unsubscribe && !m.traced:
		// A machine that answers our mails, or could not deliver them, asks for nothing.
		if !null && !mail.Automatic {
			did, err = "unsubscribe", t.sink.Unsubscribe(ctx, m.purpose, m.token)
		}
	case reports && m.token == "":
		did, err = "set aside", errUnclear
	case reports:
		did, err = "report", t.sink.Report(ctx, m.purpose, []gateway.Report{report})
	case !fromPerson(mail, null):
	case mail.Wish == optout.Stop && m.token != "":
		did, err = "unsubscribe", t.sink.Unsubscribe(ctx, m.purpose, m.token)
	case mail.Wish == optout.Stop && mail.From != "":
		did, err = "unsubscribe", t.sink.UnsubscribeAddress(ctx, mail.From)
	default:
		token := m.token
		if m.purpose != Bounce {
			token = ""
		}
		did, err = "reply", t.sink.Reply(ctx, token, whole)
	}
	log := t.log.With("purpose", m.purpose.String(), "delivery", m.token, "kind", mail.Kind.String())
	switch {
	case errors.Is(err, errUnclear):
		log.Warn("a returned mail does not say of which delivery it speaks")
	case errors.Is(err, ErrRefused):
		log.Warn("a person's mail could not be handed on, and is refused", "error", err)
	case err != nil:
		log.Warn("returned mail could not be stored; it will be brought again", "error", err)
	case m.purpose == Forwarded:
		log.Warn("returned mail", "did", did)
	default:
		log.Info("returned mail", "reason", mail.Reason.String(), "did", did)
	}
	return err
}

// reportOf makes the report of a mail to a delivery's envelope sender; false if
// the mail reports nothing. The token of the address counts, not what the mail
// quotes. A delivery has one recipient, so the worst word is the word on it.
func reportOf(token string, mail *bounce.Result) (gateway.Report, bool) {
	report := gateway.Report{Delivery: token}
	switch mail.Kind {
	case bounce.Hard, bounce.Soft:
		report.Event = gateway.EventFailed
	case bounce.Delay:
		report.Event = gateway.EventDelayed
	case bounce.Complaint:
		report.Event = gateway.EventComplaint
		return report, true
	case bounce.Other:
		for _, r := range mail.Recipients {
			if r.Delivered {
				report.Event = gateway.EventDelivered
				return report, true
			}
		}
		return report, false
	default:
		return report, false
	}
	for _, r := range mail.Recipients {
		if r.Kind == mail.Kind && r.Err != nil {
			report.Err = r.Err
			return report, true
		}
	}
	kind := gateway.Failed
	if mail.Kind == bounce.Delay {
		kind = gateway.Temporary
	}
	report.Err = &gateway.Error{Kind: kind, Reason: mail.Reason} // a bounce that names nobody condemns nobody
	return report, true
}
