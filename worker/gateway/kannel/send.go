package kannel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"clarion/templates/sms"
	"clarion/worker/gateway"
)

// reportMask asks for every report that Kannel knows: delivered, not delivered,
// buffered, taken and refused by the SMSC (Kannel User's Guide, "dlr-mask").
const reportMask = "31"

// Send hands one text to Kannel. A nil error means that Kannel keeps it and will
// deliver it, also when the carrier's link is down just now.
func (g *Gateway) Send(ctx context.Context, m gateway.Message) (gateway.Receipt, error) {
	text := string(m.Body)
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
		return gateway.Receipt{}, &gateway.Error{Kind: gateway.Refused, Reason: gateway.Content, Err: errors.New("text is empty or no UTF-8")}
	}
	h := g.login()
	h.Set("X-Kannel-To", g.spell(m.To.Reveal()))
	h.Set("X-Kannel-Coding", coding(text))
	if from := m.From; from != "" {
		h.Set("X-Kannel-From", g.spell(from))
	} else if g.config.Sender != "" {
		h.Set("X-Kannel-From", g.spell(g.config.Sender))
	}
	if g.config.SMSC != "" {
		h.Set("X-Kannel-SMSC", g.config.SMSC)
	}
	if g.config.CallbackURL != "" && m.Delivery != "" { // a service text is no delivery: a report on it would name none
		h.Set("X-Kannel-DLR-Mask", reportMask)
		h.Set("X-Kannel-DLR-Url", reportURL(g.config.CallbackURL, g.config.CallbackSecret.Reveal(), m.Delivery))
	}
	a, err := g.post(ctx, h, text)
	if err != nil {
		return gateway.Receipt{}, err
	}
	if err := a.err(); err != nil {
		return gateway.Receipt{}, err
	}
	return gateway.Receipt{}, nil // Kannel gives no id here; the SMSC's comes with the first report
}

// coding is Kannel's name of the alphabet for a text: "0" the default alphabet
// of 3GPP TS 23.038, "2" UCS-2. Kannel does not choose by itself: with 0 it
// takes Korean and delivers question marks.
func coding(text string) string {
	if sms.Unicode(text) {
		return "2"
	}
	return "0"
}

// An answer is what a smsbox says to a request.
type answer struct {
	status     int
	text       string // up to 1 kB; may hold the number
	retryAfter time.Duration
}

// post sends a text with its headers. Its error is an *gateway.Error: Temporary
// while the request could not be complete at the far side, Indeterminate after.
// It is a POST, since net/http repeats a GET by itself when a connection breaks,
// and since headers keep password and number out of URLs (Kannel User's Guide,
// "sendsms with POST").
func (g *Gateway) post(ctx context.Context, h http.Header, text string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(g.config.Timeout))
	defer cancel()
	var written atomic.Bool
	// A request takes effect once its body is complete, and that is flushed after this is called.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.config.URL, strings.NewReader(text))
	if err != nil {
		return answer{}, &gateway.Error{Kind: gateway.Misconfigured, Err: errors.New("url is no address")}
	}
	r.Header = h
	response, err := g.client.Do(r)
	if err != nil {
		return answer{}, broken(err, written.Load())
	}
	defer response.Body.Close()
	// The status alone decides in most cases, so a body that breaks off is none.
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	a := answer{status: response.StatusCode, text: string(body)}
	if s, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && s > 0 {
		a.retryAfter = time.Duration(s) * time.Second
	}
	return a, nil
}

// refusals are the texts of a smsbox that say more than their status does
// (gw/smsbox.c of Kannel 1.4.5).
var refusals = [...]struct {
	part   string
	kind   gateway.Kind
	reason gateway.Reason
	say    string
}{
	{"Authorization failed", gateway.Misconfigured, gateway.Authentication, "Kannel refuses the login: check username, password and user-allow-ip of its sendsms-user"},
	{"Sender missing", gateway.Misconfigured, gateway.OtherReason, "Kannel wants a sender: set sender here or default-sender there"},
	{"denied by white", gateway.Failed, gateway.Policy, "Kannel's own white or black list denies the number"},
	{"Not routable", gateway.Failed, gateway.Policy, "Kannel has no route for the number"},
	{"Empty text", gateway.Refused, gateway.Content, "Kannel takes no empty text"},
	{"body misformed", gateway.Refused, gateway.Content, "Kannel cannot read the text"},
	{"receiver", gateway.Failed, gateway.OtherReason, "Kannel cannot read the number"},
	{"misformed", gateway.Misconfigured, gateway.OtherReason, "Kannel cannot read a field of the request"},
	{"Temporal failure", gateway.Temporary, gateway.OtherReason, "Kannel cannot take it now"},
}

// err returns nil if Kannel took the message. The answer's own text is dropped,
// since it may repeat the number.
func (a answer) err() error {
	if a.status == http.StatusAccepted {
		return nil
	}
	e := &gateway.Error{Code: strconv.Itoa(a.status), RetryAfter: a.retryAfter}
	for _, r := range refusals {
		if a.status >= 400 && strings.Contains(a.text, r.part) {
			e.Kind, e.Reason, e.Err = r.kind, r.reason, errors.New(r.say)
			return e
		}
	}
	switch s := a.status; {
	case s == http.StatusTooManyRequests:
		e.Kind, e.Reason, e.Err = gateway.Throttled, gateway.RateLimited, errors.New("kannel, or what stands before it, asks to slow down")
	case s == http.StatusServiceUnavailable:
		e.Kind, e.Reason, e.Err = gateway.Temporary, gateway.OtherReason, errors.New("kannel cannot take it now")
	case s == http.StatusRequestEntityTooLarge:
		e.Kind, e.Reason, e.Err = gateway.Refused, gateway.TooLarge, errors.New("text is too long for Kannel")
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.Kind, e.Reason, e.Err = gateway.Misconfigured, gateway.Authentication, errors.New("kannel refuses the request")
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s == http.StatusUnsupportedMediaType, s >= 300 && s < 400:
		e.Kind, e.Reason, e.Err = gateway.Misconfigured, gateway.OtherReason, errors.New("url does not lead to Kannel's sendsms")
	case s >= 400 && s < 500:
		e.Kind, e.Reason, e.Err = gateway.Failed, gateway.OtherReason, errors.New("kannel refuses the request")
	default:
		// A proxy's 502 or 504, or a page that is not Kannel's: the request may have got through.
		e.Kind, e.Reason, e.Err = gateway.Indeterminate, gateway.Network, errors.New("the answer is not one of Kannel's")
	}
	return e
}

// harmless returns the part of an error that can hold neither URL nor number.
func harmless(err error) error {
	var errno syscall.Errno
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &timeout) && timeout.Timeout():
		return context.DeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("connection closed: %w", io.ErrUnexpectedEOF)
	default:
		return errors.New("connection failed")
	}
}
