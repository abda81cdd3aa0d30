// Package smtp owns the gateway to an SMTP relay: it dials through go-mail and
// then speaks RFC 5321 itself, pipelined (RFC 2920) so that a message costs one
// round trip.
package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"clarion/internal/conf"
)

// Config is the table of an SMTP gateway.
type Config struct {
	Host        string        `toml:"host"`
	Port        int           `toml:"port"`        // 0: 587, or 465 with tls = "implicit", or 25 with tls = "none"
	TLS         string        `toml:"tls"`         // "starttls" (if ""), "implicit" or "none"
	CAFile      string        `toml:"ca_file"`     // PEM certificates to trust instead of the system's
	Username    string        `toml:"username"`    // "": no login
	Password    conf.Secret   `toml:"password"`    // with XOAUTH2 an access token, read anew at each login where it is in a file
	Auth        string        `toml:"auth"`        // "": the best that is offered; see authMechanisms
	Hello       string        `toml:"hello"`       // name given in EHLO; "": this machine's
	Timeout     conf.Duration `toml:"timeout"`     // for one reply, 5m if 0; the reply to a body may take twice as long (RFC 5321 §4.5.3.2)
	Connections int           `toml:"connections"` // sessions the worker may hold, 16 if 0
	Pipeline    *bool         `toml:"pipeline"`    // nil and true: where the relay offers it; false: never
}

// The ways of TLS.
const (
	startTLS    = "starttls"
	implicitTLS = "implicit"
	noTLS       = "none"
)

const (
	defaultTimeout     = 5 * time.Minute // RFC 5321 §4.5.3.2
	defaultConnections = 16
	dialTimeout        = 30 * time.Second // TCP, greeting, TLS and login together
)

// authMechanisms lists the logins that Config.Auth may name, best first.
var authMechanisms = [...]string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2"}

// withDefaults checks c and fills in what it leaves open. Its error names every
// mistake.
func (c Config) withDefaults() (Config, error) {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.Host == "" {
		say(`host is missing: the name of the relay, as in "smtp.example.org"`)
	}
	if strings.ContainsAny(c.Hello, " \r\n\t") {
		say("hello is a host name, without spaces")
	}
	ports := map[string]int{startTLS: 587, implicitTLS: 465, noTLS: 25}
	if c.TLS == "" {
		c.TLS = startTLS
	}
	if ports[c.TLS] == 0 {
		say(`tls is %q: "starttls", "implicit" and "none" are right`, c.TLS)
	}
	switch {
	case c.Port == 0:
		c.Port = ports[c.TLS]
	case c.Port < 0 || c.Port > 65535:
		say("port is %d: 1 to 65535 are right", c.Port)
	}
	if c.Auth = strings.ToUpper(c.Auth); c.Auth != "" && !slices.Contains(authMechanisms[:], c.Auth) {
		say("auth is %q: %s are right, or nothing for the best that the relay offers", c.Auth, strings.Join(authMechanisms[:], ", "))
	}
	switch {
	case c.Username == "" && !c.Password.IsZero():
		say("password is given but username is not")
	case c.Username != "" && c.Password.IsZero():
		say("username is given but password is not")
	case c.Username == "" && c.Auth != "":
		say("auth is given but username is not")
	}
	if c.Connections < 0 {
		say("connections is %d: 1 or more is right", c.Connections)
	}
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	if c.Timeout == 0 {
		c.Timeout = conf.Duration(defaultTimeout)
	}
	if c.Hello == "" {
		name, err := os.Hostname()
		if err != nil || name == "" {
			name = "localhost"
		}
		c.Hello = name
	}
	return c, errors.Join(wrong...)
}

// tlsConfig returns how TLS is verified; nil without TLS.
func (c Config) tlsConfig() (*tls.Config, error) {
	if c.TLS == noTLS {
		return nil, nil
	}
	t := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return t, nil
	}
	var err error
	if t.RootCAs, err = conf.CertPool(c.CAFile); err != nil {
		return nil, err
	}
	return t, nil
}
