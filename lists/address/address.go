// Package address owns what an address is: its channel, its one canonical
// spelling, and its mask. An Address prints masked wherever it ends up; only
// Reveal gives it away.
package address

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Channel is a way to reach a contact.
type Channel uint8

// The channels. The zero Channel is none.
const (
	Email Channel = iota + 1
	SMS
	Fax
)

// Channels lists every channel in the order in which they are shown.
var Channels = [...]Channel{Email, SMS, Fax}

var (
	channelNames = [...]string{Email: "email", SMS: "sms", Fax: "fax"}
	koreanNames  = [...]string{Email: "이메일", SMS: "문자", Fax: "팩스"}
)

// String returns "email", "sms" or "fax".
func (c Channel) String() string {
	if int(c) < len(channelNames) && c != 0 {
		return channelNames[c]
	}
	return fmt.Sprintf("channel(%d)", uint8(c))
}

// MarshalText writes the channel's name.
func (c Channel) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a channel's name.
func (c *Channel) UnmarshalText(text []byte) (err error) {
	*c, err = ParseChannel(string(text))
	return err
}

// Korean returns what the channel is called in Korean.
func (c Channel) Korean() string {
	if int(c) < len(koreanNames) && c != 0 {
		return koreanNames[c]
	}
	return c.String()
}

// ParseChannel reads "email", "sms" or "fax".
func ParseChannel(s string) (Channel, error) {
	for _, c := range Channels {
		if c.String() == s {
			return c, nil
		}
	}
	return 0, fmt.Errorf("%q is no channel: email, sms and fax are", s)
}

// An Address is the canonical address of one person on one channel: an email
// address with its domain in lower case (ASCII form) or an E.164 number. The
// zero Address is none. Two addresses are the same when they are ==.
type Address struct {
	channel Channel
	value   string
}

// Canonical makes an Address of a value that is canonical already, as read back
// from a sealed record. Input from outside goes through ParseEmail or ParsePhone.
func Canonical(c Channel, value string) Address {
	if value == "" {
		return Address{}
	}
	return Address{c, value}
}

// Channel returns the channel that the address is for.
func (a Address) Channel() Channel { return a.channel }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a.value == "" }

// Reveal returns the address itself. Its result must not reach a log, an error
// or a task payload.
func (a Address) Reveal() string { return a.value }

// Domain returns the domain of an email address, else "".
func (a Address) Domain() string {
	if a.channel != Email {
		return ""
	}
	return a.value[strings.LastIndexByte(a.value, '@')+1:]
}

// String returns the masked address: "k***@n***.com", "+82******78".
func (a Address) String() string {
	switch {
	case a.value == "":
		return "-"
	case a.channel == Email:
		at := strings.LastIndexByte(a.value, '@')
		if at < 1 {
			return "***"
		}
		domain, top := a.value[at+1:], ""
		if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
			domain, top = domain[:dot], domain[dot:]
		}
		return firstRune(a.value) + "***@" + firstRune(domain) + "***" + top
	case len(a.value) > 6:
		return a.value[:3] + strings.Repeat("*", len(a.value)-5) + a.value[len(a.value)-2:]
	default:
		return "***"
	}
}

// Format masks under every verb, %#v and %+v included.
func (a Address) Format(s fmt.State, _ rune) { fmt.Fprint(s, a.String()) }

// GoString masks.
func (a Address) GoString() string { return a.String() }

// LogValue masks in slog.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText masks in JSON and any other text encoding.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func firstRune(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return "*"
	}
	return s[:size]
}
