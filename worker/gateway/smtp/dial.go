package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
	mailsmtp "github.com/wneessen/go-mail/smtp"

	"clarion/worker/gateway"
	"clarion/worker/gateway/smtpreply"
)

// dial connects, greets, starts TLS and logs in. go-mail does each of these; the
// steps are taken one by one, since each fails in its own way.
func (g *Gateway) dial(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, failed(gateway.Temporary, gateway.Network, "dial the relay", err)
	}
	return dial(ctx, &dialer{conf: g.conf, start: g.tls})
}

func dial(ctx context.Context, d *dialer) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, min(dialTimeout, time.Duration(d.conf.Timeout)))
	defer cancel()
	// go-mail looks at ctx while it connects, not while it waits for replies.
	stop := context.AfterFunc(ctx, d.interrupt)
	s, err := d.open(ctx)
	if !stop() && err == nil {
		err = failed(gateway.Temporary, gateway.Network, "open a session with the relay", ctx.Err())
	}
	if err != nil {
		d.interrupt()
		return nil, err
	}
	return s, nil
}

// dialer is one dialling. conn is handed over a channel, since interrupt may
// come at any time.
type dialer struct {
	conf   Config
	start  *tls.Config // nil without TLS
	direct *Direct     // nil: a relay
	wire   *opening
	conn   guarded
	tls    error // what the TLS handshake of implicit TLS said
}

func (d *dialer) interrupt() { d.conn.close() }

func (d *dialer) open(ctx context.Context) (*session, error) {
	c := d.conf
	client, err := mail.NewClient(c.Host,
		mail.WithPort(c.Port), mail.WithHELO(c.Hello), mail.WithTLSPolicy(mail.NoTLS),
		mail.WithTimeout(min(dialTimeout, time.Duration(c.Timeout))), mail.WithDialContextFunc(d.connect))
	if err != nil {
		return nil, failed(gateway.Misconfigured, gateway.OtherReason, "set up the relay's client", nil)
	}
	sc, err := client.DialToSMTPClientWithContext(ctx)
	switch {
	case d.tls != nil:
		return nil, tlsFailure(d.tls)
	case err != nil:
		return nil, wireFailure(smtpreply.Connect, "connect to the relay", err)
	}
	if d.direct != nil {
		if err := d.direct.secure(sc); err != nil {
			return nil, err
		}
	} else if c.TLS == startTLS {
		if ok, _ := sc.Extension("STARTTLS"); !ok {
			return nil, failed(gateway.Misconfigured, gateway.Authentication,
				`the relay does not offer STARTTLS: set tls = "implicit" with its TLS port, or tls = "none" if the way to it is safe`, nil)
		}
		if err := sc.StartTLS(d.start); err != nil {
			return nil, tlsFailure(err)
		}
	}
	if c.Username != "" {
		if err := d.login(sc); err != nil {
			return nil, err
		}
	}
	d.wire.open = true
	return newSession(c, sc, d.wire), nil
}

// connect makes the connection for go-mail, with TLS where that comes first.
func (d *dialer) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	var from net.Dialer
	if d.direct != nil {
		addr = d.direct.At.String()
		if d.direct.Source.IsValid() {
			from.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.direct.Source, 0))
		}
	}
	raw, err := from.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.wire = &opening{Conn: raw}
	d.conn.set(d.wire)
	if d.conf.TLS != implicitTLS {
		return d.wire, nil
	}
	conn := tls.Client(d.wire, d.start)
	if d.tls = conn.HandshakeContext(ctx); d.tls != nil {
		return nil, d.tls
	}
	return conn, nil
}

func (d *dialer) login(sc *mailsmtp.Client) error {
	c := d.conf
	_, offered := sc.Extension("AUTH")
	mechanism := ""
	for _, m := range authMechanisms {
		if m == "XOAUTH2" && c.Auth != m {
			continue // its password is a token: only when asked for
		}
		if (c.Auth == "" || c.Auth == m) && holdsWord(offered, m) {
			mechanism = m
			break
		}
	}
	var auth mailsmtp.Auth
	password := c.Password.Reveal()
	switch mechanism {
	case "SCRAM-SHA-256":
		auth = mailsmtp.ScramSHA256Auth(c.Username, password)
	case "SCRAM-SHA-1":
		auth = mailsmtp.ScramSHA1Auth(c.Username, password)
	case "CRAM-MD5":
		auth = mailsmtp.CRAMMD5Auth(c.Username, password)
	case "PLAIN":
		auth = mailsmtp.PlainAuth("", c.Username, password, c.Host, false)
	case "LOGIN":
		auth = mailsmtp.LoginAuth(c.Username, password, c.Host, false)
	case "XOAUTH2":
		token, err := c.Password.Current()
		if err != nil {
			e := failed(gateway.Misconfigured, gateway.Authentication, "", nil)
			e.Err = fmt.Errorf("read the access token: %w", err)
			return e
		}
		auth = mailsmtp.XOAuth2Auth(c.Username, token)
	default:
		want := c.Auth
		if want == "" {
			want = "any login that Clarion knows"
		}
		return failed(gateway.Misconfigured, gateway.Authentication,
			fmt.Sprintf("the relay does not offer %s: look at tls, auth and port, or leave username out if it needs no login", want), nil)
	}
	err := sc.Auth(auth)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mailsmtp.ErrUnencrypted):
		return failed(gateway.Misconfigured, gateway.Authentication, `the password would cross the network unencrypted: set tls = "starttls" or "implicit"`, nil)
	}
	return wireFailure(smtpreply.Login, "log in to the relay", err)
}

func holdsWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// failed makes an error of a sentence of ours. A cause is shown only when it is
// ours or of a kind that quotes nothing the relay said.
func failed(kind gateway.Kind, reason gateway.Reason, what string, cause error) *gateway.Error {
	e := &gateway.Error{Kind: kind, Reason: reason, Err: errors.New(what)}
	var op *net.OpError
	var dns *net.DNSError
	shown := errors.As(cause, &dns) || errors.As(cause, &op)
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, errStopped, errClosing, errProtocol, errBroken} {
		shown = shown || errors.Is(cause, known)
	}
	if shown {
		e.Err = fmt.Errorf("%s: %w", what, cause)
	}
	return e
}

// wireFailure judges what came of a step before any message: a refusal, whose
// text is dropped, or a broken line.
func wireFailure(stage smtpreply.Stage, what string, err error) *gateway.Error {
	var refusal *textproto.Error
	if errors.As(err, &refusal) {
		e := smtpreply.Parse(stage, refusal.Code, refusal.Msg)
		e.Err = errors.New(what)
		if stage == smtpreply.Login && e.Kind == gateway.Misconfigured {
			e.Err = errors.New("the relay refuses the login: look at username and password")
		}
		return e
	}
	return failed(gateway.Temporary, gateway.Network, what, err)
}

// tlsFailure tells a relay that is not who it says it is from a broken line.
func tlsFailure(err error) *gateway.Error {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		e := failed(gateway.Misconfigured, gateway.Authentication, "", nil)
		e.Err = fmt.Errorf("the relay's certificate does not hold: look at host and ca_file: %w", cert.Err)
		return e
	case errors.As(err, &record):
		return failed(gateway.Misconfigured, gateway.Authentication, `the relay does not speak TLS on this port: look at port and tls`, nil)
	}
	return wireFailure(smtpreply.Connect, "start TLS with the relay", err)
}
