// Package hylafax owns the way of a fax through HylaFAX: its client protocol,
// the jobs that it keeps, and what became of them. HylaFAX dials, trains and
// repeats by itself.
package hylafax

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"clarion/internal/conf"
	"clarion/worker/gateway"
)

// Config is the section of a gateway of kind "hylafax".
type Config struct {
	// Addr is hfaxd's client port, "127.0.0.1:4559"; the port may be left out.
	Addr string `toml:"addr"`
	// User and Password are as in hosts.hfaxd. The jobs of User are ours: give
	// this program a user of its own.
	User     string      `toml:"user"`
	Password conf.Secret `toml:"password"`
	// Modem is the modem, or class of modems, to send by; "" means any.
	Modem string `toml:"modem"`

	// Country is the calling code of the lines, "82": its numbers are dialled in
	// national form.
	Country string `toml:"country"`
	// NationalPrefix is dialled before a national number; "" means "0".
	NationalPrefix string `toml:"national_prefix"`
	// InternationalPrefix is dialled before a foreign number; "" means "00".
	InternationalPrefix string `toml:"international_prefix"`
	// DialPrefix is dialled before everything, for an outside line: "9,".
	DialPrefix string `toml:"dial_prefix"`

	// MaxDials is how often a number is dialled at most, 1 to 12; 0 means 12.
	MaxDials int `toml:"max_dials"`
	// MaxTries is how often a call that got through is tried anew at most, 1 to
	// 3; 0 means 3.
	MaxTries int `toml:"max_tries"`
	// KillTime is how long HylaFAX may take over a fax, up to 99 days; 0 means 12 h.
	KillTime conf.Duration `toml:"kill_time"`
	// Resolution is "fine" (204×196 dpi, needed for Hangul) or "normal" (204×98);
	// "" means fine.
	Resolution string `toml:"resolution"`
	// Tagline has HylaFAX print its own header over the page. Our pages have one
	// already (47 CFR 68.318(d)).
	Tagline bool `toml:"tagline"`

	// Timeout bounds each step of the dialogue with hfaxd; 0 means 60 s.
	Timeout conf.Duration `toml:"timeout"`
}

// A Gateway sends faxes through one hfaxd. Each Send has a connection of its own.
type Gateway struct {
	config Config

	wanted func(ctx context.Context, delivery string) bool // nil: everything is

	mu   sync.Mutex
	told map[string]bool // ended jobs that Poll has reported, by id and tag
}

// New checks the configuration and returns the gateway. It does not connect.
func New(c Config) (*Gateway, error) {
	if c.Addr == "" {
		return nil, errors.New("addr must be that of hfaxd, such as 127.0.0.1:4559")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		c.Addr = net.JoinHostPort(strings.Trim(c.Addr, "[]"), "4559")
	}
	if c.User == "" || !plain(c.User) || !plain(c.Password.Reveal()) || !plain(c.Modem) {
		return nil, errors.New("user must be one of hosts.hfaxd; user, password and modem hold no line breaks")
	}
	for _, s := range []string{c.Country, c.NationalPrefix, c.InternationalPrefix, c.DialPrefix} {
		if strings.Trim(s, "0123456789*#,") != "" {
			return nil, errors.New("country and the prefixes are dialled: digits, *, # and the comma for a pause are right")
		}
	}
	if c.Country == "" {
		return nil, errors.New(`country must be the calling code of the fax lines, such as "82"`)
	}
	if c.MaxDials < 0 || c.MaxDials > 12 || c.MaxTries < 0 || c.MaxTries > 3 {
		return nil, errors.New("max_dials must be 1 to 12, max_tries 1 to 3")
	}
	if c.KillTime < 0 || c.KillTime > conf.Duration(99*24*time.Hour) {
		return nil, errors.New("kill_time must be 99d or less")
	}
	switch c.Resolution {
	case "", "fine", "normal":
	default:
		return nil, errors.New(`resolution must be "fine" or "normal"`)
	}
	c.MaxDials = or(c.MaxDials, 12)
	c.MaxTries = or(c.MaxTries, 3)
	c.KillTime = or(c.KillTime, conf.Duration(12*time.Hour))
	c.Timeout = or(c.Timeout, conf.Duration(time.Minute))
	c.NationalPrefix = or(c.NationalPrefix, "0")
	c.InternationalPrefix = or(c.InternationalPrefix, "00")
	c.Resolution = or(c.Resolution, "fine")
	return &Gateway{config: c, told: map[string]bool{}}, nil
}

// or returns v, or instead if v is zero.
func or[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}

// plain says whether s can stand in a command line.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Probe logs in and asks whether the scheduler runs. It sends nothing.
func (g *Gateway) Probe(ctx context.Context) error {
	s, err := g.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	status, err := s.list("status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(status) {
		if strings.Contains(line, "scheduler") && strings.Contains(line, "Not running") {
			return &gateway.Error{Kind: gateway.Temporary, Reason: gateway.OtherReason, Err: errors.New("HylaFAX's scheduler does not run: start faxq")}
		}
	}
	return nil
}

// dialString writes an E.164 number as the line dials it.
func (g *Gateway) dialString(number string) (string, error) {
	digits, ok := strings.CutPrefix(number, "+")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", &gateway.Error{Kind: gateway.Failed, Reason: gateway.OtherReason, Err: errors.New("the number is not in E.164 form")}
	}
	if rest, ok := strings.CutPrefix(digits, g.config.Country); ok {
		return g.config.DialPrefix + g.config.NationalPrefix + rest, nil
	}
	return g.config.DialPrefix + g.config.InternationalPrefix + digits, nil
}

// lastTime writes a span as LASTTIME wants it: days, hours, minutes (hfaxd(8)).
func lastTime(d time.Duration) string {
	minutes := int(max(d, time.Minute) / time.Minute)
	return fmt.Sprintf("%02d%02d%02d", minutes/(24*60), minutes/60%24, minutes%60)
}
