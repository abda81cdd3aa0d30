package kannel

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clarion/lists/address"
	"clarion/worker/gateway"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// What Kannel tells in a report's status (%d), as bits: an expired message is
// 34 (32 and 2). Kannel 1.4.5, gw/dlr.h.
const (
	dlrDelivered  = 1
	dlrFailed     = 2
	dlrBuffered   = 4
	dlrTaken      = 8
	dlrRefused    = 16
	dlrExpiredBit = 32
)

// reportURL is what Kannel fetches for each report on a delivery. Kannel fills
// in %d (status), %F (the SMSC's id) and %A (its words); %p, the number, is not
// asked for.
func reportURL(callback, secret, delivery string) string {
	return withQuery(callback, "key="+literal(secret)+"&delivery="+literal(delivery)+"&status=%d&id=%F&answer=%A")
}

// InboundURL is what the get-url of Kannel's group sms-service must be, so that
// the texts people send reach callbackURL. Both are as in Config.
func InboundURL(callbackURL, callbackSecret string) string {
	return withQuery(callbackURL, "key="+literal(callbackSecret)+"&id=%I&from=%p&to=%P&charset=%C&coding=%c&text=%a")
}

func withQuery(base, query string) string {
	join := "?"
	if strings.Contains(base, "?") {
		join = "&"
	}
	return strings.ReplaceAll(base, "%", "%%") + join + query
}

// literal writes a value into a query that Kannel expands: its % signs are doubled.
func literal(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%", "%%") }

// ParseRequest reads a delivery report or an inbound text. Kannel fetches the
// URLs that Send and InboundURL made; the secret in them proves that it does.
func (g *Gateway) ParseRequest(r *http.Request) ([]gateway.Report, []gateway.Inbound, error) {
	q := r.URL.Query()
	secret := g.config.CallbackSecret.Reveal()
	if secret == "" || subtle.ConstantTimeCompare([]byte(q.Get("key")), []byte(secret)) != 1 {
		return nil, nil, gateway.ErrForged
	}
	if q.Has("delivery") {
		report, err := g.parseReport(q)
		if err != nil {
			return nil, nil, fmt.Errorf("read delivery report of Kannel: %w", err)
		}
		return []gateway.Report{report}, nil, nil
	}
	text, err := parseText(q)
	if err != nil {
		return nil, nil, fmt.Errorf("read text passed on by Kannel: %w", err)
	}
	return nil, text, nil
}

func (g *Gateway) parseReport(q url.Values) (gateway.Report, error) {
	r := gateway.Report{Delivery: q.Get("delivery"), ID: q.Get("id")}
	if r.Delivery == "" {
		return r, errors.New("it names no delivery")
	}
	status, err := strconv.ParseUint(q.Get("status"), 10, 16)
	if err != nil {
		return r, errors.New("its status is no number")
	}
	switch {
	case status&dlrDelivered != 0:
		r.Event = gateway.EventDelivered
	case status&dlrRefused != 0:
		r.Event, r.Err = gateway.EventFailed, refused(q.Get("answer"))
	case status&(dlrFailed|dlrExpiredBit) != 0:
		r.Event, r.Err = gateway.EventFailed, g.undelivered(status, q.Get("answer"))
	case status&(dlrTaken|dlrBuffered) != 0:
		r.Event = gateway.EventAccepted
	default:
		return r, errors.New("its status has no known bit")
	}
	return r, nil
}

// refused reads "NACK/0x0000000b/Invalid Destination Address": the command status
// with which the SMSC refused the message (SMPP 3.4 §5.1.3), or Kannel's own
// "NACK/Retries Exceeded" once it has given up.
func refused(answer string) *gateway.Error {
	e := &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Err: errors.New("the carrier refused the message")}
	parts := strings.SplitN(answer, "/", 3)
	if len(parts) < 2 || parts[0] != "NACK" {
		return e
	}
	if strings.EqualFold(parts[1], "Retries Exceeded") {
		e.Reason, e.Code, e.Err = gateway.RateLimited, "retries_exceeded", errors.New("the carrier put the message off until Kannel gave up")
		return e
	}
	code, err := strconv.ParseUint(parts[1], 0, 32)
	if err != nil {
		return e
	}
	e.Code = fmt.Sprintf("0x%08x", code)
	switch code {
	case 0x0B: // ESME_RINVDSTADR
		e.Kind, e.Reason, e.Err = gateway.Dead, gateway.MailboxUnknown, errors.New("the carrier knows no such number")
	case 0x14, 0x58: // ESME_RMSGQFUL, ESME_RTHROTTLED
		e.Reason, e.Err = gateway.RateLimited, errors.New("the carrier wants fewer messages at a time")
	case 0x0A, 0x0D, 0x0E, 0x0F: // ESME_RINVSRCADR, ESME_RBINDFAIL, ESME_RINVPASWD, ESME_RINVSYSID
		e.Kind, e.Reason, e.Err = gateway.Misconfigured, gateway.SenderBlocked, errors.New("the carrier refuses our sender number or login")
	case 0x01: // ESME_RINVMSGLEN
		e.Kind, e.Reason, e.Err = gateway.Refused, gateway.TooLarge, errors.New("the text is too long for the carrier")
	}
	return e
}

