// Package mx owns the gateway that delivers mail itself, to the exchangers of
// each recipient's domain: it finds them (RFC 5321 §5), falls back from one to
// the next, and starts TLS wherever it is offered, or as the domain's policy
// demands (MTA-STS, RFC 8461). The sessions are those of package smtp.
package mx

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"clarion/internal/conf"
	"clarion/internal/publicnet"
	"clarion/worker/gateway/smtp"
)

// Config is the table of a gateway that delivers itself.
type Config struct {
	Hello       string        `toml:"hello"`       // name given in EHLO; it should lead to the address, and back; "": this machine's
	Source      string        `toml:"source"`      // the address to send from, "": any of this machine
	Port        int           `toml:"port"`        // of the exchangers, 25 if 0
	Loopback    bool          `toml:"loopback"`    // exchangers on this machine are dialled too: for tests
	CAFile      string        `toml:"ca_file"`     // PEM certificates to trust instead of the system's, where a policy demands one
	MTASTS      *bool         `toml:"mta_sts"`     // false: policies are not looked for
	PolicyPort  int           `toml:"policy_port"` // of the servers that publish policies, 443 if 0
	Probe       string        `toml:"probe"`       // domain whose exchangers doctor dials; gmail.com if ""
	Timeout     conf.Duration `toml:"timeout"`     // for one reply, 5m if 0 (RFC 5321 §4.5.3.2)
	Connections int           `toml:"connections"` // batches that the worker sends at once, 16 if 0
}

// ready is a Config that was checked.
type ready struct {
	Config
	source netip.Addr
	roots  *x509.CertPool // nil: the system's
}

func (c Config) ready() (ready, error) {
	r := ready{Config: c}
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if strings.ContainsAny(c.Hello, " \r\n\t") {
		say("hello is a host name, without spaces")
	}
	if c.Source != "" {
		var err error
		if r.source, err = netip.ParseAddr(c.Source); err != nil {
			say("source is %q: an address of this machine is right, such as 192.0.2.25", c.Source)
		}
	}
	for _, p := range []struct {
		name     string
		port     *int
		standard int
	}{{"port", &r.Port, 25}, {"policy_port", &r.PolicyPort, 443}} {
		if *p.port == 0 {
			*p.port = p.standard
		}
		if *p.port < 1 || *p.port > 65535 {
			say("%s is %d: 1 to 65535 are right", p.name, *p.port)
		}
	}
	if c.Connections < 0 {
		say("connections is %d: 1 or more is right", c.Connections)
	}
	if c.Probe == "" {
		r.Probe = "gmail.com"
	}
	if c.Hello == "" {
		name, err := os.Hostname()
		if err != nil || name == "" {
			name = "localhost"
		}
		r.Hello = name
	}
	if c.CAFile != "" {
		var err error
		if r.roots, err = conf.CertPool(c.CAFile); err != nil {
			say("%w", err)
		}
	}
	return r, errors.Join(wrong...)
}

func (r ready) session(host string) smtp.Config {
	return smtp.Config{Host: host, Port: r.Port, Hello: r.Hello, Timeout: r.Timeout}
}

func (r ready) wantsPolicies() bool { return r.MTASTS == nil || *r.MTASTS }

// may reports whether an exchanger at ip is dialled: one whose address is this
// machine's would be ourselves.
func (r ready) may(ip netip.Addr) bool {
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && (r.Loopback || !ip.IsLoopback())
}

// dialer dials a server that publishes policies. Whoever owns the recipient's
// domain says where it is: our own networks are closed to them.
func (r ready) dialer(dns *net.Resolver) *net.Dialer {
	var open []netip.Prefix
	if r.Loopback {
		open = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	d := publicnet.Dialer(open, 10*time.Second)
	d.Resolver = dns
	return d
}
