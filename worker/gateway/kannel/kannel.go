// Package kannel owns the way of a text message through Kannel: its sendsms
// HTTP interface, its delivery reports and the texts that it passes on. Kannel
// cuts long texts into parts itself.
package kannel

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clarion/internal/conf"
	"clarion/worker/gateway"
)

// Config is the section of a gateway of kind "kannel".
type Config struct {
	// URL is the smsbox's sendsms address, http://127.0.0.1:13013/cgi-bin/sendsms.
	URL string `toml:"url"`
	// Username and Password are those of Kannel's group sendsms-user.
	Username string      `toml:"username"`
	Password conf.Secret `toml:"password"`
	// SMSC is the smsc-id to send by; "" leaves the route to Kannel.
	SMSC string `toml:"smsc"`
	// Sender is our number where a message brings none.
	Sender string `toml:"sender"`

	// Country is the calling code whose numbers the carrier wants in national
	// form ("82": +8210… becomes 010…); "" sends every number as E.164.
	Country string `toml:"country"`
	// NationalPrefix stands before a national number; "" means "0".
	NationalPrefix string `toml:"national_prefix"`
	// InternationalPrefix stands before other numbers; "" means "+".
	InternationalPrefix string `toml:"international_prefix"`

	// CallbackURL is where our hook for this gateway is reached from Kannel,
	// http://127.0.0.1:8081/hook/kannel; "" asks for no delivery reports.
	CallbackURL string `toml:"callback_url"`
	// CallbackSecret stands in the callbacks and proves that Kannel sent them;
	// 16 characters at least.
	CallbackSecret conf.Secret `toml:"callback_secret"`
	// UnknownCodes are the err codes in receipts by which this carrier says that
	// nobody has the number. They differ from carrier to carrier (SMPP 3.4,
	// Appendix B); without any, no receipt suppresses a number.
	UnknownCodes []string `toml:"unknown_codes"`

	// Timeout bounds one request; 0 means 30 s.
	Timeout conf.Duration `toml:"timeout"`
}

// idleTimeout is well below the 240 s after which a smsbox closes an idle
// connection, so that no request is written to one that is just closing.
const idleTimeout = 30 * time.Second

// A Gateway sends text messages through one smsbox.
type Gateway struct {
	config Config
	client *http.Client
}

// New checks the configuration and returns the gateway. It does not connect.
func New(c Config) (*Gateway, error) {
	if !isHTTP(c.URL) {
		return nil, errors.New("url must be the address of Kannel's sendsms, such as http://127.0.0.1:13013/cgi-bin/sendsms")
	}
	if c.Username == "" || c.Password.IsZero() {
		return nil, errors.New("username and password must be those of the group sendsms-user in kannel.conf")
	}
	if c.CallbackURL != "" && !isHTTP(c.CallbackURL) {
		return nil, errors.New("callback_url must be the address at which Kannel reaches this program, such as http://127.0.0.1:8081/hook/kannel")
	}
	if c.CallbackURL != "" && len(c.CallbackSecret.Reveal()) < 16 {
		return nil, errors.New("callback_secret must have 16 characters or more, since whoever knows it can report deliveries and opt people out")
	}
	if c.Timeout == 0 {
		c.Timeout = conf.Duration(30 * time.Second)
	}
	if c.NationalPrefix == "" {
		c.NationalPrefix = "0"
	}
	if c.InternationalPrefix == "" {
		c.InternationalPrefix = "+"
	}
	return &Gateway{config: c, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: idleTimeout, TLSHandshakeTimeout: time.Duration(c.Timeout)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Probe asks for nothing to be sent: Kannel checks the login before it misses
// the receiver.
func (g *Gateway) Probe(ctx context.Context) error {
	a, err := g.post(ctx, g.login(), "probe")
	if err != nil {
		return err
	}
	if a.status == http.StatusBadRequest && strings.Contains(a.text, "receiver") {
		return nil
	}
	if err := a.err(); err != nil {
		return err
	}
	return &gateway.Error{Kind: gateway.Misconfigured, Err: errors.New("url does not lead to a sendsms address: it took a request without a receiver")}
}

func (g *Gateway) login() http.Header {
	h := http.Header{}
	h.Set("X-Kannel-Username", g.config.Username)
	h.Set("X-Kannel-Password", g.config.Password.Reveal())
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	return h
}

// spell writes a number in international form as the carrier wants it, without
// the spaces and signs that people put between its digits; anything else, such as
// a sender's name, stays as it is.
func (g *Gateway) spell(number string) string {
	if strings.Trim(number, "+0123456789 -().") != "" {
		return number
	}
	number = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(number)
	digits, ok := strings.CutPrefix(number, "+")
	if !ok {
		return number
	}
	if rest, ok := strings.CutPrefix(digits, g.config.Country); ok && g.config.Country != "" {
		return g.config.NationalPrefix + rest
	}
	return g.config.InternationalPrefix + digits
}

// broken returns what a failed exchange amounts to. Errors of net/http name the
// URL and may quote what the far side sent, so only what is known to be harmless
// is kept.
func broken(err error, written bool) *gateway.Error {
	kind := gateway.Temporary
	if written {
		kind = gateway.Indeterminate
	}
	var cert *x509.UnknownAuthorityError
	var host *x509.HostnameError
	if errors.As(err, &cert) || errors.As(err, &host) {
		return &gateway.Error{Kind: gateway.Misconfigured, Reason: gateway.Authentication, Err: errors.New("reach Kannel: its certificate is not trusted")}
	}
	return &gateway.Error{Kind: kind, Reason: gateway.Network, Err: fmt.Errorf("reach Kannel: %w", harmless(err))}
}
