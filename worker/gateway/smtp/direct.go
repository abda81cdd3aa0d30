package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"

	mailsmtp "github.com/wneessen/go-mail/smtp"

	"clarion/worker/gateway"
)

// Direct is how one mail exchanger is reached whose name, greeting and times a
// Config says. Config.TLS has no say.
type Direct struct {
	At     netip.AddrPort // where it listens
	Source netip.Addr     // the address to dial from; the zero Addr: any of this machine
	TLS    *tls.Config    // for STARTTLS, where it is offered; nil: never
	Must   bool           // no session without TLS
}

// ErrTLS marks a session that failed at STARTTLS: without it there might be one.
var ErrTLS = errors.New("TLS could not be started")

// Open opens a session with a mail exchanger. Its error is a *gateway.Error: what
// the exchanger said, or Temporary for a line that failed.
func Open(ctx context.Context, c Config, d Direct) (gateway.Session, error) {
	c.TLS = noTLS
	c, err := c.withDefaults()
	if err != nil {
		return nil, failed(gateway.Misconfigured, gateway.OtherReason, "set up a session", nil)
	}
	s, err := dial(ctx, &dialer{conf: c, direct: &d})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// secure starts TLS where it may or must be.
func (d *Direct) secure(sc *mailsmtp.Client) error {
	offered, _ := sc.Extension("STARTTLS")
	switch {
	case d.TLS != nil && offered:
		if err := sc.StartTLS(d.TLS); err != nil {
			return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Authentication, Err: ErrTLS}
		}
	case d.Must:
		return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.Authentication, Err: errors.New("STARTTLS is not offered, though the domain's policy promises it")}
	}
	return nil
}
