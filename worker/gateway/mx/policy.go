package mx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A policy is what a domain demands of those who bring it mail (RFC 8461 §3.2).
type policy struct {
	mode   string // enforce, testing, none
	mx     []string
	maxAge time.Duration
}

const (
	policyMost    = 64 << 10               // octets, RFC 8461 §3.3
	policyWait    = 20 * time.Second       // for one policy; the RFC suggests up to a minute
	policyOldest  = 31557600 * time.Second // RFC 8461 §3.2: max_age
	policyRecheck = foundKept              // how often the record is asked whether there is a new one
)

var errPolicy = errors.New("this is no MTA-STS policy")

// parsePolicy reads a policy file (RFC 8461 §3.2).
func parsePolicy(text string) (*policy, error) {
	p := &policy{}
	version, age := "", -1
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		value = strings.Trim(value, " \t\r")
		if !ok {
			continue
		}
		switch strings.TrimRight(key, " \t") {
		case "version":
			if version == "" { // of a field that stands twice the first counts
				version = value
			}
		case "mode":
			if p.mode == "" {
				p.mode = value
			}
		case "max_age":
			if n, err := strconv.ParseUint(value, 10, 40); err == nil && age < 0 {
				age = int(n)
			}
		case "mx":
			p.mx = append(p.mx, strings.ToLower(strings.TrimSuffix(value, ".")))
		}
	}
	if lines.Err() != nil || version != "STSv1" || age < 0 || (p.mode != "enforce" && p.mode != "testing" && p.mode != "none") || (p.mode != "none" && len(p.mx) == 0) {
		return nil, errPolicy
	}
	p.maxAge = min(time.Duration(age)*time.Second, policyOldest)
	return p, nil
}

// allowed returns the hosts that the policy names: a pattern's first label may be
// a star, which stands for one label (RFC 8461 §4.1).
func (p *policy) allowed(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		for _, pattern := range p.mx {
			rest, star := strings.CutPrefix(pattern, "*.")
			_, parent, _ := strings.Cut(h, ".")
			if h == pattern || star && rest == parent {
				out = append(out, h)
				break
			}
		}
	}
	return out
}

// parseRecord returns the id in the TXT records of _mta-sts, "" without one
// (RFC 8461 §3.1).
func parseRecord(texts []string) (id string) {
	for _, text := range texts {
		first, rest, _ := strings.Cut(text, ";")
		if strings.TrimSpace(first) != "v=STSv1" {
			continue
		}
		if id != "" {
			return "" // of several none counts
		}
		for field := range strings.SplitSeq(rest, ";") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(field), "id="); ok && v != "" {
				id = v
			}
		}
	}
	return id
}

// policies fetches and remembers policies, for as long as they say. What one
// process fetched another does not know.
type policies struct {
	dns  *net.Resolver
	http *http.Client
	port int
	mu   sync.Mutex
	held map[string]heldPolicy
}

type heldPolicy struct {
	*policy
	id      string
	until   time.Time // by its max_age
	recheck time.Time
}

func newPolicies(dns *net.Resolver, r ready) *policies {
	return &policies{dns: dns, port: r.PolicyPort, http: &http.Client{
		Timeout:       policyWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // RFC 8461 §3.3: not followed
		Transport: &http.Transport{DialContext: r.dialer(dns).DialContext, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{RootCAs: r.roots, MinVersion: tls.VersionTLS12}},
	}}
}

// of returns the policy that a domain enforces, nil when it has none.
func (p *policies) of(ctx context.Context, domain string) *policy {
	p.mu.Lock()
	h, held := p.held[domain]
	p.mu.Unlock()
	now := time.Now()
	held = held && now.Before(h.until)
	if !held || now.After(h.recheck) {
		texts, _ := p.dns.LookupTXT(ctx, "_mta-sts."+domain+".") // without an answer what is held counts (RFC 8461 §5.1)
		if id := parseRecord(texts); id != "" && (!held || id != h.id) {
			if fresh, err := p.fetch(ctx, domain); err == nil {
				h, held = heldPolicy{policy: fresh, id: id, until: now.Add(fresh.maxAge)}, true
			}
		}
		if held {
			h.recheck = now.Add(policyRecheck)
			p.mu.Lock()
			if p.held == nil || len(p.held) >= mostKept {
				p.held = map[string]heldPolicy{}
			}
			p.held[domain] = h
			p.mu.Unlock()
		}
	}
	if !held || h.mode != "enforce" {
		return nil
	}
	return h.policy
}

func (p *policies) fetch(ctx context.Context, domain string) (*policy, error) {
	host := "mta-sts." + domain
	if p.port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(p.port))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return nil, errPolicy
	}
	res, err := p.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch an MTA-STS policy: %w", err)
	}
	defer res.Body.Close()
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(res.Body, policyMost+1))
	if err != nil || res.StatusCode != http.StatusOK || kind != "text/plain" || len(body) > policyMost {
		return nil, errPolicy
	}
	return parsePolicy(string(body))
}
