// Package webhook owns what mail providers report over HTTP of the mails that
// went through them: each request is authenticated as its provider documents
// it, and its events are told in one vocabulary.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"clarion/internal/clock"
	"clarion/internal/conf"
	"clarion/worker/gateway"
)

// Config is a section [webhook.NAME] of clarion.toml. At least one proof that a
// request is the provider's must be set; all that are set must hold.
type Config struct {
	Kind        string        `toml:"kind"`        // the provider; the section's name if ""
	Gateway     string        `toml:"gateway"`     // the gateway whose mail it reports on; without it that mail is not marked
	Logins      []conf.Secret `toml:"logins"`      // "name:password" of basic authentication, or a bearer token; any one is right, so that they can be changed
	SigningKey  conf.Secret   `toml:"signing_key"` // Mailgun: the webhook signing key; SendGrid: the verification key, base64
	Topic       string        `toml:"topic"`       // Amazon SES: the ARN of the SNS topic, whose signature is then asked for
	Certificate string        `toml:"certificate"` // Amazon SES: the certificate of SNS as PEM text, for hosts that may not fetch it
	MaxAge      time.Duration `toml:"max_age"`     // signed requests older than this are refused; 24 h if 0
}

const defaultAge = 24 * time.Hour

// A provider reads the events of a request's body.
type provider struct {
	// verify checks what the provider signs, where the config asks for it.
	verify func(context.Context, *Hook, *request) error
	// signed reports whether a request carries what a signature of the
	// provider needs.
	signed func(*request) bool
	// needs names the settings of which one must be there.
	needs string
	read  func(*request) ([]Event, error)
	// mark is the header line that carries a delivery's token, with %s for it;
	// "" where the envelope sender is reported.
	mark string
}

// providers is the one table from a kind to how it reports.
var providers = map[string]provider{
	"amazon_ses": {verify: verifySNS, signed: signedSNS, needs: "topic or logins", read: readSES},
	"sendgrid":   {verify: verifySendGrid, signed: signedSendGrid, needs: "signing_key or logins", read: readSendGrid, mark: `X-SMTPAPI: {"unique_args":{"clarion_delivery":"%s"}}`},
	"mailgun":    {verify: verifyMailgun, signed: signedMailgun, needs: "signing_key", read: readMailgun, mark: `X-Mailgun-Variables: {"clarion_delivery":"%s"}`},
	"postmark":   {needs: "logins", read: readPostmark, mark: "X-PM-Metadata-clarion_delivery: %s"},
	"brevo":      {needs: "logins", read: readBrevo, mark: "X-Mailin-custom: clarion_delivery=%s"},
	"mailjet":    {needs: "logins", read: readMailjet, mark: "X-MJ-CustomID: %s"},
}

// Kinds lists the providers.
func Kinds() []string { return slices.Sorted(maps.Keys(providers)) }

// A Hook reads the requests of one provider.
type Hook struct {
	provider
	config    Config
	clk       clock.Clock // nil: how old a request is does not matter
	unchecked bool
	certs     *certificates
}

// New makes the Hook of a section. clk may be nil: then a request of any age is
// taken, as where nothing follows from it.
func New(name string, c Config, clk clock.Clock) (*Hook, error) {
	if c.Kind == "" {
		c.Kind = name
	}
	p, ok := providers[c.Kind]
	if !ok {
		return nil, fmt.Errorf("webhook %q has the kind %q: known kinds are %s", name, c.Kind, strings.Join(Kinds(), ", "))
	}
	if c.MaxAge <= 0 {
		c.MaxAge = defaultAge
	}
	key, topic := !c.SigningKey.IsZero(), c.Topic != ""
	switch {
	case key && c.Kind != "sendgrid" && c.Kind != "mailgun", topic && c.Kind != "amazon_ses":
		return nil, fmt.Errorf("%s signs nothing that this setting could check: set %s", c.Kind, p.needs)
	case c.Kind == "mailgun" && !key, !key && !topic && len(c.Logins) == 0:
		return nil, fmt.Errorf("nothing would show that a request is %s's: set %s", c.Kind, p.needs)
	}
	h := &Hook{provider: p, config: c, clk: clk, certs: newCertificates()}
	if err := h.checkKeys(); err != nil {
		return nil, err
	}
	return h, nil
}

// Unchecked makes a Hook that reads requests of a provider without knowing
// their secrets: for a person who looks at one. A request with no credential at
// all, or with a signature that has not the form of one, is forged all the same.
func Unchecked(kind string) (*Hook, error) {
	p, ok := providers[kind]
	if !ok {
		return nil, fmt.Errorf("%q is no webhook of the config and no provider: known providers are %s", kind, strings.Join(Kinds(), ", "))
	}
	return &Hook{provider: p, config: Config{Kind: kind}, unchecked: true}, nil
}

// Mark is the header line, ended with CRLF, that makes the provider bring the
// delivery's token back; "" where it needs none.
func (h *Hook) Mark(delivery string) string {
	if h.mark == "" || delivery == "" {
		return ""
	}
	return fmt.Sprintf(h.mark, delivery) + "\r\n"
}

// A request is one POST of a provider.
type request struct {
	header http.Header
	form   form   // of multipart and urlencoded bodies
	body   []byte // as it came
}

// maxRequest bounds a request's body; the listener has its own, smaller bound.
const maxRequest = 16 << 20

// Read authenticates a request and returns its events. The error wraps
// gateway.ErrForged when it is not the provider's.
func (h *Hook) Read(r *http.Request) ([]Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return nil, fmt.Errorf("read the request of %s: %w", h.config.Kind, err)
	}
	req := &request{header: r.Header, body: body}
	if req.form, err = readForm(r.Header.Get("Content-Type"), body); err != nil {
		return nil, fmt.Errorf("read the request of %s: %w", h.config.Kind, err)
	}
	if err := h.authenticate(r.Context(), req); err != nil {
		return nil, err
	}
	events, err := h.read(req)
	if err != nil {
		return nil, fmt.Errorf("read the request of %s: %w", h.config.Kind, err)
	}
	return events, nil
}

// ParseRequest implements gateway.Reporter. Events without our token are of
// mails that others sent through the same account, and left out.
func (h *Hook) ParseRequest(r *http.Request) ([]gateway.Report, []gateway.Inbound, error) {
	events, err := h.Read(r)
	if err != nil {
		return nil, nil, err
	}
	var out []gateway.Report
	for _, e := range events {
		if report, ok := e.report(); ok {
			out = append(out, report)
		}
	}
	return out, nil, nil
}

var errForeign = errors.New("it is no event of this provider")
