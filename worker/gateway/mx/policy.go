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
	policyRefresh = 24 * time.Hour         // how often the policy itself is
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

// policies fetches and remembers policies, for as long as they say.
type policies struct {
	dns   *net.Resolver
	http  *http.Client
	port  int
	store policyStore // nil: what one process fetched another does not know
	mu    sync.Mutex
	held  map[string]heldPolicy
}

// A policyStore keeps what was fetched, for all processes. Without an answer from
// it each goes by what it knows itself.
type policyStore interface {
	load(ctx context.Context, domain string) (heldPolicy, error) // the zero value: there is none
	save(ctx context.Context, domain string, h heldPolicy) error
}

// storeWait is how long mail waits for what other processes know.
const storeWait = 2 * time.Second

// A heldPolicy is a policy as it was fetched.
type heldPolicy struct {
	*policy        // nil: there is none
	text    string // of its file
	id      string // of the record that told of it
	fetched time.Time
	recheck time.Time // when this process asks again
}

func (h heldPolicy) counts(now time.Time) bool {
	return h.policy != nil && now.Before(h.fetched.Add(h.maxAge))
}

// old reports whether a policy is to be fetched anew though its record has not
// changed, so that nobody who is in the way now and then can make it lapse: once a
// day is what RFC 8461 §3.3 suggests.
func (h heldPolicy) old(now time.Time) bool {
	return now.Sub(h.fetched) >= min(policyRefresh, h.maxAge/2)
}

func newPolicies(dns *net.Resolver, r ready) *policies {
	return &policies{dns: dns, port: r.PolicyPort, held: map[string]heldPolicy{}, http: &http.Client{
		Timeout:       policyWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // RFC 8461 §3.3: not followed
		Transport: &http.Transport{DialContext: r.dialer(dns).DialContext, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{RootCAs: r.roots, MinVersion: tls.VersionTLS12}},
	}}
}

// of returns the policy that a domain enforces, nil when it has none.
func (p *policies) of(ctx context.Context, domain string) *policy {
	p.mu.Lock()
	h := p.held[domain]
	p.mu.Unlock()
	now := time.Now()
	if !h.counts(now) || now.After(h.recheck) {
		h = p.look(ctx, domain, h, now)
	}
	if !h.counts(now) || h.mode != "enforce" {
		return nil
	}
	return h.policy
}

// look asks again what a domain demands: other processes, its record, and the
// policy itself when that is new or old. Without an answer what is held counts
// (RFC 8461 §5.1).
func (p *policies) look(ctx context.Context, domain string, h heldPolicy, now time.Time) heldPolicy {
	if other := p.shared(ctx, domain); other.counts(now) && (!h.counts(now) || other.fetched.After(h.fetched)) {
		h = other
	}
	texts, _ := p.dns.LookupTXT(ctx, "_mta-sts."+domain+".")
	if id := parseRecord(texts); id != "" && (!h.counts(now) || id != h.id || h.old(now)) {
		if text, fresh, err := p.fetch(ctx, domain); err == nil {
			h = heldPolicy{policy: fresh, text: text, id: id, fetched: now}
			p.share(ctx, domain, h)
		}
	}
	if !h.counts(now) {
		return heldPolicy{}
	}
	h.recheck = now.Add(policyRecheck)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.held) >= mostKept {
		clear(p.held)
	}
	p.held[domain] = h
	return h
}

// shared is what another process fetched; nothing where that cannot be asked.
func (p *policies) shared(ctx context.Context, domain string) heldPolicy {
	if p.store == nil {
		return heldPolicy{}
	}
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	h, err := p.store.load(ctx, domain)
	if err != nil {
		return heldPolicy{}
	}
	return h
}

// share tells the other processes; who cannot be told fetches it themselves.
func (p *policies) share(ctx context.Context, domain string, h heldPolicy) {
	if p.store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	_ = p.store.save(ctx, domain, h)
}

// fetch returns the file of a domain's policy, and what it says.
func (p *policies) fetch(ctx context.Context, domain string) (string, *policy, error) {
	host := "mta-sts." + domain
	if p.port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(p.port))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		return "", nil, errPolicy
	}
	res, err := p.http.Do(req)
	if err != nil {
		return "", nil, fmt.Errorf("fetch an MTA-STS policy: %w", err)
	}
	defer res.Body.Close()
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(res.Body, policyMost+1))
	if err != nil || res.StatusCode != http.StatusOK || kind != "text/plain" || len(body) > policyMost {
		return "", nil, errPolicy
	}
	parsed, err := parsePolicy(string(body))
	return string(body), parsed, err
}
