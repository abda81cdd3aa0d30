// Package maildns owns what DNS says of a domain that sends mail, as a receiver
// reads it: SPF (RFC 7208), DMARC (RFC 7489), the name of an address, and who
// takes a domain's mail.
package maildns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"blitiri.com.ar/go/spf"
	"golang.org/x/net/publicsuffix"
)

// SPF is how a receiver judges mail of domain from ip: "pass", "fail", "softfail",
// "neutral", "none", "temperror" or "permerror" (RFC 7208 §2.6). why tells of the
// last two; among them that more than ten look-ups are needed (§4.6.4).
func SPF(ctx context.Context, r *net.Resolver, ip netip.Addr, domain string) (result string, why error) {
	got, err := spf.CheckHostWithSender(ip.AsSlice(), domain, "postmaster@"+domain, spf.WithResolver(r), spf.WithContext(ctx))
	switch got {
	case spf.PermError, spf.TempError:
		return string(got), err
	}
	return string(got), nil
}

// SPFRecord returns the SPF record of a domain, "" if there is none.
func SPFRecord(ctx context.Context, r *net.Resolver, domain string) (string, error) {
	texts, err := lookupTXT(ctx, r, domain)
	i := slices.IndexFunc(texts, func(t string) bool { return t == "v=spf1" || strings.HasPrefix(t, "v=spf1 ") })
	if i < 0 {
		return "", err
	}
	return texts[i], nil
}

// AllowSPF returns the record with the addresses allowed first, or a new one
// where record is "".
func AllowSPF(record string, ips []netip.Addr) string {
	out := "v=spf1"
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Is4() {
			out += " ip4:" + ip.String()
		} else {
			out += " ip6:" + ip.String()
		}
	}
	if rest := strings.TrimSpace(strings.TrimPrefix(record, "v=spf1")); rest != "" {
		return out + " " + rest
	}
	return out + " ~all"
}

// A DMARC is a domain's policy (RFC 7489 §6.3).
type DMARC struct {
	Domain     string // where it stands: the domain itself, or its organisational one
	Policy     string // none, quarantine or reject, of the domain that was asked about
	StrictDKIM bool   // adkim=s
	StrictSPF  bool   // aspf=s
}

// Why a domain has no policy.
var (
	ErrNoDMARC    = errors.New("there is no DMARC record")
	ErrManyDMARC  = errors.New("there is more than one DMARC record, so that none counts")
	ErrWrongDMARC = errors.New("the DMARC record is not understood")
)

// LookupDMARC finds the policy of a From domain: its own, or that of its
// organisational domain (RFC 7489 §6.6.3).
func LookupDMARC(ctx context.Context, r *net.Resolver, domain string) (*DMARC, error) {
	for _, at := range []string{domain, Organisation(domain)} {
		texts, err := lookupTXT(ctx, r, "_dmarc."+at)
		if err != nil {
			return nil, err
		}
		texts = slices.DeleteFunc(texts, func(t string) bool { return !strings.HasPrefix(strings.ReplaceAll(t, " ", ""), "v=DMARC1") })
		switch len(texts) {
		case 0:
			continue
		case 1:
			return parseDMARC(texts[0], at, at != domain)
		}
		return nil, ErrManyDMARC
	}
	return nil, ErrNoDMARC
}

func parseDMARC(text, at string, below bool) (*DMARC, error) {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(tag, "=")
		tags[strings.TrimSpace(name)] = strings.ToLower(strings.TrimSpace(value))
	}
	d := &DMARC{Domain: at, Policy: tags["p"], StrictDKIM: tags["adkim"] == "s", StrictSPF: tags["aspf"] == "s"}
	if sp := tags["sp"]; below && sp != "" {
		d.Policy = sp
	}
	if !slices.Contains([]string{"none", "quarantine", "reject"}, d.Policy) {
		return nil, ErrWrongDMARC
	}
	return d, nil
}

// Organisation returns the organisational domain (RFC 7489 §3.2): a public
// suffix and one label.
func Organisation(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// Aligned reports whether a domain that was authenticated stands for the domain
// in From (RFC 7489 §3.1).
func Aligned(authenticated, from string, strict bool) bool {
	a, f := strings.ToLower(authenticated), strings.ToLower(from)
	return a == f || !strict && Organisation(a) == Organisation(f)
}

// Reverse returns the names of an address, and the first that leads back to it,
// "" if none does (RFC 8601 §3, "iprev").
func Reverse(ctx context.Context, r *net.Resolver, ip netip.Addr) (names []string, confirmed string, err error) {
	if names, err = r.LookupAddr(ctx, ip.String()); err != nil && !NotFound(err) {
		return nil, "", fmt.Errorf("look up the name of %s: %w", ip, err)
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ".")
		back, err := r.LookupNetIP(ctx, "ip", name)
		if err != nil && !NotFound(err) {
			return names, "", fmt.Errorf("look up %s: %w", names[i], err)
		}
		if confirmed == "" && slices.ContainsFunc(back, func(a netip.Addr) bool { return a.Unmap() == ip.Unmap() }) {
			confirmed = names[i]
		}
	}
	return names, confirmed, nil
}

// An Exchanger takes a domain's mail.
type Exchanger struct {
	Host  string
	Addrs []netip.Addr // none: the name leads nowhere
}

// ErrNullMX means that a domain says that it takes no mail (RFC 7505).
var ErrNullMX = errors.New("it says that it takes no mail: its MX is \".\"")

// MX returns the names of the hosts that take a domain's mail, the preferred one
// first, in lower case, and at least one: explicit is false where no MX stands, so
// that the domain itself counts (RFC 5321 §5.1), which may not be there either. The
// error is ErrNullMX, or says that the name server did not tell.
func MX(ctx context.Context, r *net.Resolver, domain string) (hosts []string, explicit bool, err error) {
	domain = strings.TrimSuffix(domain, ".")
	found, err := r.LookupMX(ctx, domain+".")
	if len(found) == 0 { // records whose names are none are left out, with an error
		if err != nil && !NotFound(err) {
			return nil, false, fmt.Errorf("look up the MX of %s: %w", domain, err)
		}
		return []string{domain}, false, nil
	}
	for _, mx := range found {
		if host := strings.ToLower(strings.TrimSuffix(mx.Host, ".")); host != "" {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return nil, true, ErrNullMX
	}
	return hosts, true, nil
}

// Exchangers returns who takes a domain's mail, as MX names them, with their
// addresses. A domain that is not there has none.
func Exchangers(ctx context.Context, r *net.Resolver, domain string) (all []Exchanger, explicit bool, err error) {
	hosts, explicit, err := MX(ctx, r, domain)
	if err != nil {
		return nil, explicit, err
	}
	for _, host := range hosts {
		addrs, err := r.LookupNetIP(ctx, "ip", host)
		if err != nil && !NotFound(err) {
			return nil, explicit, fmt.Errorf("look up %s: %w", host, err)
		}
		if explicit || len(addrs) > 0 {
			all = append(all, Exchanger{host, addrs})
		}
	}
	return all, explicit, nil
}

// NotFound reports whether DNS answered that there is no such name or record.
func NotFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

func lookupTXT(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
	texts, err := r.LookupTXT(ctx, name)
	if err != nil && !NotFound(err) {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	return texts, nil
}
