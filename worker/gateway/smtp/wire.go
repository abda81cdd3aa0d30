package smtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"clarion/lists/address"
	"clarion/worker/gateway"
)

// extensions are what the relay's EHLO offered (RFC 5321 §4.1.1.1).
type extensions struct {
	pipelining bool // RFC 2920
	utf8       bool // SMTPUTF8, RFC 6531
	eightBit   bool // 8BITMIME, RFC 6152
	size       bool // SIZE, RFC 1870
	maxSize    int  // octets; 0: no limit told
}

// check returns why the relay cannot take m, nil if it can. Line ends and
// brackets in an address would be commands of their own.
func (x extensions) check(m gateway.Message) *gateway.Error {
	to := m.To.Reveal()
	switch {
	case m.To.Channel() != address.Email || !pathSafe(to):
		return &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Code: "5.1.3", Err: errors.New("the recipient is no mail address")}
	case m.From != "" && !pathSafe(m.From):
		return &gateway.Error{Kind: gateway.Misconfigured, Reason: gateway.OtherReason, Code: "5.1.7", Err: errors.New("the envelope sender is no mail address")}
	case !x.utf8 && (!ascii(to) || !ascii(m.From)):
		return &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Code: "5.6.7", Err: errors.New("the relay does not offer SMTPUTF8, which this address needs")}
	case !x.eightBit && !asciiBody(m.Body):
		return &gateway.Error{Kind: gateway.Failed, Reason: gateway.Content, Code: "5.6.3", Err: errors.New("the relay does not offer 8BITMIME, which this message needs")}
	case x.maxSize > 0 && len(m.Body) > x.maxSize:
		return &gateway.Error{Kind: gateway.Refused, Reason: gateway.TooLarge, Code: "5.3.4", Err: errors.New("the message is larger than the relay takes")}
	}
	return nil
}

// pathSafe reports whether s may stand between the brackets of a path (RFC 5321
// §4.1.2): spaces and brackets only inside a quoted local part.
func pathSafe(s string) bool {
	quoted, escaped := false, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c < ' ' || c == 0x7f:
			return false
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '<' || c == '>'):
			return false
		}
	}
	return !quoted && strings.Contains(s, "@")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// asciiBody is ascii for a whole message, eight octets at a time: it looks at
// every octet that is sent.
func asciiBody(b []byte) bool {
	for len(b) >= 8 {
		if binary.NativeEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// appendMail appends MAIL FROM with the parameters that the message needs and
// the relay offers.
func (x extensions) appendMail(b []byte, m gateway.Message) []byte {
	b = append(b, "MAIL FROM:<"...)
	b = append(b, m.From...)
	b = append(b, '>')
	if x.size {
		b = append(b, " SIZE="...)
		b = strconv.AppendInt(b, int64(len(m.Body)), 10)
	}
	if x.eightBit && !asciiBody(m.Body) {
		b = append(b, " BODY=8BITMIME"...)
	}
	if !ascii(m.From) || !ascii(m.To.Reveal()) {
		b = append(b, " SMTPUTF8"...)
	}
	return append(b, "\r\n"...)
}

func appendRcpt(b []byte, m gateway.Message) []byte {
	b = append(b, "RCPT TO:<"...)
	b = append(b, m.To.Reveal()...)
	return append(b, ">\r\n"...)
}

// appendBody appends the message with leading dots doubled (RFC 5321 §4.5.2) and
// its last line ended, without the final dot.
func appendBody(b, body []byte) []byte {
	if len(body) > 0 && body[0] == '.' {
		b = append(b, '.')
	}
	rest := body
	for {
		i := bytes.Index(rest, []byte("\n."))
		if i < 0 {
			break
		}
		b = append(b, rest[:i+2]...)
		b = append(b, '.')
		rest = rest[i+2:]
	}
	b = append(b, rest...)
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\r\n")) {
		b = append(b, "\r\n"...)
	}
	return b
}

const (
	finalDot = ".\r\n"
	data     = "DATA\r\n"
	reset    = "RSET\r\n"
	quit     = "QUIT\r\n"
)