// undelivered reads a receipt, "id:… stat:UNDELIV err:001 text:…" (SMPP 3.4,
// Appendix B). A number is given up only when the carrier is configured to mean
// that by the err code: UNDELIV is also said of a phone that is switched off.
func (g *Gateway) undelivered(status uint64, answer string) *gateway.Error {
	stat, code := receiptField(answer, "stat:"), receiptField(answer, "err:")
	e := &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Code: strings.Trim(stat+"/"+code, "/"), Err: errors.New("the phone did not take the message")}
	switch {
	case status&dlrExpiredBit != 0, stat == "EXPIRED":
		e.Reason, e.Err = gateway.Expired, errors.New("the phone was not reached in time")
	case stat == "REJECTD":
		e.Kind, e.Reason, e.Err = gateway.Refused, gateway.Policy, errors.New("the carrier rejected the message after taking it")
	case code != "" && slices.Contains(g.config.UnknownCodes, code):
		e.Kind, e.Reason, e.Err = gateway.Dead, gateway.MailboxUnknown, errors.New("the carrier knows no such number")
	}
	return e
}

// receiptField returns the short word after a name, "" if there is none. What
// stands after "text:" is the message's own and not looked at.
func receiptField(answer, name string) string {
	if head, _, ok := strings.Cut(answer, "text:"); ok {
		answer = head
	}
	_, rest, ok := strings.Cut(answer, name)
	if !ok {
		return ""
	}
	n := 0
	for n < len(rest) && n < 12 && (rest[n] >= 'A' && rest[n] <= 'Z' || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	return rest[:n]
}

// parseText reads a person's text. Kannel passes its bytes in the charset that
// it names: a Korean one is UTF-16BE with coding 2, not UTF-8.
func parseText(q url.Values) ([]gateway.Inbound, error) {
	in := gateway.Inbound{Channel: address.SMS, From: q.Get("from"), To: q.Get("to"), ID: q.Get("id")}
	if in.From == "" {
		return nil, errors.New("it names no sender")
	}
	if q.Get("coding") == "1" {
		return nil, nil // 8-bit data: a picture or a ring tone, not a text
	}
	var err error
	if in.Text, err = decode(q.Get("text"), q.Get("charset"), q.Get("coding")); err != nil {
		return nil, err
	}
	return []gateway.Inbound{in}, nil
}

func decode(raw, charset, coding string) (string, error) {
	charset = strings.ToLower(charset)
	if charset == "" && coding == "2" || charset == "ucs-2" || charset == "utf-16" {
		charset = "utf-16be" // the order of 3GPP TS 23.038 §4, where no other is named
	}
	switch charset {
	case "", "utf-8":
		return strings.ToValidUTF8(raw, "\uFFFD"), nil
	case "utf-16be":
		text, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().String(raw)
		if err != nil {
			return "", errors.New("it is no UTF-16BE")
		}
		return text, nil
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return "", errors.New("its charset is unknown")
	}
	text, err := enc.NewDecoder().String(raw)
	if err != nil {
		return "", errors.New("it does not fit its charset")
	}
	return text, nil
}
